/* Block2: representations that go out in blocks (RFC 7959, 2.4). */
#include "coap/code.h"
#include "tests/dp_fixture.h"

#include <stdio.h>

#define LARGE                                                                            \
	"\xb1"                                                                           \
	"b"
#define SMALL                                                                            \
	"\xb1"                                                                           \
	"s"
/* From behind the path's options on. */
#define BLOCK2(value) "\xc1" value
#define SIZE2 "\xd0\x04"
#define BLOCK2_SIZE2(value) "\xc1" value "\x50"

static char large[1280];

static const struct dp_route_spec routes[] = {
	{.path = "/b",
		.kind = DP_K_STATIC,
		.content = large,
		.content_len = sizeof(large),
		.content_format = TG_CF_TEXT,
		.max_age = UINT32_MAX},
	{.path = "/s",
		.kind = DP_K_STATIC,
		.content = "0123456789abcdefX",
		.content_len = 17,
		.content_format = DP_NO_FORMAT,
		.max_age = 7},
	{.path = "/late",
		.kind = DP_K_STATIC,
		.content = large,
		.content_len = sizeof(large),
		.content_format = TG_CF_TEXT,
		.max_age = UINT32_MAX,
		.delay_ms = 1000},
	{.path = "/late-upper",
		.kind = DP_K_UPPERCASE,
		.max_age = UINT32_MAX,
		.max_payload = DP_VALUE_MAX,
		.max_body = 4096,
		.delay_ms = 1000},
	{.path = "/query", .kind = DP_K_QUERY, .max_age = UINT32_MAX},
	{.path = "/d/{device}/{resource*}",
		.kind = DP_K_STORE,
		.max_age = UINT32_MAX,
		.max_payload = DP_VALUE_MAX},
	{.path = "/moves",
		.kind = DP_K_STORE,
		.max_age = UINT32_MAX,
		.max_payload = DP_VALUE_MAX,
		.max_body = DP_BODY_MAX,
		.changes = true},
};

static void
with_large(struct dp_config *cfg, struct dp_settings *s)
{
	cfg->store_bytes = 1 << 20;
	s->routes = routes;
	s->n_routes = COUNT(routes);
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (char)('a' + i / 16 % 26);
}

/* An answer, apart. */
struct answer {
	struct frame frame;
	struct tg_msg msg;
	uint64_t etag;
	struct tg_block block;
	bool has_block;
	uint32_t size2; /* UINT32_MAX: none */
};

static void
take(struct answer *a)
{
	size_t at = ETH + (gw.flow.v6 ? IP6 : IP4) + UDP;
	struct tg_opt o;

	assert_true(gw_take(&a->frame));
	assert_int_equal(tg_msg_parse(&a->msg, a->frame.byte + at, a->frame.len - at,
				 TG_TOKEN_MAX),
		TG_OK);
	a->etag = 0;
	if (tg_opt_get(&a->msg, TG_OPT_ETAG, &o))
		memcpy(&a->etag, o.value, o.len);
	a->has_block = tg_block_get(&a->msg, TG_OPT_BLOCK2, &a->block) == TG_BLOCK_FOUND;
	a->size2 = tg_opt_get(&a->msg, TG_OPT_SIZE2, &o) ? tg_opt_uint(&o) : UINT32_MAX;
}

static void
ask(struct answer *a, uint16_t mid, struct bytes rest)
{
	gw_say(&gw.flow, coap(T_CON, TG_GET, mid, rest));
	take(a);
	gw_expect_silence();
	assert_int_equal(a->msg.mid, mid);
}

/* ---- one block ---- */

