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

static struct table *
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

static struct table *
new_table(uint32_t max, uint32_t extensions)
{
	return new_keyed_table(max, extensions, hash_key[0]);
}

static void
free_table(struct table *t)
{
	free(t->peers);
	free(t);
}

static uint64_t
counted(const struct table *t, enum dp_counter which)
{
	return dp_counter_get(&t->counters, which);
}

static struct dp_peer_key
v4(uint32_t addr)
{
	struct dp_peer_key key = {.addr = {[10] = 0xff, [11] = 0xff}, .port_be = 0x3316};

	memcpy(key.addr + 12, &addr, sizeof(addr));
	return key;
}

static struct dp_peer_key
v6(uint32_t addr)
{
	struct dp_peer_key key = {.addr = {0x20, 1, 0, 2}, .port_be = 0x3316};

	memcpy(key.addr + 12, &addr, sizeof(addr));
	return key;
}

/* As a burst does it. */
static uint32_t
get(struct table *t, const struct dp_peer_key *key, uint32_t now)
{
	uint64_t hash = dp_peers_hash(t->peers, key);

	dp_peers_prefetch(t->peers, hash);
	return dp_peers_get(
		t->peers, key, hash, dp_peers_locate(t->peers, hash), now, &t->counters);
}

static uint32_t
find(const struct table *t, const struct dp_peer_key *key)
{
	return dp_peers_find(t->peers, key, dp_peers_hash(t->peers, key));
}

static void
mark(struct table *t, uint32_t peer, uint16_t mid, uint8_t code, bool con, uint32_t now)
{
	dp_peers_mark(t->peers, peer, mid, code, con, now, &t->counters);
}

static enum dp_dedup
heard(const struct table *t, uint32_t peer, uint16_t mid, uint32_t now)
{
	uint8_t code;

	return dp_peers_heard(t->peers, peer, mid, now, &code);
}

static struct dp_peer_info
info(const struct table *t, uint32_t peer, uint32_t now)
{
	struct dp_peer_info got;

	memset(&got, 0xee, sizeof(got));
	assert_true(dp_peers_info(t->peers, peer, now, &got));
	return got;
}

/* ---- keys ---- */

static const struct key_row {
	const char *name;
	unsigned offset; /* of the byte that differs */
	uint8_t value;
	bool is_v6;
} key_rows[] = {
	{"IPv4: first byte", 12, 9, false},
	{"IPv4: last byte", 15, 9, false},
	{"IPv4: port", 16, 9, false},
	{"IPv4: side", 18, 9, false},
	{"IPv6: first byte", 0, 9, true},
	{"IPv6: last byte", 15, 9, true},
	{"IPv6: port", 17, 9, true},
	{"IPv6: side", 19, 9, true},
};

static void
another_key_is_another_peer(void **state)
{
	const struct key_row *r = *state;
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key a = r->is_v6 ? v6(1) : v4(1), b = a, got;
	uint32_t peer;

	memcpy((uint8_t *)&b + r->offset, &r->value, 1);
	peer = get(t, &a, NOW);
	assert_int_not_equal(peer, DP_NONE);
	assert_int_equal(find(t, &b), DP_NONE);
	assert_int_not_equal(get(t, &b, NOW), peer);
	assert_int_equal(get(t, &a, NOW), peer);
	assert_int_equal(find(t, &a), peer);
	assert_int_equal(dp_peers_count(t->peers), 2);
	dp_peers_key(t->peers, peer, &got);
	assert_memory_equal(&got, &a, sizeof(a));
	free_table(t);
}

/* A hint that leads to another peer is no more than a hint. */
static void
wrong_hint(void **state)
{
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key a = v4(1), b = v6(1);
	uint32_t first = get(t, &a, NOW), second = get(t, &b, NOW);

	(void)state;
	assert_int_equal(dp_peers_get(t->peers, &b, dp_peers_hash(t->peers, &b), first,
				 NOW, &t->counters),
		second);
	assert_int_equal(dp_peers_get(t->peers, &a, dp_peers_hash(t->peers, &a), second,
				 NOW, &t->counters),
		first);
	free_table(t);
}

static void
sizes_refused(void **state)
{
	struct dp_peers_config cfg = {.max = 63};

	(void)state;
	assert_int_equal(dp_peers_size(&cfg), 0);
	assert_null(dp_peers_init(NULL, &cfg));
	cfg.max = 1u << 26;
	assert_int_equal(dp_peers_size(&cfg), 0);
}

