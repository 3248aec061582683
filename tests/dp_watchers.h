/*
 * Observers of a stored value: what they say, and what they must hear.
 *
 * A device writes the value from gw.flow; each observer is an endpoint of its own.
 */
#pragma once

#include "coap/code.h"
#include "tests/dp_fixture.h"

#include <stdio.h>

/* /d/dev?/v behind an Observe option, behind nothing, and behind an ETag. */
#define PATH                                                                             \
	"d\x04"                                                                          \
	"dev?\x01v"
#define REGISTER "\x60\x51" PATH
#define CANCEL "\x61\x01\x51" PATH
#define VALUE "\xb1" PATH

static uint16_t next_mid; /* of the devices' own messages */

/* One endpoint more for each number. */
static inline struct flow
observer(unsigned i)
{
	struct flow w = gw.flow;

	w.sport = (uint16_t)(w.sport + i);
	return w;
}

/* A message of @code with @token, of one byte. */
static inline struct bytes
request(uint8_t type, uint8_t code, char token, struct bytes rest)
{
	static uint8_t bytes[FRAME_MAX];

	bytes[0] = type | 1;
	bytes[1] = code;
	bytes[2] = (uint8_t)(++next_mid >> 8);
	bytes[3] = (uint8_t)next_mid;
	bytes[4] = (uint8_t)token;
	memcpy(bytes + 5, rest.at, rest.len);
	return (struct bytes){bytes, 5 + rest.len};
}

static inline uint64_t
etag_now(void)
{
	char path[16];
	struct dp_value v = {0};

	snprintf(path, sizeof(path), "/d/dev%c/v", gw.digit);
	dp_value_get(gw.dp, path, &v);
	return v.etag;
}

/* A notification may overtake the answer to the write that it is about: it waits here. */
static struct frame early[4];
static unsigned n_early;

static inline bool
take(struct frame *f)
{
	if (n_early == 0)
		return gw_take(f);
	*f = early[0];
	memmove(early, early + 1, --n_early * sizeof(early[0]));
	return true;
}

static inline void
silence(void)
{
	assert_int_equal(n_early, 0);
	gw_expect_silence();
}

/* Is it the answer to the device's last message? */
static inline bool
is_answer(const struct frame *f)
{
	const uint8_t *udp = f->byte + ETH + (gw.flow.v6 ? IP6 : IP4);

	return (udp[2] << 8 | udp[3]) == gw.flow.sport
	       && (udp[UDP + 2] << 8 | udp[UDP + 3]) == next_mid;
}

/* Say what is answered by a code alone, and leave that unheard. */
static inline void
write_value(uint8_t code, struct bytes rest)
{
	bool answered = false;
	struct frame f;

	gw_say(&gw.flow, coap(T_NON, code, ++next_mid, rest));
	while (gw_take(&f)) {
		answered |= is_answer(&f);
		assert_true(n_early < COUNT(early));
		if (!is_answer(&f))
			early[n_early++] = f;
	}
	assert_true(answered);
}

/* What a notification must be, and what only it itself can say. */
struct note {
	uint8_t type, code;
	char token;
	struct bytes rest; /* of a 2.05: behind the Observe option */
	uint16_t mid;
	uint32_t observe;
};

static inline void
hear(const struct flow *w, struct note *n)
{
	const struct flow back = flow_back(w);
	unsigned head = ETH + (w->v6 ? IP6 : IP4) + UDP;
	struct frame got, want;
	uint8_t msg[FRAME_MAX] = {n->type | 1, n->code};
	uint64_t etag = etag_now();
	size_t len = 5;

	assert_true(take(&got));
	memcpy(msg + 2, got.byte + head + 2, 2);
	n->mid = (uint16_t)(msg[2] << 8 | msg[3]);
	msg[4] = (uint8_t)n->token;
	if (n->code == TG_CONTENT) {
		memcpy(msg + 5, "\x48", 1);
		memcpy(msg + 6, &etag, 8);
		memcpy(msg + 14, "\x23", 1);
		memcpy(msg + 15, got.byte + head + 15, 3);
		n->observe = (uint32_t)(msg[15] << 16 | msg[16] << 8 | msg[17]);
		memcpy(msg + 18, n->rest.at, n->rest.len);
		len = 18 + n->rest.len;
	}
	frame_udp(&want, &back, msg, len);
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.byte, want.byte, want.len);
}

/* The next frame tells @w, who registered with @token, of @payload. */
static inline struct note
hear_value(const struct flow *w, uint8_t type, char token, const char *payload)
{
	uint8_t rest[64] = {0xff};
	struct note n = {type, TG_CONTENT, token, {rest, 1 + strlen(payload)}, 0, 0};

	memcpy(rest + 1, payload, strlen(payload));
	hear(w, &n);
	return n;
}

static inline struct note
hear_error(const struct flow *w, char token, uint8_t code)
{
	struct note n = {T_CON, code, token, {0}, 0, 0};

	hear(w, &n);
	return n;
}

static inline void
put_as(const char *options, const char *payload)
{
	uint8_t rest[64];
	size_t len = (size_t)snprintf(
		(char *)rest, sizeof(rest), VALUE "%s\xff%s", options, payload);

	write_value(TG_PUT, (struct bytes){rest, len});
}

static inline void
put(const char *payload)
{
	put_as("", payload);
}

static inline void
remove_value(void)
{
	write_value(TG_DELETE, BYTES_OF(VALUE));
}

/* The answer to a registration is a notification itself. */
static inline uint32_t
observe(const struct flow *w, char token, const char *payload)
{
	struct note n;

	gw_say(w, request(T_CON, TG_GET, token, BYTES_OF(REGISTER)));
	n = hear_value(w, T_ACK, token, payload);
	assert_int_equal(n.mid, next_mid);
	silence();
	return n.observe;
}

static inline void
reply(const struct flow *w, uint8_t type, uint16_t mid)
{
	gw_say(w, coap(type, 0, mid, (struct bytes){0}));
}

static inline void
no_interval(struct dp_config *cfg, struct dp_settings *s)
{
	(void)cfg;
	s->observe_min_ms = 0;
}

/* Is Observe value @b newer than @a (3.4)? */
static inline bool
newer(uint32_t a, uint32_t b)
{
	return ((b - a) & 0xffffff) > 0 && ((b - a) & 0xffffff) < 1u << 23;
}

/* Observer 1, who has registered with token 'a' for a value that is "one". */
static inline struct flow
begun(void)
{
	const struct flow w = observer(1);

	put("one");
	observe(&w, 'a', "one");
	return w;
}
