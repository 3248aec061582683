/* Extended tokens (RFC 8974): wherever a token is echoed or kept, one of more than eight
 * bytes is, too; and what becomes of those that are too long. */
#include "coap/code.h"
#include "tests/dp_fixture.h"

#define LONGEST 64
#define TEST "\xb4test"
#define HELLO "\xb5hello"
#define HI "\xc0\xff\x68\x69"
#define VALUE "\xb1" PATH
#define PATH                                                                             \
	"d\x04"                                                                          \
	"dev?\x01v"
#define REGISTER "\x60\x51" PATH
#define CANCEL "\x61\x01\x51" PATH
#define LOGGED                                                                           \
	"\xb1t\x04"                                                                      \
	"dev?\xffx"
#define LOGGED_VALUE                                                                     \
	"\xb1l\x04"                                                                      \
	"dev?\x01v\xffx"

static const struct bytes silence = {0}, none = {0}, hello = B(HELLO), hi = B(HI),
			  value = B(VALUE), logged = B(LOGGED);

static void
long_tokens(struct dp_config *cfg, struct dp_settings *s)
{
	cfg->observers_max = 256;
	cfg->observers_per_peer = 100;
	s->token_max = LONGEST;
	s->observe_min_ms = 0;
}

/*
 * A message with a token of @tkl bytes, which differs from other tokens of that length by
 * @salt in its last byte alone; as RFC 8974, 2.1 says it.  It lasts until the fourth call
 * after this one.
 */
static struct bytes
message(uint8_t first, uint8_t code, uint16_t mid, unsigned tkl, uint8_t salt,
	struct bytes rest)
{
	static uint8_t ring[4][FRAME_MAX];
	static unsigned turn;
	uint8_t *m = ring[turn++ % 4], *p = m + 4;

	m[0] = (uint8_t)(first | (tkl < 13 ? tkl : tkl < 269 ? 13 : 14));
	m[1] = code;
	m[2] = (uint8_t)(mid >> 8);
	m[3] = (uint8_t)mid;
	if (tkl >= 269)
		*p++ = (uint8_t)((tkl - 269) >> 8);
	if (tkl >= 13)
		*p++ = (uint8_t)(tkl < 269 ? tkl - 13 : tkl - 269);
	for (unsigned i = 0; i < tkl; i++)
		*p++ = (uint8_t)(i + 1 < tkl ? 0xa0 + i : salt);
	memcpy(p, rest.at, rest.len);
	return (struct bytes){m, (size_t)(p - m) + rest.len};
}

/* Long tokens that somebody keeps. */
static unsigned
kept(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < gw.cfg.workers; i++)
		n += dp_tokens_count(gw.dp->shared.worker[i]->tokens);
	return n;
}

static void
wait_ms(unsigned ms)
{
	gw_later_ms(ms);
	gw_turn();
}

/* ---- what is answered at once ---- */

static const struct row {
	const char *name;
	unsigned tkl;
	uint8_t type, code;
	struct bytes rest;
	uint8_t answer;
	struct bytes with;
	enum dp_counter counter;
} rows[] = {
	{"GET, 9 bytes", 9, T_CON, TG_GET, B(HELLO), TG_CONTENT, B(HI), DP_C_answered},
	{"GET, 12 bytes", 12, T_CON, TG_GET, B(HELLO), TG_CONTENT, B(HI), DP_C_answered},
	{"GET, 13 bytes", 13, T_CON, TG_GET, B(HELLO), TG_CONTENT, B(HI), DP_C_answered},
	{"GET, 64 bytes", 64, T_CON, TG_GET, B(HELLO), TG_CONTENT, B(HI), DP_C_answered},
	{"GET, 20 bytes, NON", 20, T_NON, TG_GET, B(HELLO), TG_CONTENT, B(HI),
		DP_C_answered},
	{"PUT", 20, T_CON, TG_PUT, B(VALUE "\xffx"), TG_CREATED, {0}, DP_C_answered},
	{"POST to a stream in memory", 20, T_CON, TG_POST,
		B("\xb1r\x04"
		  "dev?\xffx"),
		TG_CHANGED, {0}, DP_C_answered},
	{"a GET to probe with (2.2.2)", 64, T_CON, TG_GET, B("\x50"), TG_NOT_FOUND, {0},
		DP_C_refused_404},
	{"an unknown critical option", 20, T_CON, TG_GET, B("\x90"), TG_BAD_OPTION, {0},
		DP_C_refused_402},
	{"65 bytes", 65, T_CON, TG_GET, B(HELLO), TG_BAD_REQUEST, {0}, DP_C_refused_400},
	{"65 bytes, NON", 65, T_NON, TG_GET, B(HELLO), TG_BAD_REQUEST, {0},
		DP_C_refused_400},
	{"65 bytes, PUT", 65, T_CON, TG_PUT, B(VALUE "\xffx"), TG_BAD_REQUEST, {0},
		DP_C_refused_400},
	{"268 bytes", 268, T_CON, TG_GET, B(HELLO), TG_BAD_REQUEST, {0},
		DP_C_refused_400},
	{"269 bytes", 269, T_CON, TG_GET, B(HELLO), TG_BAD_REQUEST, {0},
		DP_C_refused_400},
	{"1200 bytes", 1200, T_CON, TG_GET, B(HELLO), TG_BAD_REQUEST, {0},
		DP_C_refused_400},
	{"1200 bytes, registering", 1200, T_CON, TG_GET, B(REGISTER), TG_BAD_REQUEST, {0},
		DP_C_refused_400},
};

