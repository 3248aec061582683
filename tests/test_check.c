#include "coap/check.h"
#include "coap/text.h"
#include "coap/write.h"
#include "tests/rows.h"

#define PARTS 4

struct part {
	uint16_t number;
	uint16_t len;
};

/* Options of the given lengths; which of them is at fault, and which are heeded. */
static const struct row {
	const char *name;
	struct part part[PARTS]; /* up to the first whose number is 0 */
	enum tg_opt_fault want;
	uint16_t bad;
	uint8_t heeded; /* how many of the options */
} requests[] = {
	{"no option", {{0}}, TG_OPT_FINE, 0, 0},
	{"the usual ones", {{3, 1}, {11, 1}, {12, 1}, {15, 255}}, TG_OPT_FINE, 0, 4},
	{"critical and unknown", {{11, 1}, {13, 0}}, TG_OPT_UNKNOWN, 13, 1},
	{"critical, unknown, over 255", {{11, 1}, {259, 0}}, TG_OPT_UNKNOWN, 259, 1},
	{"critical, unknown, the last number", {{65535, 0}}, TG_OPT_UNKNOWN, 65535, 0},
	{"elective and unknown", {{2, 0}, {11, 1}, {65534, 9}}, TG_OPT_FINE, 0, 1},
	{"the first fault counts", {{9, 256}, {13, 0}}, TG_OPT_SIZE, 9, 0},

	{"uri-host twice", {{3, 1}, {3, 1}}, TG_OPT_REPEATED, 3, 1},
	{"uri-port twice", {{7, 1}, {7, 1}}, TG_OPT_REPEATED, 7, 1},
	{"if-none-match twice", {{5, 0}, {5, 0}}, TG_OPT_REPEATED, 5, 1},
	{"accept twice", {{17, 0}, {17, 0}}, TG_OPT_REPEATED, 17, 1},
	{"oscore twice", {{9, 0}, {9, 0}}, TG_OPT_REPEATED, 9, 1},
	{"block2 twice", {{23, 0}, {23, 0}}, TG_OPT_REPEATED, 23, 1},
	{"block1 twice", {{27, 0}, {27, 0}}, TG_OPT_REPEATED, 27, 1},
	{"proxy-uri twice", {{35, 1}, {35, 1}}, TG_OPT_REPEATED, 35, 1},
	{"proxy-scheme twice", {{39, 1}, {39, 1}}, TG_OPT_REPEATED, 39, 1},
	{"may be repeated", {{1, 8}, {1, 8}, {11, 0}, {11, 0}}, TG_OPT_FINE, 0, 4},
	{"elective ones may too", {{4, 8}, {4, 8}, {292, 0}, {292, 0}}, TG_OPT_FINE, 0,
		4},
	{"content-format twice: one heeded", {{12, 1}, {12, 1}}, TG_OPT_FINE, 0, 1},
	{"observe three times: one heeded", {{6, 1}, {6, 1}, {6, 1}}, TG_OPT_FINE, 0, 1},

	{"if-match of 8", {{1, 8}}, TG_OPT_FINE, 0, 1},
	{"if-match of 9", {{1, 9}}, TG_OPT_SIZE, 1, 0},
	{"uri-host of 0", {{3, 0}}, TG_OPT_SIZE, 3, 0},
	{"uri-host of 255", {{3, 255}}, TG_OPT_FINE, 0, 1},
	{"uri-host of 256", {{3, 256}}, TG_OPT_SIZE, 3, 0},
	{"if-none-match of 1", {{5, 1}}, TG_OPT_SIZE, 5, 0},
	{"uri-port of 0", {{7, 0}}, TG_OPT_FINE, 0, 1},
	{"uri-port of 3", {{7, 3}}, TG_OPT_SIZE, 7, 0},
	{"uri-path of 255", {{11, 255}}, TG_OPT_FINE, 0, 1},
	{"uri-path of 256", {{11, 256}}, TG_OPT_SIZE, 11, 0},
	{"uri-query of 256", {{15, 256}}, TG_OPT_SIZE, 15, 0},
	{"accept of 2", {{17, 2}}, TG_OPT_FINE, 0, 1},
	{"accept of 3", {{17, 3}}, TG_OPT_SIZE, 17, 0},
	{"block2 of 3", {{23, 3}}, TG_OPT_FINE, 0, 1},
	{"block2 of 4", {{23, 4}}, TG_OPT_SIZE, 23, 0},
	{"block1 of 4", {{27, 4}}, TG_OPT_SIZE, 27, 0},
	{"proxy-uri of 0", {{35, 0}}, TG_OPT_SIZE, 35, 0},
	{"proxy-uri of 1034", {{35, 1034}}, TG_OPT_FINE, 0, 1},
	{"proxy-uri of 1035", {{35, 1035}}, TG_OPT_SIZE, 35, 0},
	{"proxy-scheme of 256", {{39, 256}}, TG_OPT_SIZE, 39, 0},
	{"etag of 9 is ignored", {{4, 9}, {11, 1}}, TG_OPT_FINE, 0, 1},
	{"etag of 0 is ignored", {{4, 0}}, TG_OPT_FINE, 0, 0},
	{"content-format of 3 is ignored", {{12, 3}}, TG_OPT_FINE, 0, 0},
	{"hop-limit of 0 is ignored", {{16, 0}}, TG_OPT_FINE, 0, 0},
	{"echo of 41 is ignored", {{252, 41}}, TG_OPT_FINE, 0, 0},
	{"no-response of 2 is ignored", {{258, 2}}, TG_OPT_FINE, 0, 0},

	{"a response's options are ignored", {{8, 1}, {14, 1}, {20, 1}}, TG_OPT_FINE, 0,
		0},
};

