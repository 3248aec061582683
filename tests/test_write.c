#include "coap/code.h"
#include "coap/option.h"
#include "coap/write.h"
#include "tests/rows.h"

static const uint8_t zeros[300];

static void
begin(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	tg_write_begin(w, buf, cap, TG_CON, TG_GET, 7, NULL, 0);
}

static void
option_1(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	begin(w, buf, cap);
	tg_write_option(w, TG_OPT_URI_PATH, "ab", 2);
}

static void
option_empty(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	begin(w, buf, cap);
	tg_write_option(w, TG_OPT_IF_NONE_MATCH, NULL, 0);
}

static void
option_same_again(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	option_1(w, buf, cap);
	tg_write_option(w, TG_OPT_URI_PATH, "c", 1);
}

static void
delta_12(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	begin(w, buf, cap);
	tg_write_option(w, 12, NULL, 0);
}

static void
delta_13(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	begin(w, buf, cap);
	tg_write_option(w, 13, NULL, 0);
}

static void
delta_268(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	begin(w, buf, cap);
	tg_write_option(w, 268, NULL, 0);
}

static void
delta_269(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	begin(w, buf, cap);
	tg_write_option(w, 269, NULL, 0);
}

static void
delta_most(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	begin(w, buf, cap);
	tg_write_option(w, 65535, NULL, 0);
}

static void
length_12(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	begin(w, buf, cap);
	tg_write_option(w, 1, zeros, 12);
}

static void
length_13(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	begin(w, buf, cap);
	tg_write_option(w, 1, zeros, 13);
}

static void
both_extended(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	begin(w, buf, cap);
	tg_write_option(w, 300, zeros, 14);
}

static void
uint_0(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	begin(w, buf, cap);
	tg_write_uint(w, TG_OPT_OBSERVE, 0);
}

static void
uint_1(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	begin(w, buf, cap);
	tg_write_uint(w, TG_OPT_OBSERVE, 255);
}

static void
uint_2(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	begin(w, buf, cap);
	tg_write_uint(w, TG_OPT_OBSERVE, 256);
}

static void
uint_3(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	begin(w, buf, cap);
	tg_write_uint(w, TG_OPT_OBSERVE, 0x10000);
}

static void
uint_4(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	begin(w, buf, cap);
	tg_write_uint(w, TG_OPT_OBSERVE, 0x01000000);
}

static void
payload(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	begin(w, buf, cap);
	tg_write_payload(w, "hi", 2);
}

static void
payload_empty(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	begin(w, buf, cap);
	tg_write_payload(w, NULL, 0);
}

static void
reserve(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	uint8_t *at;

	begin(w, buf, cap);
	at = tg_write_reserve(w, 2);
	if (at != NULL) {
		at[0] = 'h';
		at[1] = 'i';
	}
}

static void
response(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	tg_write_begin(
		w, buf, cap, TG_ACK, TG_CONTENT, 0x1234, (const uint8_t *)"tok", 3);
	tg_write_option(w, TG_OPT_ETAG, "e", 1);
	tg_write_uint(w, TG_OPT_CONTENT_FORMAT, TG_CF_CBOR);
	tg_write_uint(w, TG_OPT_MAX_AGE, 60);
	tg_write_payload(w, "\xf6", 1);
}

static void
token_8(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	tg_write_begin(
		w, buf, cap, TG_NON, TG_PUT, 0xffff, (const uint8_t *)"12345678", 8);
}

static void
token_9(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	tg_write_begin(w, buf, cap, TG_CON, TG_GET, 7, zeros, 9);
}

static void
token_13(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	tg_write_begin(
		w, buf, cap, TG_ACK, TG_CONTENT, 7, (const uint8_t *)"1234567890abc", 13);
	tg_write_payload(w, "x", 1);
}

static void
rst(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	tg_write_begin(w, buf, cap, TG_RST, TG_EMPTY, 0xabcd, NULL, 0);
}

/* What is built, byte by byte: in a buffer that just holds it, and in none that is
 * smaller. */
