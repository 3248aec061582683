/* Arming and disarming a capture; capture.h has the rest. */
#include "dataplane/dp_internal.h"

#include <errno.h>
#include <rte_rcu_qsbr.h>

uint64_t
dp_tsc_in(const struct dp *dp, uint64_t ns)
{
	return rte_rdtsc()
	       + (uint64_t)((unsigned __int128)ns * dp->shared.clock.hz / 1000000000);
}

int
dp_capture_arm(struct dp *dp, struct dp_capture *c)
{
	struct dp_capture *none = NULL;

	/* Release: pairs with the acquire in dp_worker_turn(). */
	return atomic_compare_exchange_strong_explicit(&dp->shared.capture, &none, c,
		       memory_order_release, memory_order_relaxed)
		       ? 0
		       : -EBUSY;
}

void
dp_capture_disarm(struct dp *dp)
{
	struct dp_capture *old =
		atomic_exchange_explicit(&dp->shared.capture, NULL, memory_order_acq_rel);

	/* As in dp_publish(). */
	if (old != NULL && dp->running)
		rte_rcu_qsbr_check(
			dp->shared.qsbr, rte_rcu_qsbr_start(dp->shared.qsbr), true);
}