/* A reference is to one peer, not to whoever has its slot. */
static void
a_reference_dies_with_its_peer(void **state)
{
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key a = v4(1), b = v4(2);
	uint32_t peer = get(t, &a, NOW), ref = dp_peers_ref(t->peers, peer);

	(void)state;
	assert_int_equal(dp_peers_of_ref(t->peers, ref), peer);
	assert_int_equal(dp_peers_ref(t->peers, DP_NONE), DP_NONE);
	assert_int_equal(dp_peers_of_ref(t->peers, DP_NONE), DP_NONE);
	assert_true(dp_peers_del(t->peers, peer));
	assert_int_equal(dp_peers_of_ref(t->peers, ref), DP_NONE);
	assert_int_equal(get(t, &b, NOW), peer); /* the slot's next owner */
	assert_int_equal(dp_peers_of_ref(t->peers, ref), DP_NONE);
	assert_int_equal(dp_peers_of_ref(t->peers, dp_peers_ref(t->peers, peer)), peer);
	free_table(t);
}

/* ---- Message IDs ---- */

static const struct life_row {
	const char *name;
	bool con;
	uint32_t heard, now;
	enum dp_dedup expected;
} life_rows[] = {
	{"CON at once", true, NOW, NOW, DP_DUPLICATE},
	{"CON in its last second", true, NOW, NOW + CON_S - 1, DP_DUPLICATE},
	{"CON after its lifetime", true, NOW, NOW + CON_S, DP_NEW},
	{"NON in its last second", false, NOW, NOW + NON_S - 1, DP_DUPLICATE},
	{"NON after its lifetime", false, NOW, NOW + NON_S, DP_NEW},
	{"over the 2^16th second", true, 65535, 65536, DP_DUPLICATE},
	{"last second over the 2^16th", true, 65500, 65500 + CON_S - 1, DP_DUPLICATE},
	{"dead over the 2^16th second", true, 65500, 65500 + CON_S, DP_NEW},
};

static void
lives_as_long(void **state)
{
	const struct life_row *r = *state;
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, r->heard);

	mark(t, peer, 77, 68, r->con, r->heard);
	assert_int_equal(heard(t, peer, 77, r->now), r->expected);
	free_table(t);
}

/* The same where a Message ID has moved into an extension. */
static void
lives_as_long_in_an_extension(void **state)
{
	const struct life_row *r = *state;
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, r->heard);

	mark(t, peer, 77, 68, r->con, r->heard);
	for (uint16_t mid = 100; mid < 100 + LINE; mid++)
		mark(t, peer, mid, 68, true, r->heard);
	assert_int_equal(dp_peers_extensions_used(t->peers), 1);
	assert_int_equal(heard(t, peer, 77, r->now), r->expected);
	free_table(t);
}

/* A sweep every half minute drops the dead, so a day later the same second means nothing.
 */
static void
old_ids_do_not_come_back(void **state)
{
	struct table *t = new_table(MAX, 64);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, NOW);

	(void)state;
	dp_peers_hold(t->peers, peer); /* or it would go altogether */
	for (uint16_t mid = 0; mid < 3 * LINE; mid++)
		mark(t, peer, mid, 68, true, NOW);
	for (uint32_t s = NOW; s < NOW + 65536; s += 30)
		dp_peers_sweep(t->peers, MAX, CON_S, s, &t->counters);
	assert_int_equal(dp_peers_extensions_used(t->peers), 0);
	for (uint16_t mid = 0; mid < 3 * LINE; mid++)
		assert_int_equal(heard(t, peer, mid, NOW + 65536), DP_NEW);
	free_table(t);
}

static void
progress_of_one_id(void **state)
{
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, NOW);
	uint8_t code = 0;

	(void)state;
	assert_int_equal(heard(t, peer, 5, NOW), DP_NEW);
	mark(t, peer, 5, 0, true, NOW);
	assert_int_equal(heard(t, peer, 5, NOW), DP_IN_PROGRESS);
	mark(t, peer, 5, 68, true, NOW);
	assert_int_equal(dp_peers_heard(t->peers, peer, 5, NOW, &code), DP_DUPLICATE);
	assert_int_equal(code, 68);
	assert_int_equal(heard(t, peer, 6, NOW), DP_NEW);
	dp_peers_unmark(t->peers, peer, 5);
	assert_int_equal(heard(t, peer, 5, NOW), DP_NEW);
	dp_peers_unmark(t->peers, peer, 9); /* unknown */
	free_table(t);
}

