/*
 * A cache of responses (RFC 7252, 5.6): freshness by Max-Age, validation by ETag, keys by
 * the options of the request, bounded memory.
 *
 *     tg_cache_key_of()                      what a request asks for
 *     tg_cache_find()      FRESH             tg_cached_write() answers it
 *                          STALE             ask with the ETag found, and then
 *     tg_cache_put()                         tell what was answered, to any request
 *
 * Entries lie in sets of TG_CACHE_WAYS; all of one URI lie in one set, so what a PUT made
 * stale is found there.  When a set is full, what was put there first goes.
 *
 * Threads.  A cache belongs to its caller.
 * Memory.   The caller's: entries, and @slot_bytes for each; nothing is allocated.  What
 *           does not fit is not kept.
 * Time.     Milliseconds, handed in; never backwards.
 */
#pragma once

#include "coap/option.h"
#include "coap/write.h"

#define TG_CACHE_WAYS 8
#define TG_CACHE_KEY_MAX 512 /* bytes; a request with more is not cached */

/*
 * What a request asks for: its method, its options but for those that are NoCacheKey
 * (5.4.2) or whose meaning is the cache's own (5.6: ETag; Observe, Block1, Block2,
 * Hop-Limit and No-Response), and the payload of a FETCH (RFC 8132, 2).
 */
struct tg_cache_key {
	uint16_t len, uri_len; /* bytes; the URI's come first */
	uint8_t method;
	uint8_t bytes[TG_CACHE_KEY_MAX];
};

/*
 * The key of request @m, whose payload is @body, whole, if it came in blocks.  False if
 * the cache must keep out of it: with OSCORE, with an unknown option that is unsafe to
 * forward (5.4.2), or with too long a key.
 */
bool tg_cache_key_of(struct tg_cache_key *k, const struct tg_msg *m, const void *body,
	size_t body_len);

struct tg_cache_entry {
	uint64_t until_ms; /* fresh before this */
	uint64_t serial;   /* of the put; 0: free */
	uint16_t key_len, uri_len;
	uint16_t len; /* of the response behind the key */
	uint8_t method;
};

struct tg_cache {
	struct tg_cache_entry *entries;
	uint8_t *slots;
	uint32_t mask; /* sets - 1 */
	uint32_t slot_bytes;
	uint64_t hash_key[2];
	uint64_t serial;
};

struct tg_cache_setup {
	struct tg_cache_entry *entries;
	uint32_t n_entries;   /* a power of two, at least TG_CACHE_WAYS */
	uint8_t *slots;       /* n_entries * slot_bytes */
	uint32_t slot_bytes;  /* for key and response, at most UINT16_MAX */
	uint64_t hash_key[2]; /* random */
};

/* Copies @s. */
void tg_cache_init(struct tg_cache *c, const struct tg_cache_setup *s);

enum tg_cache_found {
	TG_CACHE_MISS,
	TG_CACHE_FRESH, /* it may be served as it is */
	TG_CACHE_STALE, /* it must be validated first: etag_len may be 0, then it cannot
			 */
};

/* A response as it is kept; borrowed, until the next tg_cache_put(). */
struct tg_cached {
	struct tg_msg response; /* its token, MID and type say nothing; no Max-Age */
	uint32_t max_age_s;     /* what is left of it */
	uint8_t etag_len, etag[8];
};

/* What is kept for @k at @now_ms, in @r unless it is a miss.  O(TG_CACHE_WAYS). */
enum tg_cache_found tg_cache_find(const struct tg_cache *c, const struct tg_cache_key *k,
	uint64_t now_ms, struct tg_cached *r);

/*
 * Request @k was answered with @m at @now_ms; @body as above.
 *
 * - 2.05, and 4.xx and 5.xx (5.9.2, 5.9.3), to GET or FETCH are kept, for Max-Age or 60
 * s; not with an Echo challenge (RFC 9175, 2.3), nor 4.08, 4.13 and 2.31, which are about
 *   the transfer of one body.
 * - 2.03 makes what is kept with its ETag fresh again, and its options that are safe to
 *   forward take the place of those kept (5.9.1.3); if there is no room, nothing is kept.
 * - Another success to another method makes all that is kept for the URI stale (5.9.1),
 *   and 2.01 what is kept for its Location, too: seen from the request's Uri options,
 *   and with Proxy-Uri not found.
 *
 * True if what is kept for @k is fresh now.
 */
bool tg_cache_put(struct tg_cache *c, const struct tg_cache_key *k, uint64_t now_ms,
	const struct tg_msg *m, const void *body, size_t body_len);

/* Is the kept ETag among those that request @m has, so that 2.03 answers it (5.10.6.2)?
 */
bool tg_cached_is_valid_for(const struct tg_cached *r, const struct tg_msg *m);
/*
 * Add the options of @r, its Max-Age counted down, to @w, which has the header only; and
 * the payload, unless the code begun there is 2.03 (of which only ETag and Max-Age are).
 */
void tg_cached_write(const struct tg_cached *r, struct tg_writer *w);
