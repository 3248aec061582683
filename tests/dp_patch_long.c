/* FETCH, PATCH and iPATCH over more than a message: bodies that come in blocks, values
 * that did, and parts that go out so (RFC 7959, RFC 8132); the test is the parser. */
#include "coap/code.h"
#include "coap/write.h"
#include "tests/dp_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define LIMIT 16384
#define MAX_AGE 100

static const struct dp_route_spec routes[] = {
	{.path = "/d/{device}/{resource*}",
		.kind = DP_K_STORE,
		.max_age = MAX_AGE,
		.max_payload = DP_VALUE_MAX,
		.max_body = LIMIT},
	{.path = "/l/{device}/{resource*}",
		.kind = DP_K_STORE,
		.ack = DP_ACK_LOGGED,
		.stream = "values",
		.max_age = UINT32_MAX,
		.max_payload = DP_VALUE_MAX,
		.max_body = LIMIT},
	{.path = "/s/{device}/{resource*}",
		.kind = DP_K_STORE,
		.max_age = UINT32_MAX,
		.max_payload = DP_VALUE_MAX,
		.max_body = LIMIT,
		.require_format = true},
};

static void
with_bodies(struct dp_config *cfg, struct dp_settings *s)
{
	cfg->store_bytes = 1 << 20;
	cfg->transfers_max = 4;
	cfg->transfers_bytes = LIMIT;
	cfg->transfers_per_peer = 3;
	s->routes = routes;
	s->n_routes = COUNT(routes);
}

static void
with_short_jobs(struct dp_config *cfg, struct dp_settings *s)
{
	with_bodies(cfg, s);
	cfg->transfers_bytes = DP_VALUE_MAX;
}

/* ---- values ---- */

static char text[2 * LIMIT], part[LIMIT + 1];

/* A string of @n different enough characters, in quotes, at @to. */
static size_t
quoted(char *to, size_t n)
{
	to[0] = to[n + 1] = '"';
	for (size_t i = 0; i < n; i++)
		to[1 + i] = (char)('a' + i / 7 % 26);
	to[n + 2] = '\0';
	return n + 2;
}

/* {"long":"..n..","a":1} */
static size_t
document(char *to, size_t n, const char *end)
{
	size_t len = (size_t)sprintf(to, "{\"long\":");

	len += quoted(to + len, n);
	return len + (size_t)sprintf(to + len, "%s", end);
}

/* PATH/devN/v is @len bytes of JSON, as if they had come in blocks. */
static void
store(char route, const char *value, size_t len)
{
	uint8_t path[] = "\1?\4dev?\1v";
	struct dp_record r = {.code = TG_PUT,
		.content_format = TG_CF_JSON,
		.path = path,
		.path_len = sizeof(path) - 1,
		.device = (const char *)path + 3,
		.device_len = 4,
		.payload = (const uint8_t *)value,
		.payload_len = (uint16_t)len};

	path[1] = (uint8_t)route;
	path[6] = (uint8_t)gw.digit;
	assert_true(dp_restore_value(gw.dp, &r, 0));
}

static void
expect_stored(char route, const char *value, size_t len)
{
	char path[] = "/?/dev?/v";
	struct dp_value v;

	path[1] = route;
	path[6] = gw.digit;
	assert_true(dp_value_get(gw.dp, path, &v));
	assert_int_equal(v.len, len);
	for (uint32_t from = 0; from < len; from += v.n) {
		assert_true(dp_value_get_from(gw.dp, path, from, &v));
		assert_memory_equal(v.payload, value + from, v.n);
	}
}

/* ---- messages ---- */

struct ask {
	uint8_t method;
	char route;
	uint32_t format;        /* DP_NO_FORMAT: none */
	int64_t block2, block1; /* -1: none */
	const char *payload;
	size_t len;
};

