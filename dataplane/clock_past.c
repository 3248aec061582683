#include "dataplane/clock_past.h"

void
dp_clock_past_keep(struct dp_clock_past *p, uint64_t tsc, uint64_t wall_ns)
{
	p->at[p->n++ % DP_CLOCK_PAST] =
		(struct dp_clock_offset){.tsc = tsc, .wall_ns = wall_ns};
}

/* The last one that was in force by @tsc, or the oldest. */
static uint64_t
find(const struct dp_clock_past *p, uint64_t tsc)
{
	uint64_t low = p->n > DP_CLOCK_PAST ? p->n - DP_CLOCK_PAST : 0, high = p->n;

	while (high - low > 1) {
		uint64_t mid = low + (high - low) / 2;

		if (p->at[mid % DP_CLOCK_PAST].tsc <= tsc)
			low = mid;
		else
			high = mid;
	}
	return p->at[low % DP_CLOCK_PAST].wall_ns;
}

uint64_t
dp_clock_past_ns(const struct dp_clock_past *p, const struct dp_clock *c, uint64_t tsc)
{
	return find(p, tsc) + dp_clock_ns(c, tsc - c->tsc0);
}
