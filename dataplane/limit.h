/*
 * Limits per source: token buckets in a small fixed table, found by a keyed hash of the
 * source.  Who was not heard for the longest time makes room, and finds a full bucket
 * when it comes again: a source that asks too often has its own for as long as fewer than
 * DP_LIMIT_WAYS others of its set are heard meanwhile.
 *
 * Threads.  One table a worker, only that worker calls.   Time.  ms, handed in.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define DP_LIMIT_SETS 2048
#define DP_LIMIT_WAYS 4 /* buckets of a set */

struct dp_limit {
	struct dp_limit_bucket {
		uint32_t who; /* half of the hash; the other half says which set */
		uint32_t last_ms;
		uint32_t tokens_milli; /* thousandths of a message */
	} set[DP_LIMIT_SETS][DP_LIMIT_WAYS];
};

void dp_limit_init(struct dp_limit *l);
/* True if the source with this keyed @hash may be sent one more; @rate a second, @burst
 * at most at once.  A @rate of 0 is no limit. */
bool dp_limit_take(struct dp_limit *l, uint64_t hash, uint32_t rate, uint32_t burst,
	uint32_t now_ms);
