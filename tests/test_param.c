#include "coap/param.h"
#include "tests/rows.h"

#define AT(field) offsetof(struct tg_param, field)

/* The defaults with one parameter changed. */
static const struct row {
	const char *name;
	size_t at;
	uint32_t value;
	enum tg_param_fault want;
} rows[] = {
	{"ack_timeout least", AT(ack_timeout_ms), 1000, TG_PARAM_OK},
	{"ack_timeout under", AT(ack_timeout_ms), 999, TG_PARAM_ACK_TIMEOUT},
	{"ack_timeout most", AT(ack_timeout_ms), 600000, TG_PARAM_OK},
	{"ack_timeout over", AT(ack_timeout_ms), 600001, TG_PARAM_ACK_TIMEOUT},
	{"random_factor 1.0", AT(ack_random_permille), 1000, TG_PARAM_OK},
	{"random_factor under 1.0", AT(ack_random_permille), 999,
		TG_PARAM_ACK_RANDOM_FACTOR},
	{"random_factor most", AT(ack_random_permille), 10000, TG_PARAM_OK},
	{"random_factor over", AT(ack_random_permille), 10001,
		TG_PARAM_ACK_RANDOM_FACTOR},
	{"max_retransmit none", AT(max_retransmit), 0, TG_PARAM_OK},
	{"max_retransmit most", AT(max_retransmit), 20, TG_PARAM_OK},
	{"max_retransmit over", AT(max_retransmit), 21, TG_PARAM_MAX_RETRANSMIT},
	{"nstart none", AT(nstart), 0, TG_PARAM_NSTART},
	{"nstart most", AT(nstart), 1024, TG_PARAM_OK},
	{"nstart over", AT(nstart), 1025, TG_PARAM_NSTART},
	{"leisure none", AT(default_leisure_ms), 0, TG_PARAM_OK},
	{"leisure over", AT(default_leisure_ms), 3600001, TG_PARAM_DEFAULT_LEISURE},
	{"probing_rate none", AT(probing_rate_bytes_s), 0, TG_PARAM_PROBING_RATE},
	{"probing_rate over", AT(probing_rate_bytes_s), 1000000001,
		TG_PARAM_PROBING_RATE},
	{"max_latency none", AT(max_latency_ms), 0, TG_PARAM_MAX_LATENCY},
	{"max_latency over", AT(max_latency_ms), 3600001, TG_PARAM_MAX_LATENCY},
	{"processing_delay none", AT(processing_delay_ms), 0, TG_PARAM_OK},
	{"processing_delay over", AT(processing_delay_ms), 3600001,
		TG_PARAM_PROCESSING_DELAY},
};

static void
range(void **state)
{
	const struct row *r = *state;
	struct tg_param p = TG_PARAM_DEFAULTS;

	memcpy((char *)&p + r->at, &r->value, sizeof(r->value));
	assert_int_equal(tg_param_check(&p), r->want);
	assert_true(strlen(tg_param_fault_text(r->want)) > 0);
}

/* RFC 7252, table 3. */
static void
derived_defaults(void **state)
{
	const struct tg_param p = TG_PARAM_DEFAULTS;

	(void)state;
	assert_int_equal(tg_param_check(&p), TG_PARAM_OK);
	assert_int_equal(tg_param_max_transmit_span_ms(&p), 45000);
	assert_int_equal(tg_param_max_transmit_wait_ms(&p), 93000);
	assert_int_equal(tg_param_max_rtt_ms(&p), 202000);
	assert_int_equal(tg_param_exchange_lifetime_ms(&p), 247000);
	assert_int_equal(tg_param_non_lifetime_ms(&p), 145000);
}

static void
derived_follow(void **state)
{
	struct tg_param p = TG_PARAM_DEFAULTS;

	(void)state;
	p.ack_timeout_ms = 1001;
	p.ack_random_permille = 1001;
	p.max_retransmit = 1;
	p.max_latency_ms = 10;
	p.processing_delay_ms = 3;
	assert_int_equal(
		tg_param_max_transmit_span_ms(&p), 1003); /* 1002.001 rounded up */
	assert_int_equal(tg_param_max_transmit_wait_ms(&p), 3007); /* 3006.003 */
	assert_int_equal(tg_param_max_rtt_ms(&p), 23);
	assert_int_equal(tg_param_exchange_lifetime_ms(&p), 1026);
	assert_int_equal(tg_param_non_lifetime_ms(&p), 1013);
}

/* The widest that passes must not wrap. */
static void
derived_largest(void **state)
{
	struct tg_param p = TG_PARAM_DEFAULTS;

	(void)state;
	p.ack_timeout_ms = 600000;
	p.ack_random_permille = 10000;
	p.max_retransmit = 20;
	p.max_latency_ms = p.processing_delay_ms = 3600000;
	assert_int_equal(tg_param_check(&p), TG_PARAM_OK);
	assert_true(tg_param_max_transmit_wait_ms(&p) == UINT64_C(12582906000000));
	assert_true(tg_param_exchange_lifetime_ms(&p) < UINT64_C(1) << 44);
}

static void
texts_differ(void **state)
{
	(void)state;
	for (int a = 0; a < TG_PARAM_FAULTS; a++)
		for (int b = 0; b < a; b++)
			assert_string_not_equal(
				tg_param_fault_text((enum tg_param_fault)a),
				tg_param_fault_text((enum tg_param_fault)b));
}

static void
probing(void **state)
{
	struct tg_param p = TG_PARAM_DEFAULTS;

	(void)state;
	assert_int_equal(tg_param_probing_ms(&p, 0), 0);
	assert_int_equal(tg_param_probing_ms(&p, 52), 52000);
	p.probing_rate_bytes_s = 3000;
	assert_int_equal(tg_param_probing_ms(&p, 6), 2);
	assert_int_equal(tg_param_probing_ms(&p, 7), 3); /* 2.3 rounded up */
	p.probing_rate_bytes_s = 1000000000;
	assert_int_equal(tg_param_probing_ms(&p, 1), 1);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + 5] = {
		cmocka_unit_test(derived_defaults),
		cmocka_unit_test(derived_follow),
		cmocka_unit_test(derived_largest),
		cmocka_unit_test(probing),
		cmocka_unit_test(texts_differ),
	};
	size_t n = 5;

	ADD_ROWS(tests, &n, rows, range);
	return cmocka_run_group_tests_name("param", tests, NULL, NULL);
}
