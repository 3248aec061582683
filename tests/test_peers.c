/* Peers: who they are, and how they come, are held and go. */
#include "tests/peers_table.h"

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

/* ---- coming and going ---- */

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
	assert_int_equal(layout_of(t->peers), 3);
	assert_true(has_key(t->peers, 64, hash_key));
	assert_int_equal(find(t, &a), peer);
	assert_int_equal(find(t, &b), other);
	for (uint16_t mid = 0; mid < 2 * LINE; mid++)
		assert_int_equal(heard(t, peer, mid, NOW), DP_DUPLICATE);
	assert_int_not_equal(get(t, &c, NOW), DP_NONE);
	assert_int_equal(dp_peers_count(t->peers), 3);
	free_table(t);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(key_rows) + 3 * COUNT(family_rows)
				+ COUNT(silence_rows) + COUNT(sweep_rows) + 10] = {
		cmocka_unit_test(wrong_hint),
		cmocka_unit_test(sizes_refused),
		cmocka_unit_test(a_reference_dies_with_its_peer),
		cmocka_unit_test(swept_in_steps),
		cmocka_unit_test(deleted),
		cmocka_unit_test(held_beyond_counting),
		cmocka_unit_test(told_about),
		cmocka_unit_test(nothing_is_inherited),
		cmocka_unit_test(heard_after_the_readers_now),
		cmocka_unit_test(lives_on_elsewhere),
	};
	size_t n = 10;

	ADD_ROWS(tests, &n, key_rows, another_key_is_another_peer);
	ADD_ROWS(tests, &n, family_rows, a_new_peer_pushes_out_one);
	ADD_ROWS(tests, &n, family_rows, a_full_table_has_room);
	ADD_ROWS(tests, &n, family_rows, the_held_stay);
	ADD_ROWS(tests, &n, silence_rows, silent_for);
	ADD_ROWS(tests, &n, sweep_rows, swept);
	return cmocka_run_group_tests_name("peers", tests, NULL, NULL);
}
