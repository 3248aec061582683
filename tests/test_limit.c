#include "dataplane/limit.h"

#include "tests/tables.h"

#define SOURCE 0x1234567800000000ull

static struct dp_limit *
new_limit(void)
{
	struct dp_limit *l = malloc(sizeof(*l));

	assert_non_null(l);
	dp_limit_init(l);
	return l;
}

/* How many of @tries at one moment are let through. */
static unsigned
let_through(struct dp_limit *l, uint32_t rate, uint32_t burst, uint32_t now_ms,
	unsigned tries)
{
	unsigned n = 0;

	while (tries-- > 0)
		n += dp_limit_take(l, SOURCE, rate, burst, now_ms);
	return n;
}

/* @tries at @now_ms after a burst that was used up at @then_ms. */
static const struct row {
	const char *name;
	uint32_t rate, burst, then_ms, now_ms;
	unsigned expected;
} rows[] = {
	{"nothing at the same moment", 10, 5, 0, 0, 0},
	{"nothing a ms before the first", 10, 5, 0, 99, 0},
	{"one when it is time", 10, 5, 0, 100, 1},
	{"two after twice the time", 10, 5, 0, 200, 2},
	{"never more than the burst", 10, 5, 0, 3600000, 5},
	{"a slow rate", 1, 3, 0, 999, 0},
	{"a slow rate in time", 1, 3, 0, 1000, 1},
	{"a fast rate", 100000, 1000, 0, 1, 100},
	{"over the wrap of the clock", 10, 5, UINT32_MAX - 49, 50, 1},
	{"at the longest pause", 1000000, 5, 0, UINT32_MAX, 5},
};

static void
after_a_pause(void **state)
{
	const struct row *r = *state;
	struct dp_limit *l = new_limit();

	assert_int_equal(
		let_through(l, r->rate, r->burst, r->then_ms, r->burst + 3), r->burst);
	assert_int_equal(let_through(l, r->rate, r->burst, r->now_ms, 2000), r->expected);
	free(l);
}

static void
no_limit(void **state)
{
	struct dp_limit *l = new_limit();

	(void)state;
	assert_int_equal(let_through(l, 0, 1, 0, 10000), 10000);
	free(l);
}

/* Asking more often than is allowed neither gains nor loses anything. */
static void
refusals_cost_nothing(void **state)
{
	struct dp_limit *l = new_limit();
	unsigned n = 0;

	(void)state;
	assert_int_equal(let_through(l, 10, 5, 0, 5), 5);
	for (uint32_t ms = 1; ms <= 10000; ms++)
		n += let_through(l, 10, 5, ms, 3);
	assert_int_equal(n, 100);
	free(l);
}

static void
another_source(void **state)
{
	struct dp_limit *l = new_limit();

	(void)state;
	assert_int_equal(let_through(l, 10, 5, 0, 9), 5);
	assert_true(dp_limit_take(l, SOURCE + (1ull << 32), 10, 5, 0));
	free(l);
}

/* Those that share a set do not share a bucket; the one heard longest ago makes room. */
static void
as_many_as_a_set_has(void **state)
{
	struct dp_limit *l = new_limit();

	(void)state;
	for (unsigned i = 0; i < DP_LIMIT_WAYS; i++)
		assert_true(dp_limit_take(l, SOURCE + i, 1, 1, i));
	for (unsigned i = 0; i < DP_LIMIT_WAYS; i++)
		assert_false(dp_limit_take(l, SOURCE + i, 1, 1, 10 + i));
	assert_true(dp_limit_take(l, SOURCE + DP_LIMIT_WAYS, 1, 1, 20));
	for (unsigned i = 1; i < DP_LIMIT_WAYS; i++)
		assert_false(dp_limit_take(l, SOURCE + i, 1, 1, 30));
	assert_true(dp_limit_take(l, SOURCE, 1, 1, 30));
	free(l);
}

/* A limit that a reload has lowered holds at once. */
static void
a_lower_burst(void **state)
{
	struct dp_limit *l = new_limit();

	(void)state;
	assert_int_equal(let_through(l, 10, 100, 0, 1), 1);
	assert_int_equal(let_through(l, 10, 5, 0, 100), 5);
	free(l);
}

/* The largest that the configuration allows. */
static void
widest(void **state)
{
	struct dp_limit *l = new_limit();

	(void)state;
	assert_int_equal(let_through(l, 1, 1000000, 0, 1000010), 1000000);
	assert_int_equal(let_through(l, 1000000, 1000000, 1, 2000), 1000);
	free(l);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + 6] = {
		cmocka_unit_test(no_limit),
		cmocka_unit_test(refusals_cost_nothing),
		cmocka_unit_test(another_source),
		cmocka_unit_test(as_many_as_a_set_has),
		cmocka_unit_test(a_lower_burst),
		cmocka_unit_test(widest),
	};
	size_t n = 6;

	ADD_ROWS(tests, &n, rows, after_a_pause);
	return cmocka_run_group_tests_name("limit", tests, NULL, NULL);
}
