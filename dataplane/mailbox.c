#include "dataplane/mailbox.h"

#include "dataplane/worker.h"

#include <errno.h>
#include <rte_ring.h>

#define ACTS_A_TURN 4

int
dp_mailbox_post(struct dp_worker *w, struct dp_act *act)
{
	atomic_store_explicit(&act->state, 0, memory_order_relaxed);
	return rte_ring_enqueue(w->mailbox, act) != 0 ? -EAGAIN : 0;
}

bool
dp_mailbox_done(const struct dp_act *act)
{
	/* Acquire: pairs with the release in dp_mailbox_run(). */
	return atomic_load_explicit(&act->state, memory_order_acquire) != 0;
}

bool
dp_mailbox_run(struct dp_worker *w)
{
	void *act[ACTS_A_TURN];
	unsigned n = rte_ring_dequeue_burst(w->mailbox, act, ACTS_A_TURN, NULL);

	for (unsigned i = 0; i < n; i++) {
		/* NOLINTNEXTLINE(clang-analyzer-core*): the ring wrote n */
		struct dp_act *a = act[i];

		a->run(w, a);
		atomic_store_explicit(&a->state, 1, memory_order_release);
	}
	return n > 0;
}