static const struct row {
	const char *name;
	struct bytes rest;
	uint8_t code;
	bool has_block;
	struct tg_block block;
	uint32_t size2;
	uint32_t from, len; /* of the content */
} rows[] = {
	{"not asked for: the first, of 1,024", B(LARGE), TG_CONTENT, true, {0, 6, true},
		1280, 0, 1024},
	{"of 1,024", B(LARGE BLOCK2("\x06")), TG_CONTENT, true, {0, 6, true}, 1280, 0,
		1024},
	{"the last of 1,024", B(LARGE BLOCK2("\x16")), TG_CONTENT, true, {1, 6, false},
		UINT32_MAX, 1024, 256},
	{"of 512", B(LARGE BLOCK2("\x05")), TG_CONTENT, true, {0, 5, true}, 1280, 0, 512},
	{"of 64", B(LARGE BLOCK2("\x02")), TG_CONTENT, true, {0, 2, true}, 1280, 0, 64},
	{"in the middle", B(LARGE BLOCK2("\x92")), TG_CONTENT, true, {9, 2, true},
		UINT32_MAX, 576, 64},
	{"the last of 64", B(LARGE "\xc2\x01\x32"), TG_CONTENT, true, {19, 2, false},
		UINT32_MAX, 1216, 64},
	{"one past the end", B(LARGE "\xc2\x01\x42"), TG_BAD_REQUEST, false, {0},
		UINT32_MAX, 0, 0},
	{"far past the end", B(LARGE "\xc3\xff\xff\xf6"), TG_BAD_REQUEST, false, {0},
		UINT32_MAX, 0, 0},
	{"of 16", B(LARGE BLOCK2("\x00")), TG_CONTENT, true, {0, 0, true}, 1280, 0, 16},
	{"of 16, without a byte", B(LARGE "\xc0"), TG_CONTENT, true, {0, 0, true}, 1280,
		0, 16},
	{"the last of 16", B(LARGE "\xc2\x04\xf0"), TG_CONTENT, true, {79, 0, false},
		UINT32_MAX, 1264, 16},
	{"its M bit says nothing", B(LARGE BLOCK2("\x0a")), TG_CONTENT, true,
		{0, 2, true}, 1280, 0, 64},
	{"Size2 of any block", B(LARGE BLOCK2_SIZE2("\x92")), TG_CONTENT, true,
		{9, 2, true}, 1280, 576, 64},
	{"a reserved size", B(LARGE BLOCK2("\x07")), TG_BAD_REQUEST, false, {0},
		UINT32_MAX, 0, 0},
	{"four bytes long", B(LARGE "\xc4\x00\x00\x00\x06"), TG_BAD_OPTION, false, {0},
		UINT32_MAX, 0, 0},
	{"twice", B(LARGE BLOCK2("\x06") "\x01\x06"), TG_BAD_OPTION, false, {0},
		UINT32_MAX, 0, 0},
	{"Accept of another format", B(LARGE "\x61\x32\x61\x06"), TG_NOT_ACCEPTABLE,
		false, {0}, UINT32_MAX, 0, 0},
};

static void
one_block(void **state)
{
	const struct row *r = *state;
	struct answer a;

	gw_reopen(with_large);
	ask(&a, 7, r->rest);
	assert_int_equal(a.msg.code, r->code);
	assert_int_equal(a.has_block, r->has_block);
	assert_int_equal(a.size2, r->size2);
	assert_int_equal(a.msg.len - a.msg.payload, r->len);
	assert_memory_equal(a.msg.base + a.msg.payload, large + r->from, r->len);
	if (!r->has_block)
		return;
	assert_int_equal(a.block.num, r->block.num);
	assert_int_equal(a.block.szx, r->block.szx);
	assert_int_equal(a.block.more, r->block.more);
	assert_int_not_equal(a.etag, 0);
}

/* ---- what fits into one message ---- */

static const struct small_row {
	const char *name;
	struct bytes rest;
	uint8_t code;
	struct bytes with; /* behind the ETag */
} small_rows[] = {
	{"small: whole", B(SMALL), TG_CONTENT,
		B("\xd1\x01\x07\xff"
		  "0123456789abcdefX")},
	{"small: whole, asked for", B(SMALL BLOCK2("\x06")), TG_CONTENT,
		B("\xa1\x07\x91\x06\x51\x11\xff"
		  "0123456789abcdefX")},
	{"small: its first block", B(SMALL BLOCK2("\x00")), TG_CONTENT,
		B("\xa1\x07\x91\x08\x51\x11\xff"
		  "0123456789abcdef")},
	{"small: its last block", B(SMALL BLOCK2("\x10")), TG_CONTENT,
		B("\xa1\x07\x91\x10\xffX")},
	{"small: past its end", B(SMALL BLOCK2("\x20")), TG_BAD_REQUEST, {0}},
	{"small: Size2", B(SMALL "\xd0\x04"), TG_CONTENT,
		B("\xa1\x07\xd1\x01\x11\xff"
		  "0123456789abcdefX")},
	{"queries: a block",
		B("\xb5query\x4d\x05"
		  "0123456789abcdefXY\x81\x10"),
		TG_CONTENT, B("\xc0\xb1\x10\xffXY")},
};

static void
one_small_block(void **state)
{
	const struct small_row *r = *state;
	bool has_etag = r->with.len > 0 && *(const uint8_t *)r->with.at == 0xa1;
	struct answer a;

	gw_reopen(with_large);
	ask(&a, 7, r->rest);
	assert_int_equal(a.msg.code, r->code);
	assert_int_equal(a.etag != 0, has_etag);
	assert_int_equal(a.msg.len, TG_HDR_LEN + (has_etag ? 9 : 0) + r->with.len);
	assert_memory_equal(
		a.msg.base + a.msg.len - r->with.len, r->with.at, r->with.len);
}

