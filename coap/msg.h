/*
 * CoAP message view (RFC 7252, section 3; extended tokens: RFC 8974, 2.1).
 *
 * A view describes a datagram that someone else owns: it borrows the bytes,
 * allocates nothing, copies nothing, and dies with the buffer.
 *
 * Threads.  No hidden state: any thread may parse any buffer it may read.
 * Memory.   The caller's; the view holds one borrowed pointer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tg_type { TG_CON, TG_NON, TG_ACK, TG_RST };

#define TG_HDR_LEN 4   /* bytes before the token */
#define TG_TOKEN_MAX 8 /* the longest token of RFC 7252 */
#define TG_PAYLOAD_MARKER 0xff
#define TG_TOKEN_EXTENDED_MAX 65804 /* of RFC 8974 */

/* Why a datagram was refused.  Each value indexes a counter: keep them dense. */
enum tg_verdict {
	TG_OK,
	TG_SHORT,      /* fewer bytes than header + token */
	TG_VERSION,    /* Ver is not 1; section 3 says ignore silently */
	TG_TOKEN_LEN,  /* TKL is over the longest token allowed */
	TG_NOT_EMPTY,  /* code 0.00 with bytes after the header */
	TG_OPTION,     /* it runs past the end, is over 65535, or has a reserved nibble */
	TG_NO_PAYLOAD, /* payload marker with nothing after it */
	TG_VERDICTS,
};

/* In an order in which gcc stores each field by itself, and not words it shifts together.
 */
struct tg_msg {
	const uint8_t *base; /* first header byte, borrowed */
	uint16_t len;        /* bytes in the datagram */
	uint16_t payload;    /* offset of the payload; equals len if there is none */
	uint16_t options;    /* offset of the first option byte */
	uint8_t type;        /* enum tg_type */
	uint16_t mid;        /* message ID, host byte order */
	uint8_t code;        /* class << 5 | detail */
	uint16_t tkl;        /* token bytes: tg_msg_token() */
};

/*
 * tg_msg_parse: check a whole datagram and describe it in @msg.
 *
 * @buf must stay readable while @msg is used; @len is at most UINT16_MAX;
 * @token_max is the longest token allowed: up to TG_TOKEN_MAX the format is RFC 7252's,
 * over that RFC 8974's, in which the header's TKL may be 9 to 12, or 13 or 14 with a
 * length of its own before the token.  Returns TG_OK, or the first fault met; @msg is
 * then not written.  Afterwards every option and the payload are known to lie inside the
 * buffer, so option walks need no further bounds checks.  O(bytes of header and options).
 */
enum tg_verdict tg_msg_parse(
	struct tg_msg *msg, const uint8_t *buf, size_t len, unsigned token_max);

/* The same for header and token alone: no option has been looked at, and @msg has no
 * payload yet.  For who reads options and finds the payload in one walk. */
enum tg_verdict tg_msg_head(
	struct tg_msg *msg, const uint8_t *buf, size_t len, unsigned token_max);

/*
 * The same for what nearly every message is: a request, CON or NON, whose token has at
 * most TG_TOKEN_MAX bytes; msg->payload is not written.  False: it is something else, and
 * tg_msg_head() says what; @msg is then not written.
 */
static inline bool
tg_msg_request(struct tg_msg *msg, const uint8_t *buf, size_t len)
{
	unsigned first, code, options;

	if (len < TG_HDR_LEN)
		return false;
	first = buf[0];
	code = buf[1];
	options = TG_HDR_LEN + (first & 0xf);
	/* Of the first byte all but the type's lower bit: version 1, no ACK or RST, and
	 * TKL. */
	if ((first & 0xef) - 0x40 > TG_TOKEN_MAX || code - 1 > 30 || len < options)
		return false;
	msg->base = buf;
	msg->len = (uint16_t)len;
	msg->options = (uint16_t)options;
	msg->mid = (uint16_t)(buf[2] << 8 | buf[3]);
	msg->type = first >> 4 & 1;
	msg->code = (uint8_t)code;
	msg->tkl = (uint16_t)(options - TG_HDR_LEN);
	return true;
}

/* The option at @p < @end, not the payload marker, in bytes that nobody has checked: its
 * value, and how far its number is from the last one's and its length; NULL if it is
 * malformed or runs past @end. */
const uint8_t *tg_opt_head(
	const uint8_t *p, const uint8_t *end, uint32_t *delta, uint32_t *length);

/* "CON", "NON", "ACK", "RST". */
const char *tg_type_name(enum tg_type t);
/* The verdict's short name: "short", "version", ... */
const char *tg_verdict_name(enum tg_verdict v);

/* Where the token begins: the options follow it. */
static inline const uint8_t *
tg_msg_token(const struct tg_msg *m)
{
	return m->base + m->options - m->tkl;
}
