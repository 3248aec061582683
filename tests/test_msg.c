#include "coap/msg.h"
#include "tests/rows.h"

#include <stdbool.h>

#define SEVEN 1, 2, 3, 4, 5, 6, 7
#define THIRTEEN SEVEN, 8, 9, 10, 11, 12, 13

/*
 * Each row is a datagram with one thing changed; the name says what.  A refused row would
 * be accepted but for that one thing, and an accepted row says where its parts must be
 * found.
 */
static const struct row {
	const char *name;
	const uint8_t *wire;
	size_t len;
	enum tg_verdict verdict;
	struct tg_msg want; /* TG_OK only; base and len follow from the wire */
} rows[] = {
	{"plain get", BYTES(0x40, 1, 0x12, 0x34), TG_OK,
		{.code = 1, .mid = 0x1234, .options = 4, .payload = 4}},
	{"non, token of 8", BYTES(0x58, 2, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8), TG_OK,
		{.type = 1, .code = 2, .mid = 7, .tkl = 8, .options = 12, .payload = 12}},
	{"reset", BYTES(0x70, 0, 0, 7), TG_OK,
		{.type = 3, .mid = 7, .options = 4, .payload = 4}},
	{"marker, payload", BYTES(0x40, 1, 0, 7, 0xff, 'x'), TG_OK,
		{.code = 1, .mid = 7, .options = 4, .payload = 5}},
	{"delta 13 + 0, length 2", BYTES(0x40, 1, 0, 7, 0xd2, 0, 'a', 'b', 0xff, 'x'),
		TG_OK, {.code = 1, .mid = 7, .options = 4, .payload = 9}},
	{"length 13 + 0",
		BYTES(0x40, 1, 0, 7, 0xbd, 0, SEVEN, 1, 2, 3, 4, 5, 6, 0xff, 'x'), TG_OK,
		{.code = 1, .mid = 7, .options = 4, .payload = 20}},
	{"option 65535", BYTES(0x40, 1, 0, 7, 0xe0, 0xfe, 0xf2), TG_OK,
		{.code = 1, .mid = 7, .options = 4, .payload = 7}},
	{"option 65536", BYTES(0x40, 1, 0, 7, 0xe0, 0xfe, 0xf3), TG_OPTION},
	{"header cut off", BYTES(0x40, 1, 0), TG_SHORT},
	{"version 2", BYTES(0x80, 1, 0, 7), TG_VERSION},
	{"token length 9", BYTES(0x49, 1, 0, 7, SEVEN, 8, 9), TG_TOKEN_LEN},
	{"token cut off", BYTES(0x42, 1, 0, 7, 0xaa), TG_SHORT},
	{"ping with a tail", BYTES(0x40, 0, 0, 7, 0), TG_NOT_EMPTY},
	{"option cut off", BYTES(0x40, 1, 0, 7, 0xb3, 'a', 'b'), TG_OPTION},
	{"reserved delta 15", BYTES(0x40, 1, 0, 7, 0xf0, 0, 0, 0, 0xff, 'x'), TG_OPTION},
	{"reserved length 15",
		BYTES(0x40, 1, 0, 7, 0xbf, 0, 0, 0, SEVEN, SEVEN, 8, 0xff, 'x'),
		TG_OPTION},
	{"extended delta cut off", BYTES(0x40, 1, 0, 7, 0xe0, 0), TG_OPTION},
	{"marker, no payload", BYTES(0x40, 1, 0, 7, 0xff), TG_NO_PAYLOAD},
	{"nothing", NULL, 0, TG_SHORT},
	{"one byte", BYTES(0x40), TG_SHORT},
	{"version 0", BYTES(0x00, 1, 0, 7), TG_VERSION},
	{"version 3", BYTES(0xc0, 1, 0, 7), TG_VERSION},
	{"token length 15", BYTES(0x4f, 1, 0, 7, SEVEN, SEVEN, 1), TG_TOKEN_LEN},
	{"token of 8, cut off", BYTES(0x48, 1, 0, 7, SEVEN), TG_SHORT},
	{"ping", BYTES(0x40, 0, 0, 7), TG_OK, {.mid = 7, .options = 4, .payload = 4}},
	{"empty with a token length", BYTES(0x41, 0, 0, 7), TG_SHORT},
	{"empty with a token", BYTES(0x41, 0, 0, 7, 9), TG_NOT_EMPTY},
	{"empty with a payload", BYTES(0x40, 0, 0, 7, 0xff, 'x'), TG_NOT_EMPTY},
	{"any code is in the format", BYTES(0x40, 0xff, 0, 7), TG_OK,
		{.code = 0xff, .mid = 7, .options = 4, .payload = 4}},
	{"any pairing is in the format", BYTES(0x70, 1, 0, 7), TG_OK,
		{.type = 3, .code = 1, .mid = 7, .options = 4, .payload = 4}},
	{"message id 65535", BYTES(0x40, 1, 0xff, 0xff), TG_OK,
		{.code = 1, .mid = 65535, .options = 4, .payload = 4}},
	{"payload of markers", BYTES(0x40, 1, 0, 7, 0xff, 0xff), TG_OK,
		{.code = 1, .mid = 7, .options = 4, .payload = 5}},
	{"value of markers", BYTES(0x40, 1, 0, 7, 0xb2, 0xff, 0xff), TG_OK,
		{.code = 1, .mid = 7, .options = 4, .payload = 7}},
	{"token of markers", BYTES(0x42, 1, 0, 7, 0xff, 0xff), TG_OK,
		{.code = 1, .mid = 7, .tkl = 2, .options = 6, .payload = 6}},
	{"option 0", BYTES(0x40, 1, 0, 7, 0x00), TG_OK,
		{.code = 1, .mid = 7, .options = 4, .payload = 5}},
	{"deltas to 65535", BYTES(0x40, 1, 0, 7, 0xe0, 0xfe, 0xf1, 0x10), TG_OK,
		{.code = 1, .mid = 7, .options = 4, .payload = 8}},
	{"deltas to 65536", BYTES(0x40, 1, 0, 7, 0xe0, 0xfe, 0xf2, 0x10), TG_OPTION},
	{"deltas far over 65535", BYTES(0x40, 1, 0, 7, 0xe0, 0xff, 0xff), TG_OPTION},
	{"delta 13 cut off", BYTES(0x40, 1, 0, 7, 0xd0), TG_OPTION},
	{"length 13 cut off", BYTES(0x40, 1, 0, 7, 0x0d), TG_OPTION},
	{"length 14 cut off", BYTES(0x40, 1, 0, 7, 0x0e, 0), TG_OPTION},
	{"length 14 over the end", BYTES(0x40, 1, 0, 7, 0x0e, 0, 0, SEVEN), TG_OPTION},
	{"length 13 one too many", BYTES(0x40, 1, 0, 7, 0xbd, 0, SEVEN, 1, 2, 3, 4, 5),
		TG_OPTION},
	{"second option cut off", BYTES(0x40, 1, 0, 7, 0xb1, 'a', 0x01), TG_OPTION},
	{"delta 15, length 0", BYTES(0x40, 1, 0, 7, 0xf0), TG_OPTION},
	{"delta 15, length 14", BYTES(0x40, 1, 0, 7, 0xfe, 0, 0), TG_OPTION},
	{"option, marker, no payload", BYTES(0x40, 1, 0, 7, 0xb1, 'a', 0xff),
		TG_NO_PAYLOAD},
};

