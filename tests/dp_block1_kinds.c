/* Block1: a body for each kind of resource (RFC 7959, 2.5), and answers in blocks, too.
 */
#include "tests/dp_bodies.h"

#include <errno.h>

#define LOGGED                                                                           \
	"\xb1"                                                                           \
	"l\x04"                                                                          \
	"dev?\x01v"
#define STREAM                                                                           \
	"\xb1"                                                                           \
	"t\x04"                                                                          \
	"dev?"
#define UPPER                                                                            \
	"\xb2"                                                                           \
	"up"

/* ---- where a body goes ---- */

static void
commit_and_hear(uint16_t mid, uint8_t code, uint32_t block1)
{
	gw_expect_silence();
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(0);
	hear(&gw.flow, code, mid, block1);
}

static void
to_a_stream(void **state)
{
	static const struct bytes stream = B(STREAM);
	struct say s = {.path = stream, .block1 = MORE | 6, .len = 1024};
	const struct dp_record *r;

	(void)state;
	gw_reopen(with_bodies);
	say(&gw.flow, TG_POST, 1, &s);
	hear(&gw.flow, TG_CONTINUE, 1, MORE | 6);
	assert_int_equal(gw_log_read(), 0);
	s.block1 = 1 << 4 | 6;
	s.len = 500;
	say(&gw.flow, TG_POST, 2, &s);
	commit_and_hear(2, TG_CHANGED, 1 << 4 | 6);
	r = &gw.record[0].r;
	assert_int_equal(r->payload_len, 1524);
	for (uint32_t i = 0; i < r->payload_len; i++)
		assert_int_equal(r->payload[i], byte_at(i));
	say(&gw.flow, TG_POST, 2, &s);
	hear(&gw.flow, TG_CHANGED, 2, 1 << 4 | 6);
	assert_int_equal(gw_log_read(), 0);
}

static void
to_a_logged_value(void **state)
{
	static const struct bytes logged = B(LOGGED);
	struct say s = {.path = logged, .block1 = MORE | 6, .len = 1024};

	(void)state;
	gw_reopen(with_bodies);
	say(&gw.flow, TG_PUT, 1, &s);
	hear(&gw.flow, TG_CONTINUE, 1, MORE | 6);
	s.block1 = 1 << 4 | 6;
	s.len = 1;
	say(&gw.flow, TG_PUT, 2, &s);
	commit_and_hear(2, TG_CREATED, 1 << 4 | 6);
	assert_int_equal(gw.record[0].r.payload_len, 1025);
	expect_stored("/l/dev%c/v", 1025);
	assert_true(gw_books_close());
}

static void
log_fails(void **state)
{
	static const struct bytes stream = B(STREAM);
	struct say s = {.path = stream, .block1 = MORE, .len = 16};

	(void)state;
	gw_reopen(with_bodies);
	say(&gw.flow, TG_POST, 1, &s);
	hear(&gw.flow, TG_CONTINUE, 1, MORE);
	s.block1 = 1 << 4;
	say(&gw.flow, TG_POST, 2, &s);
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(-ENOSPC);
	hear_error(&gw.flow, TG_UNAVAILABLE, 2, BYTES_OF(MAX_AGE_5));
	say(&gw.flow, TG_POST, 2, &s); /* the last block alone, again */
	commit_and_hear(2, TG_CHANGED, 1 << 4);
	assert_int_equal(gw.record[1].r.payload_len, 32);
}

static void
to_static_content(void **state)
{
	struct say s = {.path = BYTES_OF("\xb4test"), .block1 = MORE, .len = 16};

	(void)state;
	gw_reopen(with_bodies);
	say(&gw.flow, TG_POST, 1, &s);
	hear(&gw.flow, TG_CONTINUE, 1, MORE);
	s.block1 = 1 << 4;
	s.len = 4;
	for (uint16_t i = 0; i < 3; i++) { /* a duplicate, and another exchange */
		say(&gw.flow, TG_POST, 2 + i / 2, &s);
		gw_hear(&gw.flow, coap(T_ACK, TG_CREATED, 2 + i / 2,
					  BYTES_OF("\x81"
						   "a\x02"
						   "bc\xd1\x06\x10")));
	}
}

