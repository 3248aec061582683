/* Extended tokens (RFC 8974) that are kept: of answers that wait, and of observers. */
#include "tests/dp_tokens.h"

#define CANCEL "\x61\x01\x51" PATH
#define LOGGED                                                                           \
	"\xb1t\x04"                                                                      \
	"dev?\xffx"
#define LOGGED_VALUE                                                                     \
	"\xb1l\x04"                                                                      \
	"dev?\x01v\xffx"

static const struct bytes value = B(VALUE), logged = B(LOGGED);

static void
wait_ms(unsigned ms)
{
	gw_later_ms(ms);
	gw_turn();
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
	gw_ask(coap(T_ACK, 0, hear_con(TG_CONTENT, 13, 3, BYTES_OF(ETAG_SLOW "\xffslow")),
		       none),
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
	gw_hear(&gw.flow,
		message(T_ACK, TG_CONTENT, 7, 13, 3, BYTES_OF(ETAG_SOON "\xffsoon")));
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

int
main(void)
{
	struct CMUnitTest tests[COUNT(tkls) + 11] = {
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
	size_t n = 11;

	ADD_ROWS(tests, &n, tkls, observed);
	return gw_main("token_kept", gw_settings, GW_SETTINGS, tests, COUNT(tests));
}
