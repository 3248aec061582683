#include "control/config_schema.h"

#include <string.h>
#include <strings.h>

#define AT(field)                                                                        \
	offsetof(struct ctl_config, field), sizeof(((struct ctl_config *)0)->field)
#define ROUTE(field)                                                                     \
	offsetof(struct ctl_route, field), sizeof(((struct ctl_route *)0)->field)
#define PORT(field)                                                                      \
	offsetof(struct ctl_port, field), sizeof(((struct ctl_port *)0)->field)
#define STREAM(field)                                                                    \
	offsetof(struct ctl_stream, field), sizeof(((struct ctl_stream *)0)->field)
#define END                                                                              \
	{                                                                                \
		0                                                                        \
	}

static const char *const idle_names[] = {"auto", "poll", "sleep", NULL};
static const char *const switch_names[] = {"auto", "on", "off", NULL};
static const char *const ack_names[] = {"received", "logged", NULL};
static const char *const stale_names[] = {"serve", "refuse", NULL};
static const char *const notify_names[] = {"non", "con", NULL};
static const char *const when_full_names[] = {"reject", NULL};
static const char *const kind_names[] = {"stream", "store", "static", "query",
	"uppercase", "create", "time", "unobserve", NULL};
static const char *const driver_names[] = {
	"vhost", "memif", "af_packet", "af_xdp", "tap", "pci", NULL};

/* Which drivers, which kinds: see ctl_key.only. */
#define DRIVER(name) (1u << DP_DRV_##name)
#define D_SOCKET (DRIVER(VHOST) | DRIVER(MEMIF))
#define D_INTERFACE (DRIVER(AF_PACKET) | DRIVER(AF_XDP) | DRIVER(TAP))
#define D_ADDRESS DRIVER(PCI)
#define KIND(name) (1u << DP_K_##name)
#define K_VALUES (KIND(STREAM) | KIND(STORE))
#define K_FIXED (KIND(STATIC) | KIND(QUERY) | KIND(TIME))

static const struct ctl_key port_keys[] = {
	{"name", CTL_T_NAME, PORT(name), 1, 31, CTL_REQUIRED,
		"name, as statistics show it"},
	{"driver", CTL_T_ENUM, PORT(driver), 0, 0, CTL_REQUIRED, "how frames come in",
		driver_names, .chooses = true},
	{"socket", CTL_T_NAME, PORT(socket), 1, 107, NULL, "path of the UNIX socket",
		.only = D_SOCKET, .needed = D_SOCKET},
	{"interface", CTL_T_NAME, PORT(interface), 1, 15, NULL,
		"network interface; `tap` makes it", .only = D_INTERFACE,
		.needed = D_INTERFACE},
	{"address", CTL_T_NAME, PORT(address), 1, 31, NULL,
		"address of the card, such as 0000:03:00.0", .only = D_ADDRESS,
		.needed = D_ADDRESS},
	{"addresses", CTL_T_PREFIXES, PORT(addrs), 1, DP_ADDRS_MAX, CTL_REQUIRED,
		"own addresses with prefix length, IPv4 and IPv6",
		.count_offset = offsetof(struct ctl_port, n_addrs)},
	{"udp_port", CTL_T_UINT, PORT(udp_port), 1, 65535, "5683",
		"UDP port that is served"},
	{"queues", CTL_T_UINT, PORT(queues), 1, 16, "1",
		"receive queues, where the driver has them"},
	{"mtu", CTL_T_UINT, PORT(mtu), 576, 9000, "1500",
		"longest echo reply, an IP packet, in bytes; CoAP does without: a block "
		"has at most 1,024"},
	{"checksum_rx", CTL_T_BOOL, PORT(checksum_rx), 0, 1, "true",
		"verify IPv4 and UDP checksums; false where the port's are not real"},
	END};

static const struct ctl_key answer_keys[] = {
	{"put", CTL_T_CODE, ROUTE(put), 0, 0, NULL, "code that a PUT is answered with"},
	{"post", CTL_T_CODE, ROUTE(post), 0, 0, NULL,
		"code that a POST is answered with"},
	{"delete", CTL_T_CODE, ROUTE(del), 0, 0, NULL,
		"code that a DELETE is answered with"},
	END};

