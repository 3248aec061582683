/*
 * Observe (RFC 7641): the option's value, and which of two notifications is the newer.
 *
 * Threads.  Pure functions; a struct tg_fresh belongs to its caller.   Memory.  None.
 * Time.     Milliseconds, handed in; never backwards.
 */
#pragma once

#include "coap/option.h"

#define TG_OBSERVE_REGISTER 0 /* in a request (2) */
#define TG_OBSERVE_DEREGISTER 1

#define TG_OBSERVE_MASK 0xffffffu  /* 24 bits */
#define TG_OBSERVE_FRESH_MS 128000 /* after which any value is newer (3.4) */

/*
 * The Observe option of @m in @value; false if it has none, or one longer than three
 * bytes, which counts as none, for it is elective.
 */
bool tg_observe_get(const struct tg_msg *m, uint32_t *value);

/* The notification that is the freshest so far. */
struct tg_fresh {
	uint64_t at_ms; /* when it came */
	uint32_t value;
	bool known; /* there has been one */
};

/*
 * Is a notification of @value that comes at @now_ms newer than @f (3.4)?  @value is of 24
 * bits and counts in a ring; half a ring ahead is not newer.
 */
bool tg_fresh_is_newer(const struct tg_fresh *f, uint32_t value, uint64_t now_ms);
/* It is the freshest from now on. */
void tg_fresh_set(struct tg_fresh *f, uint32_t value, uint64_t now_ms);
/* The value that follows @value in the ring: a server's next. */
uint32_t tg_observe_next(uint32_t value);
