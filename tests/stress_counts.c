/*
 * Counters and a histogram under their worker and onlookers: what is read never goes back
 * and never runs ahead of what was counted, and in the end nothing is missing.
 */
#include "dataplane/counters.h"
#include "dataplane/hist.h"

#include "tests/stress.h"

#define TURNS 2000000u

struct shared {
	struct dp_counters counters;
	struct dp_hist hist;
	_Atomic uint64_t begun, ended;
};

static void
write_all(void *arg)
{
	struct shared *s = arg;
	struct dice d = {.state = 1};

	for (uint32_t turn = 0; turn < TURNS; turn++) {
		atomic_fetch_add(&s->begun, 1);
		dp_count(&s->counters, DP_C_requests, 1);
		dp_hist_add(&s->hist, roll(&d) >> roll_below(&d, 64), 1);
		atomic_fetch_add(&s->ended, 1);
	}
}

static void
look(void *arg, struct dice *d)
{
	struct dp_hist_copy c = {.total = 0};
	struct shared *s = arg;
	uint64_t least = atomic_load(&s->ended), n;

	(void)d;
	n = dp_counter_get(&s->counters, DP_C_requests);
	dp_hist_merge(&c, &s->hist);
	require(n >= least && n <= atomic_load(&s->begun), "requests that never were", n);
	require(c.total >= least && c.total <= atomic_load(&s->begun),
		"samples that never were", c.total);
}

int
main(void)
{
	struct shared *s = new_block((sizeof(*s) + 63) & ~(size_t)63);
	struct dp_hist_copy c = {.total = 0};
	uint64_t looks = stress_run(write_all, look, s);

	dp_hist_merge(&c, &s->hist);
	printf("%u counted, %llu looks\n", TURNS, (unsigned long long)looks);
	require(dp_counter_get(&s->counters, DP_C_requests) == TURNS, "not all", TURNS);
	require(c.total == TURNS, "not all samples", c.total);
	require(looks > 100, "the readers hardly read", looks);
	free(s);
	return 0;
}
