/*
 * A worker: one poll loop on one core, and all that it is home to.
 *
 * Threads.  A worker alone touches its own struct, except where a field says otherwise.
 *           What crosses is in struct dp_shared: the snapshot (QSBR), the bucket map, the
 *           rings between workers.
 * Memory.   Everything is made by dp_open(); a worker never allocates, locks or logs.
 */
#pragma once

#include "coap/code.h"
#include "dataplane/burst.h"
#include "dataplane/clock.h"
#include "dataplane/dp.h"
#include "dataplane/job.h"
#include "dataplane/limit.h"
#include "dataplane/lists.h"
#include "dataplane/logring.h"
#include "dataplane/net.h"
#include "dataplane/news.h"
#include "dataplane/notify.h"
#include "dataplane/outbound.h"
#include "dataplane/pending.h"
#include "dataplane/replies.h"
#include "dataplane/request.h"
#include "dataplane/route.h"
#include "dataplane/tokens.h"
#include "dataplane/trace.h"
#include "dataplane/transfers.h"

#include <rte_common.h>

struct dp_worker;
struct rte_mempool;
struct rte_rcu_qsbr;
struct rte_ring;

/* What all workers see. */
struct dp_shared {
	struct dp_config cfg;
	struct dp_clock clock;
	_Atomic(struct dp_snapshot *)
		snapshot; /* control: wo (release), worker: ro (acquire) */
	struct rte_rcu_qsbr *qsbr;
	_Atomic bool stop, draining; /* control: wo, worker: ro */
	_Atomic bool log_fails; /* did the last commit that was settled fail? dp_settle():
				   wo, when that changes; dp_worker_turn(): ro */
	_Atomic uint8_t home[DP_BUCKETS]; /* bucket -> worker. control: wo, worker: ro */
	struct dp_worker *worker[DP_WORKERS_MAX];
	/* Who wants copies of frames, or NULL.  control: wo (release), worker: ro
	 * (acquire) */
	_Atomic(struct dp_capture *) capture;
};

/*
 * Requests that one worker may have on their way, at other workers or with the parser, at
 * a time.  Its rings for what comes back are that large, so giving back never fails and
 * no two workers can wait for each other.
 */
#define DP_AWAY_MAX 4096

/* A CON that went on its way. */
struct dp_early {
	uint64_t since_ms;
	uint32_t peer; /* dp_peers_ref() */
	uint16_t mid;
};

/* In order of time: the delay is the same for all. */
struct dp_early_fifo {
	uint32_t in, out;
	struct dp_early entry[DP_AWAY_MAX];
};
#define DP_LIST_MAX 65536 /* bytes of a list of what a device has stored */

/* The worker's part of one burst that is too large for the stack. */
struct dp_scratch {
	struct dp_burst burst;
	struct dp_burst one; /* a single packet that comes back from another worker */
	struct dp_request request[DP_BURST];
	uint64_t body_key[DP_BURST][2]; /* locate: of those in the burst's set */
	struct dp_notice notice;        /* what was said last */
	uint8_t arena[DP_BURST * DP_PATH_ROOM + DP_COPY_OVER];
	char text[DP_LIST_MAX]; /* a list of links */
};

/* Written once a turn, read by control. */
struct dp_turns {
	_Atomic uint64_t loops, busy_loops, cycles, busy_cycles, rx_cycles, tx_cycles;
	_Atomic uint64_t pending_frames, pending_answers, pending_records, away;
	_Atomic uint64_t
		pending_entries; /* answers of anybody that wait for our records */
};

struct dp_worker {
	struct dp_shared *shared;
	const struct dp_snapshot *snap; /* of this burst */
	struct dp_net *net;
	struct dp_peers *peers;
	struct dp_devices *devices;
	struct dp_devices_events device_events;
	struct dp_store *store;
	struct dp_replies *replies;
	struct dp_outbound *outbound;
	struct dp_delayed *delayed;
	struct dp_transfers *transfers;
	struct dp_tokens *tokens;
	struct dp_observers *observers;
	struct dp_lists *lists;
	struct dp_logring *logring;
	struct dp_scratch *scratch;
	struct dp_limit *limit; /* of complaints, by source */
	struct dp_limit *rates; /* of requests, by device or source, and route */
	struct dp_trace *trace;
	struct rte_ring *inbox; /* packets from other workers */
	struct rte_ring *back;  /* packets of ours that other workers have executed */
	struct rte_ring *done;  /* struct dp_pending that other workers settled for us */
	struct rte_ring *news;  /* struct dp_news from other workers */
	uint64_t heeded; /* serial of the snapshot that observers have been told of */
	_Atomic bool news_lost; /* any worker: wo, release; this one resets it, and looks
				   at every value */
	struct rte_ring *mailbox;    /* struct dp_act from control */
	struct rte_ring *to_parse;   /* struct dp_job of ours for the parser */
	struct rte_ring *parsed;     /* and those that it has done */
	struct dp_job *job[DP_JOBS]; /* those that nobody has asked for: the first n_jobs
				      */
	unsigned n_jobs;
	struct rte_mempool *pool;
	unsigned id, count;        /* of how many */
	bool draining;             /* of this burst */
	bool log_fails;            /* shared has it, of this turn */
	uint64_t tsc;              /* of this burst */
	uint64_t rx_cycles;        /* this turn's */
	uint64_t stall_max_cycles; /* the longest turn's */
	uint32_t now_s;
	uint64_t now_ms;            /* since start; of this turn */
	uint64_t accepted, settled; /* record numbers: last put, last settled */
	struct dp_commit commit;    /* being settled; upto 0: none */
	uint32_t created;           /* the number that was given last */
	uint32_t away;      /* requests at other workers whose answer is still to come */
	uint32_t waiting;   /* answers of ours that wait for a record here */
	uint64_t asked_ms;  /* when it was asked last who observes a list */
	uint64_t next_tick; /* TSC */
	uint64_t ticked[DP_TICKING_MAX]; /* which period each value was written in last */
	struct dp_pending_fifo pending;
	struct dp_early_fifo early;
	uint64_t dice; /* see dp_roll() */
	struct dp_counters counters;
	struct dp_hist latency;
	struct dp_turns turns;
} __rte_cache_aligned;

