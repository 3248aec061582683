/* What a gateway serves, and serves anew; and whoever observes it. */
#pragma once

#include "coap/code.h"
#include "coap/observe.h"
#include "tests/dp_fixture.h"

/* Behind an Observe option: 0 registers, 1 cancels. */
#define REGISTER "\x60\x51"
/* What is served at first, and after the reload of a test. */
static struct dp_route_spec served[8];
static unsigned n_served;

static inline struct dp_route_spec *
serve(const char *path, const char *content, uint32_t format)
{
	struct dp_route_spec *r = &served[n_served++];

	assert_true(n_served <= COUNT(served));
	*r = (struct dp_route_spec){
		.path = path,
		.kind = DP_K_STATIC,
		.content = content,
		.content_len = (uint16_t)strlen(content),
		.content_format = format,
		.max_age = UINT32_MAX,
	};
	return r;
}

static inline void
use(struct dp_settings *s)
{
	s->routes = served;
	s->n_routes = n_served;
}

static inline void
reload(void)
{
	gw_publish(use);
	gw_turn();
}

static uint16_t next_mid;

/* A message of the gateway's, apart. */
struct heard {
	struct tg_msg msg; /* until the next is heard */
	bool observed;
	uint32_t observe;
	uint8_t etag[9]; /* as an option that stands first */
};

static inline void
hear(struct heard *h)
{
	static struct frame f;
	struct tg_opt o;

	gw_take_message(&f, &h->msg);
	h->observed = tg_observe_get(&h->msg, &h->observe);
	if (tg_opt_get(&h->msg, TG_OPT_ETAG, &o)) {
		h->etag[0] = 0x48;
		memcpy(h->etag + 1, o.value, 8);
	}
}

static inline void
expect_payload(const struct heard *h, const char *payload)
{
	assert_int_equal(h->msg.len - h->msg.payload, strlen(payload));
	assert_memory_equal(h->msg.base + h->msg.payload, payload, strlen(payload));
}

/* Ask with a token of one byte. */
static inline struct heard
get(char token, struct bytes rest)
{
	uint8_t msg[64] = {0x41, TG_GET, (uint8_t)(++next_mid >> 8), (uint8_t)next_mid,
		(uint8_t)token};
	struct heard h;

	memcpy(msg + 5, rest.at, rest.len);
	gw_say(&gw.flow, (struct bytes){msg, 5 + rest.len});
	hear(&h);
	gw_expect_silence();
	assert_int_equal(h.msg.mid, next_mid);
	return h;
}

static inline struct heard
observe(char token, struct bytes rest)
{
	struct heard h = get(token, rest);

	assert_int_equal(h.msg.code, TG_CONTENT);
	assert_true(h.observed);
	return h;
}

/* The next message is a notification to @token; an answer to it, unless @type is 0. */
static inline struct heard
hear_note(char token, uint8_t code, uint8_t type)
{
	struct heard h;

	hear(&h);
	assert_int_equal(h.msg.code, code);
	assert_int_equal(h.msg.type, code == TG_CONTENT ? TG_NON : TG_CON);
	assert_int_equal(h.msg.tkl, 1);
	assert_int_equal(tg_msg_token(&h.msg)[0], token);
	assert_int_equal(h.observed, code == TG_CONTENT);
	if (type != 0)
		gw_say(&gw.flow, coap(type, 0, h.msg.mid, (struct bytes){0}));
	return h;
}

static const struct setting settings[] = {
	{"IPv4, one worker", 1, false, 0, 0},
	{"IPv6, one worker", 1, true, 0, 0},
	{"IPv4, two workers, handed over", 2, false, 1, 0},
	{"IPv6, two workers", 2, true, 0, 1},
};