/* Each POST makes a value of its own, which can be read and deleted. */
static void
creates(void **state)
{
	struct say s = {.path = BYTES_OF("\xb1"
					 "c"),
		.block1 = MORE,
		.len = 16};
	struct dp_value v;
	char path[16];

	(void)state;
	gw_reopen(with_bodies);
	for (uint16_t mid = 0; mid < 6; mid += 2) {
		struct frame f;
		const uint8_t *m =
			f.byte + ETH + (gw.flow.v6 ? IP6 : IP4) + UDP; /* the message */

		s.block1 = MORE;
		s.len = 16;
		say(&gw.flow, TG_POST, mid, &s);
		hear(&gw.flow, TG_CONTINUE, mid, MORE);
		s.block1 = 1 << 4;
		s.len = (uint16_t)(1 + mid);
		say(&gw.flow, TG_POST, mid + 1, &s);
		assert_true(gw_take(&f));
		assert_int_equal(m[1], TG_CREATED);
		assert_memory_equal(m + 4,
			"\x81"
			"c\x01",
			3);
		snprintf(path, sizeof(path), "/c/%c", m[7]);
		assert_memory_equal(m + 8, "\xd1\x06\x10", 3);
		assert_true(dp_value_get(gw.dp, path, &v));
		assert_int_equal(v.len, 17 + mid);
		gw_ask(coap(T_CON, TG_DELETE, 100 + mid,
			       (struct bytes){(uint8_t[]){0xb1, 'c', 1, m[7]}, 4}),
			coap(T_ACK, TG_DELETED, 100 + mid, none));
		assert_false(dp_value_get(gw.dp, path, &v));
	}
}

/* The last block in an exchange of its own: with its own token it hears where the value
 * is that the first one made, and makes none. */
static void
creates_once(void **state)
{
	const struct bytes last = BYTES_OF("\xb1"
					   "c\xd1\x03\x10\xffx");
	struct say s = {.path = BYTES_OF("\xb1"
					 "c"),
		.block1 = MORE,
		.len = 16};
	uint8_t ask[16] = "\x42\x02\x00\x03tk", want[32] = "\x62\x41\x00\x03tk";
	struct frame f;
	size_t at = ETH + (gw.flow.v6 ? IP6 : IP4) + UDP;

	(void)state;
	gw_reopen(with_bodies);
	say(&gw.flow, TG_POST, 1, &s);
	hear(&gw.flow, TG_CONTINUE, 1, MORE);
	gw_say(&gw.flow, coap(T_CON, TG_POST, 2, last));
	assert_true(gw_take(&f));
	assert_int_equal(f.byte[at + 1], TG_CREATED);
	memcpy(ask + 6, last.at, last.len);
	memcpy(want + 6, f.byte + at + 4, 7); /* Location-Path, and Block1 */
	gw_ask((struct bytes){ask, 6 + last.len}, (struct bytes){want, 13});
}

/* Conditions are about what is posted to, which is there and has no ETag: not about the
 * value that is made (RFC 7252, 5.10.8). */
static void
creates_on_condition(void **state)
{
	struct frame f;
	size_t at = ETH + (gw.flow.v6 ? IP6 : IP4) + UDP;

	(void)state;
	gw_reopen(with_bodies);
	gw_ask(coap(T_CON, TG_POST, 1,
		       BYTES_OF("\x11x\xa1"
				"c\xffv")),
		coap(T_ACK, TG_PRECONDITION_FAILED, 1, none));
	gw_ask(coap(T_CON, TG_POST, 2,
		       BYTES_OF("\x50\x61"
				"c\xffv")),
		coap(T_ACK, TG_PRECONDITION_FAILED, 2, none));
	gw_say(&gw.flow, coap(T_CON, TG_POST, 3,
				 BYTES_OF("\x10\xa1"
					  "c\xffv")));
	assert_true(gw_take(&f));
	assert_int_equal(f.byte[at + 1], TG_CREATED);
}

/* ---- both ways ---- */

static const struct both_row {
	const char *name;
	struct bytes rest;
	uint8_t code;
	struct bytes with;
} both_rows[] = {
	{"upper case",
		B(UPPER "\x10\xff"
			"all in one: \xc3\xa4 1"),
		TG_CHANGED,
		B("\xc0\xff"
		  "ALL IN ONE: \xc3\xa4 1")},
	{"upper case of nothing", B(UPPER), TG_CHANGED, B("\xc0")},
	{"upper case by 16",
		B(UPPER "\xc0\xff"
			"abcdefghijklmnopqrst"),
		TG_CHANGED,
		B("\xc0\xb1\x08\x51\x14\xff"
		  "ABCDEFGHIJKLMNOP")},
	{"upper case, Accept text",
		B(UPPER "\x60\xff"
			"a"),
		TG_CHANGED,
		B("\xc0\xff"
		  "A")},
	{"upper case, Accept JSON",
		B(UPPER "\x61\x32\xff"
			"a"),
		TG_NOT_ACCEPTABLE, {0}},
	{"a block of what is not kept", B(UPPER "\xc1\x10"), TG_REQUEST_INCOMPLETE, {0}},
};