static void
answered(void **state)
{
	const struct row *r = *state;
	uint8_t type = r->type == T_CON ? T_ACK : T_NON;

	gw_reopen(long_tokens);
	gw_ask(message(r->type, r->code, 7, r->tkl, 1, r->rest),
		message(type, r->answer, 7, r->tkl, 1, r->with));
	gw_counted(r->counter, 1);
	gw_counted(DP_C_requests, 1);
	gw_counted(DP_C_rst_sent, 0);
	assert_int_equal(kept(), 0);
}

/* No-Response (RFC 7967) holds for a token that is too long, too. */
static void
too_long_in_silence(void **state)
{
	(void)state;
	gw_reopen(long_tokens);
	gw_ask(message(T_NON, TG_GET, 7, 65, 1, BYTES_OF("\xd1\xf5\x1a")), silence);
	gw_ask(message(T_CON, TG_GET, 8, 65, 1, BYTES_OF("\xd1\xf5\x1a")),
		coap(T_ACK, 0, 8, none));
	gw_counted(DP_C_refused_400, 2);
}

/* Where nothing is said of them, eight bytes are the longest; and more is no format
 * error. */
static void
eight_bytes(void **state)
{
	(void)state;
	gw_ask(message(T_CON, TG_GET, 7, 8, 1, hello),
		message(T_ACK, TG_CONTENT, 7, 8, 1, hi));
	gw_ask(message(T_CON, TG_GET, 8, 9, 1, hello),
		message(T_ACK, TG_BAD_REQUEST, 8, 9, 1, none));
	gw_ask(message(T_NON, TG_GET, 9, 9, 1, hello),
		message(T_NON, TG_BAD_REQUEST, 9, 9, 1, none));
	gw_counted(DP_C_refused_400, 2);
}

/* ---- what is no request, or malformed behind a long token ---- */

static const struct malformed_row {
	const char *name;
	struct bytes say;
	bool reset;
	enum dp_counter counter;
} malformed_rows[] = {
	{"TKL 15",
		B("\x4f\x01\x00\x07"
		  "123456789012345"),
		true, DP_C_drop_token_len},
	{"TKL 15, NON",
		B("\x5f\x01\x00\x07"
		  "123456789012345"),
		false, DP_C_drop_token_len},
	{"cut off",
		B("\x4c\x01\x00\x07"
		  "12345678901"),
		true, DP_C_drop_short},
	{"cut off behind its length",
		B("\x4d\x01\x00\x07\x00"
		  "123456789012"),
		true, DP_C_drop_short},
	{"too long, and cut off",
		B("\x4e\x01\x00\x07\xff\xff"
		  "1234"),
		true, DP_C_drop_short},
	{"without its length", B("\x4e\x01\x00\x07\x00"), true, DP_C_drop_short},
	{"empty",
		B("\x4d\x00\x00\x07\x00"
		  "1234567890123"),
		true, DP_C_drop_not_empty},
	{"an option past the end",
		B("\x49\x01\x00\x07"
		  "123456789\xb5hell"),
		true, DP_C_drop_option},
	{"a marker and no payload",
		B("\x49\x01\x00\x07"
		  "123456789\xff"),
		true, DP_C_drop_no_payload},
	{"a response",
		B("\x49\x45\x00\x07"
		  "123456789"),
		true, DP_C_coap_response},
	{"an ACK",
		B("\x69\x45\x00\x07"
		  "123456789"),
		false, DP_C_coap_ack},
	{"a reserved class",
		B("\x49\xe0\x00\x07"
		  "123456789"),
		true, DP_C_coap_rejected},
};

