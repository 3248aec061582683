/*
 * What the wall clock was: a TSC that was read a while ago has to become the time it had
 * then, which the offset in force by now does not say, if the TSC runs fast or slow or
 * the wall clock was set.
 *
 * A ring of the offsets, one a second, as far back as 18 hours; what is older is told by
 * the oldest that is kept.
 *
 * Threads.  One at a time: whoever holds the gateway's lock.
 * Memory.   1 MiB, in the caller's block; all zeros is empty.
 */
#pragma once

#include "dataplane/clock.h"

#define DP_CLOCK_PAST 65536u /* a power of two */

struct dp_clock_past {
	uint64_t n; /* ever kept */
	struct dp_clock_offset {
		uint64_t tsc;     /* in force from here */
		uint64_t wall_ns; /* as in struct dp_clock */
	} at[DP_CLOCK_PAST];
};

/* @wall_ns is in force from @tsc on, which is after all that were kept. */
void dp_clock_past_keep(struct dp_clock_past *p, uint64_t tsc, uint64_t wall_ns);
/* The wall clock when the TSC of @c was @tsc.  At least one offset must be kept. */
uint64_t dp_clock_past_ns(
	const struct dp_clock_past *p, const struct dp_clock *c, uint64_t tsc);
