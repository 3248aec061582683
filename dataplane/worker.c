#include "dataplane/act.h"
#include "dataplane/delay.h"
#include "dataplane/pending.h"
#include "dataplane/separate.h"
#include "dataplane/steer.h"

#include <rte_rcu_qsbr.h>
#include <time.h>

#define TICK_MS 1
#define SWEEP_TURNS                                                                      \
	32768         /* ticks in which a whole table is swept: about half a minute      \
		       */
#define IDLE_TURNS 64 /* empty turns before an idle worker sleeps */

/* All the stages; and between them, a little at a time, what the next burst needs. */
void
dp_worker_burst(struct dp_worker *w, struct dp_burst *b)
{
	dp_net_ahead(w->net);
	dp_stage_parse(w, b);
	dp_net_ahead(w->net);
	dp_stage_match(w, b);
	dp_net_ahead(w->net);
	dp_stage_route(w, b);
	dp_net_ahead(w->net);
	dp_stage_locate(w, b);
	dp_net_ahead(w->net);
	dp_stage_act(w, b);
	dp_net_ahead(w->net);
	dp_stage_reply(w, b);
	dp_net_ahead(w->net);
	dp_logring_publish(w->logring);
}

/* Everything that follows the clock and not a packet: expiry, a little of each table at a
 * time. */
static void
tick(struct dp_worker *w)
{
	const struct dp_config *cfg = &w->shared->cfg;

	dp_net_tick(w->net, w->tsc);
	dp_tick_values(w);
	dp_peers_sweep(w->peers, dp_peers_max(w->peers) / SWEEP_TURNS + 1,
		w->snap->con_lifetime_s, w->now_s, &w->counters);
	dp_transfers_expire(
		w->transfers, w->snap->con_lifetime_s, w->now_s, &w->counters);
	if (cfg->device_idle_s > 0)
		dp_devices_sweep(w->devices, dp_devices_max(w->devices) / SWEEP_TURNS + 1,
			cfg->device_idle_s, w->now_s, &w->device_events);
	w->next_tick = w->tsc + w->shared->clock.hz / 1000 * TICK_MS;
}

static void
add(_Atomic uint64_t *c, uint64_t n)
{
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
		memory_order_relaxed);
}

static void
account(struct dp_worker *w, bool busy, uint64_t tx_cycles)
{
	uint64_t cycles = rte_rdtsc() - w->tsc;
	struct dp_turns *t = &w->turns;

	add(&t->loops, 1);
	add(&t->cycles, cycles);
	if (busy) {
		add(&t->busy_loops, 1);
		add(&t->busy_cycles, cycles);
		add(&t->rx_cycles, w->rx_cycles);
		add(&t->tx_cycles, tx_cycles);
	}
	if (unlikely(cycles > w->stall_max_cycles)) {
		w->stall_max_cycles = cycles;
		atomic_store_explicit(&w->counters.v[DP_C_stall_max_ns],
			dp_clock_ns(&w->shared->clock, cycles), memory_order_relaxed);
	}
	atomic_store_explicit(
		&t->pending_frames, dp_net_kept(w->net), memory_order_relaxed);
	atomic_store_explicit(&t->pending_answers, w->waiting, memory_order_relaxed);
	atomic_store_explicit(&t->away, w->away, memory_order_relaxed);
	atomic_store_explicit(&t->pending_entries, w->pending.tail - w->pending.head,
		memory_order_relaxed);
	atomic_store_explicit(
		&t->pending_records, w->accepted - w->settled, memory_order_relaxed);
}

static bool
receive(struct dp_worker *w)
{
	struct dp_burst *b = &w->scratch->burst;

	dp_net_rx(w->net, b);
	w->rx_cycles = rte_rdtsc() - w->tsc;
	if (b->n == 0)
		return false;
	b->handed = false;
	dp_burst_read_at(w, b, w->tsc);
	dp_net_stage(w->net, b);
	dp_worker_burst(w, b);
	return true;
}

bool
dp_worker_turn(struct dp_worker *w)
{
	struct dp_shared *s = w->shared;
	uint64_t tx;
	bool busy;

	w->snap = atomic_load_explicit(
		&s->snapshot, memory_order_acquire); /* dp_publish() */
	dp_peers_set_lifetimes(
		w->peers, w->snap->con_lifetime_s, w->snap->non_lifetime_s);
	dp_net_capture(
		w->net, atomic_load_explicit(&s->capture, memory_order_acquire), w->snap);
	w->draining = atomic_load_explicit(&s->draining, memory_order_relaxed);
	w->log_fails = atomic_load_explicit(&s->log_fails, memory_order_relaxed);
	w->tsc = rte_rdtsc();
	w->now_s = dp_clock_s(&s->clock, w->tsc);
	w->now_ms = dp_clock_ns(&s->clock, w->tsc - s->clock.tsc0) / 1000000;
	busy = receive(w);
	busy |= dp_delayed_run(w);
	busy |= dp_jobs_run(w);
	busy |= dp_inbox(w);
	busy |= dp_settle(w);
	busy |= dp_mailbox_run(w);
	busy |= dp_separate_run(w);
	busy |= dp_notify(w);
	dp_trace_publish(w->trace);
	tx = rte_rdtsc();
	dp_net_flush(w->net);
	tx = rte_rdtsc() - tx;
	if (w->tsc >= w->next_tick)
		tick(w);
	account(w, busy, tx);
	return busy;
}

int
dp_worker_main(void *arg)
{
	const struct timespec nap = {.tv_nsec = 50000};
	struct dp_worker *w = arg;
	struct dp_shared *s = w->shared;
	unsigned idle = 0;

	rte_rcu_qsbr_thread_register(s->qsbr, w->id);
	rte_rcu_qsbr_thread_online(s->qsbr, w->id);
	while (!atomic_load_explicit(&s->stop, memory_order_relaxed)) {
		idle = dp_worker_turn(w) ? 0 : idle + 1;
		rte_rcu_qsbr_quiescent(s->qsbr, w->id);
		if (s->cfg.idle == DP_IDLE_SLEEP && idle >= IDLE_TURNS)
			nanosleep(&nap, NULL);
	}
	rte_rcu_qsbr_thread_offline(s->qsbr, w->id);
	rte_rcu_qsbr_thread_unregister(s->qsbr, w->id);
	return 0;
}
