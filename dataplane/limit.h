/*
 * Limits per source: token buckets in a small fixed table, chosen by a keyed hash of the
 * source's address.  Two sources may share a bucket (one in DP_LIMIT_SLOTS); a source can
 * neither choose whose it shares nor make the table grow.
 *
 * Threads.  One table a worker, only that worker calls.   Time.  ms, handed in.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define DP_LIMIT_SLOTS 8192

struct dp_limit {
	struct {
		uint32_t last_ms;
		uint32_t tokens_milli; /* thousandths of a message */
	} slot[DP_LIMIT_SLOTS];
};

void dp_limit_init(struct dp_limit *l);
/* True if the source with this keyed @hash may be sent one more; @rate a second, @burst
 * at most at once.  A @rate of 0 is no limit. */
bool dp_limit_take(struct dp_limit *l, uint64_t hash, uint32_t rate, uint32_t burst,
	uint32_t now_ms);