/* Transmission parameters: X(name, type, field, least, most, default, help). */
#define PARAMS(X)                                                                        \
	X("ack_timeout", CTL_T_MS, ack_timeout_ms, 1000, 600000, "2s",                   \
		"ACK_TIMEOUT (RFC 7252, 4.8)")                                           \
	X("ack_random_percent", CTL_T_UINT, ack_random_percent, 100, 1000, "150",        \
		"ACK_RANDOM_FACTOR in percent")                                          \
	X("max_retransmit", CTL_T_UINT, max_retransmit, 0, 10, "4", "MAX_RETRANSMIT")    \
	X("nstart", CTL_T_UINT, nstart, 1, 100, "1",                                     \
		"NSTART: messages of ours to an endpoint at a time")                     \
	X("default_leisure", CTL_T_MS, default_leisure_ms, 0, 3600000, "5s",             \
		"DEFAULT_LEISURE: an answer to a multicast waits a random part of it")   \
	X("probing_rate", CTL_T_UINT, probing_rate_bytes_s, 1, 1000000000, "1",          \
		"PROBING_RATE: bytes a second, on average, to an endpoint that does "    \
		"not respond")                                                           \
	X("max_latency", CTL_T_SECONDS, max_latency_s, 1, 86400, "100s", "MAX_LATENCY")  \
	X("processing_delay", CTL_T_MS, processing_delay_ms, 1, 600000, "2s",            \
		"PROCESSING_DELAY")
#define GLOBAL_PARAM(name, type, field, least, most, preset, help)                       \
	{name, type, AT(coap.field), least, most, preset, help},
#define ROUTE_PARAM(name, type, field, least, most, preset, help)                        \
	{name, type, ROUTE(coap.field), least, most, CTL_INHERITED, help},

static const struct ctl_key route_coap_keys[] = {PARAMS(ROUTE_PARAM) END};

