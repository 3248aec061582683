#include "coap/text.h"
#include "tests/rows.h"

static const struct hex_row {
	const char *name, *text;
	size_t cap;
	long want;
	uint8_t bytes[3];
} hexes[] = {
	{"hex: nothing", "", 0, 0, {0}},
	{"hex: either case", "0aF9bE", 3, 3, {0x0a, 0xf9, 0xbe}},
	{"hex: odd", "0aF", 3, -1, {0}},
	{"hex: one too many", "00112233", 3, -1, {0}},
	{"hex: first digit bad", "g0", 3, -1, {0}},
	{"hex: second digit bad", "0G", 3, -1, {0}},
	{"hex: space", " 0", 3, -1, {0}},
	{"hex: before 0", "0/", 3, -1, {0}},
	{"hex: after 9", "0:", 3, -1, {0}},
	{"hex: before A", "0@", 3, -1, {0}},
	{"hex: before a", "0`", 3, -1, {0}},
};

static void
hex_read(void **state)
{
	const struct hex_row *r = *state;
	char *text = (char *)exact_copy(r->text, strlen(r->text));
	uint8_t *bytes = exact_copy(r->bytes, r->cap);

	assert_int_equal(tg_hex_read(bytes, r->cap, text, strlen(r->text)), r->want);
	if (r->want > 0)
		assert_memory_equal(bytes, r->bytes, (size_t)r->want);
	free(bytes);
	free(text);
}

static void
hex_write(void **state)
{
	char *exact = malloc(7);

	(void)state;
	assert_non_null(exact);
	assert_string_equal(tg_hex_write(exact, "\x0a\xf9\x00", 3), "0af900");
	assert_string_equal(tg_hex_write(exact, NULL, 0), "");
	free(exact);
}

/* The sets, written out: no byte is in one but these. */
static const struct set_row {
	const char *name;
	unsigned set;
	const char *members;
} sets[] = {
	{"set: unreserved", TG_CH_UNRESERVED,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"},
	{"set: sub-delims", TG_CH_SUB_DELIM, "!$&'()*+,;="},
	{"set: colon, at", TG_CH_COLON_AT, ":@"},
	{"set: slash", TG_CH_SLASH, "/"},
	{"set: question mark", TG_CH_QUESTION, "?"},
	{"set: hexadecimal", TG_CH_HEX, "0123456789ABCDEFabcdef"},
	{"set: none", 0, ""},
};

static void
set(void **state)
{
	const struct set_row *r = *state;

	for (unsigned c = 0; c < 256; c++)
		assert_int_equal(tg_char_in((uint8_t)c, r->set),
			c != 0 && strchr(r->members, (int)c) != NULL);
}

static const struct uint_row {
	const char *name;
	uint32_t value;
	const char *want;
} uints[] = {
	{"uint: 0", 0, "0"},
	{"uint: 9", 9, "9"},
	{"uint: 10", 10, "10"},
	{"uint: the largest", UINT32_MAX, "4294967295"},
};

static void
print_uint(void **state)
{
	const struct uint_row *r = *state;
	char *exact = malloc(strlen(r->want));
	struct tg_text t;

	assert_non_null(exact);
	tg_text_begin(&t, exact, strlen(r->want));
	tg_text_uint(&t, r->value);
	assert_false(t.overflow);
	assert_int_equal(t.len, strlen(r->want));
	assert_memory_equal(exact, r->want, t.len);
	free(exact);
}

static void
overflow_sticks(void **state)
{
	char buf[4];
	struct tg_text t;

	(void)state;
	tg_text_begin(&t, buf, sizeof(buf));
	tg_text_bytes(&t, "abc", 3);
	tg_text_bytes(&t, "de", 2);
	assert_true(t.overflow);
	tg_text_char(&t, 'f'); /* it would fit */
	assert_int_equal(t.len, 3);
	assert_memory_equal(buf, "abc", 3);
}

static void
coded(void **state)
{
	char buf[32];
	struct tg_text t;

	(void)state;
	tg_text_begin(&t, buf, sizeof(buf));
	tg_text_coded(&t, (const uint8_t *)"a&b/\xff", 5, TG_CH_PCHAR | TG_CH_SLASH, '&');
	assert_int_equal(t.len, 9);
	assert_memory_equal(buf, "a%26b/%FF", 9);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(hexes) + COUNT(sets) + COUNT(uints) + 3] = {
		cmocka_unit_test(hex_write),
		cmocka_unit_test(overflow_sticks),
		cmocka_unit_test(coded),
	};
	size_t n = 3;

	ADD_ROWS(tests, &n, hexes, hex_read);
	ADD_ROWS(tests, &n, sets, set);
	ADD_ROWS(tests, &n, uints, print_uint);
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
