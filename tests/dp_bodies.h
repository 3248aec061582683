/*
 * Bodies that come in blocks: a gateway that takes them, and whoever sends them.  Every
 * body of one length has the same bytes.
 */
#pragma once

#include "coap/code.h"
#include "tests/dp_fixture.h"

#include <stdio.h>

#define VALUE                                                                            \
	"\xb1"                                                                           \
	"d\x04"                                                                          \
	"dev?\x01v"
#define LIMIT 2000
#define MORE 8 /* the flag in a block option's value */
#define MAX_AGE_5 "\xd1\x01\x05"

static const struct dp_route_spec routes[] = {
	{.path = "/d/{device}/{resource*}",
		.kind = DP_K_STORE,
		.max_age = UINT32_MAX,
		.max_payload = DP_VALUE_MAX,
		.max_body = LIMIT},
	{.path = "/l/{device}/{resource*}",
		.kind = DP_K_STORE,
		.ack = DP_ACK_LOGGED,
		.stream = "values",
		.max_age = UINT32_MAX,
		.max_payload = DP_VALUE_MAX,
		.max_body = LIMIT},
	{.path = "/t/{device}",
		.kind = DP_K_STREAM,
		.ack = DP_ACK_LOGGED,
		.stream = "telemetry",
		.max_age = UINT32_MAX,
		.max_payload = DP_VALUE_MAX,
		.max_body = LIMIT},
	{.path = "/up",
		.kind = DP_K_UPPERCASE,
		.max_age = UINT32_MAX,
		.max_payload = DP_VALUE_MAX,
		.max_body = LIMIT},
	{.path = "/c",
		.kind = DP_K_CREATE,
		.max_payload = DP_VALUE_MAX,
		.max_body = LIMIT},
	{.path = "/c/{number}",
		.kind = DP_K_STORE,
		.max_age = UINT32_MAX,
		.max_payload = DP_VALUE_MAX},
	{.path = "/test",
		.kind = DP_K_STATIC,
		.content_format = DP_NO_FORMAT,
		.max_age = UINT32_MAX,
		.max_payload = 8,
		.max_body = 40,
		.answer_put = TG_CHANGED,
		.answer_post = TG_CREATED,
		.location = "/a/bc"},
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

static inline void
all_coming(struct dp_config *cfg, struct dp_settings *s)
{
	with_bodies(cfg, s);
	cfg->transfers_max = 8;
	cfg->transfers_per_peer = 4;
}

/* ---- messages ---- */

/* Byte @at of every body. */
static inline uint8_t
byte_at(uint32_t at)
{
	return (uint8_t)('a' + at / 16 % 26);
}

/* Value of a block option, as it stands behind @delta in up to three bytes. */
static inline size_t
write_block(uint8_t *to, unsigned delta, uint32_t value)
{
	unsigned len = value == 0 ? 0 : value < 256 ? 1 : value < 65536 ? 2 : 3;
	size_t n = 0;

	to[n++] = (uint8_t)((delta < 13 ? delta : 13) << 4 | len);
	if (delta >= 13)
		to[n++] = (uint8_t)(delta - 13);
	while (len-- > 0)
		to[n++] = (uint8_t)(value >> 8 * len);
	return n;
}

/* Path, Block1, what else there is, and @len bytes of the body. */
struct say {
	struct bytes path;
	uint32_t block1;
	uint16_t len;
	struct bytes more; /* behind Block1 */
	unsigned last;     /* number of the path's last option; 0: Uri-Path's */
};

static inline struct bytes
rest_of(const struct say *s, uint8_t rest[FRAME_MAX])
{
	uint32_t from = (s->block1 >> 4) << ((s->block1 & 7) + 4);
	size_t n = s->path.len;

	memcpy(rest, s->path.at, n);
	n += write_block(rest + n, 27 - (s->last > 0 ? s->last : 11), s->block1);
	if (s->more.len > 0)
		memcpy(rest + n, s->more.at, s->more.len);
	n += s->more.len;
	if (s->len > 0)
		rest[n++] = 0xff;
	for (uint32_t i = 0; i < s->len; i++)
		rest[n++] = byte_at(from + i);
	return (struct bytes){rest, n};
}

static inline void
say(const struct flow *w, uint8_t method, uint16_t mid, const struct say *s)
{
	uint8_t rest[FRAME_MAX];

	gw_say(w, coap(T_CON, method, mid, rest_of(s, rest)));
}

/* The answer is a code and the request's Block1. */
static inline void
hear(const struct flow *w, uint8_t code, uint16_t mid, uint32_t block1)
{
	uint8_t with[8];
	size_t n = write_block(with, 27, block1);

	gw_hear(w, coap(T_ACK, code, mid, (struct bytes){with, n}));
	gw_expect_silence();
}

static inline void
hear_error(const struct flow *w, uint8_t code, uint16_t mid, struct bytes with)
{
	gw_hear(w, coap(T_ACK, code, mid, with));
	gw_expect_silence();
}

static const struct bytes none = {0}, value = B(VALUE);

static inline void
put(const struct flow *w, uint16_t mid, uint32_t block1, uint16_t len, uint8_t code)
{
	say(w, TG_PUT, mid, &(struct say){.path = value, .block1 = block1, .len = len});
	if (code < TG_BAD_REQUEST)
		hear(w, code, mid, block1);
	else
		hear_error(w, code, mid,
			code == TG_UNAVAILABLE ? BYTES_OF(MAX_AGE_5)
			: code == TG_TOO_LARGE ? BYTES_OF("\xd2\x2f\x07\xd0")
					       : none);
}

static inline void
expect_stored(const char *format, uint32_t len)
{
	struct dp_value v;
	char path[32];

	snprintf(path, sizeof(path), format, gw.digit);
	assert_int_equal(dp_value_get(gw.dp, path, &v), len > 0);
	if (len == 0)
		return;
	assert_int_equal(v.len, len);
	for (uint32_t from = 0; from < len; from += v.n) {
		assert_true(dp_value_get_from(gw.dp, path, from, &v));
		for (uint32_t i = 0; i < v.n; i++)
			assert_int_equal(v.payload[i], byte_at(from + i));
	}
}
