/* Long JSON values, in whole and in part: a gateway that has them, and messages about
 * them that come and go in blocks (RFC 7959, RFC 8132); the test is the parser. */
#pragma once

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

static inline void
with_bodies(struct dp_config *cfg, struct dp_settings *s)
{
	cfg->store_bytes = 1 << 20;
	cfg->transfers_max = 4;
	cfg->transfers_bytes = LIMIT;
	cfg->transfers_per_peer = 3;
	s->routes = routes;
	s->n_routes = COUNT(routes);
}

/* ---- values ---- */

static char text[2 * LIMIT], part[LIMIT + 1];

/* A string of @n different enough characters, in quotes, at @to. */
static inline size_t
quoted(char *to, size_t n)
{
	to[0] = to[n + 1] = '"';
	for (size_t i = 0; i < n; i++)
		to[1 + i] = (char)('a' + i / 7 % 26);
	to[n + 2] = '\0';
	return n + 2;
}

/* {"long":"..n..","a":1} */
static inline size_t
document(char *to, size_t n, const char *end)
{
	size_t len = (size_t)sprintf(to, "{\"long\":");

	len += quoted(to + len, n);
	return len + (size_t)sprintf(to + len, "%s", end);
}

/* PATH/devN/v is @len bytes of JSON, as if they had come in blocks. */
static inline void
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

static inline void
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

/* Say it; the parser has not been asked to do anything so far. */
static inline void
tell(uint16_t mid, const struct ask *q)
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
}

/* Let the parser work until nothing is left to do. */
static inline void
parse_all(void)
{
	while (gw_parse() > 0)
		gw_turn();
}

static inline void
say(uint16_t mid, const struct ask *q)
{
	tell(mid, q);
	parse_all();
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

/* The next frame is the answer to @mid; others may follow. */
static inline void
hear_next(uint16_t mid, uint8_t code, struct answer *a)
{
	struct tg_opt o;

	gw_take_message(&a->frame, &a->msg);
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

static inline void
hear(uint16_t mid, uint8_t code, struct answer *a)
{
	hear_next(mid, code, a);
	gw_expect_silence();
}

static inline void
ask(uint16_t mid, const struct ask *q, uint8_t code, struct answer *a)
{
	say(mid, q);
	hear(mid, code, a);
}

/* All blocks of a body but the last; that one is left in @q. */
static inline uint16_t
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
static inline void
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