static const struct row {
	const char *name;
	void (*build)(struct tg_writer *, uint8_t *, size_t);
	const uint8_t *wire;
	size_t len;
} rows[] = {
	{"header", begin, BYTES(0x40, 1, 0, 7)},
	{"rst", rst, BYTES(0x70, 0, 0xab, 0xcd)},
	{"token of 8", token_8,
		BYTES(0x58, 3, 0xff, 0xff, '1', '2', '3', '4', '5', '6', '7', '8')},
	{"token of 9 (RFC 8974)", token_9,
		BYTES(0x49, 1, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0)},
	{"token of 13", token_13,
		BYTES(0x6d, 0x45, 0, 7, 0, '1', '2', '3', '4', '5', '6', '7', '8', '9',
			'0', 'a', 'b', 'c', 0xff, 'x')},
	{"option", option_1, BYTES(0x40, 1, 0, 7, 0xb2, 'a', 'b')},
	{"option, empty", option_empty, BYTES(0x40, 1, 0, 7, 0x50)},
	{"option, repeated", option_same_again,
		BYTES(0x40, 1, 0, 7, 0xb2, 'a', 'b', 0x01, 'c')},
	{"delta 12", delta_12, BYTES(0x40, 1, 0, 7, 0xc0)},
	{"delta 13", delta_13, BYTES(0x40, 1, 0, 7, 0xd0, 0)},
	{"delta 268", delta_268, BYTES(0x40, 1, 0, 7, 0xd0, 255)},
	{"delta 269", delta_269, BYTES(0x40, 1, 0, 7, 0xe0, 0, 0)},
	{"delta 65535", delta_most, BYTES(0x40, 1, 0, 7, 0xe0, 0xfe, 0xf2)},
	{"length 12", length_12,
		BYTES(0x40, 1, 0, 7, 0x1c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)},
	{"length 13", length_13,
		BYTES(0x40, 1, 0, 7, 0x1d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)},
	{"both extended: delta goes first", both_extended,
		BYTES(0x40, 1, 0, 7, 0xed, 0, 31, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
			0, 0)},
	{"uint of no bytes", uint_0, BYTES(0x40, 1, 0, 7, 0x60)},
	{"uint of one", uint_1, BYTES(0x40, 1, 0, 7, 0x61, 0xff)},
	{"uint of two", uint_2, BYTES(0x40, 1, 0, 7, 0x62, 1, 0)},
	{"uint of three", uint_3, BYTES(0x40, 1, 0, 7, 0x63, 1, 0, 0)},
	{"uint of four", uint_4, BYTES(0x40, 1, 0, 7, 0x64, 1, 0, 0, 0)},
	{"payload", payload, BYTES(0x40, 1, 0, 7, 0xff, 'h', 'i')},
	{"payload of no bytes has no marker", payload_empty, BYTES(0x40, 1, 0, 7)},
	{"payload reserved", reserve, BYTES(0x40, 1, 0, 7, 0xff, 'h', 'i')},
	{"all together", response,
		BYTES(0x63, 0x45, 0x12, 0x34, 't', 'o', 'k', 0x41, 'e', 0x81, 60, 0x21,
			60, 0xff, 0xf6)},
};

static void
build(void **state)
{
	const struct row *r = *state;

	for (size_t cap = 0; cap <= r->len; cap++) {
		uint8_t *exact = malloc(cap > 0 ? cap : 1);
		struct tg_writer w;

		assert_non_null(exact);
		r->build(&w, exact, cap);
		assert_true(w.len <= cap);
		assert_int_equal(w.overflow, cap < r->len);
		assert_int_equal(tg_write_end(&w), cap < r->len ? 0 : r->len);
		if (cap == r->len && cap > 0)
			assert_memory_equal(exact, r->wire, r->len);
		free(exact);
	}
}

/* Length 269 and more, which is too long to write out. */
static void
length_269(void **state)
{
	uint8_t *exact = malloc(7 + 269);
	struct tg_writer w;

	(void)state;
	assert_non_null(exact);
	begin(&w, exact, 7 + 269);
	tg_write_option(&w, 1, zeros, 269);
	assert_int_equal(tg_write_end(&w), 7 + 269);
	assert_memory_equal(exact + 4, ((const uint8_t[]){0x1e, 0, 0, 0}), 4);
	free(exact);
}

/* Where its length takes one byte, and where it takes two. */
static void
token_269(void **state)
{
	uint8_t *exact = malloc(6 + 269);
	struct tg_writer w;

	(void)state;
	assert_non_null(exact);
	tg_write_begin(&w, exact, 5 + 268, TG_CON, TG_GET, 7, zeros, 268);
	assert_int_equal(tg_write_end(&w), 5 + 268);
	assert_memory_equal(exact, ((const uint8_t[]){0x4d, 1, 0, 7, 255, 0}), 6);
	tg_write_begin(&w, exact, 6 + 269, TG_CON, TG_GET, 7, zeros, 269);
	assert_int_equal(tg_write_end(&w), 6 + 269);
	assert_memory_equal(exact, ((const uint8_t[]){0x4e, 1, 0, 7, 0, 0, 0}), 7);
	tg_write_begin(&w, exact, 5 + 269, TG_CON, TG_GET, 7, zeros, 269);
	assert_int_equal(tg_write_end(&w), 0);
	free(exact);
}

