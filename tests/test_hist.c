#include "dataplane/hist.h"

#include "tests/tables.h"

#define SAMPLES 20000
#define ERROR 0.031

static struct dp_hist_copy *
copy_of(const struct dp_hist *h)
{
	struct dp_hist_copy *c = new_block(sizeof(*c));

	dp_hist_merge(c, h);
	return c;
}

/* Every bin begins where the one before ends, and both its ends fall into it. */
static void
bins_part_the_line(void **state)
{
	(void)state;
	assert_int_equal(dp_hist_low(0), 0);
	for (unsigned bin = 0; bin < DP_HIST_BINS; bin++) {
		assert_int_equal(dp_hist_bin(dp_hist_low(bin)), bin);
		if (bin > 0)
			assert_int_equal(dp_hist_bin(dp_hist_low(bin) - 1), bin - 1);
	}
	assert_int_equal(dp_hist_bin(UINT64_MAX), DP_HIST_BINS - 1);
}

static void
bins_are_narrow(void **state)
{
	(void)state;
	for (unsigned bin = 1; bin + 1 < DP_HIST_BINS; bin++) {
		double low = (double)dp_hist_low(bin),
		       next = (double)dp_hist_low(bin + 1);

		assert_true(next - low <= 1 || (next - low) / low <= 1.0 / 32);
	}
}

static void
nothing_counted(void **state)
{
	struct dp_hist *h = new_block(sizeof(*h));
	struct dp_hist_copy *c = copy_of(h);

	(void)state;
	assert_int_equal(dp_hist_quantile(c, 0.5), 0);
	assert_int_equal(dp_hist_max(c), 0);
	assert_true(dp_hist_mean(c) == 0);
	free(c);
	free(h);
}

struct row {
	const char *name;
	uint64_t (*sample)(struct dice *d);
};

static int
by_value(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

static void
assert_near(double got, double exact)
{
	assert_true(got >= exact * (1 - ERROR) && got <= exact * (1 + ERROR));
}

/* Each quantile against the same samples, sorted. */
static void
near_the_exact_quantile(void **state)
{
	static const double quantiles[] = {
		0, 0.001, 0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1};
	const struct row *r = *state;
	struct dp_hist *h = new_block(sizeof(*h));
	uint64_t *all = malloc(SAMPLES * sizeof(*all));
	struct dp_hist_copy *c;
	struct dice d = {.state = 99};
	double sum = 0;

	assert_non_null(all);
	for (unsigned i = 0; i < SAMPLES; i++) {
		all[i] = r->sample(&d);
		sum += (double)all[i];
		dp_hist_add(h, all[i], 1);
	}
	qsort(all, SAMPLES, sizeof(*all), by_value);
	c = copy_of(h);
	assert_int_equal(c->total, SAMPLES);
	for (unsigned q = 0; q < COUNT(quantiles); q++)
		assert_near((double)dp_hist_quantile(c, quantiles[q]),
			(double)all[(size_t)(quantiles[q] * (SAMPLES - 1))]);
	assert_near((double)dp_hist_max(c), (double)all[SAMPLES - 1]);
	assert_near(dp_hist_mean(c), sum / SAMPLES);
	free(c);
	free(all);
	free(h);
}

static uint64_t
small(struct dice *d)
{
	return roll_below(d, 64);
}

static uint64_t
even(struct dice *d)
{
	return roll_below(d, 10000000);
}

/* As latencies are: most short, a few very long. */
static uint64_t
long_tail(struct dice *d)
{
	return 1000 + (roll(d) >> (34 + roll_below(d, 20)));
}

static uint64_t
any_magnitude(struct dice *d)
{
	return roll(d) >> roll_below(d, 64);
}

static uint64_t
constant(struct dice *d)
{
	(void)d;
	return 123456789;
}

static uint64_t
largest(struct dice *d)
{
	(void)d;
	return UINT64_MAX;
}

static const struct row rows[] = {
	{"values below 64", small},
	{"evenly spread", even},
	{"a long tail", long_tail},
	{"any magnitude", any_magnitude},
	{"one value", constant},
	{"the largest value", largest},
};

/* Workers' histograms are added up; a worker counts several at once. */
static void
merged(void **state)
{
	struct dp_hist *a = new_block(sizeof(*a)), *b = new_block(sizeof(*b));
	struct dp_hist_copy *c;

	(void)state;
	dp_hist_add(a, 10, 30);
	dp_hist_add(b, 20, 69);
	dp_hist_add(b, 10, 1);
	c = copy_of(a);
	dp_hist_merge(c, b);
	assert_int_equal(c->total, 100);
	assert_int_equal(dp_hist_quantile(c, 0.30), 10);
	assert_int_equal(dp_hist_quantile(c, 0.32), 20);
	assert_int_equal(dp_hist_max(c), 20);
	free(c);
	free(b);
	free(a);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + 4] = {
		cmocka_unit_test(bins_part_the_line),
		cmocka_unit_test(bins_are_narrow),
		cmocka_unit_test(nothing_counted),
		cmocka_unit_test(merged),
	};
	size_t n = 4;

	ADD_ROWS(tests, &n, rows, near_the_exact_quantile);
	return cmocka_run_group_tests_name("hist", tests, NULL, NULL);
}
