/* Block2: answers that are late (RFC 7252, 5.2.2), and long. */
#include "tests/dp_answers.h"

static void
wait_ms(unsigned ms)
{
	gw_later_ms(ms);
	gw_turn();
}

/* Ask for what is acknowledged by an empty ACK first.  Its answer is a CON, which comes
 * again, byte for byte, until it is acknowledged. */
static void
ask_late(struct answer *a, uint8_t code, uint16_t mid, struct bytes rest)
{
	const struct bytes none = {0};
	struct answer again;

	gw_say(&gw.flow, coap(T_CON, code, mid, rest));
	gw_expect_silence();
	wait_ms(510);
	gw_hear(&gw.flow, coap(T_ACK, 0, mid, none));
	wait_ms(500);
	take(a);
	assert_int_equal(a->msg.type, TG_CON);
	wait_ms(3010);
	take(&again);
	assert_int_equal(again.frame.len, a->frame.len);
	assert_memory_equal(again.frame.byte, a->frame.byte, a->frame.len);
	gw_ask(coap(T_ACK, 0, a->msg.mid, none), none);
	wait_ms(20000);
	gw_expect_silence();
}

static const struct late_row {
	const char *name;
	unsigned szx;
	struct bytes first;
	bool asked;
} late_rows[] = {
	{"late, not asked for", 6, B("\xb4late"), false},
	{"late, of 1,024", 6, B("\xb4late\xc1\x06"), true},
	{"late, of 512", 5, B("\xb4late\xc1\x05"), true},
};

/* The separate response has the first block, and each of the rest is asked for. */
static void
late_in_blocks(void **state)
{
	const struct late_row *r = *state;
	uint8_t rest[] = "\xb4late\xc1?";
	uint32_t from = 0, size = 16u << r->szx;
	uint64_t etag = 0;
	struct answer a;

	gw_reopen(with_large);
	for (uint8_t num = 0; num == 0 || a.block.more; num++) {
		rest[sizeof(rest) - 2] = (uint8_t)(num << 4 | r->szx);
		ask_late(&a, TG_GET, (uint16_t)(7 + num),
			num == 0 ? r->first : (struct bytes){rest, sizeof(rest) - 1});
		assert_int_equal(a.msg.code, TG_CONTENT);
		assert_true(a.has_block);
		assert_int_equal(a.block.num, num);
		assert_int_equal(a.block.szx, r->szx);
		assert_true(num == 0 ? a.etag != 0 : a.etag == etag);
		etag = a.etag;
		assert_memory_equal(a.msg.base + a.msg.payload, large + from,
			a.msg.len - a.msg.payload);
		from += a.msg.len - a.msg.payload;
		assert_true(!a.block.more || from % size == 0);
	}
	assert_int_equal(from, sizeof(large));
}

/* What cannot be made anew is kept meanwhile: the answer to a POST. */
static void
late_and_kept(void **state)
{
	uint8_t body[12 + 4 + 1024] = "\xbalate-upper";
	struct answer a;

	(void)state;
	gw_reopen(with_large);
	memset(body + 11, 'x', sizeof(body) - 11);
	memcpy(body + 11, "\xd1\x03\x0e\xff", 4);
	gw_say(&gw.flow, coap(T_CON, TG_POST, 7, (struct bytes){body, 11 + 4 + 1024}));
	take(&a);
	assert_int_equal(a.msg.code, TG_CONTINUE);
	body[13] = 0x16;
	ask_late(&a, TG_POST, 8, (struct bytes){body, 11 + 4 + 10});
	assert_int_equal(a.msg.code, TG_CHANGED);
	assert_true(a.has_block && a.block.num == 0 && a.block.more);
	assert_int_equal(a.msg.len - a.msg.payload, 1024);
	assert_int_equal(a.msg.base[a.msg.len - 1], 'X');
	gw_say(&gw.flow, coap(T_CON, TG_POST, 9, BYTES_OF("\xbalate-upper\xc1\x16")));
	take(&a);
	assert_int_equal(a.msg.code, TG_CHANGED);
	assert_true(a.has_block && a.block.num == 1 && !a.block.more);
	assert_int_equal(a.msg.len - a.msg.payload, 10);
}

/* The longest answer that is no representation: a Location as long as one may be. */
static char location[5 * 256 + 1];
static const struct dp_route_spec far[] = {
	{.path = "/far",
		.kind = DP_K_STATIC,
		.content_format = DP_NO_FORMAT,
		.max_age = UINT32_MAX,
		.answer_post = TG_CREATED,
		.location = location,
		.delay_ms = 1000},
};

static void
with_far(struct dp_config *cfg, struct dp_settings *s)
{
	(void)cfg;
	s->routes = far;
	s->n_routes = 1;
}

static void
late_and_long(void **state)
{
	size_t longest = DP_REPLY_MAX - TG_HDR_LEN - DP_TOKEN_FIELD - DP_TAILROOM;
	struct answer a;
	size_t len = 0;

	(void)state;
	for (size_t bytes = 0; bytes < longest; len++) {
		bytes +=
			len % 256 == 0 ? 2 : 1; /* an option's head, and then its value */
		location[len] = len % 256 == 0 ? '/' : 'x';
	}
	location[len] = '\0';
	gw_reopen(with_far);
	ask_late(&a, TG_POST, 7,
		BYTES_OF("\xb3"
			 "far"));
	assert_int_equal(a.msg.code, TG_CREATED);
	assert_int_equal(a.msg.len, TG_HDR_LEN + longest);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(late_rows) + 2] = {
		cmocka_unit_test(late_and_kept),
		cmocka_unit_test(late_and_long),
	};
	size_t n = 2;

	ADD_ROWS(tests, &n, late_rows, late_in_blocks);
	return gw_main("dp_block2_late", settings, COUNT(settings), tests, n);
}
