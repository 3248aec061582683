#include "dataplane/clock_past.h"

#include <time.h>

void
dp_clock_init(struct dp_clock *c)
{
	c->tsc0 = rte_rdtsc();
	c->hz = rte_get_tsc_hz();
	c->mult = (uint64_t)(((unsigned __int128)1000000000u << 32) / c->hz);
}

void
dp_clock_sync(struct dp_clock *c, struct dp_clock_past *past)
{
	struct timespec ts;
	uint64_t now, tsc, wall_ns;

	clock_gettime(CLOCK_REALTIME, &ts);
	tsc = rte_rdtsc();
	now = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	wall_ns = now - dp_clock_ns(c, tsc - c->tsc0);
	atomic_store_explicit(&c->wall_ns, wall_ns, memory_order_relaxed);
	dp_clock_past_keep(past, tsc, wall_ns);
}
