#include "coap/write.h"

#include <string.h>

#define PAYLOAD_MK 0xff
#define DELTA_LEN_MAX (269u + UINT16_MAX) /* what 14 and two bytes can say */

/* Room for @len more bytes, or NULL and overflow from now on. */
static uint8_t *
take(struct tg_writer *w, size_t len)
{
	uint8_t *at = w->buf + w->len;

	if (w->overflow || len > (size_t)(w->cap - w->len)) {
		w->overflow = true;
		return NULL;
	}
	w->len = (uint16_t)(w->len + len);
	return at;
}

static unsigned
extra_bytes(uint32_t value)
{
	return value < 13 ? 0 : value < 269 ? 1 : 2;
}

static uint8_t *
write_extra(uint8_t *at, uint32_t value)
{
	if (value >= 269) {
		*at++ = (uint8_t)((value - 269) >> 8);
		*at++ = (uint8_t)(value - 269);
	} else if (value >= 13) {
		*at++ = (uint8_t)(value - 13);
	}
	return at;
}

static unsigned
nibble(uint32_t value)
{
	return value < 13 ? value : 12 + extra_bytes(value);
}

/* Room for header and token, which is copied there; NULL on overflow. */
static uint8_t *
take_head(struct tg_writer *w, const uint8_t *token, unsigned tkl)
{
	uint8_t *at = take(w, TG_HDR_LEN + tkl);

	if (at == NULL)
		return NULL;
	if (tkl > 0)
		memmove(at + TG_HDR_LEN, token, tkl);
	at[0] = (uint8_t)tkl;
	return at;
}

/* The same for a token of more than eight bytes (RFC 8974, 2.1). */
static uint8_t *__attribute__((noinline, cold))
take_extended(struct tg_writer *w, const uint8_t *token, unsigned tkl)
{
	unsigned extra = extra_bytes(tkl);
	uint8_t *at;

	w->overflow |= tkl > TG_TOKEN_EXTENDED_MAX;
	at = take(w, TG_HDR_LEN + extra + tkl);
	if (at == NULL)
		return NULL;
	memmove(at + TG_HDR_LEN + extra, token, tkl);
	write_extra(at + TG_HDR_LEN, tkl);
	at[0] = (uint8_t)nibble(tkl);
	return at;
}

void
tg_write_begin(struct tg_writer *w, uint8_t *buf, size_t cap, enum tg_type type,
	unsigned code, uint16_t mid, const uint8_t *token, unsigned tkl)
{
	uint8_t *at;

	*w = (struct tg_writer){
		.buf = buf,
		.cap = cap < UINT16_MAX ? (uint16_t)cap : UINT16_MAX,
		.overflow = code > UINT8_MAX,
	};
	at = tkl <= TG_TOKEN_MAX ? take_head(w, token, tkl)
				 : take_extended(w, token, tkl);
	if (at == NULL)
		return;
	at[0] |= (uint8_t)(1u << 6 | ((unsigned)type & 3) << 4);
	at[1] = (uint8_t)code;
	at[2] = (uint8_t)(mid >> 8);
	at[3] = (uint8_t)mid;
}

void
tg_write_option(struct tg_writer *w, unsigned number, const void *value, size_t len)
{
	uint32_t delta = number - w->number;
	uint8_t *at;

	if (w->payload || number < w->number || number > UINT16_MAX
		|| len > DELTA_LEN_MAX)
		w->overflow = true;
	at = take(w, 1 + extra_bytes(delta) + extra_bytes((uint32_t)len) + len);
	if (at == NULL)
		return;
	*at++ = (uint8_t)(nibble(delta) << 4 | nibble((uint32_t)len));
	at = write_extra(at, delta);
	at = write_extra(at, (uint32_t)len);
	if (len > 0)
		memcpy(at, value, len);
	w->number = (uint16_t)number;
}

void
tg_write_uint(struct tg_writer *w, unsigned number, uint32_t value)
{
	const uint8_t be[4] = {
		(uint8_t)(value >> 24),
		(uint8_t)(value >> 16),
		(uint8_t)(value >> 8),
		(uint8_t)value,
	};
	unsigned zeros = 0;

	while (zeros < sizeof(be) && be[zeros] == 0)
		zeros++;
	tg_write_option(w, number, be + zeros, sizeof(be) - zeros);
}

uint8_t *
tg_write_reserve(struct tg_writer *w, size_t len)
{
	uint8_t *at;

	if (w->payload || len == 0 || len > UINT16_MAX)
		w->overflow = true;
	at = take(w, 1 + len);
	if (at == NULL)
		return NULL;
	w->payload = true;
	*at = PAYLOAD_MK;
	return at + 1;
}

void
tg_write_payload(struct tg_writer *w, const void *data, size_t len)
{
	uint8_t *at = len > 0 ? tg_write_reserve(w, len) : NULL;

	if (at != NULL)
		memcpy(at, data, len);
}

size_t
tg_write_end(const struct tg_writer *w)
{
	/* An empty message is its header and nothing else (RFC 7252, 4.1). */
	if (w->overflow || (w->buf[1] == 0 && w->len != TG_HDR_LEN))
		return 0;
	return w->len;
}