/*
 * The same under RFC 8974's format, with tokens of up to 20 bytes; each row that is taken
 * there is no message of RFC 7252, whose eight bytes it is over.
 */
static const struct row extended[] = {
	{"token of 9", BYTES(0x49, 1, 0, 7, SEVEN, 8, 9), TG_OK,
		{.code = 1, .mid = 7, .tkl = 9, .options = 13, .payload = 13}},
	{"token of 12", BYTES(0x4c, 1, 0, 7, SEVEN, 8, 9, 10, 11, 12, 0xb1, 'a'), TG_OK,
		{.code = 1, .mid = 7, .tkl = 12, .options = 16, .payload = 18}},
	{"token of 13", BYTES(0x4d, 1, 0, 7, 0, THIRTEEN, 0xff, 'x'), TG_OK,
		{.code = 1, .mid = 7, .tkl = 13, .options = 18, .payload = 19}},
	{"token of 20", BYTES(0x5d, 0x45, 0, 7, 7, THIRTEEN, SEVEN), TG_OK,
		{.type = 1,
			.code = 0x45,
			.mid = 7,
			.tkl = 20,
			.options = 25,
			.payload = 25}},
	{"token of 21", BYTES(0x4d, 1, 0, 7, 8, THIRTEEN, SEVEN, 1), TG_TOKEN_LEN},
	{"token of 269", BYTES(0x4e, 1, 0, 7, 0, 0, THIRTEEN, SEVEN), TG_TOKEN_LEN},
	{"reserved token length 15", BYTES(0x4f, 1, 0, 7, SEVEN, SEVEN, 1), TG_TOKEN_LEN},
	{"token of 12 cut off", BYTES(0x4c, 1, 0, 7, SEVEN, 8, 9, 10, 11), TG_SHORT},
	{"token of 13 cut off", BYTES(0x4d, 1, 0, 7, 0, SEVEN, 8, 9, 10, 11, 12),
		TG_SHORT},
	{"its length cut off", BYTES(0x4d, 1, 0, 7), TG_SHORT},
	{"its two bytes of length cut off", BYTES(0x4e, 1, 0, 7, 0), TG_SHORT},
	{"option behind it cut off", BYTES(0x4d, 1, 0, 7, 0, THIRTEEN, 0xb2, 'a'),
		TG_OPTION},
	{"marker behind it, no payload", BYTES(0x4d, 1, 0, 7, 0, THIRTEEN, 0xff),
		TG_NO_PAYLOAD},
	{"empty with a long token", BYTES(0x4d, 0, 0, 7, 0, THIRTEEN), TG_NOT_EMPTY},
	{"empty with its length", BYTES(0x4d, 0, 0, 7), TG_NOT_EMPTY},
};

