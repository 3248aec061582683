#include "dataplane/dp_internal.h"

#include "dataplane/block.h"
#include "dataplane/steer.h"
#include "dataplane/unmap.h"

#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define INBOX 4096
#define MAILBOX 64

static int __attribute__((format(printf, 3, 4)))
fail(char *err, size_t errlen, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, errlen, fmt, ap);
	va_end(ap);
	return -1;
}

static struct rte_ring *
make_ring(const char *kind, unsigned id, unsigned elem, unsigned count, unsigned flags)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "tg_%s_%u", kind, id);
	return rte_ring_create_elem(name, elem, count, SOCKET_ID_ANY, flags);
}

/*
 * One writer each have to_parse and parsed, and the mailbox one at a time; the others
 * have every other worker.  There, and in the host stack's ring for workers without a
 * queue, the second writer waits for the first one's tail with a relaxed load, so that by
 * C's rules a reader who acquires the second tail need not see what the first one wrote.
 * On x86, for which alone this is written (plain.h), he does: stores are seen by
 * everybody in one order that keeps each writer's own, the second tail is stored after
 * the first was read, and rte_ring keeps the compiler from moving anything across.
 * Elsewhere these would have to be a ring for each pair of workers.
 */
static int
make_rings(struct dp_worker *w)
{
	w->inbox = make_ring("inbox", w->id, sizeof(void *), INBOX, RING_F_SC_DEQ);
	w->back =
		make_ring("back", w->id, sizeof(void *), 2 * DP_AWAY_MAX, RING_F_SC_DEQ);
	w->done = make_ring(
		"done", w->id, sizeof(struct dp_pending), 2 * DP_AWAY_MAX, RING_F_SC_DEQ);
	w->mailbox = make_ring("mailbox", w->id, sizeof(void *), MAILBOX, RING_F_SC_DEQ);
	w->news =
		make_ring("news", w->id, sizeof(struct dp_news), DP_NEWS, RING_F_SC_DEQ);
	w->to_parse = make_ring("to_parse", w->id, sizeof(void *), 2 * DP_JOBS,
		RING_F_SP_ENQ | RING_F_SC_DEQ);
	w->parsed = make_ring("parsed", w->id, sizeof(void *), 2 * DP_JOBS,
		RING_F_SP_ENQ | RING_F_SC_DEQ);
	return w->inbox != NULL && w->back != NULL && w->done != NULL
			       && w->mailbox != NULL && w->parsed != NULL
			       && w->to_parse != NULL && w->news != NULL
		       ? 0
		       : -ENOMEM;
}

static int
make_worker(struct dp *dp, unsigned id, char *err, size_t errlen)
{
	struct dp_worker *w = dp_block_new(sizeof(*w));

	if (w == NULL)
		return fail(err, errlen, "not enough memory for worker %u", id);
	dp->shared.worker[id] = w;
	w->shared = &dp->shared;
	w->id = id;
	w->count = dp->shared.cfg.workers;
	w->pool = dp->pool;
	w->snap = atomic_load(&dp->shared.snapshot);
	memcpy(&w->dice, dp->shared.cfg.hash_key, sizeof(w->dice));
	w->dice += id + 1;
	if (dp_tables_make(&dp->tables[id], w) < 0)
		return fail(err, errlen,
			"not enough memory for the tables of worker %u: lower "
			"peers.max, devices.max or store.max",
			id);
	if (make_rings(w) < 0)
		return fail(err, errlen,
			"not enough EAL memory for the rings of worker %u", id);
	w->net = dp_net_new(&dp->shared.cfg, id, dp->pool, &w->counters, err, errlen);
	if (w->net == NULL)
		return -1;
	dp_net_record(w->net, w->trace);
	return 0;
}

static int
make_workers(struct dp *dp, char *err, size_t errlen)
{
	unsigned n = dp->shared.cfg.workers;

	for (unsigned i = 0; i < DP_BUCKETS; i++)
		atomic_init(&dp->shared.home[i], (uint8_t)(i % n));
	dp->shared.qsbr =
		rte_zmalloc(NULL, rte_rcu_qsbr_get_memsize(n), RTE_CACHE_LINE_SIZE);
	if (dp->shared.qsbr == NULL)
		return fail(err, errlen, "not enough EAL memory");
	rte_rcu_qsbr_init(dp->shared.qsbr, n);
	for (unsigned i = 0; i < n; i++)
		if (make_worker(dp, i, err, errlen) < 0)
			return -1;
	return 0;
}

