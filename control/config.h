/*
 * The configuration: a YAML file against a table of keys.
 *
 * The table (config_schema.c) lists every key once, with type, range, default and help;
 * the parser, `conf show` and the reference in docs/configuration.md are made from it.
 *
 * Memory.  A ctl_config owns what it points to until ctl_config_free().
 * Errors.  One sentence: "FILE:LINE:COLUMN: what is wrong; did you mean ...?".
 */
#pragma once

#include "control/log.h"
#include "dataplane/dp.h"

#include <jansson.h>
#include <stdio.h>

#define CTL_ROUTES_MAX 256
#define CTL_STREAMS_MAX 64

struct ctl_stream {
	char name[64];
	uint32_t ack; /* enum dp_ack */
	uint32_t when_full;
};

/* Transmission parameters (RFC 7252, 4.8); of a route, UINT32_MAX: as coap has it. */
struct ctl_param {
	uint32_t ack_timeout_ms, ack_random_percent, max_retransmit, nstart,
		default_leisure_ms, probing_rate_bytes_s, max_latency_s,
		processing_delay_ms;
};

struct ctl_route {
	char path[256], stream[64], content[1281], location[256], target[256];
	char rt[128], ifd[128], title[128];
	uint32_t kind, ack, notify, max_age, stale, max_payload, max_body, content_format,
		hidden, delay_ms, period_ms, require_format, changes, multicast, echo_s,
		rate;
	uint32_t put, post, del; /* static: codes */
	uint32_t n_formats;
	uint16_t formats[16];
	struct ctl_param coap;
};

struct ctl_port {
	char name[32], socket[108], interface[108], address[108];
	uint32_t driver, udp_port, queues, mtu, checksum_rx;
	uint32_t n_addrs;
	struct dp_prefix addrs[DP_ADDRS_MAX];
};

/* Where the file gives a field its value: for what is found wrong with it later. */
struct ctl_place {
	uint32_t field; /* its offset in struct ctl_config */
	uint32_t line, column;
};

#define CTL_PLACES_MAX 8192

struct ctl_config {
	char file[256];
	/* values as the file gives them; 0 means auto where the table says so */
	uint32_t workers, idle, hugepages, memory_mib, mbufs;
	uint32_t peers_max, devices_max, store_max, store_per_device, dedup_extensions,
		replies_max, pending_max;
	uint32_t transfers_max, transfers_bytes, transfers_per_peer;
	uint32_t observers_max, observers_per_peer, lists_max, observe_con_every,
		observe_min_ms;
	uint32_t token_max, tokens_kept;
	uint64_t store_bytes;
	uint32_t device_idle_s;
	uint32_t logring_bytes, trace_messages;
	uint32_t error_rate, error_burst, full_max_age;
	struct ctl_param coap;
	uint32_t ack_delay_ms, outbound_max;
	char log_dir[256], control_socket[108];
	uint64_t commit_ns, segment_bytes, retain_bytes, retain_s;
	uint32_t n_ports, n_routes, n_streams;
	struct ctl_port ports[DP_PORTS_MAX];
	struct ctl_stream streams[CTL_STREAMS_MAX];
	struct ctl_route routes[CTL_ROUTES_MAX];
	uint32_t n_places;
	struct ctl_place places[CTL_PLACES_MAX];
};

/* Load @path; NULL with a sentence in @err, without a position if it could not be read.
 */
struct ctl_config *ctl_config_load(const char *path, char *err, size_t errlen);
/* The same from memory, named @name in errors. */
struct ctl_config *ctl_config_parse(
	const char *name, const char *text, size_t len, char *err, size_t errlen);
void ctl_config_free(struct ctl_config *c);

/*
 * "FILE:LINE:COLUMN: ..." about @field of @c, 1:1 if the file does not give it; of one
 * without a file's name only what is wrong.  Always false, for its caller to return.
 */
bool ctl_config_fault(const struct ctl_config *c, const void *field, char *err,
	size_t errlen, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* What keys say about each other; done by the two above. */
bool ctl_config_check(struct ctl_config *c, char *err, size_t errlen);

/* The parameters of @r's messages; NULL: of all that have none of their own. */
struct tg_param ctl_config_param(const struct ctl_config *c, const struct ctl_route *r);
/* EXCHANGE_LIFETIME and NON_LIFETIME in seconds (RFC 7252, 4.8.2): the longest of all. */
void ctl_config_lifetimes(const struct ctl_config *c, uint32_t *con_s, uint32_t *non_s);
/* What the data plane is made from.  False with a sentence in @err. */
bool ctl_config_dp(
	const struct ctl_config *c, struct dp_config *out, char *err, size_t errlen);
/* hugepages: on.  Else it takes them if they are there, or never. */
bool ctl_config_wants_pages(const struct ctl_config *c);
/* Are there the hugepages that it wants?  False with a sentence in @err. */
bool ctl_config_pages(const struct ctl_config *c, const struct dp_config *cfg, char *err,
	size_t errlen);
/* Routes and settings as a snapshot; NULL with a sentence in @err. */
struct dp_snapshot *ctl_config_snapshot(
	const struct ctl_config *c, uint64_t version, char *err, size_t errlen);
/* May @next follow @now while running?  False with a sentence that names the key. */
bool ctl_config_follows(const struct ctl_config *now, const struct ctl_config *next,
	char *err, size_t errlen);
/* Every value in force, defaults too: as JSON it is a configuration again. */
json_t *ctl_config_json(const struct ctl_config *c);
/* The reference of every key, as Markdown. */
void ctl_config_reference(FILE *out);