static void
assert_view(const struct tg_msg *got, const struct tg_msg *want)
{
	assert_ptr_equal(got->base, want->base);
	assert_int_equal(got->len, want->len);
	assert_int_equal(got->options, want->options);
	assert_int_equal(got->payload, want->payload);
	assert_int_equal(got->mid, want->mid);
	assert_int_equal(got->type, want->type);
	assert_int_equal(got->code, want->code);
	assert_int_equal(got->tkl, want->tkl);
}

static void
parse_with(const struct row *r, unsigned token_max)
{
	uint8_t *exact = exact_copy(r->wire, r->len);
	struct tg_msg got = {0}, want = r->want;

	assert_int_equal(tg_msg_parse(&got, exact, r->len, token_max), r->verdict);
	if (r->verdict == TG_OK) {
		want.base = exact;
		want.len = (uint16_t)r->len;
	}
	assert_view(&got, &want); /* refused: not written, all zero */
	free(exact);
}

static void
parse(void **state)
{
	parse_with(*state, TG_TOKEN_MAX);
}

static void
parse_extended(void **state)
{
	const struct row *r = *state;
	struct tg_msg m;

	parse_with(r, 20);
	assert_int_equal(tg_msg_parse(&m, r->wire, r->len, TG_TOKEN_MAX), TG_TOKEN_LEN);
}

/* What RFC 7252 takes, RFC 8974 takes alike. */
static void
parse_as_ever(void **state)
{
	const struct row *r = *state;

	if (r->verdict != TG_TOKEN_LEN)
		parse_with(r, TG_TOKEN_EXTENDED_MAX);
}

/* The longest token allowed is the caller's to say, up to what the header can. */
static void
token_max(void **state)
{
	static const uint8_t wire[] = {0x44, 1, 0, 7, 1, 2, 3, 4};
	struct tg_msg m;

	(void)state;
	assert_int_equal(tg_msg_parse(&m, wire, sizeof(wire), 4), TG_OK);
	assert_int_equal(tg_msg_parse(&m, wire, sizeof(wire), 3), TG_TOKEN_LEN);
	assert_int_equal(tg_msg_parse(&m, wire, sizeof(wire), 0), TG_TOKEN_LEN);
}

static void
token_borrowed(void **state)
{
	static const uint8_t wire[] = {0x42, 1, 0, 7, 'a', 'b'};
	struct tg_msg m;

	(void)state;
	assert_int_equal(tg_msg_parse(&m, wire, sizeof(wire), TG_TOKEN_MAX), TG_OK);
	assert_ptr_equal(tg_msg_token(&m), wire + 4);
}

