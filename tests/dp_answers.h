/* A gateway that has much to say, and its answers, apart. */
#pragma once

#include "coap/code.h"
#include "tests/dp_fixture.h"

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

static inline void
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

static inline void
take(struct answer *a)
{
	struct tg_opt o;

	gw_take_message(&a->frame, &a->msg);
	a->etag = 0;
	if (tg_opt_get(&a->msg, TG_OPT_ETAG, &o))
		memcpy(&a->etag, o.value, o.len);
	a->has_block = tg_block_get(&a->msg, TG_OPT_BLOCK2, &a->block) == TG_BLOCK_FOUND;
	a->size2 = tg_opt_get(&a->msg, TG_OPT_SIZE2, &o) ? tg_opt_uint(&o) : UINT32_MAX;
}

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, two workers, value elsewhere", 2, true, 0, 1},
};