/* Answered late, after it has moved into an extension: the code is replaced, not added.
 */
static void
answered_in_an_extension(void **state)
{
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, NOW);
	uint8_t code = 0;

	(void)state;
	mark(t, peer, 5, 0, true, NOW);
	for (uint16_t mid = 100; mid < 100 + LINE; mid++)
		mark(t, peer, mid, 68, true, NOW);
	assert_int_equal(heard(t, peer, 5, NOW), DP_IN_PROGRESS);
	mark(t, peer, 5, 68, true, NOW);
	assert_int_equal(dp_peers_heard(t->peers, peer, 5, NOW, &code), DP_DUPLICATE);
	assert_int_equal(code, 68);
	dp_peers_unmark(t->peers, peer, 5);
	assert_int_equal(heard(t, peer, 5, NOW), DP_NEW);
	free_table(t);
}

static void
unmarked_in_an_extension(void **state)
{
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, NOW);

	(void)state;
	for (uint16_t mid = 0; mid <= LINE; mid++)
		mark(t, peer, mid, 68, true, NOW);
	dp_peers_unmark(t->peers, peer, 0);
	assert_int_equal(heard(t, peer, 0, NOW), DP_NEW);
	assert_int_equal(heard(t, peer, 1, NOW), DP_DUPLICATE);
	free_table(t);
}

/* As many as a peer may have within their lifetime: none is forgotten, by one peer alone.
 */
static void
all_of_a_peers_ids(void **state)
{
	struct table *t = new_table(MAX, 300);
	struct dp_peer_key key = v4(1), other_key = v4(2);
	uint32_t peer = get(t, &key, NOW), other = get(t, &other_key, NOW);

	(void)state;
	for (unsigned i = 0; i < MOST + LINE; i++)
		mark(t, peer, (uint16_t)(i * 40503), 68, true, NOW + i / 20);
	for (unsigned i = 0; i < MOST + LINE; i++)
		assert_int_equal(
			heard(t, peer, (uint16_t)(i * 40503), NOW + MOST / 20 + 1),
			DP_DUPLICATE);
	assert_int_equal(counted(t, DP_C_dedup_extended), 1);
	assert_int_equal(counted(t, DP_C_dedup_evicted_early), 0);
	assert_int_equal(heard(t, other, 0, NOW), DP_NEW);
	assert_int_equal(dp_peers_extensions_used(t->peers), MOST / 4);
	free_table(t);
}

static void
an_empty_pool_forgets_and_counts(void **state)
{
	struct table *t = new_table(MAX, 1);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, NOW);
	unsigned new = 0;

	(void)state;
	for (uint16_t i = 0; i < LINE + 4 + 3; i++)
		mark(t, peer, (uint16_t)(i * 16), 68, true, NOW);
	assert_int_equal(counted(t, DP_C_dedup_evicted_early), 3);
	for (uint16_t i = 0; i < LINE + 4 + 3; i++)
		new += heard(t, peer, (uint16_t)(i * 16), NOW) == DP_NEW;
	assert_int_equal(new, 3);
	for (uint16_t i = 7; i < LINE + 4 + 3; i++) /* the line holds the newest */
		assert_int_equal(heard(t, peer, (uint16_t)(i * 16), NOW), DP_DUPLICATE);
	free_table(t);
}

/* What an earlier run remembered is put in with times before the start. */
static void
restored(void **state)
{
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, NOW - 200);

	(void)state;
	mark(t, peer, 1, 68, true, NOW - 200);
	mark(t, peer, 2, 68, false, NOW - 200);
	mark(t, peer, 3, 68, true, NOW - 10);
	assert_int_equal(heard(t, peer, 1, NOW), DP_DUPLICATE);
	assert_int_equal(heard(t, peer, 2, NOW), DP_NEW);
	assert_int_equal(heard(t, peer, 1, NOW + 47), DP_NEW);
	assert_int_equal(heard(t, peer, 3, NOW + 47), DP_DUPLICATE);
	free_table(t);
}

/* ---- coming and going ---- */

/* Fill the table, peer i heard at NOW + i; DP_NONE never comes. */
static void
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

static const struct family_row {
	const char *name;
	bool is_v6;
} family_rows[] = {
	{"full of IPv4", false},
	{"full of IPv6", true},
};

