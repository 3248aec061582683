#include "coap/msg.h"

#include <assert.h>
#include <stdbool.h>

/* Replace nibble @value by the delta or length it stands for; false if malformed. */
static bool
read_extended(uint32_t *value, const uint8_t **p, const uint8_t *end)
{
	unsigned nibble = *value;
	size_t extra = nibble < 13 ? 0 : nibble - 12u;

	if (nibble == 15 || (size_t)(end - *p) < extra)
		return false;
	if (nibble == 13)
		*value = 13u + (*p)[0];
	else if (nibble == 14)
		*value = 269u + ((unsigned)(*p)[0] << 8 | (*p)[1]);
	*p += extra;
	return true;
}

const uint8_t *
tg_opt_head(const uint8_t *p, const uint8_t *end, uint32_t *delta, uint32_t *length)
{
	*delta = *p >> 4;
	*length = *p & 0xf;
	p++;
	return read_extended(delta, &p, end) && read_extended(length, &p, end)
			       && (size_t)(end - p) >= *length
		       ? p
		       : NULL;
}

/* Behind the option at @p, whose delta or length has bytes of its own; NULL if malformed.
 * Out of line, so that the walk over common options is short. */
static const uint8_t *__attribute__((noinline))
skip_extended(const uint8_t *p, const uint8_t *end, uint32_t *number)
{
	uint32_t delta, length;

	p = tg_opt_head(p, end, &delta, &length);
	*number += delta;
	return p != NULL ? p + length : NULL;
}

/* Bytes of an option whose first byte is the index; 0: some of its bytes say how many, or
 * it is the payload marker. */
#define LENGTHS 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 0, 0, 0
static const uint8_t span[256] = {LENGTHS, LENGTHS, LENGTHS, LENGTHS, LENGTHS, LENGTHS,
	LENGTHS, LENGTHS, LENGTHS, LENGTHS, LENGTHS, LENGTHS, LENGTHS};

/* Walk the options at @p: where the payload marker or @end is, or NULL if malformed. */
static const uint8_t *
skip_options(const uint8_t *p, const uint8_t *end)
{
	uint32_t number = 0; /* of 65,535 bytes at most: it cannot wrap */

	while (p < end) {
		unsigned n = span[*p];

		if (n != 0) {
			number += *p >> 4;
			p += n;
		} else if (*p == TG_PAYLOAD_MARKER) {
			break;
		} else {
			p = skip_extended(p, end, &number);
			if (p == NULL)
				return NULL;
		}
	}
	return p <= end && number <= UINT16_MAX ? p : NULL;
}

/* What of a datagram stands in front of its options, which begin behind a token of @tkl
 * bytes. */
static inline enum tg_verdict
describe(struct tg_msg *msg, const uint8_t *buf, size_t len, size_t options, size_t tkl)
{
	if (buf[1] == 0 && len != TG_HDR_LEN)
		return TG_NOT_EMPTY;
	if (len < options)
		return TG_SHORT;
	*msg = (struct tg_msg){
		.base = buf,
		.len = (uint16_t)len,
		.options = (uint16_t)options,
		.payload = (uint16_t)len,
		.mid = (uint16_t)(buf[2] << 8 | buf[3]),
		.type = buf[0] >> 4 & 3,
		.code = buf[1],
		.tkl = (uint16_t)tkl,
	};
	return TG_OK;
}

/*
 * A token of more than eight bytes (RFC 8974, 2.1).  Out of line, so that a message
 * without one pays nothing for it.
 */
static enum tg_verdict __attribute__((noinline, cold))
head_extended(struct tg_msg *msg, const uint8_t *buf, size_t len, unsigned token_max)
{
	const uint8_t *p = buf + TG_HDR_LEN;
	uint32_t tkl = buf[0] & 0xf;

	if (tkl == 15)
		return TG_TOKEN_LEN;
	if (buf[1] == 0)
		return TG_NOT_EMPTY;
	if (!read_extended(&tkl, &p, buf + len))
		return TG_SHORT;
	if (tkl > token_max)
		return TG_TOKEN_LEN;
	return describe(msg, buf, len, (size_t)(p - buf) + tkl, tkl);
}

enum tg_verdict
tg_msg_head(struct tg_msg *msg, const uint8_t *buf, size_t len, unsigned token_max)
{
	unsigned tkl;

	assert(len <= UINT16_MAX);
	if (len < TG_HDR_LEN)
		return TG_SHORT;
	if (buf[0] >> 6 != 1)
		return TG_VERSION;
	tkl = buf[0] & 0xf;
	if (tkl > TG_TOKEN_MAX || tkl > token_max)
		return token_max <= TG_TOKEN_MAX
			       ? TG_TOKEN_LEN
			       : head_extended(msg, buf, len, token_max);
	return describe(msg, buf, len, TG_HDR_LEN + tkl, tkl);
}

enum tg_verdict
tg_msg_parse(struct tg_msg *msg, const uint8_t *buf, size_t len, unsigned token_max)
{
	const uint8_t *end = buf + len, *p;
	struct tg_msg head;
	enum tg_verdict v = tg_msg_head(&head, buf, len, token_max);

	if (v != TG_OK)
		return v;
	p = skip_options(buf + head.options, end);
	if (p == NULL)
		return TG_OPTION;
	if (p < end && ++p == end)
		return TG_NO_PAYLOAD;
	head.payload = (uint16_t)(p - buf);
	*msg = head;
	return TG_OK;
}

const char *
tg_type_name(enum tg_type t)
{
	static const char *const name[] = {"CON", "NON", "ACK", "RST"};

	return name[t & 3];
}

const char *
tg_verdict_name(enum tg_verdict v)
{
	static const char *const name[TG_VERDICTS] = {
		[TG_OK] = "ok",
		[TG_SHORT] = "short",
		[TG_VERSION] = "version",
		[TG_TOKEN_LEN] = "token-length",
		[TG_NOT_EMPTY] = "not-empty",
		[TG_OPTION] = "option",
		[TG_NO_PAYLOAD] = "no-payload",
	};

	return v < TG_VERDICTS ? name[v] : "unknown";
}