/* ---- what is stored ---- */

static void
store(const char *device, const char *name, size_t len, unsigned seed)
{
	static uint8_t payload[DP_BODY_MAX];
	uint8_t path[64];
	struct dp_record r = {.code = TG_PUT, .content_format = TG_CF_OCTETS};
	int n = snprintf((char *)path, sizeof(path), "\1d%c%s%c%s", (int)strlen(device),
		device, (int)strlen(name), name);

	for (size_t i = 0; i < len; i++)
		payload[i] = (uint8_t)(i / 16 + seed);
	r.path = path;
	r.path_len = (uint16_t)n;
	r.payload = payload;
	r.payload_len = (uint16_t)len;
	r.device = device;
	r.device_len = (uint16_t)strlen(device);
	assert_true(dp_restore_value(gw.dp, &r, 0));
}

static struct bytes
block_of_value(uint32_t num, unsigned szx)
{
	static uint8_t rest[32];
	struct tg_block b = {num, (uint8_t)szx, false};
	uint32_t value = tg_block_encode(&b);
	int n = snprintf((char *)rest, sizeof(rest),
		"\xb1"
		"d\4dev%c\1v\xc3",
		gw.digit);

	rest[n++] = (uint8_t)(value >> 16);
	rest[n++] = (uint8_t)(value >> 8);
	rest[n++] = (uint8_t)value;
	return (struct bytes){rest, (size_t)n};
}

static void
store_value(size_t len, unsigned seed)
{
	char device[] = {'d', 'e', 'v', gw.digit, '\0'};

	store(device, "v", len, seed);
}

static void
expect_block(
	const struct answer *a, size_t len, uint32_t num, unsigned szx, unsigned seed)
{
	uint32_t from = num << (szx + 4), size = 16u << szx;
	uint32_t n = len - from < size ? (uint32_t)len - from : size;

	assert_int_equal(a->msg.code, TG_CONTENT);
	assert_true(a->has_block);
	assert_int_equal(a->block.num, num);
	assert_int_equal(a->block.szx, szx);
	assert_int_equal(a->block.more, len - from > size);
	assert_int_equal(a->msg.len - a->msg.payload, n);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(a->msg.base[a->msg.payload + i],
			(uint8_t)((from + i) / 16 + seed));
}

static const struct size_row {
	const char *name;
	unsigned szx;
	uint16_t len;
} size_rows[] = {
	{"a stored value of 1,025 by 1,024", 6, 1025},
	{"a stored value of 2,048 by 1,024", 6, 2048},
	{"a stored value of 32,768 by 1,024", 6, DP_BODY_MAX},
	{"a stored value of 5,000 by 512", 5, 5000},
	{"a stored value of 3,001 by 16", 0, 3001},
	{"a stored value of 100 by 32", 1, 100},
};

static void
all_blocks(void **state)
{
	const struct size_row *r = *state;
	uint32_t num = 0;
	uint64_t etag = 0;
	struct answer a;

	gw_reopen(with_large);
	store_value(r->len, 3);
	do {
		ask(&a, (uint16_t)num, block_of_value(num, r->szx));
		expect_block(&a, r->len, num, r->szx, 3);
		assert_int_equal(a.size2, num == 0 ? r->len : UINT32_MAX);
		assert_true(num == 0 || a.etag == etag);
		etag = a.etag;
		num++;
	} while (a.block.more);
	assert_int_equal(num, (r->len + (16u << r->szx) - 1) / (16u << r->szx));
	ask(&a, (uint16_t)num, block_of_value(num, r->szx));
	assert_int_equal(a.msg.code, TG_BAD_REQUEST);
}

/* The ETag tells that it is another representation. */
static void
changes_midway(void **state)
{
	struct answer first, second;

	(void)state;
	gw_reopen(with_large);
	store_value(4000, 1);
	ask(&first, 1, block_of_value(0, 6));
	store_value(3000, 2);
	ask(&second, 2, block_of_value(1, 6));
	expect_block(&second, 3000, 1, 6, 2);
	assert_int_not_equal(first.etag, second.etag);
	store_value(500, 3);
	ask(&second, 3, block_of_value(1, 6));
	assert_int_equal(second.msg.code, TG_BAD_REQUEST);
}