static void
say(uint16_t mid, const struct ask *q)
{
	uint8_t msg[DP_MSG_MAX];
	struct tg_writer w;

	tg_write_begin(&w, msg, sizeof(msg), TG_CON, q->method, mid, NULL, 0);
	tg_write_option(&w, TG_OPT_URI_PATH, &q->route, 1);
	tg_write_option(&w, TG_OPT_URI_PATH, "dev?", 4);
	tg_write_option(&w, TG_OPT_URI_PATH, "v", 1);
	if (q->format != DP_NO_FORMAT)
		tg_write_uint(&w, TG_OPT_CONTENT_FORMAT, q->format);
	if (q->block2 >= 0)
		tg_write_uint(&w, TG_OPT_BLOCK2, (uint32_t)q->block2);
	if (q->block1 >= 0)
		tg_write_uint(&w, TG_OPT_BLOCK1, (uint32_t)q->block1);
	tg_write_payload(&w, q->payload, q->len);
	gw_say(&gw.flow, (struct bytes){msg, tg_write_end(&w)});
	gw_parse();
	gw_turn();
}

struct answer {
	struct frame frame;
	struct tg_msg msg;
	struct tg_block block1, block2;
	bool has_block1, has_block2;
	uint64_t etag;
	uint32_t max_age;
	const uint8_t *payload;
	size_t len;
};

static void
hear(uint16_t mid, uint8_t code, struct answer *a)
{
	size_t at = ETH + (gw.flow.v6 ? IP6 : IP4) + UDP;
	struct tg_opt o;

	assert_true(gw_take(&a->frame));
	gw_expect_silence();
	assert_int_equal(tg_msg_parse(&a->msg, a->frame.byte + at, a->frame.len - at,
				 TG_TOKEN_MAX),
		TG_OK);
	assert_int_equal(a->msg.mid, mid);
	assert_int_equal(a->msg.code, code);
	a->etag = 0;
	if (tg_opt_get(&a->msg, TG_OPT_ETAG, &o))
		memcpy(&a->etag, o.value, o.len);
	a->max_age =
		tg_opt_get(&a->msg, TG_OPT_MAX_AGE, &o) ? tg_opt_uint(&o) : UINT32_MAX;
	a->has_block1 =
		tg_block_get(&a->msg, TG_OPT_BLOCK1, &a->block1) == TG_BLOCK_FOUND;
	a->has_block2 =
		tg_block_get(&a->msg, TG_OPT_BLOCK2, &a->block2) == TG_BLOCK_FOUND;
	a->payload = a->msg.base + a->msg.payload;
	a->len = a->msg.len - a->msg.payload;
}

static void
ask(uint16_t mid, const struct ask *q, uint8_t code, struct answer *a)
{
	say(mid, q);
	hear(mid, code, a);
}

/* All blocks of a body but the last; that one is left in @q. */
static uint16_t
upload(uint16_t mid, struct ask *q, unsigned szx)
{
	size_t size = (size_t)16 << szx, all = q->len, at = 0;
	const char *body = q->payload;
	struct answer a;

	q->len = size;
	for (; all - at > size; at += size) {
		q->block1 = (int64_t)(at / size) << 4 | 8 | szx;
		q->payload = body + at;
		ask(mid++, q, TG_CONTINUE, &a);
	}
	q->block1 = (int64_t)(at / size) << 4 | szx;
	q->payload = body + at;
	q->len = all - at;
	return mid;
}

/* The rest of what began with @a, with @q for each block, is @len bytes at @want. */
static void
download(uint16_t mid, struct ask *q, struct answer *a, const char *want, size_t len)
{
	uint64_t etag = a->etag;
	size_t at = 0;

	assert_int_not_equal(etag, 0);
	for (;; mid++) {
		assert_true(a->has_block2);
		assert_int_equal(tg_block_offset(&a->block2), at);
		assert_true(at + a->len <= len);
		assert_memory_equal(a->payload, want + at, a->len);
		at += a->len;
		assert_int_equal(a->etag, etag);
		if (!a->block2.more)
			break;
		q->block2 = (int64_t)(a->block2.num + 1) << 4 | a->block2.szx;
		ask(mid, q, TG_CONTENT, a);
	}
	assert_int_equal(at, len);
}

/* ---- long values, short patches ---- */

