#include "coap/print.h"

#include "tests/rows.h"

static const struct row {
	const char *name;
	const uint8_t *wire;
	size_t len;
	const char *want;
} rows[] = {
	{"ping", BYTES(0x40, 0, 0x12, 0x34), "CON 0.00 Empty [4660]"},
	{"reset", BYTES(0x70, 0, 0, 7), "RST 0.00 Empty [7]"},
	{"token", BYTES(0x52, 1, 0, 7, 0x0a, 0x1b), "NON 0.01 GET [7] 0a1b"},
	{"acknowledgement with payload", BYTES(0x60, 0x45, 0, 7, 0xff, 'h', 'i'),
		"ACK 2.05 Content [7] \"hi\""},
	{"unknown code", BYTES(0x60, 0x9e, 0, 7), "ACK 4.30 Client Error [7]"},
	{"strings", BYTES(0x40, 1, 0, 7, 0xb1, 't', 0x42, 'a', '"'),
		"CON 0.01 GET [7] Uri-Path:\"t\" Uri-Query:\"a\\\"\""},
	{"empty string", BYTES(0x40, 1, 0, 7, 0xb0), "CON 0.01 GET [7] Uri-Path:\"\""},
	{"string that is none", BYTES(0x40, 1, 0, 7, 0xb2, 'a', 0x80),
		"CON 0.01 GET [7] Uri-Path:6180"},
	{"string with a control character", BYTES(0x40, 1, 0, 7, 0xb1, 0x1b),
		"CON 0.01 GET [7] Uri-Path:1b"},
	{"number", BYTES(0x40, 2, 0, 7, 0xc2, 0x2d, 0x16),
		"CON 0.02 POST [7] Content-Format:11542"},
	{"number of no bytes", BYTES(0x40, 2, 0, 7, 0xc0),
		"CON 0.02 POST [7] Content-Format:0"},
	{"number that is too long", BYTES(0x40, 2, 0, 7, 0xc3, 0, 0, 1),
		"CON 0.02 POST [7] Content-Format:000001"},
	{"opaque", BYTES(0x60, 0x45, 0, 7, 0x42, 0xab, 0x0c),
		"ACK 2.05 Content [7] ETag:ab0c"},
	{"empty format", BYTES(0x40, 3, 0, 7, 0x50), "CON 0.03 PUT [7] If-None-Match"},
	{"empty format with bytes", BYTES(0x40, 3, 0, 7, 0x51, 0xaa),
		"CON 0.03 PUT [7] If-None-Match:aa"},
	{"block in the middle", BYTES(0x60, 0x45, 0, 7, 0xd1, 10, 0x3a),
		"ACK 2.05 Content [7] Block2:3+/64"},
	{"last block", BYTES(0x60, 0x45, 0, 7, 0xd1, 10, 0x36),
		"ACK 2.05 Content [7] Block2:3/1024"},
	{"reserved block size", BYTES(0x60, 0x45, 0, 7, 0xd1, 10, 0x37),
		"ACK 2.05 Content [7] Block2:55"},
	{"unknown option", BYTES(0x40, 1, 0, 7, 0xe2, 0xfe, 0xf2, 0xca, 0xfe),
		"CON 0.01 GET [7] 65535:cafe"},
	{"unknown option without value", BYTES(0x40, 1, 0, 7, 0xe0, 0xfe, 0xf2),
		"CON 0.01 GET [7] 65535"},
	{"payload that is no text", BYTES(0x40, 2, 0, 7, 0xff, 0, 0xfe),
		"CON 0.02 POST [7] 00fe"},
	{"payload that orders a terminal", BYTES(0x40, 2, 0, 7, 0xff, 0xc2, 0x9b),
		"CON 0.02 POST [7] c29b"},
	{"payload of another alphabet", BYTES(0x40, 2, 0, 7, 0xff, 0xc3, 0xa9),
		"CON 0.02 POST [7] \"\xc3\xa9\""},
};

static void
print_at(const struct tg_msg *m, size_t cap, const char *want)
{
	char *exact = malloc(cap > 0 ? cap : 1);
	struct tg_text t;

	assert_non_null(exact);
	tg_text_begin(&t, exact, cap);
	tg_msg_print(&t, m);
	assert_int_equal(t.overflow, cap < strlen(want));
	if (!t.overflow) {
		assert_int_equal(t.len, strlen(want));
		assert_memory_equal(exact, want, t.len);
	}
	free(exact);
}

static void
print(void **state)
{
	const struct row *r = *state;
	uint8_t *exact = exact_copy(r->wire, r->len);
	struct tg_msg m;

	assert_int_equal(tg_msg_parse(&m, exact, r->len, TG_TOKEN_MAX), TG_OK);
	for (size_t cap = 0; cap <= strlen(r->want); cap++)
		print_at(&m, cap, r->want);
	free(exact);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows)] = {0};
	size_t n = 0;

	ADD_ROWS(tests, &n, rows, print);
	return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