static const struct ctl_key route_keys[] = {
	{"path", CTL_T_TEXT, ROUTE(path), 1, 255, CTL_REQUIRED,
		"segments: literal, {device}, {name}, or {name*} at the end"},
	{"kind", CTL_T_ENUM, ROUTE(kind), 0, 0, CTL_REQUIRED, "what the path does",
		kind_names, .chooses = true},
	{"stream", CTL_T_TEXT, ROUTE(stream), 1, 63, NULL,
		"stream: where records go; store with `ack: logged`: the name of its "
		"records "
		"(left out: store)",
		.only = K_VALUES, .needed = KIND(STREAM)},
	{"ack", CTL_T_ENUM, ROUTE(ack), 0, 0, "received",
		"when a write is acknowledged: in memory, or after fdatasync (a stream "
		"says so "
		"itself)",
		ack_names, .only = KIND(STORE)},
	{"max_age", CTL_T_SECONDS, ROUTE(max_age), 0, 4294967294u, CTL_NONE,
		"Max-Age of answers, less a value's age; none: the option is not sent",
		.only = KIND(STORE) | KIND(STATIC)},
	{"stale", CTL_T_ENUM, ROUTE(stale), 0, 0, "serve",
		"a value older than max_age: given with Max-Age 0, or refused 5.03 until "
		"it is written again",
		stale_names, .only = KIND(STORE)},
	{"max_payload", CTL_T_UINT, ROUTE(max_payload), 0, 1024, "1024",
		"bytes; more is refused 4.13", .only = K_VALUES | KIND(CREATE)},
	{"max_body", CTL_T_UINT, ROUTE(max_body), 1, DP_BODY_MAX, CTL_AUTO,
		"bytes of a body that comes in blocks; more is refused 4.13; at most "
		"16384 where it is logged; auto: max_payload if that is given, else "
		"16384",
		.only = K_VALUES | KIND(UPPERCASE) | KIND(CREATE)},
	{"formats", CTL_T_FORMATS, ROUTE(formats), 0, 16, NULL,
		"Content-Formats taken; others are refused 4.15; left out: any",
		.count_offset = offsetof(struct ctl_route, n_formats),
		.only = K_VALUES | KIND(CREATE)},
	{"notify", CTL_T_ENUM, ROUTE(notify), 0, 0, "non",
		"how observers are notified: always confirmable, or only now and then",
		notify_names, .only = KIND(STORE)},
	{"period", CTL_T_MS, ROUTE(period_ms), 0, 86400000, "0ms",
		"the gateway writes the value itself, so often: the time, and on the "
		"next "
		"line "
		"the content; 0: it does not",
		.only = KIND(STORE)},
	{"target", CTL_T_TEXT, ROUTE(target), 1, 255, NULL,
		"path of the stored value whose observers a POST of the content makes "
		"forgotten, in silence; other text is refused 4.03",
		.only = KIND(UNOBSERVE), .needed = KIND(UNOBSERVE)},
	{"require_format", CTL_T_BOOL, ROUTE(require_format), 0, 1, "false",
		"a write without Content-Format is refused 4.00", .only = K_VALUES},
	{"changes", CTL_T_BOOL, ROUTE(changes), 0, 1, "false",
		"a value changes by itself after each 2.03, for tests of clients",
		.only = KIND(STORE)},
	{"content", CTL_T_TEXT, ROUTE(content), 0, 1280, "",
		"the representation; store: what is there at the start, if it is not "
		"empty "
		"and the path is a literal one",
		.only = KIND(STATIC) | KIND(STORE) | KIND(UNOBSERVE)},
	{"content_format", CTL_T_UINT, ROUTE(content_format), 0, 65535, "0",
		"its Content-Format; 65535: the option is not sent; of static routes "
		"with the "
		"same path, Accept chooses one",
		.only = KIND(STATIC) | KIND(STORE)},
	{"answers", CTL_T_SECTION, 0, 0, 0, 0, NULL, "codes of other methods", NULL,
		answer_keys, .only = KIND(STATIC)},
	{"location", CTL_T_TEXT, ROUTE(location), 0, 255, "",
		"Location-Path and Location-Query of a 2.01, such as /a/b?c=d",
		.only = KIND(STATIC)},
	{"delay", CTL_T_MS, ROUTE(delay_ms), 0, 86400000, "0ms",
		"a request waits so long before it runs", .only = K_FIXED},
	{"echo", CTL_T_SECONDS, ROUTE(echo_s), 0, 86400, "0s",
		"a request needs an Echo (RFC 9175) that is no older, or is refused 4.01 "
		"with a new one; 0: none is asked for"},
	{"rate", CTL_T_UINT, ROUTE(rate), 0, 1000000, "0",
		"requests a second, and at once, of one device (of one source address if "
		"the path names no {device}); more are refused 4.29; 0: no limit"},
	{"multicast", CTL_T_BOOL, ROUTE(multicast), 0, 1, "false",
		"a NON GET to a group's address is answered, too (RFC 7252, 8); "
		"/.well-known/core is",
		.only = K_FIXED},
	{"coap", CTL_T_SECTION, 0, 0, 0, 0, NULL,
		"its own transmission parameters, for separate responses and "
		"notifications; what is left out is as under `coap`",
		NULL, route_coap_keys},
	{"rt", CTL_T_TEXT, ROUTE(rt), 0, 127, "", "resource types in /.well-known/core"},
	{"if", CTL_T_TEXT, ROUTE(ifd), 0, 127, "", "interface description there"},
	{"title", CTL_T_TEXT, ROUTE(title), 0, 127, "", "title there"},
	{"hidden", CTL_T_BOOL, ROUTE(hidden), 0, 1, "false", "not listed there"}, END};

static const struct ctl_key stream_keys[] = {
	{"ack", CTL_T_ENUM, STREAM(ack), 0, 0, "logged",
		"when a record is acknowledged: in memory, or after fdatasync",
		ack_names},
	{"when_full", CTL_T_ENUM, STREAM(when_full), 0, 0, "reject",
		"what a full log gives: 5.03 with Max-Age", when_full_names},
	END};

#define TABLE_MAX ((1u << 26) - 1) /* slots: 26 bits of a reference say which */