static const struct row responses[] = {
	{"response: no option", {{0}}, TG_OPT_FINE, 0, 0},
	{"response: the usual ones", {{4, 8}, {6, 3}, {12, 1}, {14, 4}}, TG_OPT_FINE, 0,
		4},
	{"response: location", {{8, 1}, {8, 1}, {20, 0}, {20, 0}}, TG_OPT_FINE, 0, 4},
	{"response: etag twice, one heeded", {{4, 1}, {4, 1}}, TG_OPT_FINE, 0, 1},
	{"response: uri-path does not belong", {{11, 1}}, TG_OPT_MISPLACED, 11, 0},
	{"response: accept does not belong", {{17, 1}}, TG_OPT_MISPLACED, 17, 0},
	{"response: block2", {{23, 1}, {28, 4}}, TG_OPT_FINE, 0, 2},
	{"response: block2 twice", {{23, 1}, {23, 1}}, TG_OPT_REPEATED, 23, 1},
	{"response: unknown", {{13, 0}}, TG_OPT_UNKNOWN, 13, 0},
	{"response: max-age of 5 is ignored", {{14, 5}}, TG_OPT_FINE, 0, 0},
	{"response: size1 as in 4.13", {{60, 2}}, TG_OPT_FINE, 0, 1},
};

/* A message with the row's options in a buffer of its exact size, to be freed. */
static uint8_t *
build(struct tg_msg *m, const struct part *part, unsigned code)
{
	static const uint8_t value[2048];
	uint8_t wire[4096], *exact;
	struct tg_writer w;
	size_t len;

	tg_write_begin(&w, wire, sizeof(wire), TG_CON, code, 7, NULL, 0);
	for (unsigned i = 0; i < PARTS && part[i].number > 0; i++)
		tg_write_option(&w, part[i].number, value, part[i].len);
	len = tg_write_end(&w);
	exact = exact_copy(wire, len);
	assert_int_equal(tg_msg_parse(m, exact, len, TG_TOKEN_MAX), TG_OK);
	return exact;
}

static void
check(const struct row *r, bool is_request)
{
	struct tg_check bad;
	struct tg_opt_iter it;
	struct tg_opt o;
	struct tg_msg m;
	uint8_t *exact = build(&m, r->part, is_request ? 1 : 0x45);
	unsigned heeded = 0;

	assert_int_equal(is_request ? tg_check_request(&m, TG_SERVES_ALL, &bad)
				    : tg_check_response(&m, TG_SERVES_ALL, &bad),
		r->want == TG_OPT_FINE);
	assert_int_equal(bad.fault, r->want);
	if (r->want != TG_OPT_FINE)
		assert_int_equal(bad.number, r->bad);
	tg_opt_begin(&it, &m);
	while (tg_check_next(&it, &o, is_request))
		heeded++;
	assert_int_equal(heeded, r->heeded);
	free(exact);
}