static void
wrong_token(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	tg_write_begin(w, buf, cap, TG_CON, TG_GET, 7, zeros, TG_TOKEN_EXTENDED_MAX + 1);
}

static void
wrong_code(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	tg_write_begin(w, buf, cap, TG_CON, 256, 7, NULL, 0);
}

static void
wrong_order(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	option_1(w, buf, cap);
	tg_write_option(w, TG_OPT_URI_PATH - 1, NULL, 0);
}

static void
wrong_number(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	begin(w, buf, cap);
	tg_write_option(w, 65536, NULL, 0);
}

static void
wrong_after_payload(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	payload(w, buf, cap);
	tg_write_option(w, TG_OPT_URI_PATH, "a", 1);
}

static void
wrong_payload_twice(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	payload(w, buf, cap);
	tg_write_payload(w, "a", 1);
}

static void
wrong_reserve_0(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	begin(w, buf, cap);
	assert_null(tg_write_reserve(w, 0));
}

static void
wrong_empty_token(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	tg_write_begin(w, buf, cap, TG_RST, TG_EMPTY, 7, zeros, 1);
}

static void
wrong_empty_option(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	rst(w, buf, cap);
	tg_write_option(w, 1, NULL, 0);
}

static void
wrong_empty_payload(struct tg_writer *w, uint8_t *buf, size_t cap)
{
	rst(w, buf, cap);
	tg_write_payload(w, "a", 1);
}

/* In room enough, but against the format; what is right afterwards does not help. */
static const struct wrong_row {
	const char *name;
	void (*build)(struct tg_writer *, uint8_t *, size_t);
} wrongs[] = {
	{"token over 65804", wrong_token},
	{"code over 255", wrong_code},
	{"options out of order", wrong_order},
	{"option number 65536", wrong_number},
	{"option after the payload", wrong_after_payload},
	{"payload twice", wrong_payload_twice},
	{"nothing reserved", wrong_reserve_0},
	{"empty message with a token", wrong_empty_token},
	{"empty message with an option", wrong_empty_option},
	{"empty message with a payload", wrong_empty_payload},
};

static void
wrong(void **state)
{
	const struct wrong_row *r = *state;
	uint8_t buf[64];
	struct tg_writer w;

	r->build(&w, buf, sizeof(buf));
	assert_int_equal(tg_write_end(&w), 0);
	tg_write_option(&w, 2000, NULL, 0);
	assert_int_equal(tg_write_end(&w), 0);
}

/* The reply is made where the request stands: its token stays where it is. */
static void
token_in_place(void **state)
{
	uint8_t buf[] = {0x43, 1, 0, 7, 'a', 'b', 'c'};
	struct tg_writer w;

	(void)state;
	tg_write_begin(&w, buf, sizeof(buf), TG_ACK, TG_CONTENT, 7, buf + TG_HDR_LEN, 3);
	assert_int_equal(tg_write_end(&w), 7);
	assert_memory_equal(buf, ((const uint8_t[]){0x63, 0x45, 0, 7, 'a', 'b', 'c'}), 7);
}

static void
long_token_in_place(void **state)
{
	uint8_t buf[18] = {0x4d, 1, 0, 7, 0, 'a', [17] = 'z'};
	const uint8_t want[18] = {0x6d, 0x45, 0, 7, 0, 'a', [17] = 'z'};
	struct tg_writer w;

	(void)state;
	tg_write_begin(
		&w, buf, sizeof(buf), TG_ACK, TG_CONTENT, 7, buf + TG_HDR_LEN + 1, 13);
	assert_int_equal(tg_write_end(&w), 18);
	assert_memory_equal(buf, want, 18);
}

/* More room than a datagram can have is not used. */
static void
room_past_datagram(void **state)
{
	const size_t cap = 70000;
	uint8_t *buf = malloc(cap), *big = calloc(1, cap);
	struct tg_writer w;

	(void)state;
	assert_non_null(buf);
	assert_non_null(big);
	begin(&w, buf, cap);
	tg_write_payload(&w, big, 65535 - 5);
	assert_int_equal(tg_write_end(&w), 65535);
	begin(&w, buf, cap);
	tg_write_payload(&w, big, 65535 - 4);
	assert_int_equal(tg_write_end(&w), 0);
	free(big);
	free(buf);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + COUNT(wrongs) + 5] = {
		cmocka_unit_test(length_269),
		cmocka_unit_test(token_269),
		cmocka_unit_test(token_in_place),
		cmocka_unit_test(long_token_in_place),
		cmocka_unit_test(room_past_datagram),
	};
	size_t n = 5;

	ADD_ROWS(tests, &n, rows, build);
	ADD_ROWS(tests, &n, wrongs, wrong);
	return cmocka_run_group_tests_name("write", tests, NULL, NULL);
}