struct dp *
dp_open(const struct dp_config *cfg, struct dp_snapshot *first, char *err, size_t errlen)
{
	struct dp *dp = aligned_alloc(64, (sizeof(*dp) + 63) & ~(size_t)63);
	int rc;

	if (dp == NULL) {
		fail(err, errlen, "out of memory");
		dp_snapshot_free(first);
		errno = 0;
		return NULL;
	}
	memset(dp, 0, sizeof(*dp));
	dp->shared.cfg = *cfg;
	atomic_init(&dp->shared.snapshot, first);
	rc = dp_eal_start(cfg, err, errlen);
	if (rc < 0)
		goto free_dp;
	dp_clock_init(&dp->shared.clock);
	dp_tick(dp);
	dp->pool = rte_pktmbuf_pool_create("tg_mbufs", cfg->mbufs, 256,
		RTE_ALIGN(sizeof(struct dp_meta), RTE_MBUF_PRIV_ALIGN),
		RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (dp->pool == NULL) {
		rc = -ENOMEM;
		fail(err, errlen,
			"not enough EAL memory for %u packet buffers: raise memory or "
			"lower mbufs",
			cfg->mbufs);
		goto free_dp;
	}
	rc = dp_ports_open(&dp->shared.cfg, dp->pool, err, errlen);
	if (rc < 0)
		goto free_dp;
	rc = -ENOMEM;
	if (make_workers(dp, err, errlen) < 0)
		goto close_ports;
	return dp;

close_ports:
	dp_ports_close(&dp->shared.cfg);
free_dp:
	dp_snapshot_free(first);
	free(dp);
	errno = -rc;
	return NULL;
}

int
dp_start(struct dp *dp)
{
	int rc = 0;

	dp_unmap_guard(dp->shared.qsbr);
	dp->running = true;
	for (unsigned i = 0; i < dp->shared.cfg.workers && rc == 0; i++)
		rc = rte_eal_remote_launch(dp_worker_main, dp->shared.worker[i], i + 1);
	if (rc != 0)
		dp_stop(dp);
	return rc;
}

/* Whoever waits for something of us has it, and says so.  An answer that turns into a
 * separate response is counted there before it is not counted here. */
static bool
is_at_rest(const struct dp_worker *w)
{
	const struct dp_turns *t = &w->turns;

	return atomic_load(&t->pending_answers) + atomic_load(&t->pending_records)
			       + atomic_load(&t->away)
		       == 0
	       && dp_outbound_count(w->outbound) == 0
	       && dp_observers_in_flight(w->observers) == 0;
}

static bool
at_rest(const struct dp *dp)
{
	for (unsigned i = 0; i < dp->shared.cfg.workers; i++)
		if (!is_at_rest(dp->shared.worker[i]))
			return false;
	return true;
}

/* Has each worker ended a turn that began with the order to drain?  One whose core was
 * stolen still says how it was before. */
static bool
has_heard(struct dp *dp)
{
	return rte_rcu_qsbr_check(dp->shared.qsbr, dp->drain, false) == 1;
}

bool
dp_drain(struct dp *dp, unsigned ms)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	if (!atomic_exchange(&dp->shared.draining, true))
		dp->drain = rte_rcu_qsbr_start(dp->shared.qsbr);
	for (unsigned i = 0;; i++) {
		if (has_heard(dp) && at_rest(dp))
			return true;
		if (i == ms)
			return false;
		nanosleep(&pause, NULL);
	}
}

void
dp_stop(struct dp *dp)
{
	if (!dp->running)
		return;
	atomic_store(&dp->shared.stop, true);
	rte_eal_mp_wait_lcore();
	dp_unmap_guard(NULL);
	dp->running = false;
}

void
dp_close(struct dp *dp)
{
	dp_stop(dp);
	dp_ports_close(&dp->shared.cfg);
	for (unsigned i = 0; i < dp->shared.cfg.workers; i++) {
		struct dp_worker *w = dp->shared.worker[i];

		dp_net_free(w->net);
		rte_ring_free(w->inbox);
		rte_ring_free(w->back);
		rte_ring_free(w->done);
		rte_ring_free(w->mailbox);
		rte_ring_free(w->to_parse);
		rte_ring_free(w->parsed);
		rte_ring_free(w->news);
		dp_tables_free(&dp->tables[i]);
		dp_block_free(w, sizeof(*w));
	}
	rte_mempool_free(dp->pool);
	rte_free(dp->shared.qsbr);
	dp_snapshot_free(atomic_load(&dp->shared.snapshot));
	free(dp);
}

void
dp_publish(struct dp *dp, struct dp_snapshot *snap)
{
	struct dp_snapshot *old =
		atomic_load_explicit(&dp->shared.snapshot, memory_order_relaxed);

	snap->serial = old->serial + 1;
	/* Release: pairs with the acquire at the top of dp_worker_turn(). */
	atomic_store_explicit(&dp->shared.snapshot, snap, memory_order_release);
	/* What _synchronize() does, but inline: ThreadSanitizer sees what it orders. */
	if (dp->running)
		rte_rcu_qsbr_check(
			dp->shared.qsbr, rte_rcu_qsbr_start(dp->shared.qsbr), true);
	dp_snapshot_free(old);
}

const struct dp_config *
dp_config(const struct dp *dp)
{
	return &dp->shared.cfg;
}

struct dp_logring *
dp_worker_logring(struct dp *dp, unsigned w)
{
	return dp->shared.worker[w]->logring;
}

struct dp_job *
dp_job_next(struct dp *dp)
{
	unsigned n = dp->shared.cfg.workers;
	void *job;

	for (unsigned k = 0; k < n; k++) {
		struct dp_worker *w = dp->shared.worker[dp->parse_next];

		dp->parse_next = (dp->parse_next + 1) % n;
		if (rte_ring_dequeue(w->to_parse, &job) == 0)
			return job;
	}
	return NULL;
}

void
dp_job_done(struct dp *dp, struct dp_job *job)
{
	if (rte_ring_enqueue(dp->shared.worker[job->home]->parsed, job) != 0)
		rte_panic("worker %u has no place for a job of its own\n", job->home);
}

void
dp_tick(struct dp *dp)
{
	dp_clock_sync(&dp->shared.clock, &dp->past);
}