static void
rejected(void **state)
{
	const struct malformed_row *r = *state;

	gw_reopen(long_tokens);
	gw_ask(r->say, r->reset ? BYTES_OF("\x70\x00\x00\x07") : silence);
	gw_counted(r->counter, 1);
	gw_counted(DP_C_requests, 0);
}

/* ---- duplicates ---- */

static void
runs_once(void **state)
{
	(void)state;
	gw_reopen(long_tokens);
	for (int i = 0; i < 3; i++)
		gw_ask(message(T_CON, TG_PUT, 7, 20, 1, BYTES_OF(VALUE "\xffx")),
			message(T_ACK, TG_CREATED, 7, 20, 1, none));
	gw_counted(DP_C_executed, 1);
	gw_counted(DP_C_dup_replayed, 2);
}

/* A 2.01 with a Location cannot be rebuilt from its code: its bytes are kept. */
static void
kept_reply_comes_again(void **state)
{
	const struct bytes where = BYTES_OF("\x81"
					    "a\x02"
					    "bc");

	(void)state;
	gw_reopen(long_tokens);
	for (int i = 0; i < 2; i++)
		gw_ask(message(T_CON, TG_POST, 7, 64, 1, BYTES_OF(TEST "\xffx")),
			message(T_ACK, TG_CREATED, 7, 64, 1, where));
	gw_counted(DP_C_executed, 1);
	gw_counted(DP_C_dup_replayed, 1);
}

/* Each block of a body may have its own token. */
static void
in_blocks(void **state)
{
	uint8_t block[64] = VALUE "\xd1\x03\x08\xff";
	const size_t head = sizeof(VALUE "\xd1\x03\x08\xff") - 1;
	struct bytes whole = {block, head + 16};

	(void)state;
	gw_reopen(long_tokens);
	gw_ask(message(T_CON, TG_PUT, 7, 20, 1, whole),
		message(T_ACK, TG_CONTINUE, 7, 20, 1, BYTES_OF("\xd1\x0e\x08")));
	block[head - 2] = 0x10;
	gw_ask(message(T_CON, TG_PUT, 8, 33, 2, whole),
		message(T_ACK, TG_CREATED, 8, 33, 2, BYTES_OF("\xd1\x0e\x10")));
}

/* ---- answers that wait ---- */

/* The record has the whole token, and so has the answer. */
static void
through_the_log(void **state)
{
	static const unsigned tkl[] = {9, 13, 64};

	(void)state;
	gw_reopen(long_tokens);
	for (unsigned i = 0; i < COUNT(tkl); i++) {
		struct bytes want = message(T_CON, TG_POST, 7, tkl[i], 3, none);

		gw_ask(message(T_CON, TG_POST, (uint16_t)(7 + i), tkl[i], 3, logged),
			silence);
		assert_int_equal(kept(), 1);
		assert_int_equal(gw_log_read(), 1);
		assert_int_equal(gw.record[gw.n_records - 1].r.tkl, tkl[i]);
		assert_memory_equal(gw.record[gw.n_records - 1].r.token,
			(const uint8_t *)want.at + want.len - tkl[i], tkl[i]);
		assert_int_equal(gw.record[gw.n_records - 1].r.payload_len, 1);
		gw_log_settle(0);
		gw_hear(&gw.flow,
			message(T_ACK, TG_CHANGED, (uint16_t)(7 + i), tkl[i], 3, none));
		assert_int_equal(kept(), 0);
		gw_ask(message(T_CON, TG_POST, (uint16_t)(7 + i), tkl[i], 3, logged),
			message(T_ACK, TG_CHANGED, (uint16_t)(7 + i), tkl[i], 3, none));
	}
	gw_counted(DP_C_executed, COUNT(tkl));
}