static void
a_new_peer_pushes_out_one(void **state)
{
	const struct family_row *r = *state;
	struct table *t = new_table(MAX, 4);
	unsigned gone = 0;

	fill(t, r->is_v6);
	for (uint32_t i = MAX; i < 4 * MAX; i++) {
		struct dp_peer_key key = r->is_v6 ? v6(i) : v4(i);
		uint32_t peer = get(t, &key, NOW + i);

		assert_int_not_equal(peer, DP_NONE);
		assert_int_equal(dp_peers_count(t->peers), MAX);
		assert_int_equal(heard(t, peer, (uint16_t)i, NOW + i), DP_NEW);
		mark(t, peer, (uint16_t)i, 68, true, NOW + i);
	}
	assert_int_equal(counted(t, DP_C_peers_evicted), 3 * MAX);
	assert_true(counted(t, DP_C_dedup_evicted_early) > 0);
	for (uint32_t i = 0; i < 4 * MAX; i++) {
		struct dp_peer_key key = r->is_v6 ? v6(i) : v4(i);

		gone += find(t, &key) == DP_NONE;
	}
	assert_int_equal(gone, 3 * MAX);
	free_table(t);
}

/* However the keys fall into the index: under many hash keys, there is always one to go.
 */
static void
a_full_table_has_room(void **state)
{
	const struct family_row *r = *state;

	for (unsigned k = 0; k < 200; k++) {
		struct table *t = new_keyed_table(MAX, 4, (uint8_t)k);

		fill(t, r->is_v6);
		for (uint32_t i = MAX; i < 3 * MAX; i++) {
			struct dp_peer_key key = r->is_v6 ? v6(i) : v4(i);

			assert_int_not_equal(get(t, &key, NOW + i), DP_NONE);
		}
		free_table(t);
	}
}

/* Pending work holds a peer: with all held, there is no room and nothing is lost. */
static void
the_held_stay(void **state)
{
	const struct family_row *r = *state;
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = r->is_v6 ? v6(MAX) : v4(MAX);
	uint32_t peer;

	fill(t, r->is_v6);
	for (uint32_t i = 0; i < MAX; i++)
		dp_peers_hold(t->peers, i);
	dp_peers_hold(t->peers, 7);
	assert_int_equal(get(t, &key, NOW + MAX), DP_NONE);
	dp_peers_release(t->peers, 7);
	assert_int_equal(get(t, &key, NOW + MAX), DP_NONE);
	assert_false(dp_peers_del(t->peers, 7));
	assert_int_equal(counted(t, DP_C_peers_evicted), 0);
	for (uint32_t i = 0; i < MAX; i++)
		dp_peers_release(t->peers, i);
	peer = get(t, &key, NOW + MAX);
	assert_int_not_equal(peer, DP_NONE);
	assert_int_equal(find(t, &key), peer);
	free_table(t);
}

/* Held more often than can be counted, it stays for good. */
static void
held_beyond_counting(void **state)
{
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, NOW);

	(void)state;
	for (unsigned i = 0; i < 65536; i++)
		dp_peers_hold(t->peers, peer);
	for (unsigned i = 0; i < 65536; i++)
		dp_peers_release(t->peers, peer);
	assert_false(dp_peers_del(t->peers, peer));
	free_table(t);
}

/* Our Message IDs go up, over the end too, and each peer's by themselves. */
static void
ids_of_ours(void **state)
{
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v4(1), other = v4(2);
	uint32_t peer = get(t, &key, NOW);
	uint16_t first = dp_peers_mid(t->peers, peer);

	(void)state;
	dp_peers_mid(t->peers, get(t, &other, NOW));
	for (unsigned i = 1; i < 65536; i++)
		assert_int_equal(dp_peers_mid(t->peers, peer), (uint16_t)(first + i));
	assert_int_equal(dp_peers_mid(t->peers, peer), first);
	free_table(t);
}

static const struct apart_row {
	const char *name;
	uint16_t ahead; /* of ours, where the peer is */
	bool leaves;
} apart_rows[] = {
	{"the peer's Message ID is our next", 0, true},
	{"the peer's is a little ahead", 0xfff, true},
	{"the peer's is far ahead", 0x1000, true},
	{"the peer's is farther ahead", 0x1001, false},
	{"the peer's is a little behind", 0xf001, true},
	{"the peer's is far behind", 0xf000, false},
	{"the peer's is half a ring away", 0x8000, false},
};