static const struct ctl_key max_keys_peers[] = {
	{"max", CTL_T_UINT, AT(peers_max), 64, TABLE_MAX, CTL_AUTO,
		"endpoints remembered; auto: devices.max", .fixed = true},
	END};
static const struct ctl_key devices_keys[] = {
	{"max", CTL_T_UINT, AT(devices_max), 64, TABLE_MAX, "1000000",
		"devices known at a time", .fixed = true},
	{"idle", CTL_T_SECONDS, AT(device_idle_s), 0, 31536000, "86400s",
		"forget a device not heard for so long; 0: never", .fixed = true},
	END};
static const struct ctl_key store_keys[] = {
	{"max", CTL_T_UINT, AT(store_max), 64, TABLE_MAX, CTL_AUTO,
		"values stored; auto: devices.max", .fixed = true},
	{"bytes", CTL_T_BYTES, AT(store_bytes), 65536, 1ull << 36, CTL_AUTO,
		"for values, with their paths, of more than 68 bytes; auto: four for "
		"each value, "
		"at least 1 MiB",
		.fixed = true},
	{"per_device", CTL_T_UINT, AT(store_per_device), 1, 4096, "256",
		"values of one device, each of which a new one looks at; more are "
		"refused "
		"(5.03)",
		.fixed = true},
	END};
static const struct ctl_key blocks_keys[] = {
	{"max", CTL_T_UINT, AT(transfers_max), 1, DP_TRANSFERS_MAX, "32",
		"bodies that come in blocks, and responses to POST that go so, at a time",
		.fixed = true},
	{"bytes", CTL_T_UINT, AT(transfers_bytes), 1024, DP_BODY_MAX, "16384",
		"of the longest of them; each takes so much memory", .fixed = true},
	{"per_peer", CTL_T_UINT, AT(transfers_per_peer), 1, DP_TRANSFERS_MAX, "4",
		"bodies that one endpoint may have coming at a time", .fixed = true},
	END};
static const struct ctl_key dedup_keys[] = {
	{"extensions", CTL_T_UINT, AT(dedup_extensions), 64, 1u << 26, CTL_AUTO,
		"64-byte blocks for peers that need more than eight Message IDs; auto: "
		"from peers.max",
		.fixed = true},
	END};
static const struct ctl_key replies_keys[] = {
	{"max", CTL_T_UINT, AT(replies_max), 64, 1u << 20, "4096",
		"answers kept because no code can rebuild them", .fixed = true},
	END};
static const struct ctl_key outbound_keys[] = {
	{"max", CTL_T_UINT, AT(outbound_max), 64, 1u << 24, "4096",
		"separate responses that are awaited, or wait for their acknowledgement; "
		"more requests are not acknowledged before they are answered",
		.fixed = true},
	END};
static const struct ctl_key trace_keys[] = {
	{"messages", CTL_T_POWER, AT(trace_messages), DP_TRACE_MIN, DP_TRACE_MAX, "16384",
		"32 bytes each, for each worker, a power of two; IPv6 takes two",
		.fixed = true},
	END};
static const struct ctl_key observers_keys[] = {
	{"max", CTL_T_UINT, AT(observers_max), 64, TABLE_MAX, "4096",
		"observations at a time, 96 bytes each and 512 KiB at most for all; more "
		"are answered as plain GETs",
		.fixed = true},
	{"per_peer", CTL_T_UINT, AT(observers_per_peer), 1, 1024, "32",
		"observations of one endpoint", .fixed = true},
	{"lists", CTL_T_UINT, AT(lists_max), 64, DP_LISTS_MAX, "128",
		"devices whose list may be observed at a time, 2,110 bytes each; the "
		"lists of more are answered as plain GETs",
		.fixed = true},
	END};
static const struct ctl_key observe_keys[] = {
	{"con_every", CTL_T_UINT, AT(observe_con_every), 1, 255, "5",
		"of so many notifications to an observer one is confirmable (RFC 7641, "
		"4.5)"},
	{"min_interval", CTL_T_MS, AT(observe_min_ms), 0, 3600000, "3s",
		"between two non-confirmable notifications to an observer (4.5.1)"},
	END};
