/*
 * A peer that goes must not take the workers along.
 *
 * The drivers of shared memory unmap what they shared with a peer that is gone, in
 * threads of their own, and a worker may be reading there: that is a SIGSEGV.  They have
 * no hook at that place.  What they call is munmap(), and a program's own definition goes
 * before libc's: this one waits first.
 *
 * memif's driver unmaps in the EAL's interrupt thread.  Before that it marks the port as
 * not connected, and a worker that enters it afterwards returns at once; so it is enough
 * to wait until every worker has been out of the driver once, and the workers say so
 * already: they report a quiescent state each turn (QSBR).
 *
 * vhost's driver keeps the workers out by locks, and a worker may wait for one while the
 * driver unmaps: nobody may wait for the worker there.  What looks past the driver does
 * so briefly and without waiting for anything, and is waited for (vhost.h).
 *
 * Threads.  Set by control while no worker runs.
 */
#pragma once

struct rte_rcu_qsbr;

/* From now on wait for the workers of @qsbr; NULL: no more. */
void dp_unmap_guard(struct rte_rcu_qsbr *qsbr);