static void
request(void **state)
{
	check(*state, true);
}

static void
response(void **state)
{
	check(*state, false);
}

static void
not_served(void **state)
{
	static const struct part block[PARTS] = {{11, 1}, {27, 1}, {60, 1}};
	struct tg_check bad;
	struct tg_msg m;
	uint8_t *exact = build(&m, block, 2);

	(void)state;
	assert_true(tg_check_request(
		&m, TG_SERVES(TG_OPT_URI_PATH) | TG_SERVES(TG_OPT_BLOCK1), &bad));
	assert_false(tg_check_request(&m, TG_SERVES(TG_OPT_URI_PATH), &bad));
	assert_int_equal(bad.number, TG_OPT_BLOCK1);
	assert_int_equal(bad.fault, TG_OPT_UNKNOWN);
	assert_false(tg_check_request(&m, ~TG_SERVES(TG_OPT_URI_PATH), &bad));
	assert_int_equal(bad.number, TG_OPT_URI_PATH);
	free(exact);
}

static void
fault_names(void **state)
{
	(void)state;
	assert_string_equal(tg_opt_fault_name(TG_OPT_FINE), "fine");
	assert_string_equal(tg_opt_fault_name(TG_OPT_UNKNOWN), "unknown");
	assert_string_equal(tg_opt_fault_name(TG_OPT_MISPLACED), "misplaced");
	assert_string_equal(tg_opt_fault_name(TG_OPT_REPEATED), "repeated");
	assert_string_equal(tg_opt_fault_name(TG_OPT_SIZE), "size");
}

static const struct utf8_row {
	const char *name;
	const uint8_t *bytes;
	size_t len;
	bool want;
} utf8s[] = {
	{"utf-8: nothing", NULL, 0, true},
	{"utf-8: ascii with NUL", BYTES('a', 0, 0x7f), true},
	{"utf-8: two bytes", BYTES(0xc2, 0x80, 0xdf, 0xbf), true},
	{"utf-8: three bytes", BYTES(0xe0, 0xa0, 0x80, 0xef, 0xbf, 0xbf), true},
	{"utf-8: four bytes", BYTES(0xf0, 0x90, 0x80, 0x80, 0xf4, 0x8f, 0xbf, 0xbf),
		true},
	{"utf-8: before the surrogates", BYTES(0xed, 0x9f, 0xbf), true},
	{"utf-8: after the surrogates", BYTES(0xee, 0x80, 0x80), true},
	{"utf-8: continuation alone", BYTES(0x80), false},
	{"utf-8: two bytes cut off", BYTES(0xc2), false},
	{"utf-8: three bytes cut off", BYTES(0xe1, 0x80), false},
	{"utf-8: four bytes cut off", BYTES(0xf1, 0x80, 0x80), false},
	{"utf-8: overlong two", BYTES(0xc1, 0xbf), false},
	{"utf-8: overlong three", BYTES(0xe0, 0x9f, 0xbf), false},
	{"utf-8: overlong four", BYTES(0xf0, 0x8f, 0xbf, 0xbf), false},
	{"utf-8: surrogate", BYTES(0xed, 0xa0, 0x80), false},
	{"utf-8: over U+10FFFF", BYTES(0xf4, 0x90, 0x80, 0x80), false},
	{"utf-8: no lead byte", BYTES(0xf5, 0x80, 0x80, 0x80), false},
	{"utf-8: letter for a continuation", BYTES(0xc3, 'a'), false},
	{"utf-8: last continuation wrong", BYTES(0xe1, 0x80, 0xc0), false},
};

static void
utf8(void **state)
{
	const struct utf8_row *r = *state;
	uint8_t *exact = exact_copy(r->bytes, r->len);

	assert_int_equal(tg_utf8_valid(exact, r->len), r->want);
	free(exact);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(requests) + COUNT(responses) + COUNT(utf8s) + 2] = {
		cmocka_unit_test(not_served),
		cmocka_unit_test(fault_names),
	};
	size_t n = 2;

	ADD_ROWS(tests, &n, requests, request);
	ADD_ROWS(tests, &n, responses, response);
	ADD_ROWS(tests, &n, utf8s, utf8);
	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
