/* A table of peers with what it counts, and their keys. */
#pragma once

#include "dataplane/peers.h"
#include "tests/tables.h"

#define CON_S 247
#define NON_S 145
#define LINE 8    /* Message IDs of a peer's line */
#define MOST 1024 /* of its extensions */
#define MAX 64    /* peers of a small table */
#define NOW 1000

static const uint8_t hash_key[16] = {
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

/* A table with what it counts. */
struct table {
	struct dp_peers_config cfg;
	struct dp_peers *peers;
	struct dp_counters counters;
};

static inline struct table *
new_keyed_table(uint32_t max, uint32_t extensions, uint8_t key)
{
	struct table *t = new_block(sizeof(*t));

	t->cfg = (struct dp_peers_config){
		.max = max,
		.extensions = extensions,
		.con_lifetime_s = CON_S,
		.non_lifetime_s = NON_S,
	};
	memcpy(t->cfg.hash_key, hash_key, sizeof(hash_key));
	t->cfg.hash_key[0] = key;
	t->peers = dp_peers_init(new_block(dp_peers_size(&t->cfg)), &t->cfg);
	assert_non_null(t->peers);
	return t;
}

static inline struct table *
new_table(uint32_t max, uint32_t extensions)
{
	return new_keyed_table(max, extensions, hash_key[0]);
}

static inline void
free_table(struct table *t)
{
	free(t->peers);
	free(t);
}

static inline uint64_t
counted(const struct table *t, enum dp_counter which)
{
	return dp_counter_get(&t->counters, which);
}

static inline struct dp_peer_key
v4(uint32_t addr)
{
	struct dp_peer_key key = {.addr = {[10] = 0xff, [11] = 0xff}, .port_be = 0x3316};

	memcpy(key.addr + 12, &addr, sizeof(addr));
	return key;
}

static inline struct dp_peer_key
v6(uint32_t addr)
{
	struct dp_peer_key key = {.addr = {0x20, 1, 0, 2}, .port_be = 0x3316};

	memcpy(key.addr + 12, &addr, sizeof(addr));
	return key;
}

/* As a burst does it. */
static inline uint32_t
get(struct table *t, const struct dp_peer_key *key, uint32_t now)
{
	uint64_t hash = dp_peers_hash(t->peers, key);

	dp_peers_prefetch(t->peers, hash);
	return dp_peers_get(
		t->peers, key, hash, dp_peers_locate(t->peers, hash), now, &t->counters);
}

static inline uint32_t
find(const struct table *t, const struct dp_peer_key *key)
{
	return dp_peers_find(t->peers, key, dp_peers_hash(t->peers, key));
}

static inline void
mark(struct table *t, uint32_t peer, uint16_t mid, uint8_t code, bool con, uint32_t now)
{
	dp_peers_mark(t->peers, peer, mid, code, con, now, &t->counters);
}

static inline enum dp_dedup
heard(const struct table *t, uint32_t peer, uint16_t mid, uint32_t now)
{
	uint8_t code;

	return dp_peers_heard(t->peers, peer, mid, now, &code);
}

static inline struct dp_peer_info
info(const struct table *t, uint32_t peer, uint32_t now)
{
	struct dp_peer_info got;

	memset(&got, 0xee, sizeof(got));
	assert_true(dp_peers_info(t->peers, peer, now, &got));
	return got;
}

/* Fill the table, peer i heard at NOW + i; DP_NONE never comes. */
static inline void
fill(struct table *t, bool is_v6)
{
	for (uint32_t i = 0; i < MAX; i++) {
		struct dp_peer_key key = is_v6 ? v6(i) : v4(i);
		uint32_t peer = get(t, &key, NOW + i);

		assert_int_not_equal(peer, DP_NONE);
		mark(t, peer, (uint16_t)i, 68, true, NOW + i);
	}
	assert_int_equal(dp_peers_count(t->peers), MAX);
}
