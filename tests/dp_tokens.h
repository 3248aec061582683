/* Extended tokens (RFC 8974): a gateway that takes them, and messages that have them. */
#pragma once

#include "coap/code.h"
#include "tests/dp_fixture.h"

#define LONGEST 64
#define HELLO "\xb5hello"
#define VALUE "\xb1" PATH
#define PATH                                                                             \
	"d\x04"                                                                          \
	"dev?\x01v"
#define REGISTER "\x60\x51" PATH

static const struct bytes silence = {0}, none = {0}, hello = B(HELLO);

static void
long_tokens(struct dp_config *cfg, struct dp_settings *s)
{
	cfg->observers_max = 256;
	cfg->observers_per_peer = 100;
	s->token_max = LONGEST;
	s->observe_min_ms = 0;
}

/*
 * A message with a token of @tkl bytes, which differs from other tokens of that length by
 * @salt in its last byte alone; as RFC 8974, 2.1 says it.  It lasts until the fourth call
 * after this one.
 */
static struct bytes
message(uint8_t first, uint8_t code, uint16_t mid, unsigned tkl, uint8_t salt,
	struct bytes rest)
{
	static uint8_t ring[4][FRAME_MAX];
	static unsigned turn;
	uint8_t *m = ring[turn++ % 4], *p = m + 4;

	m[0] = (uint8_t)(first | (tkl < 13 ? tkl : tkl < 269 ? 13 : 14));
	m[1] = code;
	m[2] = (uint8_t)(mid >> 8);
	m[3] = (uint8_t)mid;
	if (tkl >= 269)
		*p++ = (uint8_t)((tkl - 269) >> 8);
	if (tkl >= 13)
		*p++ = (uint8_t)(tkl < 269 ? tkl - 13 : tkl - 269);
	for (unsigned i = 0; i < tkl; i++)
		*p++ = (uint8_t)(i + 1 < tkl ? 0xa0 + i : salt);
	if (rest.len > 0)
		memcpy(p, rest.at, rest.len);
	return (struct bytes){m, (size_t)(p - m) + rest.len};
}

/* Long tokens that somebody keeps. */
static unsigned
kept(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < gw.cfg.workers; i++)
		n += dp_tokens_count(gw.dp->shared.worker[i]->tokens);
	return n;
}
