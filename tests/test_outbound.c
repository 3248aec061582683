#include "dataplane/outbound.h"

#include "tests/tables.h"

#define ROOM 64

static const uint8_t hash_key[16] = {
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const struct tg_param param = TG_PARAM_DEFAULTS;

static struct dp_outbound *
new_table(void)
{
	struct dp_outbound *t =
		dp_outbound_init(new_block(dp_outbound_size(ROOM)), ROOM, hash_key, 0);

	assert_non_null(t);
	return t;
}

/* A message to @peer that is under way since @now. */
static uint32_t
begun(struct dp_outbound *t, uint32_t peer, uint16_t mid, uint64_t now)
{
	uint32_t id = dp_outbound_put(t, peer, mid, &param, 0);

	assert_int_not_equal(id, DP_NONE);
	dp_outbound_begin(t, id, now);
	return id;
}

static void
nothing_due(struct dp_outbound *t, uint64_t now)
{
	uint32_t id;

	assert_int_equal(dp_outbound_due(t, now, &id), DP_OUT_NOTHING);
}

static void
due(struct dp_outbound *t, uint64_t now, enum dp_out_step step, uint32_t id)
{
	uint32_t got;

	nothing_due(t, now - 1);
	assert_int_equal(dp_outbound_due(t, now, &got), step);
	assert_int_equal(got, id);
	nothing_due(t, now);
}

static const struct size_row {
	const char *name;
	uint32_t max;
	bool good;
} size_rows[] = {
	{"too few", 63, false},
	{"the fewest", 64, true},
	{"the most", 1u << 24, true},
	{"too many", (1u << 24) + 1, false},
};

static void
sized(void **state)
{
	const struct size_row *r = *state;

	assert_int_equal(dp_outbound_size(r->max) != 0, r->good);
}

static const struct schedule_row {
	const char *name;
	uint32_t random;
	uint64_t first_ms;
} schedule_rows[] = {
	{"the shortest", 0, 2000},
	{"the longest", UINT32_MAX, 3000},
};

/* RFC 7252, 4.2: twice as long each time, and after four more it is over. */
static void
scheduled(void **state)
{
	const struct schedule_row *r = *state;
	struct dp_outbound *t = new_table();
	uint32_t id = dp_outbound_put(t, 1, 2, &param, r->random);
	uint64_t now = 1000000;

	nothing_due(t, now);
	dp_outbound_begin(t, id, now);
	for (unsigned n = 0; n < 4; n++) {
		now += r->first_ms << n;
		due(t, now, DP_OUT_AGAIN, id);
	}
	due(t, now + (r->first_ms << 4), DP_OUT_GIVE_UP, id);
	nothing_due(t, UINT64_MAX / 2);
	assert_int_equal(dp_outbound_get(t, id)->begun_ms, 1000000);
	free(t);
}

static const struct find_row {
	const char *name;
	uint32_t peer;
	uint16_t mid;
	bool there;
} find_rows[] = {
	{"peer and Message ID", 1, 7, true},
	{"another Message ID", 1, 8, false},
	{"another peer", 2, 7, false},
};

static void
found(void **state)
{
	const struct find_row *r = *state;
	struct dp_outbound *t = new_table();
	uint32_t id = begun(t, 1, 7, 0);

	assert_int_equal(dp_outbound_find(t, r->peer, r->mid), r->there ? id : DP_NONE);
	free(t);
}

/* What has not been sent is not answered. */
static void
not_found_before_it_is_sent(void **state)
{
	struct dp_outbound *t = new_table();

	(void)state;
	dp_outbound_put(t, 1, 7, &param, 0);
	assert_int_equal(dp_outbound_find(t, 1, 7), DP_NONE);
	free(t);
}

static void
gone_when_it_has_ended(void **state)
{
	struct dp_outbound *t = new_table();
	uint32_t id = begun(t, 1, 7, 0);

	(void)state;
	dp_outbound_del(t, id);
	assert_int_equal(dp_outbound_find(t, 1, 7), DP_NONE);
	assert_int_equal(dp_outbound_count(t), 0);
	nothing_due(t, 1000000);
	free(t);
}

static const struct nstart_row {
	const char *name;
	uint32_t nstart, under_way, others;
	bool may;
} nstart_rows[] = {
	{"none of one", 1, 0, 0, true},
	{"one of one", 1, 1, 0, false},
	{"one of one, elsewhere", 1, 0, 1, false},
	{"two of three", 3, 2, 0, true},
	{"two of three, one elsewhere", 3, 1, 1, true},
	{"three of three", 3, 3, 0, false},
	{"three of three, one elsewhere", 3, 2, 1, false},
};

static void
so_many_at_a_time(void **state)
{
	const struct nstart_row *r = *state;
	struct dp_outbound *t = new_table();
	struct tg_param p = param;
	uint32_t id;

	p.nstart = r->nstart;
	for (uint16_t n = 0; n < r->under_way; n++)
		begun(t, 1, n, 0);
	begun(t, 2, 0, 0); /* another peer's do not count */
	id = dp_outbound_put(t, 1, 100, &p, 0);
	assert_int_equal(dp_outbound_may_begin(t, id, r->others), r->may);
	free(t);
}

/* Who came first is first, whoever came between. */
static void
in_turn(void **state)
{
	struct dp_outbound *t = new_table();
	uint32_t first, second;

	(void)state;
	assert_int_equal(dp_outbound_waiting(t, 1), DP_NONE);
	first = dp_outbound_put(t, 1, 1, &param, 0);
	dp_outbound_put(t, 2, 1, &param, 0);
	second = dp_outbound_put(t, 1, 2, &param, 0);
	assert_int_equal(dp_outbound_waiting(t, 1), first);
	dp_outbound_begin(t, first, 0);
	assert_int_equal(dp_outbound_waiting(t, 1), second);
	dp_outbound_del(t, first);
	assert_int_equal(dp_outbound_waiting(t, 1), second);
	free(t);
}

static void
put_off(void **state)
{
	struct dp_outbound *t = new_table();
	uint32_t id = dp_outbound_put(t, 1, 7, &param, 0);

	(void)state;
	dp_outbound_put_off(t, id, 5000);
	due(t, 5000, DP_OUT_BEGIN, id);
	assert_int_equal(dp_outbound_waiting(t, 1), id);
	free(t);
}

/* Somebody begins it earlier: its time is then that of its timeout. */
static void
put_off_and_begun(void **state)
{
	struct dp_outbound *t = new_table();
	uint32_t id = dp_outbound_put(t, 1, 7, &param, 0);

	(void)state;
	dp_outbound_put_off(t, id, 5000);
	dp_outbound_begin(t, id, 4000);
	due(t, 6000, DP_OUT_AGAIN, id);
	free(t);
}

/* A place that is kept is no message so far: it is neither sent nor answered. */
static void
promised(void **state)
{
	struct dp_outbound *t = new_table();
	uint32_t id = dp_outbound_promise(t, 1, 7);

	(void)state;
	assert_int_not_equal(id, DP_NONE);
	assert_int_equal(dp_outbound_promised(t, 1, 7), id);
	assert_int_equal(dp_outbound_promised(t, 1, 8), DP_NONE);
	assert_int_equal(dp_outbound_promised(t, 2, 7), DP_NONE);
	assert_int_equal(dp_outbound_waiting(t, 1), DP_NONE);
	assert_int_equal(dp_outbound_find(t, 1, 7), DP_NONE);
	dp_outbound_keep(t, id, 100, &param, 0);
	assert_int_equal(dp_outbound_promised(t, 1, 7), DP_NONE);
	assert_int_equal(dp_outbound_promised(t, 1, 100), DP_NONE);
	assert_int_equal(dp_outbound_waiting(t, 1), id);
	dp_outbound_begin(t, id, 0);
	assert_int_equal(dp_outbound_find(t, 1, 100), id);
	assert_int_equal(dp_outbound_count(t), 1);
	free(t);
}

/* It waits from when it is a message, whenever its place was kept. */
static void
promised_long_ago(void **state)
{
	struct dp_outbound *t = new_table();
	uint32_t early = dp_outbound_promise(t, 1, 7);
	uint32_t first = dp_outbound_put(t, 1, 100, &param, 0);

	(void)state;
	dp_outbound_keep(t, early, 101, &param, 0);
	assert_int_equal(dp_outbound_waiting(t, 1), first);
	dp_outbound_del(t, first);
	assert_int_equal(dp_outbound_waiting(t, 1), early);
	free(t);
}

/* One peer has so many, and the room that is left is the others'. */
static void
a_peer_has_too_many(void **state)
{
	struct dp_outbound *t =
		dp_outbound_init(new_block(dp_outbound_size(512)), 512, hash_key, 0);
	uint16_t mid = 0;

	(void)state;
	while (mid < DP_OUT_PER_PEER)
		assert_int_not_equal(dp_outbound_promise(t, 1, mid++), DP_NONE);
	assert_int_equal(dp_outbound_promise(t, 1, mid), DP_NONE);
	assert_int_not_equal(dp_outbound_promise(t, 2, mid), DP_NONE);
	dp_outbound_del(t, dp_outbound_promised(t, 1, 7));
	assert_int_not_equal(dp_outbound_promise(t, 1, mid), DP_NONE);
	assert_int_equal(dp_outbound_count(t), DP_OUT_PER_PEER + 1);
	free(t);
}

static void
full(void **state)
{
	struct dp_outbound *t = new_table();
	uint32_t id = 0;

	(void)state;
	for (uint16_t n = 0; n < ROOM; n++)
		id = begun(t, n % 3, n, n);
	assert_int_equal(dp_outbound_count(t), ROOM);
	assert_int_equal(dp_outbound_put(t, 9, 0, &param, 0), DP_NONE);
	assert_int_equal(dp_outbound_promise(t, 9, 0), DP_NONE);
	dp_outbound_del(t, id);
	assert_int_equal(dp_outbound_put(t, 9, 0, &param, 0), id);
	for (uint16_t n = 0; n + 1 < ROOM; n++)
		assert_int_not_equal(dp_outbound_find(t, n % 3, n), DP_NONE);
	free(t);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(size_rows) + COUNT(schedule_rows) + COUNT(find_rows)
				+ COUNT(nstart_rows) + 9] = {
		cmocka_unit_test(not_found_before_it_is_sent),
		cmocka_unit_test(gone_when_it_has_ended),
		cmocka_unit_test(in_turn),
		cmocka_unit_test(put_off),
		cmocka_unit_test(put_off_and_begun),
		cmocka_unit_test(promised),
		cmocka_unit_test(promised_long_ago),
		cmocka_unit_test(full),
		cmocka_unit_test(a_peer_has_too_many),
	};
	size_t n = 9;

	ADD_ROWS(tests, &n, size_rows, sized);
	ADD_ROWS(tests, &n, schedule_rows, scheduled);
	ADD_ROWS(tests, &n, find_rows, found);
	ADD_ROWS(tests, &n, nstart_rows, so_many_at_a_time);
	return cmocka_run_group_tests_name("outbound", tests, NULL, NULL);
}