static void
valid_block(void **state)
{
	uint8_t rest[64] = "\x48";
	struct answer a;
	struct bytes b;

	(void)state;
	gw_reopen(with_large);
	store_value(4000, 1);
	ask(&a, 1, block_of_value(0, 6));
	b = block_of_value(0, 6);
	memcpy(rest + 1, &a.etag, 8);
	memcpy(rest + 9, b.at, b.len);
	rest[9] = 0x71; /* Uri-Path behind ETag */
	ask(&a, 2, (struct bytes){rest, 9 + b.len});
	assert_int_equal(a.msg.code, TG_VALID);
	assert_false(a.has_block);
	assert_int_equal(a.msg.payload, a.msg.len);
}

/* A long value that changes by itself changes at its end, and nowhere else. */
static void
a_long_value_moves_on(void **state)
{
	uint8_t rest[64] = "\x48", value[2 * DP_VALUE_MAX];
	struct dp_record r = {.code = TG_PUT,
		.content_format = TG_CF_OCTETS,
		.path = (const uint8_t *)"\5moves",
		.path_len = 6};
	uint64_t before, after;
	struct answer a;
	struct bytes b;

	(void)state;
	gw_reopen(with_large);
	memset(value, 'v', sizeof(value));
	value[sizeof(value) - 1] = '9';
	r.payload = value;
	r.payload_len = sizeof(value);
	assert_true(dp_restore_value(gw.dp, &r, 0));
	before = gw_etag("/moves");
	b = BYTES_OF("\x75moves\xc1\x16"); /* block 1 of 1,024 bytes */
	memcpy(rest + 1, &before, 8);
	memcpy(rest + 9, b.at, b.len);
	ask(&a, 1, (struct bytes){rest, 9 + b.len});
	assert_int_equal(a.msg.code, TG_VALID);
	after = gw_etag("/moves");
	assert_int_not_equal(after, before);
	ask(&a, 2, BYTES_OF("\xb5moves\xc1\x16"));
	assert_int_equal(a.msg.code, TG_CONTENT);
	value[sizeof(value) - 1] = '0';
	assert_int_equal(a.msg.len - a.msg.payload, DP_VALUE_MAX);
	assert_memory_equal(
		a.msg.base + a.msg.payload, value + DP_VALUE_MAX, DP_VALUE_MAX);
	assert_false(a.block.more);
}

/* ---- lists ---- */

static void
list_in_blocks(void **state)
{
	char device[] = {'d', 'e', 'v', gw.digit, '\0'}, name[24], text[4096], want[64];
	uint8_t rest[] = "\xb1"
			 "d\4dev?\xc1?";
	uint64_t etag = 0;
	struct answer a;
	size_t len = 0;

	(void)state;
	gw_reopen(with_large);
	for (unsigned i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "resource-%02u", i);
		store(device, name, i, 0);
	}
	for (uint8_t num = 0; num == 0 || a.block.more; num++) {
		rest[sizeof(rest) - 2] = (uint8_t)(num << 4 | 5);
		ask(&a, num, (struct bytes){rest, sizeof(rest) - 1});
		assert_int_equal(a.msg.code, TG_CONTENT);
		assert_int_equal(a.block.num, num);
		assert_true(num == 0 || a.etag == etag);
		etag = a.etag;
		memcpy(text + len, a.msg.base + a.msg.payload, a.msg.len - a.msg.payload);
		len += a.msg.len - a.msg.payload;
	}
	assert_int_equal(a.block.num, (len - 1) / 512);
	text[len] = '\0';
	for (unsigned i = 0; i < 60; i++) {
		snprintf(want, sizeof(want), "</d/%s/resource-%02u>;ct=42;sz=%u", device,
			i, i);
		assert_non_null(strstr(text, want));
	}
}

/* ---- answers that are late (RFC 7252, 5.2.2) ---- */

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
	size_t longest = DP_REPLY_MAX - TG_HDR_LEN - TG_TOKEN_MAX - DP_TAILROOM;
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

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, two workers, value elsewhere", 2, true, 0, 1},
};

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + COUNT(small_rows) + COUNT(size_rows)
				+ COUNT(late_rows) + 6] = {0};
	static const struct CMUnitTest plain[] = {
		cmocka_unit_test(changes_midway),
		cmocka_unit_test(valid_block),
		cmocka_unit_test(a_long_value_moves_on),
		cmocka_unit_test(list_in_blocks),
		cmocka_unit_test(late_and_kept),
		cmocka_unit_test(late_and_long),
	};
	size_t n = 0;

	ADD_ROWS(tests, &n, rows, one_block);
	ADD_ROWS(tests, &n, small_rows, one_small_block);
	ADD_ROWS(tests, &n, size_rows, all_blocks);
	ADD_ROWS(tests, &n, late_rows, late_in_blocks);
	for (size_t i = 0; i < COUNT(plain); i++)
		tests[n++] = plain[i];
	return gw_main("dp_block2", settings, COUNT(settings), tests, n);
}