static void
value_through_the_log(void **state)
{
	(void)state;
	gw_reopen(long_tokens);
	gw_ask(message(T_CON, TG_PUT, 7, 40, 3, BYTES_OF(LOGGED_VALUE)), silence);
	assert_int_equal(kept(), 1);
	assert_int_equal(gw_log_read(), 1);
	gw_log_settle(0);
	gw_hear(&gw.flow, message(T_ACK, TG_CREATED, 7, 40, 3, none));
	gw_expect_silence();
	assert_int_equal(kept(), 0);
}

static void
log_fails(void **state)
{
	(void)state;
	gw_reopen(long_tokens);
	gw_ask(message(T_CON, TG_POST, 7, 40, 3, logged), silence);
	gw_log_read();
	gw_log_settle(-5);
	gw_hear(&gw.flow,
		message(T_ACK, TG_UNAVAILABLE, 7, 40, 3, BYTES_OF("\xd1\x01\x05")));
	assert_int_equal(kept(), 0);
}

/* The next frame is a CON of the gateway's own, with a long token: its Message ID. */
static uint16_t
hear_con(uint8_t code, unsigned tkl, uint8_t salt, struct bytes rest)
{
	const struct flow back = flow_back(&gw.flow);
	unsigned at = ETH + (gw.flow.v6 ? IP6 : IP4) + UDP;
	struct frame got, want;
	struct bytes msg;
	uint16_t mid;

	assert_true(gw_take(&got));
	mid = (uint16_t)(got.byte[at + 2] << 8 | got.byte[at + 3]);
	msg = message(T_CON, code, mid, tkl, salt, rest);
	frame_udp(&want, &back, msg.at, msg.len);
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.byte, want.byte, want.len);
	return mid;
}

/* The separate response, and its retransmission, have the token; the empty ACK has none.
 */
static void
separately(void **state)
{
	uint16_t mid;

	(void)state;
	gw_reopen(long_tokens);
	gw_ask(message(T_CON, TG_POST, 7, 64, 3, logged), silence);
	wait_ms(510);
	gw_hear(&gw.flow, coap(T_ACK, 0, 7, none));
	gw_log_read();
	gw_log_settle(0);
	mid = hear_con(TG_CHANGED, 64, 3, none);
	assert_int_equal(kept(), 0); /* its bytes are kept whole */
	wait_ms(3010);
	assert_int_equal(hear_con(TG_CHANGED, 64, 3, none), mid);
	gw_ask(message(T_CON, TG_POST, 7, 64, 3, logged), coap(T_ACK, 0, 7, none));
	gw_ask(coap(T_ACK, 0, mid, none), silence);
	wait_ms(300000);
	gw_expect_silence();
	gw_counted(DP_C_executed, 1);
}

static void
slow_resource(void **state)
{
	(void)state;
	gw_reopen(long_tokens);
	gw_ask(message(T_CON, TG_GET, 7, 13, 3, BYTES_OF("\xb4slow")), silence);
	wait_ms(510);
	gw_hear(&gw.flow, coap(T_ACK, 0, 7, none));
	wait_ms(500);
	gw_ask(coap(T_ACK, 0, hear_con(TG_CONTENT, 13, 3, BYTES_OF("\xffslow")), none),
		silence);
}

/* The limit comes down while a request is on its way: what was taken is answered. */
static void
eight(struct dp_settings *s)
{
	s->token_max = 8;
}

static void
limit_comes_down(void **state)
{
	(void)state;
	gw_reopen(long_tokens);
	gw_ask(message(T_CON, TG_GET, 7, 13, 3, BYTES_OF("\xb4soon")), silence);
	gw_publish(eight);
	wait_ms(410);
	gw_hear(&gw.flow, message(T_ACK, TG_CONTENT, 7, 13, 3, BYTES_OF("\xffsoon")));
	gw_ask(message(T_CON, TG_GET, 8, 13, 3, hello),
		message(T_ACK, TG_BAD_REQUEST, 8, 13, 3, none));
}

/* ---- observations ---- */

static uint16_t next_mid;