/* The pool that has the long token at @word. */
static inline struct dp_tokens *
dp_tokens_of(const struct dp_worker *w, const uint8_t word[8])
{
	return w->shared->worker[dp_tokens_owner(word)]->tokens;
}

/* ---- stages, in order ---- */

/* In: coap, len, flags, key.  Out: msg, scratch->request, once, hash; the peers' index
 * lines are on their way.  Takes out what is no request, answering pings, and what has
 * its home elsewhere, handing it to that worker.  Never inline: whether it was hung on
 * how much else is linked, and it costs three instructions a message. */
void dp_stage_parse(struct dp_worker *w, struct dp_burst *b) __attribute__((noinline));
/* Stage parse, of some of the requests, @once, that need their peer: hands over what has
 * its home elsewhere, in the order in which it came, and asks for the others' index
 * lines, setting hash; those that are still here. */
uint64_t dp_match_begin(struct dp_worker *w, struct dp_burst *b, uint64_t once);
/* In: once, hash.  Out: peer (a hint); the peers' lines are on their way. */
void dp_stage_match(struct dp_worker *w, struct dp_burst *b);
/* In: msg, scratch->request.  Out: route, code (an error, or 0); the index lines of
 * values and devices are on their way. */
void dp_stage_route(struct dp_worker *w, struct dp_burst *b);
/* In: scratch->request, once, peer, value, device.  Out: the request's hints, body; the
 * lines that act will need are on their way. */
void dp_stage_locate(struct dp_worker *w, struct dp_burst *b);
/* A request that needs its peer after all, though it is a GET: true if that is here now,
 * false if the packet has gone to its home, or was dropped. */
bool dp_bring_home(struct dp_worker *w, struct dp_burst *b, unsigned i);
/* In: all.  Executes; out: code, reply, or pkt NULL where the answer comes later or
 * never. */
void dp_stage_act(struct dp_worker *w, struct dp_burst *b);
/* In: code, reply.  Sends. */
void dp_stage_reply(struct dp_worker *w, struct dp_burst *b);

/* Parse to reply over a burst whose net stage has run. */
void dp_worker_burst(struct dp_worker *w, struct dp_burst *b);
/* One turn of the loop; false if there was nothing to do. */
bool dp_worker_turn(struct dp_worker *w);
/* The loop; an lcore function. @arg is the worker. */
int dp_worker_main(void *arg);

/* The transfer whose body request @i has, or where a FETCH's answer is kept; or NULL. */
static inline struct dp_transfer *
dp_body_of(const struct dp_worker *w, unsigned i)
{
	const struct dp_request *q = &w->scratch->request[i];

	return unlikely(q->flags & (DP_R_BLOCK1 | DP_R_PART)) ? q->transfer : NULL;
}

/* When what is in @b was read. */
static inline void
dp_burst_read_at(const struct dp_worker *w, struct dp_burst *b, uint64_t tsc)
{
	b->tsc = tsc;
	b->wall_ns = dp_clock_wall_ns(&w->shared->clock, tsc);
	b->now_s = w->now_s;
}

/* ---- the flight recorder ---- */

/* What a request is about: its route, and the value or device that its path names. */
static inline uint64_t
dp_about(const struct dp_route *route, const struct dp_request *q)
{
	return dp_trace_about(route->tag, q->about);
}

/* Enter message @i, which was heard at @tsc; @about says why, and what became of it.  For
 * a loop, which reads ring and time once. */
static inline void
dp_record_in(struct dp_trace *t, uint64_t tsc, const struct dp_burst *b, size_t i,
	uint64_t about)
{
	dp_trace_put(t, tsc, &b->key[i], &b->msg[i], b->coap[i],
		b->flags[i] & DP_F_IPV6 ? DP_TRACE_V6 : 0, about);
}

static inline void
dp_record_heard(struct dp_worker *w, const struct dp_burst *b, unsigned i, uint64_t about)
{
	dp_record_in(w->trace, b->tsc, b, i, about);
}

/* Free message @i and count and enter why; nothing was answered. */
static inline void
dp_drop(struct dp_worker *w, struct dp_burst *b, unsigned i, enum dp_counter why)
{
	dp_record_heard(w, b, i, dp_trace_fate(0, (uint8_t)why));
	dp_net_drop(w->net, b, i, why);
}

/* ---- control's acts (mailbox.c) ---- */

bool dp_mailbox_run(struct dp_worker *w);
