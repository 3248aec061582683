#include "coap/option.h"

#define NEVER TG_OPT_NEVER
#define ONCE TG_OPT_ONCE
#define MANY TG_OPT_MANY

/*
 * By ascending number.  Columns: number, least and most bytes, format, how often in a
 * request and in a response, name.  An option where it is not defined counts as
 * unrecognised (RFC 7252, 5.4), so NEVER decides something.  All are RFC 7252's but
 * Observe (7641), Block and Size2 (7959), No-Response (7967), OSCORE (8613), Hop-Limit
 * (8768), Echo and Request-Tag (9175).
 */
static const struct tg_opt_def defs[] = {
	{TG_OPT_IF_MATCH, 0, 8, TG_FMT_OPAQUE, MANY, NEVER, "If-Match"},
	{TG_OPT_URI_HOST, 1, 255, TG_FMT_STRING, ONCE, NEVER, "Uri-Host"},
	{TG_OPT_ETAG, 1, 8, TG_FMT_OPAQUE, MANY, ONCE, "ETag"},
	{TG_OPT_IF_NONE_MATCH, 0, 0, TG_FMT_EMPTY, ONCE, NEVER, "If-None-Match"},
	{TG_OPT_OBSERVE, 0, 3, TG_FMT_UINT, ONCE, ONCE, "Observe"},
	{TG_OPT_URI_PORT, 0, 2, TG_FMT_UINT, ONCE, NEVER, "Uri-Port"},
	{TG_OPT_LOCATION_PATH, 0, 255, TG_FMT_STRING, NEVER, MANY, "Location-Path"},
	{TG_OPT_OSCORE, 0, 255, TG_FMT_OPAQUE, ONCE, ONCE, "OSCORE"},
	{TG_OPT_URI_PATH, 0, 255, TG_FMT_STRING, MANY, NEVER, "Uri-Path"},
	{TG_OPT_CONTENT_FORMAT, 0, 2, TG_FMT_UINT, ONCE, ONCE, "Content-Format"},
	{TG_OPT_MAX_AGE, 0, 4, TG_FMT_UINT, NEVER, ONCE, "Max-Age"},
	{TG_OPT_URI_QUERY, 0, 255, TG_FMT_STRING, MANY, NEVER, "Uri-Query"},
	{TG_OPT_HOP_LIMIT, 1, 1, TG_FMT_UINT, ONCE, NEVER, "Hop-Limit"},
	{TG_OPT_ACCEPT, 0, 2, TG_FMT_UINT, ONCE, NEVER, "Accept"},
	{TG_OPT_LOCATION_QUERY, 0, 255, TG_FMT_STRING, NEVER, MANY, "Location-Query"},
	{TG_OPT_BLOCK2, 0, 3, TG_FMT_UINT, ONCE, ONCE, "Block2"},
	{TG_OPT_BLOCK1, 0, 3, TG_FMT_UINT, ONCE, ONCE, "Block1"},
	{TG_OPT_SIZE2, 0, 4, TG_FMT_UINT, ONCE, ONCE, "Size2"},
	{TG_OPT_PROXY_URI, 1, 1034, TG_FMT_STRING, ONCE, NEVER, "Proxy-Uri"},
	{TG_OPT_PROXY_SCHEME, 1, 255, TG_FMT_STRING, ONCE, NEVER, "Proxy-Scheme"},
	{TG_OPT_SIZE1, 0, 4, TG_FMT_UINT, ONCE, ONCE, "Size1"},
	{TG_OPT_ECHO, 1, 40, TG_FMT_OPAQUE, ONCE, ONCE, "Echo"},
	{TG_OPT_NO_RESPONSE, 0, 1, TG_FMT_UINT, ONCE, NEVER, "No-Response"},
	{TG_OPT_REQUEST_TAG, 0, 8, TG_FMT_OPAQUE, MANY, NEVER, "Request-Tag"},
};
#define NDEFS (sizeof(defs) / sizeof(defs[0]))
#define DENSE 64  /* numbers below this are looked up by index */
#define NDENSE 21 /* of them, in defs */

/* Index in defs plus one; 0 is a number that nobody has. */
static const uint8_t dense[DENSE] = {
	[TG_OPT_IF_MATCH] = 1,
	[TG_OPT_URI_HOST] = 2,
	[TG_OPT_ETAG] = 3,
	[TG_OPT_IF_NONE_MATCH] = 4,
	[TG_OPT_OBSERVE] = 5,
	[TG_OPT_URI_PORT] = 6,
	[TG_OPT_LOCATION_PATH] = 7,
	[TG_OPT_OSCORE] = 8,
	[TG_OPT_URI_PATH] = 9,
	[TG_OPT_CONTENT_FORMAT] = 10,
	[TG_OPT_MAX_AGE] = 11,
	[TG_OPT_URI_QUERY] = 12,
	[TG_OPT_HOP_LIMIT] = 13,
	[TG_OPT_ACCEPT] = 14,
	[TG_OPT_LOCATION_QUERY] = 15,
	[TG_OPT_BLOCK2] = 16,
	[TG_OPT_BLOCK1] = 17,
	[TG_OPT_SIZE2] = 18,
	[TG_OPT_PROXY_URI] = 19,
	[TG_OPT_PROXY_SCHEME] = 20,
	[TG_OPT_SIZE1] = NDENSE,
};

const struct tg_opt_def *
tg_opt_find(unsigned number)
{
	size_t low = NDENSE, high = NDEFS;

	if (number < DENSE)
		return dense[number] > 0 ? &defs[dense[number] - 1] : NULL;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (defs[middle].number == number)
			return &defs[middle];
		if (defs[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

bool
tg_opt_get(const struct tg_msg *m, unsigned number, struct tg_opt *o)
{
	struct tg_opt_iter it;
	struct tg_opt seen;

	tg_opt_foreach (&it, &seen, m) {
		if (seen.number < number)
			continue;
		if (seen.number > number)
			return false;
		*o = seen;
		return true;
	}
	return false;
}
