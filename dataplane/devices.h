/*
 * Devices: identity -> where it is now and what it sent.  An identity is a path segment
 * (later a credential); it outlives a change of address.
 *
 * Same shape as peers.h: index, dense slots (at most 48 bytes; names up to 23 bytes stand
 * in the slot, longer ones, up to 255, in a bounded pool of chunks), keyed hash, one
 * writer, readers copy out under a sequence.
 *
 * Threads, Memory, Time.  As in peers.h.
 */
#pragma once

#include "dataplane/counters.h"
#include "dataplane/peers.h"

struct dp_devices;

struct dp_devices_config {
	uint32_t max;    /* devices, 64 .. 2^26 */
	uint32_t chunks; /* 64-byte chunks for long names */
	uint8_t hash_key[16];
};

struct dp_device_info {
	char name[256]; /* terminated; name_len bytes, any bytes */
	uint16_t name_len;
	uint16_t peer_home; /* the worker that has the peer: */
	uint32_t peer;      /* dp_peers_ref() of who spoke for it last, or DP_NONE */
	uint32_t last_heard_s;
	uint32_t messages; /* wraps */
	uint64_t bytes;    /* payload bytes heard */
};

size_t dp_devices_size(const struct dp_devices_config *cfg);
struct dp_devices *dp_devices_init(void *block, const struct dp_devices_config *cfg);

/* Keyed hash of an identity; its low ten bits are the bucket, and so the home. */
uint64_t dp_devices_hash(const struct dp_devices *t, const void *name, size_t len);
void dp_devices_prefetch(const struct dp_devices *t, uint64_t hash);
uint32_t dp_devices_locate(const struct dp_devices *t, uint64_t hash);
/* What is counted in its slot in, if it is one: whose name is known. */
void dp_devices_prefetch_slot(const struct dp_devices *t, uint32_t device);
/* [w] Is it the one that a path's @segment names, length byte and name, of which 24 bytes
 * are readable?  False also where that is not told at once: dp_devices_get() knows. */
bool dp_devices_is(const struct dp_devices *t, uint32_t device, const uint8_t *segment);
/* What the owner is told of devices that go. */
struct dp_devices_events {
	struct dp_counters *counters; /* devices_evicted, devices_expired */
	void (*gone)(
		void *arg, uint32_t device); /* before the slot is free; may be NULL */
	void *arg;
};
/* [w] The device, made if absent; DP_NONE if no room.  A full bucket evicts its device
 * heard longest ago.  @hint from _locate. */
uint32_t dp_devices_get(struct dp_devices *t, const void *name, size_t len, uint64_t hash,
	uint32_t hint, uint32_t now_s, const struct dp_devices_events *e);
uint32_t dp_devices_find(
	const struct dp_devices *t, const void *name, size_t len, uint64_t hash);
/* [w] A message of @bytes payload came from @peer, a dp_peers_ref() at worker @peer_home.
 */
void dp_devices_heard(struct dp_devices *t, uint32_t device, uint32_t peer,
	unsigned peer_home, uint32_t bytes, uint32_t now_s);
bool dp_devices_del(struct dp_devices *t, uint32_t device);
/* [w] Drop devices not heard for @idle_s. */
unsigned dp_devices_sweep(struct dp_devices *t, unsigned slots, uint32_t idle_s,
	uint32_t now_s, const struct dp_devices_events *e);
/* [r] */
bool dp_devices_info(
	const struct dp_devices *t, uint32_t device, struct dp_device_info *out);
uint32_t dp_devices_count(const struct dp_devices *t);
uint32_t dp_devices_max(const struct dp_devices *t);
/* [r] Slots that have ever been in use: all others are behind them. */
uint32_t dp_devices_places(const struct dp_devices *t);
