/* Block2: representations that go out in blocks (RFC 7959, 2.4). */
#include "tests/dp_answers.h"

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
	static const char about[] = "option 23 (Block2)";
	const struct row *r = *state;
	bool bad = r->code == TG_BAD_OPTION;
	size_t len = bad ? sizeof(about) - 1 : r->len;
	struct answer a;

	gw_reopen(with_large);
	ask(&a, 7, r->rest);
	assert_int_equal(a.msg.code, r->code);
	assert_int_equal(a.has_block, r->has_block);
	assert_int_equal(a.size2, r->size2);
	assert_int_equal(a.msg.len - a.msg.payload, len);
	assert_memory_equal(
		a.msg.base + a.msg.payload, bad ? about : large + r->from, len);
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
		B("\xa1\x07\xff"
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
		TG_CONTENT, B("\x80\xb1\x10\xffXY")},
};

static void
one_small_block(void **state)
{
	const struct small_row *r = *state;
	bool has_etag = r->code == TG_CONTENT;
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

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + COUNT(small_rows) + COUNT(size_rows) + 4] =
		{
			cmocka_unit_test(changes_midway),
			cmocka_unit_test(valid_block),
			cmocka_unit_test(a_long_value_moves_on),
			cmocka_unit_test(list_in_blocks),
		};
	size_t n = 4;

	ADD_ROWS(tests, &n, rows, one_block);
	ADD_ROWS(tests, &n, small_rows, one_small_block);
	ADD_ROWS(tests, &n, size_rows, all_blocks);
	return gw_main("dp_block2", settings, COUNT(settings), tests, n);
}