static const struct ctl_key tokens_keys[] = {
	{"longest", CTL_T_UINT, AT(token_max), TG_TOKEN_MAX, DP_TOKEN_LONGEST, "64",
		"bytes of a request's token; a longer one is refused 4.00"},
	{"kept", CTL_T_UINT, AT(tokens_kept), 64, 1u << 24, "1024",
		"those of more than eight bytes that may be kept at a time, 66 bytes "
		"each, for "
		"observations and for answers that wait for the log; more: no "
		"observation, 5.03",
		.fixed = true},
	END};
static const struct ctl_key retain_keys[] = {
	{"bytes", CTL_T_BYTES, AT(retain_bytes), 0, 1ull << 50, "8GiB",
		"delete the oldest segments over this; 0: never; what is younger than "
		"EXCHANGE_LIFETIME stays unless the disk is full",
		.fixed = true},
	{"age", CTL_T_SECONDS, AT(retain_s), 0, 3153600000u, "24h",
		"delete older segments; 0: never", .fixed = true},
	END};
static const struct ctl_key log_keys[] = {
	{"dir", CTL_T_TEXT, AT(log_dir), 1, 255, "/var/lib/tidegate/log",
		"directory of the log", .fixed = true},
	{"commit", CTL_T_NS, AT(commit_ns), 0, 1000000000, "1ms",
		"a record waits so long for company before the disk is asked",
		.fixed = true},
	{"segment", CTL_T_BYTES, AT(segment_bytes), 65536, 1ull << 40, "256MiB",
		"size of a segment", .fixed = true},
	{"ring", CTL_T_POWER, AT(logring_bytes), 65536, 1u << 30, "8MiB",
		"ring from a worker to the log, a power of two; full: 5.03",
		.fixed = true},
	{"pending", CTL_T_UINT, AT(pending_max), 64, 1u << 24, "65536",
		"answers that may wait for the log; more: 5.03", .fixed = true},
	{"retain", CTL_T_SECTION, 0, 0, 0, 0, NULL, "how much is kept", NULL,
		retain_keys},
	END};
static const struct ctl_key control_keys[] = {
	{"socket", CTL_T_TEXT, AT(control_socket), 1, 107, "/run/tidegate/control.sock",
		"UNIX socket that tidegatectl speaks to", .fixed = true},
	END};
static const struct ctl_key errors_keys[] = {
	{"rate", CTL_T_UINT, AT(error_rate), 0, 1000000, "100",
		"RSTs and error replies a second to one source address; 0: no limit"},
	{"burst", CTL_T_UINT, AT(error_burst), 1, 1000000, "200", "and so many at once"},
	END};
static const struct ctl_key limits_keys[] = {
	{"errors", CTL_T_SECTION, 0, 0, 0, 0, NULL, "RSTs and error replies", NULL,
		errors_keys},
	{"full_max_age", CTL_T_SECONDS, AT(full_max_age), 1, 86400, "5s",
		"Max-Age of a 5.03"},
	END};
static const struct ctl_key coap_keys[] = {
	PARAMS(GLOBAL_PARAM){"ack_delay", CTL_T_MS, AT(ack_delay_ms), 1, 600000, "500ms",
		"a CON that has no answer yet is acknowledged, and answered separately; "
		"under ack_timeout"},
	END};