static void
upper_case(void **state)
{
	const struct both_row *r = *state;

	gw_reopen(with_bodies);
	gw_ask(coap(T_CON, TG_POST, 1, r->rest), coap(T_ACK, r->code, 1, r->with));
}

/* The answer to the last block has both options; the other blocks are asked for by
 * Block2 alone. */
static void
response_is_kept(void **state)
{
	struct say s = {.path = BYTES_OF(UPPER), .block1 = MORE | 1, .len = 32};

	(void)state;
	gw_reopen(with_bodies);
	say(&gw.flow, TG_POST, 1, &s);
	hear(&gw.flow, TG_CONTINUE, 1, MORE | 1);
	for (unsigned i = 0; i < 2; i++) /* the second is a duplicate */
		gw_ask(coap(T_CON, TG_POST, 2,
			       BYTES_OF(UPPER "\xc0\x41\x20\xff"
					      "ccccc")),
			coap(T_ACK, TG_CHANGED, 2,
				BYTES_OF("\xc0\xb1\x08\x41\x20\x11\x25\xff"
					 "AAAAAAAAAAAAAAAA")));
	gw_ask(coap(T_CON, TG_POST, 3, BYTES_OF(UPPER "\xc1\x10")),
		coap(T_ACK, TG_CHANGED, 3,
			BYTES_OF("\xc0\xb1\x18\xff"
				 "BBBBBBBBBBBBBBBB")));
	gw_ask(coap(T_CON, TG_POST, 4, BYTES_OF(UPPER "\xc1\x20")),
		coap(T_ACK, TG_CHANGED, 4,
			BYTES_OF("\xc0\xb1\x20\xff"
				 "CCCCC")));
	gw_ask(coap(T_CON, TG_POST, 5, BYTES_OF(UPPER "\xc1\x30")),
		coap(T_ACK, TG_BAD_REQUEST, 5, none));
	gw_ask(coap(T_CON, TG_POST, 6, /* the body's last block again */
		       BYTES_OF(UPPER "\xc0\x41\x20\xff"
				      "ccccc")),
		coap(T_ACK, TG_CHANGED, 6,
			BYTES_OF("\xc0\xb1\x08\x41\x20\x11\x25\xff"
				 "AAAAAAAAAAAAAAAA")));
}

/* A response is kept of a request that came whole: its body is nothing to go on with. */
static void
begun_by_none(void **state)
{
	static const struct bytes upper = B(UPPER);
	struct say s = {.path = upper, .block1 = 1 << 4, .len = 5};

	(void)state;
	gw_reopen(with_bodies);
	gw_ask(coap(T_CON, TG_POST, 1,
		       BYTES_OF(UPPER "\xc0\xff"
				      "aaaaaaaaaaaaaaaab")),
		coap(T_ACK, TG_CHANGED, 1,
			BYTES_OF("\xc0\xb1\x08\x51\x11\xff"
				 "AAAAAAAAAAAAAAAA")));
	say(&gw.flow, TG_POST, 2, &s);
	hear_error(&gw.flow, TG_REQUEST_INCOMPLETE, 2, none);
	gw_ask(coap(T_CON, TG_POST, 3, BYTES_OF(UPPER "\xc1\x10")),
		coap(T_ACK, TG_CHANGED, 3,
			BYTES_OF("\xc0\xb1\x10\xff"
				 "B")));
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(both_rows) + 9] = {
		cmocka_unit_test(to_a_stream),
		cmocka_unit_test(to_a_logged_value),
		cmocka_unit_test(log_fails),
		cmocka_unit_test(to_static_content),
		cmocka_unit_test(creates),
		cmocka_unit_test(creates_once),
		cmocka_unit_test(creates_on_condition),
		cmocka_unit_test(response_is_kept),
		cmocka_unit_test(begun_by_none),
	};
	size_t n = 9;

	ADD_ROWS(tests, &n, both_rows, upper_case);
	return gw_main("dp_block1_kinds", gw_settings, COUNT(gw_settings), tests, n);
}