static void
ids_keep_apart(void **state)
{
	const struct apart_row *r = *state;
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, NOW);
	uint16_t next = (uint16_t)(dp_peers_mid(t->peers, peer) + 1);
	uint16_t theirs = (uint16_t)(next + r->ahead);

	dp_peers_part(t->peers, peer, theirs);
	assert_int_equal(dp_peers_mid(t->peers, peer),
		r->leaves ? (uint16_t)(theirs + 0x8000) : next);
	free_table(t);
}

/* Seconds are kept in 16 bits: NOW + 65,536 is NOW again. */
static const struct silence_row {
	const char *name;
	uint32_t heard, touched, now; /* touched 0: not */
	uint32_t silence;
} silence_rows[] = {
	{"heard just now", NOW, 0, NOW, 0},
	{"heard a while ago", NOW, 0, NOW + 93, 93},
	{"heard since by something else", NOW, NOW + 90, NOW + 93, 3},
	{"heard before the seconds began anew", 65530, 0, 65536 + 4, 10},
};

static void
silent_for(void **state)
{
	const struct silence_row *r = *state;
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, r->heard);

	if (r->touched != 0)
		dp_peers_touch(t->peers, peer, r->touched);
	assert_int_equal(dp_peers_silence_s(t->peers, peer, r->now), r->silence);
	free_table(t);
}

static const struct sweep_row {
	const char *name;
	uint32_t heard, marked; /* marked 0: no Message ID */
	bool held;
	uint32_t now;
	bool goes;
} sweep_rows[] = {
	{"idle for long", NOW, 0, false, NOW + CON_S, true},
	{"idle, but not for long", NOW, 0, false, NOW + CON_S - 1, false},
	{"held", NOW, 0, true, NOW + CON_S, false},
	{"a Message ID lives", NOW, NOW + 1, false, NOW + CON_S, false},
	{"a Message ID is dead", NOW, NOW, false, NOW + CON_S, true},
	{"over the 2^16th second", 65500, 0, false, 65500 + CON_S, true},
	{"young over the 2^16th second", 65500, 0, false, 65536, false},
};

static void
swept(void **state)
{
	const struct sweep_row *r = *state;
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, r->heard);

	if (r->marked != 0)
		mark(t, peer, 5, 68, true, r->marked);
	if (r->held)
		dp_peers_hold(t->peers, peer);
	assert_int_equal(
		dp_peers_sweep(t->peers, MAX, CON_S, r->now, &t->counters), r->goes);
	assert_int_equal(find(t, &key) == DP_NONE, r->goes);
	assert_int_equal(dp_peers_count(t->peers), !r->goes);
	assert_int_equal(counted(t, DP_C_peers_expired), r->goes);
	free_table(t);
}

/* A few slots at a time still come round to all, and what expired gives its blocks back.
 */
static void
swept_in_steps(void **state)
{
	struct table *t = new_table(MAX, MAX);
	uint32_t later = NOW + MAX + CON_S;
	unsigned dropped = 0;

	(void)state;
	fill(t, false);
	for (uint16_t mid = 100; mid < 100 + 2 * LINE; mid++)
		for (uint32_t peer = 0; peer < MAX; peer++)
			mark(t, peer, mid, 68, true, NOW + MAX);
	assert_int_equal(dp_peers_extensions_used(t->peers), MAX);
	for (unsigned i = 0; i < MAX / 4; i++)
		dropped += dp_peers_sweep(t->peers, 4, CON_S, later, &t->counters);
	assert_int_equal(dropped, MAX);
	assert_int_equal(dp_peers_extensions_used(t->peers), 0);
	assert_int_equal(dp_peers_count(t->peers), 0);
	free_table(t);
}

static void
deleted(void **state)
{
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v4(1), other = v4(2);
	uint32_t peer = get(t, &key, NOW);
	struct dp_peer_info got;

	(void)state;
	mark(t, peer, 5, 68, true, NOW);
	assert_true(dp_peers_del(t->peers, peer));
	assert_false(dp_peers_del(t->peers, peer));
	assert_false(dp_peers_del(t->peers, MAX));
	assert_false(dp_peers_del(t->peers, DP_NONE));
	assert_int_equal(find(t, &key), DP_NONE);
	assert_false(dp_peers_info(t->peers, peer, NOW, &got));
	assert_int_equal(get(t, &other, NOW), peer); /* the slot is used again */
	assert_int_equal(heard(t, peer, 5, NOW), DP_NEW);
	free_table(t);
}

