/*
 * Replies that cannot be rebuilt from a code (2.01 with Location-Path, 2.05 to POST,
 * ...): their bytes, by peer and Message ID, so that a duplicate CON gets the same bytes
 * again.
 *
 * And the bytes of separate responses, which are owed until they are acknowledged.
 *
 * A bounded pool.  When it is full the oldest goes; one that lives is counted
 * (replies_evicted).  What is owed stays: then there may be no room.
 *
 * Threads.  The home worker only.   Memory.  One block from the caller, as in peers.h.
 */
#pragma once

#include "dataplane/counters.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dp_replies;

/* Bytes of the longest message that is kept.  No answer is longer: a representation goes
 * out in blocks of DP_VALUE_MAX, and a Location is made to fit. */
#define DP_REPLY_MAX 1280

size_t dp_replies_size(uint32_t entries);
struct dp_replies *dp_replies_init(
	void *block, uint32_t entries, const uint8_t hash_key[16]);
/* Keep @len bytes, a whole CoAP message, for @lifetime_s; @owed: until it is deleted, if
 * that is sooner, whatever else wants room.  False if it is too long, or all that is
 * there is owed. */
bool dp_replies_put(struct dp_replies *t, uint32_t peer, uint16_t mid, bool owed,
	const void *msg, uint16_t len, uint32_t now_s, uint32_t lifetime_s,
	struct dp_counters *c);
/* Borrow the bytes; NULL if gone or expired.  *len is set. */
const uint8_t *dp_replies_find(const struct dp_replies *t, uint32_t peer, uint16_t mid,
	uint32_t now_s, uint16_t *len);
/* Forget one; no effect if it is gone. */
void dp_replies_del(struct dp_replies *t, uint32_t peer, uint16_t mid);
/* Forget all of one peer's (its slot is reused). */
void dp_replies_forget(struct dp_replies *t, uint32_t peer);
uint32_t dp_replies_count(const struct dp_replies *t);
uint32_t dp_replies_max(const struct dp_replies *t);
