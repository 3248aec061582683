/*
 * A memif peer that dies must not take the workers along.
 *
 * When a peer is gone, memif's driver unmaps the memory shared with it, in the EAL's
 * interrupt thread, while a worker may be reading there: that is a SIGSEGV.  Before that
 * the driver marks the port as not connected, and a worker that enters it afterwards
 * returns at once.  So it is enough to hold the unmapping back until every worker has
 * been out of the driver once, and the workers say so already: they report a quiescent
 * state each turn (QSBR).
 *
 * The driver has no hook at that place.  What it calls is munmap(), and a program's own
 * definition goes before libc's: this one waits, in the interrupt thread alone.
 *
 * Threads.  Set by control while no worker runs.
 */
#pragma once

struct rte_rcu_qsbr;

/* From now on wait for the workers of @qsbr; NULL: no more. */
void dp_memif_guard(struct rte_rcu_qsbr *qsbr);
