#include "dataplane/clock_past.h"

#include "tests/tables.h"

/* A clock as dp_clock_init() makes it on a machine of @hz. */
static struct dp_clock
clock_of(uint64_t hz)
{
	return (struct dp_clock){
		.tsc0 = 1ull << 50,
		.hz = hz,
		.mult = (uint64_t)(((unsigned __int128)1000000000u << 32) / hz),
		.wall_ns = 1700000000000000000ull,
	};
}

static const struct row {
	const char *name;
	uint64_t hz, seconds;
} rows[] = {
	{"1 GHz, a second", 1000000000, 1},
	{"2.45 GHz, a second", 2450000000, 1},
	{"5 GHz, a day", 5000000000, 86400},
	{"2.999999999 GHz, ten years", 2999999999, 315360000},
	{"at once", 2450000000, 0},
};

static void
seconds_go_by(void **state)
{
	const struct row *r = *state;
	struct dp_clock c = clock_of(r->hz);
	uint64_t tsc = c.tsc0 + r->seconds * r->hz;

	assert_int_equal(dp_clock_s(&c, tsc), DP_EPOCH_S + r->seconds);
	assert_int_equal(dp_clock_s(&c, tsc + r->hz - 1), DP_EPOCH_S + r->seconds);
	assert_int_equal(dp_clock_s(&c, tsc + r->hz), DP_EPOCH_S + r->seconds + 1);
}

/* Never ahead, and behind by no more than the multiplier's rounding, over any span. */
static void
nanoseconds_go_by(void **state)
{
	const struct row *r = *state;
	struct dp_clock c = clock_of(r->hz);
	uint64_t ns = dp_clock_ns(&c, r->seconds * r->hz),
		 exact = r->seconds * 1000000000u;

	assert_true(ns <= exact && exact - ns <= exact / c.mult + 1);
	assert_int_equal(dp_clock_wall_ns(&c, c.tsc0 + r->seconds * r->hz),
		1700000000000000000ull + ns);
}

/* ---- what it was ---- */

static const struct past_row {
	const char *name;
	uint64_t kept; /* one a second from the start, each a ns later than the clock's */
	uint64_t at_ms; /* when the entry was made */
	uint64_t by;    /* the offset that it is told by */
} past_rows[] = {
	{"the only one", 1, 5000, 0},
	{"between two", 10, 3500, 3},
	{"as it came in force", 10, 4000, 4},
	{"just before it did", 10, 3999, 3},
	{"the last one", 10, 99000, 9},
	{"a full ring, the oldest", DP_CLOCK_PAST, 500, 0},
	{"a ring gone round, the oldest", DP_CLOCK_PAST + 5, 5500, 5},
	{"a ring gone round, older than all", DP_CLOCK_PAST + 5, 500, 5},
	{"a ring gone round, the last one", DP_CLOCK_PAST + 5, 99999000,
		DP_CLOCK_PAST + 4},
};

static void
is_told_by_its_own(void **state)
{
	const struct past_row *r = *state;
	static struct dp_clock_past past;
	struct dp_clock c = clock_of(1000000000);
	uint64_t tsc = c.tsc0 + r->at_ms * 1000000;

	past.n = 0;
	for (uint64_t i = 0; i < r->kept; i++)
		dp_clock_past_keep(&past, c.tsc0 + i * c.hz, i);
	assert_int_equal(dp_clock_past_ns(&past, &c, tsc), r->by + r->at_ms * 1000000);
}

int
main(void)
{
	struct CMUnitTest tests[2 * COUNT(rows) + COUNT(past_rows)] = {0};
	size_t n = 0;

	ADD_ROWS(tests, &n, rows, seconds_go_by);
	ADD_ROWS(tests, &n, rows, nanoseconds_go_by);
	ADD_ROWS(tests, &n, past_rows, is_told_by_its_own);
	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