const struct ctl_key ctl_schema[] = {
	{"workers", CTL_T_UINT, AT(workers), 1, DP_WORKERS_MAX, CTL_AUTO,
		"poll loops; auto: all cores but one, at least one", .fixed = true},
	{"idle", CTL_T_ENUM, AT(idle), 0, 0, CTL_AUTO,
		"what an idle worker does; auto: poll, but sleep where it shares a core "
		"or all ports "
		"are the kernel's",
		idle_names, .fixed = true},
	{"hugepages", CTL_T_ENUM, AT(hugepages), 0, 0, CTL_AUTO,
		"2 MiB pages for packets; auto: if free", switch_names, .fixed = true},
	{"memory", CTL_T_UINT, AT(memory_mib), 32, 65536, CTL_AUTO,
		"MiB for packets and rings without hugepages", .fixed = true},
	{"mbufs", CTL_T_UINT, AT(mbufs), 1024, 1u << 24, CTL_AUTO, "packet buffers",
		.fixed = true},
	{"ports", CTL_T_LIST, AT(ports), 1, DP_PORTS_MAX, CTL_REQUIRED,
		"where frames come in: one mapping a port", NULL, port_keys,
		offsetof(struct ctl_config, n_ports), .fixed = true},
	{"peers", CTL_T_SECTION, 0, 0, 0, 0, NULL,
		"endpoints and the Message IDs heard from them", NULL, max_keys_peers},
	{"devices", CTL_T_SECTION, 0, 0, 0, 0, NULL, "identities behind endpoints", NULL,
		devices_keys},
	{"store", CTL_T_SECTION, 0, 0, 0, 0, NULL, "values of the routes of kind store",
		NULL, store_keys},
	{"blocks", CTL_T_SECTION, 0, 0, 0, 0, NULL, "block-wise transfers (RFC 7959)",
		NULL, blocks_keys},
	{"dedup", CTL_T_SECTION, 0, 0, 0, 0, NULL, "Message IDs of busy endpoints", NULL,
		dedup_keys},
	{"replies", CTL_T_SECTION, 0, 0, 0, 0, NULL, "answers kept for duplicates", NULL,
		replies_keys},
	{"outbound", CTL_T_SECTION, 0, 0, 0, 0, NULL, "separate responses", NULL,
		outbound_keys},
	{"trace", CTL_T_SECTION, 0, 0, 0, 0, NULL,
		"the flight recorder: the last messages of each worker", NULL,
		trace_keys},
	{"observers", CTL_T_SECTION, 0, 0, 0, 0, NULL, "who observes (RFC 7641)", NULL,
		observers_keys},
	{"observe", CTL_T_SECTION, 0, 0, 0, 0, NULL, "how observers are notified", NULL,
		observe_keys},
	{"tokens", CTL_T_SECTION, 0, 0, 0, 0, NULL, "extended tokens (RFC 8974)", NULL,
		tokens_keys},
	{"routes", CTL_T_LIST, AT(routes), 1, CTL_ROUTES_MAX, CTL_REQUIRED,
		"what paths do: the most exact path wins", NULL, route_keys,
		offsetof(struct ctl_config, n_routes)},
	{"streams", CTL_T_MAP, AT(streams), 0, CTL_STREAMS_MAX, NULL,
		"streams, each under its name", NULL, stream_keys,
		offsetof(struct ctl_config, n_streams)},
	{"log", CTL_T_SECTION, 0, 0, 0, 0, NULL, "the log on disk", NULL, log_keys},
	{"control", CTL_T_SECTION, 0, 0, 0, 0, NULL, "the operator's side", NULL,
		control_keys},
	{"limits", CTL_T_SECTION, 0, 0, 0, 0, NULL, "what one source may cause", NULL,
		limits_keys},
	{"coap", CTL_T_SECTION, 0, 0, 0, 0, NULL,
		"transmission parameters (RFC 7252, 4.8)", NULL, coap_keys},
	END};

const struct ctl_key *
ctl_key_find(const struct ctl_key *keys, const char *name)
{
	for (; keys->name != NULL; keys++)
		if (strcasecmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

const struct ctl_key *
ctl_key_chooser(const struct ctl_key *keys)
{
	for (; keys->name != NULL; keys++)
		if (keys->chooses)
			return keys;
	return NULL;
}

/* A bit for what the mapping at @base has chosen; all of them where nothing chooses. */
static uint32_t
choice(const struct ctl_key *keys, const void *base)
{
	const struct ctl_key *k = ctl_key_chooser(keys);

	return k == NULL ? UINT32_MAX
			 : 1u << *(const uint32_t *)((const uint8_t *)base + k->offset);
}

bool
ctl_key_fits(const struct ctl_key *k, const struct ctl_key *keys, const void *base)
{
	return k->only == 0 || (k->only & choice(keys, base)) != 0;
}

bool
ctl_key_is_needed(const struct ctl_key *k, const struct ctl_key *keys, const void *base)
{
	return (k->needed & choice(keys, base)) != 0
	       || (k->preset != NULL && strcmp(k->preset, CTL_REQUIRED) == 0);
}
