/*
 * The messages exchanged with one endpoint, for as long as their Message IDs mean
 * something (RFC 7252, 4.2 to 4.5 and 4.8.2): a cache for those that were sent, with what
 * became of each and the bytes to send again; and another for those received, with the
 * bytes to answer a duplicate with.
 *
 *     sent       OPEN -> ACKED | REJECTED | FAILED     a NON: REJECTED, if anything
 *     received   OPEN -> ANSWERED
 *
 * A message is there for EXCHANGE_LIFETIME if it is a CON and for NON_LIFETIME if it is a
 * NON, whatever its state; then its place is free again.
 *
 * Threads.  A cache belongs to its caller.
 * Memory.   The caller's: entries, and slot_bytes for the bytes of each; nothing is
 *           allocated.  An entry is borrowed until the next put or expire.
 * Time.     Milliseconds, handed in; never backwards.
 */
#pragma once

#include "coap/msg.h"
#include "coap/param.h"

#include <stdbool.h>

enum tg_kept_state {
	TG_KEPT_OPEN,     /* sent: nothing was heard of it; received: not answered yet */
	TG_KEPT_ACKED,    /* it has arrived */
	TG_KEPT_REJECTED, /* an RST has come */
	TG_KEPT_FAILED,   /* it was given up after MAX_RETRANSMIT */
	TG_KEPT_ANSWERED, /* a duplicate is answered with what is kept */
	TG_KEPT_STATES,
};

/* "open", "acked", "rejected", "failed", "answered". */
const char *tg_kept_state_name(enum tg_kept_state s);

struct tg_kept {
	uint64_t until_ms; /* it means something before this */
	uint16_t mid;
	uint16_t len;  /* bytes kept */
	uint8_t type;  /* TG_CON or TG_NON */
	uint8_t state; /* enum tg_kept_state */
};

struct tg_msgcache {
	struct tg_kept *entries; /* those in use come first */
	uint8_t *slots;
	uint32_t slot_bytes;
	uint32_t max, count;
};

/* @entries are @max, @slots @max * @slot_bytes bytes; @slot_bytes is at most UINT16_MAX.
 */
void tg_msgcache_init(struct tg_msgcache *c, struct tg_kept *entries, uint32_t max,
	uint8_t *slots, uint32_t slot_bytes);
/* The live message @mid; NULL if there is none.  O(count). */
struct tg_kept *tg_msgcache_find(
	const struct tg_msgcache *c, uint16_t mid, uint64_t now_ms);
/*
 * Enter message @mid, which was not found, OPEN and without bytes; NULL if all places
 * are taken by live ones, and nothing is changed.  O(count).
 */
struct tg_kept *tg_msgcache_put(struct tg_msgcache *c, uint16_t mid, enum tg_type type,
	uint64_t now_ms, const struct tg_param *param);
/* Keep @len bytes with @e, in place of others; false if they are too many: none are kept.
 */
bool tg_msgcache_keep(
	struct tg_msgcache *c, struct tg_kept *e, const void *bytes, size_t len);
/* The bytes kept with @e. */
const uint8_t *tg_msgcache_bytes(const struct tg_msgcache *c, const struct tg_kept *e);
/*
 * An ACK or RST, @type, with @mid has come: the message sent that it settles, or NULL if
 * it settles none: unknown, over, settled already, or a NON that is acknowledged.
 */
struct tg_kept *tg_msgcache_settle(
	struct tg_msgcache *c, uint16_t mid, enum tg_type type, uint64_t now_ms);
/* Give back the places of all that is over at @now_ms; how many are left.  O(count). */
uint32_t tg_msgcache_expire(struct tg_msgcache *c, uint64_t now_ms);