static void
put(const char *payload)
{
	uint8_t rest[64] = VALUE "\xff";
	size_t head = sizeof(VALUE "\xff") - 1;

	memcpy(rest + head, payload, strlen(payload));
	gw_queue(&gw.flow, coap(T_NON, TG_PUT, ++next_mid,
				   (struct bytes){rest, head + strlen(payload)}));
}

/* The gateway's next datagrams: how many of @code have a token of @tkl and @salt; the
 * Message ID of the last of them. */
static unsigned
told(uint8_t code, unsigned tkl, uint8_t salt, uint16_t *mid)
{
	unsigned at = ETH + (gw.flow.v6 ? IP6 : IP4) + UDP, n = 0;
	struct frame f;

	gw_turn();
	while (gw_take(&f)) {
		const uint8_t *m = f.byte + at;
		struct bytes want = message(
			m[0] & 0xf0, code, (uint16_t)(m[2] << 8 | m[3]), tkl, salt, none);

		if (f.len < at + want.len || memcmp(m, want.at, want.len) != 0)
			continue;
		*mid = (uint16_t)(m[2] << 8 | m[3]);
		n++;
	}
	return n;
}

static unsigned
relations(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < gw.cfg.workers; i++)
		n += dp_observers_count(gw.dp->shared.worker[i]->observers);
	return n;
}

/* Is the answer to a registration a notification? */
static bool
observe(unsigned tkl, uint8_t salt, struct bytes what)
{
	unsigned at = ETH + (gw.flow.v6 ? IP6 : IP4) + UDP;
	struct bytes head = message(T_ACK, TG_CONTENT, ++next_mid, tkl, salt, none);
	struct frame f;

	gw_say(&gw.flow, message(T_CON, TG_GET, next_mid, tkl, salt, what));
	assert_true(gw_take(&f));
	assert_memory_equal(f.byte + at, head.at, head.len);
	return f.byte[at + head.len + 9] == 0x23; /* behind the ETag: Observe */
}

static void
begin(void)
{
	uint16_t mid;

	gw_reopen(long_tokens);
	next_mid = 100;
	put("a");
	told(0, 0, 0, &mid);
}

static const struct {
	const char *name;
	unsigned tkl;
} tkls[] = {{"9 bytes", 9}, {"13 bytes", 13}, {"64 bytes", 64}};

static void
observed(void **state)
{
	unsigned tkl = ((const typeof(tkls[0]) *)*state)->tkl;
	uint16_t mid;

	begin();
	assert_true(observe(tkl, 1, BYTES_OF(REGISTER)));
	assert_int_equal(relations(), 1);
	assert_int_equal(kept(), 1);
	put("b");
	assert_int_equal(told(TG_CONTENT, tkl, 1, &mid), 1);
	assert_true(observe(tkl, 1, BYTES_OF(REGISTER))); /* renewed */
	assert_int_equal(relations(), 1);
	assert_int_equal(kept(), 1);
	assert_false(observe(tkl, 2, BYTES_OF(CANCEL))); /* another's */
	assert_int_equal(relations(), 1);
	assert_false(observe(tkl, 1, BYTES_OF(CANCEL)));
	assert_int_equal(relations(), 0);
	assert_int_equal(kept(), 0);
	put("c");
	assert_int_equal(told(TG_CONTENT, tkl, 1, &mid), 0);
}

/* Tokens that differ in their last byte alone are two, and so are a long token and a
 * short one. */
static void
told_apart(void **state)
{
	uint16_t mid;

	(void)state;
	begin();
	assert_true(observe(20, 1, BYTES_OF(REGISTER)));
	assert_true(observe(20, 2, BYTES_OF(REGISTER)));
	assert_true(observe(21, 1, BYTES_OF(REGISTER)));
	assert_true(observe(8, 1, BYTES_OF(REGISTER)));
	assert_int_equal(relations(), 4);
	assert_int_equal(kept(), 3);
	assert_false(observe(20, 2, BYTES_OF(CANCEL)));
	assert_int_equal(relations(), 3);
	put("b");
	assert_int_equal(told(TG_CONTENT, 20, 1, &mid), 1);
	put("c");
	assert_int_equal(told(TG_CONTENT, 20, 2, &mid), 0);
	put("d");
	assert_int_equal(told(TG_CONTENT, 21, 1, &mid), 1);
	put("e");
	assert_int_equal(told(TG_CONTENT, 8, 1, &mid), 1);
}