/* ---- what is read ---- */

static void
told_about(void **state)
{
	static const uint8_t mac[6] = {2, 3, 4, 5, 6, 7};
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v6(1);
	uint32_t peer = get(t, &key, NOW);
	struct dp_peer_info got;
	uint8_t known[6];

	(void)state;
	for (unsigned i = 0; i < 70000; i++) /* over both halves of the counts */
		dp_peers_account(t->peers, peer, 1000);
	mark(t, peer, 5, 68, true, NOW);
	assert_false(dp_peers_link(t->peers, peer, known));
	dp_peers_set_link(t->peers, peer, mac);
	assert_true(dp_peers_link(t->peers, peer, known));
	assert_memory_equal(known, mac, 6);
	dp_peers_hold(t->peers, peer);
	got = info(t, peer, NOW + 60);
	assert_memory_equal(&got.key, &key, sizeof(key));
	assert_int_equal(got.messages, 70000);
	assert_int_equal(got.bytes, 70000000);
	assert_int_equal(got.last_heard_s, NOW);
	assert_int_equal(got.live_mids, 1);
	assert_memory_equal(got.mac, mac, 6);
	assert_true(got.held);
	free_table(t);
}

/* A new peer has nothing of the one whose slot it took. */
static void
nothing_is_inherited(void **state)
{
	static const uint8_t mac[6] = {2, 3, 4, 5, 6, 7}, none[6];
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v6(1), other = v6(2);
	uint32_t peer = get(t, &key, NOW);
	struct dp_peer_info got;
	uint8_t known[6];

	(void)state;
	dp_peers_account(t->peers, peer, 70000);
	dp_peers_set_link(t->peers, peer, mac);
	mark(t, peer, 5, 68, true, NOW);
	assert_true(dp_peers_del(t->peers, peer));
	assert_int_equal(get(t, &other, NOW + 1), peer);
	got = info(t, peer, NOW + 1);
	assert_int_equal(got.messages, 0);
	assert_int_equal(got.bytes, 0);
	assert_int_equal(got.live_mids, 0);
	assert_memory_equal(got.mac, none, 6);
	assert_false(dp_peers_link(t->peers, peer, known));
	free_table(t);
}

/* The reader's clock may be a second behind the worker's. */
static void
heard_after_the_readers_now(void **state)
{
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key key = v4(1);
	uint32_t peer = get(t, &key, NOW);

	(void)state;
	assert_int_equal(info(t, peer, NOW - 1).last_heard_s, NOW);
	assert_int_equal(info(t, peer, NOW + 30000).last_heard_s, NOW);
	free_table(t);
}

static void
lives_on_elsewhere(void **state)
{
	struct table *t = new_table(MAX, 4);
	struct dp_peer_key a = v4(1), b = v6(2), c = v6(3);
	uint32_t peer = get(t, &a, NOW), other = get(t, &b, NOW);

	(void)state;
	for (uint16_t mid = 0; mid < 2 * LINE; mid++)
		mark(t, peer, mid, 68, true, NOW);
	t->peers = moved(t->peers, dp_peers_size(&t->cfg));
	assert_int_equal(layout_of(t->peers), 1);
	assert_true(has_key(t->peers, 64, hash_key));
	assert_int_equal(find(t, &a), peer);
	assert_int_equal(find(t, &b), other);
	for (uint16_t mid = 0; mid < 2 * LINE; mid++)
		assert_int_equal(heard(t, peer, mid, NOW), DP_DUPLICATE);
	assert_int_not_equal(get(t, &c, NOW), DP_NONE);
	assert_int_equal(dp_peers_count(t->peers), 3);
	free_table(t);
}

/* ---- against a model: one entry a peer and Message ID ---- */

#define KEYS 48
#define IDS 64

struct model {
	struct {
		bool there, con;
		uint8_t code;
		uint32_t when;
	} of[KEYS][IDS];
	struct dice d;
};

static enum dp_dedup
model_heard(const struct model *m, unsigned k, unsigned mid, uint32_t now)
{
	if (!m->of[k][mid].there
		|| now - m->of[k][mid].when >= (m->of[k][mid].con ? CON_S : NON_S))
		return DP_NEW;
	return m->of[k][mid].code == 0 ? DP_IN_PROGRESS : DP_DUPLICATE;
}

