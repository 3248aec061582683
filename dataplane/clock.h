/*
 * A worker's time: made from the TSC, because a worker makes no system call.
 *
 * Ticks of the tables are seconds since an epoch DP_EPOCH_S before the gateway's start,
 * so that what an earlier run remembered has a time too.  The wall clock is the TSC plus
 * an offset that control refreshes every second; clock_past.h has the earlier ones.
 */
#pragma once

#include <rte_cycles.h>

#include <stdatomic.h>
#include <stdint.h>

#define DP_EPOCH_S 1000

struct dp_clock {
	uint64_t tsc0; /* at start */
	uint64_t hz;   /* TSC ticks a second */
	uint64_t mult; /* ns = ticks * mult >> 32 */
	_Atomic uint64_t
		wall_ns; /* wall clock at tsc0, UNIX epoch.  control: wo, worker: ro */
};

struct dp_clock_past;

/* All but the wall clock. */
void dp_clock_init(struct dp_clock *c);
/* Take the wall clock anew and keep the offset in @past; control calls it every second.
 */
void dp_clock_sync(struct dp_clock *c, struct dp_clock_past *past);

static inline uint64_t
dp_clock_ns(const struct dp_clock *c, uint64_t ticks)
{
	return (uint64_t)((unsigned __int128)ticks * c->mult >> 32);
}

static inline uint32_t
dp_clock_s(const struct dp_clock *c, uint64_t tsc)
{
	return DP_EPOCH_S + (uint32_t)((tsc - c->tsc0) / c->hz);
}

static inline uint64_t
dp_clock_wall_ns(const struct dp_clock *c, uint64_t tsc)
{
	return atomic_load_explicit(&c->wall_ns, memory_order_relaxed)
	       + dp_clock_ns(c, tsc - c->tsc0);
}
