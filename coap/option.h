/*
 * CoAP options: the registry (RFC 7252, 7641, 7959, 7967, 8613, 8768, 9175) and
 * the walk over a message that has been parsed.
 *
 * Threads.  The registry is constant; an iterator belongs to its caller.
 * Memory.   Values are borrowed from the datagram.
 */
#pragma once

#include "coap/msg.h"

#include <stdbool.h>

enum tg_option {
	TG_OPT_IF_MATCH = 1,
	TG_OPT_URI_HOST = 3,
	TG_OPT_ETAG = 4,
	TG_OPT_IF_NONE_MATCH = 5,
	TG_OPT_OBSERVE = 6,
	TG_OPT_URI_PORT = 7,
	TG_OPT_LOCATION_PATH = 8,
	TG_OPT_OSCORE = 9,
	TG_OPT_URI_PATH = 11,
	TG_OPT_CONTENT_FORMAT = 12,
	TG_OPT_MAX_AGE = 14,
	TG_OPT_URI_QUERY = 15,
	TG_OPT_HOP_LIMIT = 16,
	TG_OPT_ACCEPT = 17,
	TG_OPT_LOCATION_QUERY = 20,
	TG_OPT_BLOCK2 = 23,
	TG_OPT_BLOCK1 = 27,
	TG_OPT_SIZE2 = 28,
	TG_OPT_PROXY_URI = 35,
	TG_OPT_PROXY_SCHEME = 39,
	TG_OPT_SIZE1 = 60,
	TG_OPT_ECHO = 252,
	TG_OPT_NO_RESPONSE = 258,
	TG_OPT_REQUEST_TAG = 292,
};

enum tg_opt_format { TG_FMT_EMPTY, TG_FMT_OPAQUE, TG_FMT_UINT, TG_FMT_STRING };

/* How often an option may occur in a message of that kind. */
enum tg_opt_cardinality { TG_OPT_NEVER, TG_OPT_ONCE, TG_OPT_MANY };

struct tg_opt_def {
	uint16_t number;
	uint16_t min_len, max_len; /* bytes of the value */
	uint8_t format;            /* enum tg_opt_format */
	uint8_t in_request;        /* enum tg_opt_cardinality */
	uint8_t in_response;
	const char *name; /* "Uri-Path" */
};

/* The registry's entry, or NULL if it has none.  O(1) below 64, else O(log n). */
const struct tg_opt_def *tg_opt_find(unsigned number);

/* RFC 7252, 5.4.6: properties that live in the number itself. */
static inline bool
tg_opt_is_critical(unsigned number)
{
	return number & 1;
}

static inline bool
tg_opt_is_unsafe(unsigned number)
{
	return number & 2;
}

static inline bool
tg_opt_is_no_cache_key(unsigned number)
{
	return (number & 0x1e) == 0x1c;
}

/* One option on its way past.  The value is borrowed and not terminated. */
struct tg_opt {
	const uint8_t *value;
	uint16_t len;
	uint16_t number;
};

struct tg_opt_iter {
	const uint8_t *p, *end; /* next option byte; first byte that is no option's */
	uint16_t number;        /* of the option met last */
};

/* Begin at the first option of @m, which tg_msg_parse has accepted. */
static inline void
tg_opt_begin(struct tg_opt_iter *it, const struct tg_msg *m)
{
	it->p = m->base + m->options;
	it->end = m->base + (m->payload == m->len ? m->len : m->payload - 1);
	it->number = 0;
}

/* What nibble @value stands for, read at @p; returns what is behind. */
static inline const uint8_t *
tg_opt_extended(unsigned *value, const uint8_t *p)
{
	if (*value == 13) {
		*value = 13u + *p++;
	} else if (*value == 14) {
		*value = 269u + ((unsigned)p[0] << 8 | p[1]);
		p += 2;
	}
	return p;
}

/* The next option in @o; false at the end.  No bounds are checked: the parser did. */
static inline bool
tg_opt_next(struct tg_opt_iter *it, struct tg_opt *o)
{
	const uint8_t *p = it->p;
	unsigned delta, len;

	if (p >= it->end)
		return false;
	delta = *p >> 4;
	len = *p++ & 0xf;
	if (delta > 12 || len > 12) {
		p = tg_opt_extended(&delta, p);
		p = tg_opt_extended(&len, p);
	}
	it->number += delta;
	o->number = it->number;
	o->len = len;
	o->value = p;
	it->p = p + len;
	return true;
}

#define tg_opt_foreach(it, o, m) for (tg_opt_begin(it, m); tg_opt_next(it, o);)

/* The value as an unsigned integer (3.2), leading zeros or not.  o->len is at most 4. */
static inline uint32_t
tg_opt_uint(const struct tg_opt *o)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < o->len; i++)
		v = v << 8 | o->value[i];
	return v;
}

/* First option numbered @number; false if there is none. */
bool tg_opt_get(const struct tg_msg *m, unsigned number, struct tg_opt *o);