/* A message comes: what the table says of it is what the model says; then it is marked.
 */
static void
message(struct table *t, struct model *m, uint32_t now)
{
	unsigned k = roll_below(&m->d, KEYS), mid = roll_below(&m->d, IDS);
	struct dp_peer_key key = k % 2 ? v4(k) : v6(k);
	enum dp_dedup expected = model_heard(m, k, mid, now);
	uint32_t peer = get(t, &key, now);
	uint8_t code = 0;

	assert_int_not_equal(peer, DP_NONE);
	assert_int_equal(
		dp_peers_heard(t->peers, peer, (uint16_t)mid, now, &code), expected);
	if (expected == DP_DUPLICATE)
		assert_int_equal(code, m->of[k][mid].code);
	if (expected == DP_NEW) {
		m->of[k][mid].there = true;
		m->of[k][mid].con = roll_below(&m->d, 2);
		m->of[k][mid].when = now;
	} else if (roll_below(&m->d, 8) == 0) {
		m->of[k][mid].there = false;
		dp_peers_unmark(t->peers, peer, (uint16_t)mid);
		return;
	} else if (expected == DP_DUPLICATE) {
		return;
	}
	m->of[k][mid].code = expected == DP_IN_PROGRESS ? 68
			     : roll_below(&m->d, 2)     ? 65
							: 0;
	if (expected
		== DP_IN_PROGRESS) /* moved or not, its second call counts from now on */
		dp_peers_unmark(t->peers, peer, (uint16_t)mid);
	m->of[k][mid].when = now;
	mark(t, peer, (uint16_t)mid, m->of[k][mid].code, m->of[k][mid].con, now);
}

static void
as_the_model_says(void **state)
{
	struct table *t = new_table(MAX, 2000);
	struct model *m = new_block(sizeof(*m));
	uint32_t now = 65000;

	(void)state;
	m->d.state = 3;
	for (unsigned turn = 0; turn < 60000; turn++) {
		message(t, m, now);
		if (roll_below(&m->d, 40) == 0) {
			now++;
			dp_peers_sweep(t->peers, 3, CON_S, now, &t->counters);
		}
	}
	assert_int_equal(counted(t, DP_C_dedup_evicted_early), 0);
	assert_int_equal(counted(t, DP_C_peers_evicted), 0);
	assert_true(now > 65536);
	free(m);
	free_table(t);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(key_rows) + 2 * COUNT(life_rows)
				+ 3 * COUNT(family_rows) + COUNT(sweep_rows)
				+ COUNT(silence_rows) + COUNT(apart_rows) + 19] = {
		cmocka_unit_test(wrong_hint),
		cmocka_unit_test(sizes_refused),
		cmocka_unit_test(a_reference_dies_with_its_peer),
		cmocka_unit_test(old_ids_do_not_come_back),
		cmocka_unit_test(progress_of_one_id),
		cmocka_unit_test(answered_in_an_extension),
		cmocka_unit_test(unmarked_in_an_extension),
		cmocka_unit_test(all_of_a_peers_ids),
		cmocka_unit_test(an_empty_pool_forgets_and_counts),
		cmocka_unit_test(restored),
		cmocka_unit_test(swept_in_steps),
		cmocka_unit_test(deleted),
		cmocka_unit_test(held_beyond_counting),
		cmocka_unit_test(ids_of_ours),
		cmocka_unit_test(told_about),
		cmocka_unit_test(nothing_is_inherited),
		cmocka_unit_test(heard_after_the_readers_now),
		cmocka_unit_test(lives_on_elsewhere),
		cmocka_unit_test(as_the_model_says),
	};
	size_t n = 19;

	ADD_ROWS(tests, &n, key_rows, another_key_is_another_peer);
	ADD_ROWS(tests, &n, life_rows, lives_as_long);
	ADD_ROWS(tests, &n, life_rows, lives_as_long_in_an_extension);
	ADD_ROWS(tests, &n, family_rows, a_new_peer_pushes_out_one);
	ADD_ROWS(tests, &n, family_rows, a_full_table_has_room);
	ADD_ROWS(tests, &n, family_rows, the_held_stay);
	ADD_ROWS(tests, &n, silence_rows, silent_for);
	ADD_ROWS(tests, &n, sweep_rows, swept);
	ADD_ROWS(tests, &n, apart_rows, ids_keep_apart);
	return cmocka_run_group_tests_name("peers", tests, NULL, NULL);
}