static void
ended_by_a_reset(void **state)
{
	uint16_t mid;

	(void)state;
	begin();
	assert_true(observe(30, 1, BYTES_OF(REGISTER)));
	put("b");
	assert_int_equal(told(TG_CONTENT, 30, 1, &mid), 1);
	gw_ask(coap(T_RST, 0, mid, none), silence);
	assert_int_equal(relations(), 0);
	assert_int_equal(kept(), 0);
}

/* The error that ends it has the token, and what it kept is given back. */
static void
ended_by_an_error(void **state)
{
	uint16_t mid;

	(void)state;
	begin();
	assert_true(observe(30, 1, BYTES_OF(REGISTER)));
	gw_queue(&gw.flow, coap(T_NON, TG_DELETE, ++next_mid, value));
	assert_int_equal(told(TG_NOT_FOUND, 30, 1, &mid), 1);
	gw_ask(coap(T_ACK, 0, mid, none), silence);
	assert_int_equal(relations(), 0);
	assert_int_equal(kept(), 0);
}

static void
limit_comes_down_for_an_observer(void **state)
{
	uint16_t mid;

	(void)state;
	begin();
	assert_true(observe(30, 1, BYTES_OF(REGISTER)));
	gw_publish(eight);
	put("b");
	assert_int_equal(told(TG_CONTENT, 30, 1, &mid), 1);
}

/* Without room for a token there is no observation, and no answer that waits; what needs
 * to keep none goes on. */
static void
no_room(void **state)
{
	const struct bytes later = BYTES_OF("\xd1\x01\x05"); /* Max-Age 5 */
	uint16_t mid;

	(void)state;
	begin();
	for (uint8_t salt = 1; salt <= 64; salt++)
		assert_true(observe(13, salt, BYTES_OF(REGISTER)));
	assert_int_equal(kept(), 64);
	assert_false(observe(13, 200, BYTES_OF(REGISTER)));
	gw_counted(DP_C_tokens_full, 1);
	assert_true(observe(8, 1, BYTES_OF(REGISTER)));
	assert_true(observe(13, 1, BYTES_OF(REGISTER))); /* it has its place */
	gw_ask(message(T_CON, TG_POST, 7, 13, 1, logged),
		message(T_ACK, TG_UNAVAILABLE, 7, 13, 1, later));
	gw_counted(DP_C_tokens_full, 2);
	assert_int_equal(gw_log_read(), 0);
	put("z");
	assert_int_equal(told(TG_CONTENT, 13, 64, &mid), 1);
	assert_false(observe(13, 64, BYTES_OF(CANCEL)));
	assert_true(observe(13, 200, BYTES_OF(REGISTER)));
}

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, one worker", 1, true, 0, 0},
	{"IPv4, two workers, value elsewhere", 2, false, 1, 0},
	{"IPv6, two workers, value elsewhere", 2, true, 0, 1},
	{"IPv4, two workers, all at one", 2, false, 1, 1},
};

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + COUNT(malformed_rows) + COUNT(tkls) + 16] =
		{
			cmocka_unit_test(too_long_in_silence),
			cmocka_unit_test(eight_bytes),
			cmocka_unit_test(runs_once),
			cmocka_unit_test(kept_reply_comes_again),
			cmocka_unit_test(in_blocks),
			cmocka_unit_test(through_the_log),
			cmocka_unit_test(value_through_the_log),
			cmocka_unit_test(log_fails),
			cmocka_unit_test(separately),
			cmocka_unit_test(slow_resource),
			cmocka_unit_test(limit_comes_down),
			cmocka_unit_test(told_apart),
			cmocka_unit_test(ended_by_a_reset),
			cmocka_unit_test(ended_by_an_error),
			cmocka_unit_test(limit_comes_down_for_an_observer),
			cmocka_unit_test(no_room),
		};
	size_t n = 16;

	ADD_ROWS(tests, &n, rows, answered);
	ADD_ROWS(tests, &n, malformed_rows, rejected);
	ADD_ROWS(tests, &n, tkls, observed);
	return gw_main("token", settings, COUNT(settings), tests, COUNT(tests));
}