static const struct row {
	const char *name;
	size_t n; /* of the long string */
	uint8_t method;
	uint32_t format;
	const char *patch;
	uint8_t code;
	const char *end; /* behind the long string; NULL: there is none any more */
} rows[] = {
	{"a byte over a message", 1008, TG_IPATCH, TG_CF_MERGE_PATCH, "{\"a\":2}",
		TG_CHANGED, ",\"a\":2}"},
	{"5,000 bytes", 5000, TG_PATCH, TG_CF_JSON_PATCH,
		"[{\"op\":\"replace\",\"path\":\"/a\",\"value\":[3]}]", TG_CHANGED,
		",\"a\":[3]}"},
	{"as long as may be", LIMIT - 17, TG_PATCH, TG_CF_MERGE_PATCH, "{\"a\":2}",
		TG_CHANGED, ",\"a\":2}"},
	{"a byte longer", LIMIT - 17, TG_PATCH, TG_CF_MERGE_PATCH, "{\"a\":12}",
		TG_TOO_LARGE, ",\"a\":1}"},
	{"its test fails", 5000, TG_PATCH, TG_CF_JSON_PATCH,
		"[{\"op\":\"test\",\"path\":\"/a\",\"value\":3}]", TG_CONFLICT,
		",\"a\":1}"},
	{"to a short one", 5000, TG_PATCH, TG_CF_MERGE_PATCH, "{\"long\":null}",
		TG_CHANGED, NULL},
};

static void
patch(void **state)
{
	const struct row *r = *state;
	struct ask q = {r->method, 'd', r->format, -1, -1, r->patch, strlen(r->patch)};
	struct answer a;

	gw_reopen(with_bodies);
	store('d', text, document(text, r->n, ",\"a\":1}"));
	ask(7, &q, r->code, &a);
	assert_int_equal(a.len, 0);
	if (r->end == NULL)
		expect_stored('d', "{\"a\":1}", 7);
	else
		expect_stored('d', text, document(text, r->n, r->end));
	ask(7, &q, r->code, &a); /* a duplicate, or refused once more */
	if (r->end != NULL)
		expect_stored('d', text, strlen(text));
}

/* ---- patches in blocks ---- */

static void
patch_in_blocks(void **state)
{
	struct ask q = {TG_PATCH, 'd', TG_CF_MERGE_PATCH, -1, -1, text, 0};
	struct answer a;
	uint16_t mid;

	(void)state;
	gw_reopen(with_bodies);
	store('d', "{\"b\":0}", 7);
	q.len = document(text, 6000, "}");
	mid = upload(1, &q, 6);
	expect_stored('d', "{\"b\":0}", 7);
	for (unsigned i = 0; i < 2; i++) { /* the second is a duplicate */
		ask(mid, &q, TG_CHANGED, &a);
		assert_true(a.has_block1);
		assert_int_equal(a.block1.num, 5);
		assert_false(a.block1.more);
	}
	gw_counted(DP_C_dup_replayed, 1);
	memcpy(part, "{\"b\":0,", 7);
	memcpy(part + 7, text + 1, strlen(text));
	expect_stored('d', part, strlen(part));
}

static void
patch_over_the_limit(void **state)
{
	struct ask q = {TG_PATCH, 'd', TG_CF_MERGE_PATCH, -1, -1, text, 0};
	struct answer a;
	struct tg_opt o;
	uint16_t mid;

	(void)state;
	gw_reopen(with_bodies);
	store('d', "{\"b\":0}", 7);
	q.len = document(text, LIMIT - 10, "}"); /* one byte over it */
	mid = upload(1, &q, 6);
	ask(mid, &q, TG_TOO_LARGE, &a);
	assert_true(tg_opt_get(&a.msg, TG_OPT_SIZE1, &o));
	assert_int_equal(tg_opt_uint(&o), LIMIT);
	expect_stored('d', "{\"b\":0}", 7);
}

/* What was refused for now may be tried again with the last block alone: the body is
 * there still. */
static void
its_record_is_not_safe(void **state)
{
	struct ask q = {TG_IPATCH, 'l', TG_CF_MERGE_PATCH, -1, -1, text, 0};
	struct answer a;
	uint16_t mid;

	(void)state;
	gw_reopen(with_bodies);
	store('l', "{\"b\":0}", 7);
	q.len = document(text, 2000, "}");
	mid = upload(1, &q, 6);
	for (int status = -ENOSPC;; status = 0) {
		say(mid, &q);
		gw_expect_silence();
		assert_int_equal(gw_log_read(), 1);
		gw_log_settle(status);
		hear(mid, status != 0 ? TG_UNAVAILABLE : TG_CHANGED, &a);
		if (status == 0)
			break;
	}
	memcpy(part, "{\"b\":0,", 7);
	memcpy(part + 7, text + 1, strlen(text));
	expect_stored('l', part, strlen(part));
	assert_int_equal(gw.record[1].r.payload_len, strlen(part));
	assert_memory_equal(gw.record[1].r.payload, part, strlen(part));
}