/* Behind one byte of length, and behind two: as long as a datagram holds. */
static void
extended_borrowed(void **state)
{
	static const size_t lens[] = {13, 268, 269, 270, UINT16_MAX - 6};
	static uint8_t wire[UINT16_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(lens); i++) {
		size_t extra = lens[i] < 269 ? 1 : 2, less = lens[i] < 269 ? 13 : 269;
		size_t len = TG_HDR_LEN + extra + lens[i];
		uint8_t *exact;
		struct tg_msg m;

		wire[0] = (uint8_t)(0x4c + extra);
		wire[1] = 1;
		wire[4] = (uint8_t)((lens[i] - less) >> 8 * (extra - 1));
		wire[5] = (uint8_t)(lens[i] - less);
		exact = exact_copy(wire, len);
		assert_int_equal(
			tg_msg_parse(&m, exact, len, TG_TOKEN_EXTENDED_MAX), TG_OK);
		assert_int_equal(m.tkl, lens[i]);
		assert_ptr_equal(tg_msg_token(&m), exact + TG_HDR_LEN + extra);
		assert_int_equal(m.options, len);
		assert_int_equal(tg_msg_parse(&m, exact, len - 1, TG_TOKEN_EXTENDED_MAX),
			TG_SHORT);
		assert_int_equal(tg_msg_parse(&m, exact, len, (unsigned)lens[i] - 1),
			TG_TOKEN_LEN);
		free(exact);
	}
}

/* Every prefix of a full message is refused or a message itself, and never read past. */
static void
prefixes(void **state)
{
	static const uint8_t wire[] = {0x44, 3, 0x12, 0x34, 'a', 'b', 'c', 'd', 0xb1, 't',
		0x0d, 0, SEVEN, 1, 2, 3, 4, 5, 6, 0x11, 60, 0xd2, 30, 1, 2, 0xff, 'x',
		'y'};

	(void)state;
	for (size_t len = 0; len <= sizeof(wire); len++) {
		uint8_t *exact = exact_copy(wire, len);
		struct tg_msg m;
		enum tg_verdict v = tg_msg_parse(&m, exact, len, TG_TOKEN_MAX);
		bool whole = len == 8 || len == 10 || len == 25 || len == 27 || len == 31
			     || len >= 33;

		assert_int_equal(v == TG_OK, whole);
		free(exact);
	}
}

/* Every first byte with every code, at every length round the head's. */
static void
requests(void **state)
{
	static const uint8_t wire[16] = {0, 0, 0x12, 0x34};

	(void)state;
	for (size_t len = 0; len <= sizeof(wire); len++) {
		uint8_t *exact = exact_copy(wire, len);

		for (unsigned i = 0; i < 0x10000; i++) {
			struct tg_msg m, head;
			bool request;

			if (len > 1)
				exact[1] = (uint8_t)i;
			if (len > 0)
				exact[0] = (uint8_t)(i >> 8);
			request = tg_msg_head(&head, exact, len, TG_TOKEN_MAX) == TG_OK
				  && head.code > 0 && head.code < 32
				  && head.type <= TG_NON;
			if (tg_msg_request(&m, exact, len) != request)
				fail_msg("first bytes %04x, %zu in all", i, len);
			if (request
				&& (m.base != exact || m.len != len
					|| m.options != head.options || m.mid != 0x1234
					|| m.type != head.type || m.code != head.code
					|| m.tkl != head.tkl))
				fail_msg("another view of %04x, %zu bytes", i, len);
		}
		free(exact);
	}
}

static void
type_names(void **state)
{
	(void)state;
	assert_string_equal(tg_type_name(TG_CON), "CON");
	assert_string_equal(tg_type_name(TG_NON), "NON");
	assert_string_equal(tg_type_name(TG_ACK), "ACK");
	assert_string_equal(tg_type_name(TG_RST), "RST");
}

static void
verdict_names(void **state)
{
	(void)state;
	for (int a = 0; a < TG_VERDICTS; a++)
		for (int b = 0; b < a; b++)
			assert_string_not_equal(tg_verdict_name((enum tg_verdict)a),
				tg_verdict_name((enum tg_verdict)b));
}

int
main(void)
{
	struct CMUnitTest tests[2 * COUNT(rows) + COUNT(extended) + 7] = {
		cmocka_unit_test(token_max),
		cmocka_unit_test(token_borrowed),
		cmocka_unit_test(extended_borrowed),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(requests),
		cmocka_unit_test(type_names),
		cmocka_unit_test(verdict_names),
	};
	size_t n = 7;

	ADD_ROWS(tests, &n, rows, parse);
	ADD_ROWS(tests, &n, rows, parse_as_ever);
	ADD_ROWS(tests, &n, extended, parse_extended);
	return cmocka_run_group_tests_name("msg", tests, NULL, NULL);
}
