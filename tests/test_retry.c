#include "coap/retry.h"
#include "tests/rows.h"

#define START 1000000

/* The first timeout that a random number leads to. */
static const struct row {
	const char *name;
	uint32_t random;
	uint32_t factor_permille;
	uint32_t want_ms;
} rows[] = {
	{"least random", 0, 1500, 2000},
	{"most random", UINT32_MAX, 1500, 3000},
	{"middle", UINT32_C(1) << 31, 1500, 2500},
	{"factor 1.0 leaves no choice", UINT32_MAX, 1000, 2000},
	{"factor 3", UINT32_MAX, 3000, 6000},
};

static void
first_timeout(void **state)
{
	const struct row *r = *state;
	struct tg_param p = TG_PARAM_DEFAULTS;
	struct tg_retry retry;

	p.ack_random_permille = r->factor_permille;
	tg_retry_start(&retry, &p, START, r->random);
	assert_int_equal(retry.due_ms, START + r->want_ms);
	assert_int_equal(tg_retry_next(&retry, START + r->want_ms - 1), TG_RETRY_WAIT);
	assert_int_equal(tg_retry_next(&retry, START + r->want_ms), TG_RETRY_SEND);
}

/* Walk a schedule from one due time to the next: when each retransmission was, then the
 * end. */
static unsigned
walk(struct tg_retry *r, uint64_t *at, unsigned max)
{
	unsigned n = 0;

	for (;;) {
		uint64_t now = r->due_ms;

		assert_int_equal(tg_retry_next(r, now - 1), TG_RETRY_WAIT);
		assert_true(n < max);
		at[n++] = now - START;
		if (tg_retry_next(r, now) == TG_RETRY_GIVE_UP)
			return n;
	}
}

static void
doubling(void **state)
{
	const struct tg_param p = TG_PARAM_DEFAULTS;
	struct tg_retry r;
	uint64_t at[8];

	(void)state;
	tg_retry_start(&r, &p, START, UINT32_MAX);
	assert_int_equal(walk(&r, at, 8), 5);
	assert_int_equal(at[0], 3000);
	assert_int_equal(at[1], 9000);
	assert_int_equal(at[2], 21000);
	assert_int_equal(
		at[3], tg_param_max_transmit_span_ms(&p)); /* the last one sent */
	assert_int_equal(at[4], tg_param_max_transmit_wait_ms(&p));     /* given up */
	assert_int_equal(tg_retry_next(&r, UINT64_MAX), TG_RETRY_WAIT); /* said once */
}

static void
no_retransmission(void **state)
{
	struct tg_param p = TG_PARAM_DEFAULTS;
	struct tg_retry r;
	uint64_t at[1];

	(void)state;
	p.max_retransmit = 0;
	tg_retry_start(&r, &p, START, 0);
	assert_int_equal(walk(&r, at, 1), 1);
	assert_int_equal(at[0], 2000);
}

static void
acknowledged(void **state)
{
	const struct tg_param p = TG_PARAM_DEFAULTS;
	struct tg_retry r;

	(void)state;
	tg_retry_start(&r, &p, START, 0);
	assert_int_equal(tg_retry_next(&r, START + 2000), TG_RETRY_SEND);
	tg_retry_stop(&r);
	assert_int_equal(tg_retry_next(&r, UINT64_MAX), TG_RETRY_WAIT);
}

/* A call that comes minutes late sends once and not four times. */
static void
late(void **state)
{
	const struct tg_param p = TG_PARAM_DEFAULTS;
	struct tg_retry r;

	(void)state;
	tg_retry_start(&r, &p, START, 0);
	assert_int_equal(tg_retry_next(&r, START + 300000), TG_RETRY_SEND);
	assert_int_equal(tg_retry_next(&r, START + 300000), TG_RETRY_WAIT);
	assert_int_equal(r.due_ms, START + 304000);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + 4] = {
		cmocka_unit_test(doubling),
		cmocka_unit_test(no_retransmission),
		cmocka_unit_test(acknowledged),
		cmocka_unit_test(late),
	};
	size_t n = 4;

	ADD_ROWS(tests, &n, rows, first_timeout);
	return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
