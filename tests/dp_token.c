/* Extended tokens (RFC 8974) where nothing waits: one of more than eight bytes is echoed,
 * and what becomes of those that are too long. */
#include "tests/dp_tokens.h"

#define TEST "\xb4test"
#define HI ETAG_HELLO "\x80\xff\x68\x69"

static const struct bytes hi = B(HI);

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
	{"an unknown critical option", 20, T_CON, TG_GET, B("\x90"), TG_BAD_OPTION,
		B("\xffoption 9 (OSCORE)"), DP_C_refused_402},
	{"65 bytes", 65, T_CON, TG_GET, B(HELLO), TG_BAD_REQUEST, {0}, DP_C_refused_400},
	{"65 bytes, NON", 65, T_NON, TG_GET, B(HELLO), TG_BAD_REQUEST, {0},
		DP_C_refused_400},
	{"65 bytes, PUT", 65, T_CON, TG_PUT, B(VALUE "\xffx"), TG_BAD_REQUEST, {0},
		DP_C_refused_400},
	{"65 bytes, an unknown critical option", 65, T_CON, TG_GET, B("\x90"),
		TG_BAD_REQUEST, {0}, DP_C_refused_400},
	{"65 bytes, an unknown critical option, NON", 65, T_NON, TG_GET, B("\x90"),
		TG_BAD_REQUEST, {0}, DP_C_refused_400},
	{"65 bytes, Proxy-Uri", 65, T_CON, TG_GET, B("\xd1\x16x"), TG_BAD_REQUEST, {0},
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

/* ---- the longest answer ---- */

static char large[DP_VALUE_MAX];

static void
with_large(struct dp_config *cfg, struct dp_settings *s)
{
	static const struct dp_route_spec route = {.path = "/large",
		.kind = DP_K_STATIC,
		.content = large,
		.content_len = sizeof(large),
		.content_format = UINT16_MAX,
		.max_age = UINT32_MAX - 1};

	long_tokens(cfg, s);
	s->routes = &route;
	s->n_routes = 1;
}

/* Every option but Observe, as much payload as there may be, and the longest token:
 * whole, and as a block. */
static void
longest(void **state)
{
	static const struct bytes ask[] = {B("\xb5large"), B("\xb5large\xc1\x06\x50")},
				  block = B("\x91\x06\x52\x04\x00");
	uint8_t want[2 * DP_VALUE_MAX];

	(void)state;
	memset(large, 'x', sizeof(large));
	gw_reopen(with_large);
	for (unsigned i = 0; i < COUNT(ask); i++) {
		struct bytes whole = gw_content(
			UINT16_MAX, UINT32_MAX - 1, (struct bytes){large, sizeof(large)});
		size_t head = whole.len - sizeof(large) - 1, more = i * block.len;

		memcpy(want, whole.at, head);
		memcpy(want + head, block.at, more);
		memcpy(want + head + more, (const uint8_t *)whole.at + head,
			whole.len - head);
		gw_ask(message(T_CON, TG_GET, 7, LONGEST, 1, ask[i]),
			message(T_ACK, TG_CONTENT, 7, LONGEST, 1,
				(struct bytes){want, whole.len + more}));
	}
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

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + COUNT(malformed_rows) + 6] = {
		cmocka_unit_test(too_long_in_silence),
		cmocka_unit_test(eight_bytes),
		cmocka_unit_test(longest),
		cmocka_unit_test(runs_once),
		cmocka_unit_test(kept_reply_comes_again),
		cmocka_unit_test(in_blocks),
	};
	size_t n = 6;

	ADD_ROWS(tests, &n, rows, answered);
	ADD_ROWS(tests, &n, malformed_rows, rejected);
	return gw_main("token", gw_settings, GW_SETTINGS, tests, COUNT(tests));
}