/* ---- parts ---- */

/* Each block comes with the pointer, and is made anew. */
static void
fetch_in_blocks(void **state)
{
	static const struct {
		const char *pointer;
		size_t from, drop; /* of the document */
	} parts[] = {{"", 0, 0}, {"/long", 8, 7}};
	struct ask q = {TG_FETCH, 'd', TG_CF_TEXT, -1, -1, NULL, 0};
	struct answer a;
	size_t len;

	(void)state;
	gw_reopen(with_bodies);
	len = document(text, 9000, ",\"a\":1}");
	store('d', text, len);
	for (unsigned i = 0; i < COUNT(parts); i++) {
		q.payload = parts[i].pointer;
		q.len = strlen(parts[i].pointer);
		q.block2 = -1;
		ask((uint16_t)(100 * i), &q, TG_CONTENT, &a);
		assert_int_equal(a.len, DP_VALUE_MAX);
		download((uint16_t)(100 * i + 1), &q, &a, text + parts[i].from,
			len - parts[i].from - parts[i].drop);
		assert_int_equal(a.max_age, MAX_AGE);
	}
	q.block2 = 100 << 4 | 6;
	ask(500, &q, TG_BAD_REQUEST, &a);
}

/* Or it comes once, as libcoap's clients have it; what asks for the next block has
 * nothing that a Content-Format would be of. */
static void
fetch_once_in_blocks(void **state)
{
	struct ask q = {TG_FETCH, 'd', TG_CF_TEXT, 3, -1, "/long", 5}, next = q;
	struct answer a;
	size_t len;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		gw_reopen(with_bodies);
		q.route = next.route = "ds"[i];
		len = document(text, 3000, ",\"a\":1}");
		store(q.route, text, len);
		ask(1, &q, TG_CONTENT, &a);
		store(q.route, "{}", 2);
		next.format = i == 0 ? TG_CF_TEXT : DP_NO_FORMAT;
		next.payload = NULL;
		next.len = 0;
		download(2, &next, &a, text + 8, len - 15);
	}
	q.payload = NULL;
	q.len = 0; /* it begins anew, and there is nothing more to keep */
	ask(100, &q, TG_CONTENT, &a);
	assert_int_equal(a.len, 2);
	q.block2 = 1 << 4 | 3;
	ask(101, &q, TG_REQUEST_INCOMPLETE, &a);
}

static void
one_transfer(struct dp_config *cfg, struct dp_settings *s)
{
	with_bodies(cfg, s);
	cfg->transfers_max = 1;
}

/* What cannot be kept is not begun; what fits a message needs no room. */
static void
no_room_for_a_part(void **state)
{
	struct ask put = {TG_PUT, 'd', TG_CF_JSON, -1, 8, "0123456789abcdef", 16};
	struct ask q = {TG_FETCH, 'd', TG_CF_TEXT, -1, -1, "/long", 5};
	struct answer a;

	(void)state;
	gw_reopen(one_transfer);
	store('d', text, document(text, 1100, ",\"a\":1}"));
	for (uint16_t i = 0; i < 3; i++) /* none is lost by asking for little */
		ask(10 + i, &q, TG_CONTENT, &a);
	ask(1, &put, TG_CONTINUE, &a);
	ask(2, &q, TG_UNAVAILABLE, &a);
	q.payload = "/a";
	q.len = 2;
	ask(3, &q, TG_CONTENT, &a);
	put.block1 = 1 << 4;
	put.len = 1;
	ask(4, &put, TG_CHANGED, &a);
}

/* A pointer of @n bytes of name, in blocks of 64; its answer is in @a. */
static uint16_t
fetch_by_a_long_name(struct ask *q, size_t n, struct answer *a)
{
	size_t key = (size_t)sprintf(part, "/");
	uint16_t mid;

	key += quoted(part + key, n);
	part[1] = part[key - 1] = '_';
	*q = (struct ask){TG_FETCH, 'd', TG_CF_TEXT, 2, -1, part, key};
	mid = upload(1, q, 2);
	ask(mid, q, TG_CONTENT, a);
	assert_true(a->has_block1);
	q->payload = NULL;
	q->len = 0;
	q->block1 = -1;
	return (uint16_t)(mid + 1);
}

