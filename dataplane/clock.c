#include "dataplane/clock.h"

#include <time.h>

void
dp_clock_init(struct dp_clock *c)
{
	c->tsc0 = rte_rdtsc();
	c->hz = rte_get_tsc_hz();
	c->mult = (uint64_t)(((unsigned __int128)1000000000u << 32) / c->hz);
	dp_clock_sync(c);
}

void
dp_clock_sync(struct dp_clock *c)
{
	struct timespec ts;
	uint64_t now;

	clock_gettime(CLOCK_REALTIME, &ts);
	now = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	atomic_store_explicit(&c->wall_ns, now - dp_clock_ns(c, rte_rdtsc() - c->tsc0),
		memory_order_relaxed);
}
