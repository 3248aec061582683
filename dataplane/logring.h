/*
 * The ring that carries records from a worker to the log thread.
 *
 * Bytes in, bytes out: one producer (a worker), one consumer (the log thread).  The
 * worker numbers what it puts in: 1, 2, 3, ...; the log thread settles numbers in order,
 * as durable or as failed, through a small ring of commits that goes the other way.  The
 * worker never waits: a full ring is an answer (5.03).  The log thread folds commits of
 * one status together while the ring of commits is full.
 *
 * Threads.  [p] marks calls for the producer, [c] for the consumer.
 * Memory.   The caller's block, dp_logring_size() bytes, zeroed, cache-line aligned.
 */
#pragma once

#include "dataplane/record.h"

struct dp_logring;

/* Bytes of a ring with @bytes for records (a power of two, 64 KiB..1 GiB); 0 if out of
 * range. */
size_t dp_logring_size(uint32_t bytes);
struct dp_logring *dp_logring_init(void *block, uint32_t bytes);

/* [p] Will the next put find room, for a record of up to @len bytes? */
bool dp_logring_has_room(struct dp_logring *ring, uint32_t len);
/* [p] Append @r.  Its number (from 1), or 0 if the ring is full: nothing was written. */
uint64_t dp_logring_put(struct dp_logring *ring, const struct dp_record *r);
/*
 * [p] The same in two steps, for who writes the bytes itself: where @len bytes (at most
 * DP_RECORD_MAX) go, or NULL if the ring is full; and, once they stand there, the number.
 */
uint8_t *dp_logring_reserve(struct dp_logring *ring, uint32_t len);
uint64_t dp_logring_commit(struct dp_logring *ring, uint32_t len);
/* [p] Records put since the last call become visible to the consumer; once per burst. */
void dp_logring_publish(struct dp_logring *ring);

/* What became of all records up to @upto that no earlier commit settled. */
struct dp_commit {
	uint64_t upto;
	int32_t status; /* 0 durable, else a negative errno: -ENOSPC, -EIO */
};
/* [p] The next commit; false if there is none. */
bool dp_logring_settled(struct dp_logring *ring, struct dp_commit *c);

/*
 * [c] Borrow the next record's bytes; NULL if there is none.  @number is its number.
 * The bytes stay until dp_logring_release().
 */
const uint8_t *dp_logring_next(struct dp_logring *ring, size_t *len, uint64_t *number);
/* [c] Give back the room of every record taken by _next so far. */
void dp_logring_release(struct dp_logring *ring);
/* [c] Settle all up to @upto.  Kept inside and folded while the commit ring is full. */
void dp_logring_settle(struct dp_logring *ring, uint64_t upto, int status);
/* Bytes in use, for statistics; any thread. */
uint32_t dp_logring_used(const struct dp_logring *ring);