/* {"_abc_":"...."}, whose name is @n + 2 bytes long */
static size_t
named_document(size_t n, size_t value)
{
	size_t len = (size_t)sprintf(text, "{");

	len += quoted(text + len, n + 2);
	text[2] = text[len - 2] = '_';
	for (size_t i = 0; i < n; i++)
		text[3 + i] = (char)('a' + i / 7 % 26);
	len += (size_t)sprintf(text + len, ":");
	len += quoted(text + len, value);
	return len + (size_t)sprintf(text + len, "}");
}

/* Where the pointer came in blocks it does not come again: what is asked for by Block2
 * alone is what was answered, whatever has been written since. */
static void
fetch_both_ways(void **state)
{
	static const uint32_t formats[] = {DP_NO_FORMAT, TG_CF_TEXT};
	const char *value;
	struct answer a;
	struct ask q;
	uint16_t mid;
	size_t len;

	(void)state;
	for (unsigned i = 0; i < COUNT(formats); i++) {
		gw_reopen(with_bodies);
		len = named_document(100, 300);
		store('d', text, len);
		value = strstr(text, ":") + 1;
		gw_later(5);
		mid = fetch_by_a_long_name(&q, 100, &a);
		store('d', "{}", 2);
		gw_later(10);
		q.format = formats[i];
		download(mid, &q, &a, value, 302);
		assert_int_equal(a.max_age, MAX_AGE - 15);
	}
	q.block2 = 5 << 4 | 2;
	ask(500, &q, TG_BAD_REQUEST, &a);
}

/* The whole of a value is asked for without a payload: that is no part of another. */
static void
another_fetch_comes_whole(void **state)
{
	struct answer a;
	struct ask q;
	size_t len;

	(void)state;
	gw_reopen(with_bodies);
	len = named_document(100, 2000);
	store('d', text, len);
	(void)fetch_by_a_long_name(&q, 100, &a);
	q.format = TG_CF_TEXT;
	q.block2 = -1;
	ask(400, &q, TG_CONTENT, &a);
	download(401, &q, &a, text, len);
}

static void
nothing_is_kept(void **state)
{
	struct ask q = {TG_FETCH, 'd', DP_NO_FORMAT, 1 << 4 | 2, -1, NULL, 0};
	struct answer a;

	(void)state;
	gw_reopen(with_bodies);
	store('d', text, document(text, 2000, "}"));
	ask(1, &q, TG_REQUEST_INCOMPLETE, &a);
	q.format = TG_CF_TEXT; /* nor is it the whole value's */
	ask(3, &q, TG_REQUEST_INCOMPLETE, &a);
	q.format = DP_NO_FORMAT;
	q.block2 = 2; /* it asks for no more of anything */
	ask(2, &q, TG_UNSUPPORTED_FORMAT, &a);
}

/* It came when blocks.bytes was larger. */
static void
longer_than_a_job(void **state)
{
	struct ask q = {TG_FETCH, 'd', TG_CF_TEXT, -1, -1, "/a", 2};
	struct answer a;

	(void)state;
	gw_reopen(with_short_jobs);
	store('d', text, document(text, 1008, ",\"a\":1}"));
	ask(1, &q, TG_TOO_LARGE, &a);
	store('d', text, document(text, 1007, ",\"a\":1}"));
	ask(2, &q, TG_CONTENT, &a);
}

int
main(void)
{
	struct CMUnitTest tests[COUNT(rows) + 16] = {0};
	static const struct CMUnitTest plain[] = {
		cmocka_unit_test(patch_in_blocks),
		cmocka_unit_test(patch_over_the_limit),
		cmocka_unit_test(its_record_is_not_safe),
		cmocka_unit_test(fetch_in_blocks),
		cmocka_unit_test(fetch_once_in_blocks),
		cmocka_unit_test(no_room_for_a_part),
		cmocka_unit_test(fetch_both_ways),
		cmocka_unit_test(another_fetch_comes_whole),
		cmocka_unit_test(nothing_is_kept),
		cmocka_unit_test(longer_than_a_job),
	};
	size_t n = 0;

	ADD_ROWS(tests, &n, rows, patch);
	for (size_t i = 0; i < COUNT(plain); i++)
		tests[n++] = plain[i];
	return gw_main("dp_patch_long", gw_settings, COUNT(gw_settings), tests, n);
}
