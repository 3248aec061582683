#include "coap/observe.h"
#include "tests/rows.h"

#define THEN_MS 1000000
#define RING (1u << 24)

/* A second notification, so long after a first one: is it the newer? */
static const struct row {
	const char *name;
	uint32_t first, second;
	uint64_t after_ms;
	bool newer;
} rows[] = {
	{"one more", 5, 6, 1, true},
	{"the same", 5, 5, 1, false},
	{"one less", 5, 4, 1, false},
	{"at the same moment", 5, 6, 0, true},
	{"just under half the ring ahead", 0, RING / 2 - 1, 1, true},
	{"half the ring ahead", 0, RING / 2, 1, false},
	{"half the ring behind", RING / 2, 0, 1, false},
	{"just over half the ring behind", RING / 2 + 1, 0, 1, true},
	{"over the end of the ring", RING - 1, 0, 1, true},
	{"back over the end of the ring", 0, RING - 1, 1, false},
	{"less, after 128 s", 5, 4, 128000, false},
	{"less, after more than 128 s", 5, 4, 128001, true},
	{"the same, after more than 128 s", 5, 5, 128001, true},
};

static void
order(void **state)
{
	const struct row *r = *state;
	struct tg_fresh f = {0};

	assert_true(tg_fresh_is_newer(&f, r->first, THEN_MS)); /* it is the first */
	tg_fresh_set(&f, r->first, THEN_MS);
	assert_int_equal(
		tg_fresh_is_newer(&f, r->second, THEN_MS + r->after_ms), r->newer);
}

static const struct value_row {
	const char *name;
	const uint8_t *wire;
	size_t len;
	bool found;
	uint32_t want;
} values[] = {
	{"absent", BYTES(0x40, 0x45, 0, 7), false, 77},
	{"no bytes", BYTES(0x40, 0x45, 0, 7, 0x60), true, 0},
	{"three bytes", BYTES(0x40, 0x45, 0, 7, 0x63, 0xff, 0xff, 0xfe), true, RING - 2},
	{"leading zeros", BYTES(0x40, 0x45, 0, 7, 0x63, 0, 0, 9), true, 9},
	{"four bytes", BYTES(0x40, 0x45, 0, 7, 0x64, 0, 0, 0, 9), false, 77},
};

static void
value(void **state)
{
	const struct value_row *r = *state;
	uint32_t got = 77;
	struct tg_msg m;

	assert_int_equal(tg_msg_parse(&m, r->wire, r->len, TG_TOKEN_MAX), TG_OK);
	assert_int_equal(tg_observe_get(&m, &got), r->found);
	assert_int_equal(got, r->want);
}

static void
next_wraps(void **state)
{
	(void)state;
	assert_int_equal(tg_observe_next(0), 1);
	assert_int_equal(tg_observe_next(RING - 1), 0);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + COUNT(values) + 1] = {
		cmocka_unit_test(next_wraps),
	};
	size_t n = 1;

	ADD_ROWS(tests, &n, rows, order);
	ADD_ROWS(tests, &n, values, value);
	return cmocka_run_group_tests_name("observe", tests, NULL, NULL);
}
