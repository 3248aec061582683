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

/* An answer that waits for its record. */
struct dp_pending {
	uint64_t number : 48;   /* of the record in the ring */
	uint64_t transfer : 16; /* whose body it has; 0: none */
	uint64_t tsc;           /* when the request was read */
	uint8_t token[8];       /* as tkl says: see tokens.h */
	uint32_t peer;          /* slot at the worker that answers */
	uint16_t mid;
	uint8_t type, tkl;
	uint8_t code;      /* the answer once the record is safe */
	uint8_t origin;    /* worker that answers */
	uint8_t silent;    /* classes of answers that are not wanted */
	uint8_t param;     /* its route's */
	uint32_t since_ms; /* low half of when it began to wait */
};

/* Pending answers in the order of their records: commits settle from the front. */
struct dp_pending_fifo {
	uint32_t head, tail, mask; /* head: next to settle; tail: next free */
	uint32_t early;            /* next to be acknowledged before it is answered */
	struct dp_pending *entry;
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

/* In: coap, len, flags.  Out: msg, scratch->request, once.  Takes out what is no request,
 * answering pings.  Never inline: whether it was hung on how much else is linked, and it
 * costs three instructions a message. */
void dp_stage_parse(struct dp_worker *w, struct dp_burst *b) __attribute__((noinline));
/* In: key, msg.  Out: hash; the peers' index lines are on their way.  Hands what has its
 * home elsewhere to that worker. */
void dp_stage_match(struct dp_worker *w, struct dp_burst *b);
/* In: msg, scratch->request.  Out: route, code (an error, or 0); the index lines of
 * values and devices are on their way. */
void dp_stage_route(struct dp_worker *w, struct dp_burst *b);
/* In: hash, scratch->request.  Out: peer (a hint) and the request's hints; the slots'
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

/* ---- executing (act_*.c): the answer's code; b->reply[i] its bytes if it is more than
 * that */

/* What its route says. */
uint8_t dp_execute(struct dp_worker *w, struct dp_burst *b, unsigned i);
uint8_t dp_act_stream(struct dp_worker *w, struct dp_burst *b, unsigned i);
uint8_t dp_act_store(struct dp_worker *w, struct dp_burst *b, unsigned i);
/* What of the store runs at the value's home: writes and listings.  @origin answers. */
uint8_t dp_store_act_here(
	struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t origin);
/* GET of a device's list, at its home; @origin answers, and enters its observer
 * (act_list.c). */
uint8_t dp_list_get(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t origin);
/* What @q names was created, deleted, or looks otherwise in a list; false if nobody
 * observes one that may have it. */
bool dp_list_changed(struct dp_worker *w, const struct dp_request *q);
/* Make list @list anew, and tell who observes it if it is another one. */
void dp_list_renew(struct dp_worker *w, uint32_t list);
/* A write alone: conditions, value, record. */
uint8_t dp_store_write(
	struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t origin);
/* A FETCH that was at its value's home: there once more.  DP_LATER, or an error. */
uint8_t dp_store_ask_again(struct dp_worker *w, struct dp_burst *b, unsigned i);
/* Answer 2.05 with a value, or 2.03 if the request knows it; the request is overwritten.
 */
uint8_t dp_store_answer(
	struct dp_worker *w, struct dp_burst *b, unsigned i, const struct dp_value *v);
/* FETCH, PATCH and iPATCH (act_patch.c). */
static inline bool
dp_is_patch(uint8_t method)
{
	return method >= TG_FETCH && method <= TG_IPATCH;
}
/* Does such a request ask for a block more of an answer, and for nothing else? */
static inline bool
dp_goes_on(const struct tg_msg *m, const struct dp_request *q)
{
	return (q->flags & (DP_R_BLOCK1 | DP_R_BLOCK2)) == DP_R_BLOCK2
	       && q->block2.num > 0 && m->payload == m->len;
}
/* Is the payload's Content-Format one that such a method takes? */
bool dp_patch_takes(const struct tg_msg *m, const struct dp_request *q);
/* Give the request to the parser, at its value's home; @origin answers.  DP_LATER: the
 * packet is with it. */
uint8_t dp_patch_ask(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t origin);
/* Go on with what the parser has done.  True if there was anything. */
bool dp_jobs_run(struct dp_worker *w);
/* Book the message to the device that the path names; its slot, or DP_NONE.  @known: the
 * slot, if the caller knows it; @origin: the worker whose peer it is from. */
uint32_t dp_act_device(struct dp_worker *w, const struct dp_burst *b, unsigned i,
	uint32_t known, unsigned origin);
/* A device is being forgotten: its values stay.  @worker is a struct dp_worker: this is
 * what the devices table calls. */
void dp_act_disown(void *worker, uint32_t device);
/* POST of a route's word: forget who observes its target. */
uint8_t dp_act_unobserve(struct dp_worker *w, const struct dp_burst *b, unsigned i);
/* The time of this turn, RFC 3339; its length. */
size_t dp_time_text(const struct dp_worker *w, char text[DP_TIME_TEXT]);
/* The same as who observes it is told it; borrows @text. */
struct dp_content dp_time_content(const struct dp_worker *w, char text[DP_TIME_TEXT]);
/* Write the values whose period is over (ticker.c); about every millisecond. */
void dp_tick_values(struct dp_worker *w);
uint8_t dp_act_create(struct dp_worker *w, struct dp_burst *b, unsigned i);
/* A request, not a GET, with Block1 or Block2, or on a part (act_block.c). */
uint8_t dp_act_block(struct dp_worker *w, struct dp_burst *b, unsigned i);
/* Ahead of it: ask for the index lines that lead to the bodies that a block comes for;
 * and then for the bodies' own. */
void dp_block_look_ahead(struct dp_worker *w, struct dp_burst *b);
void dp_block_locate(struct dp_worker *w, const struct dp_burst *b);
/* Request @i, which comes back, has @x with it: what that has of a body is its payload;
 * @q is what was read of it. */
void dp_block_reopen(
	struct dp_burst *b, unsigned i, struct dp_request *q, struct dp_transfer *x);
/* @x's request has been executed, and @code is the answer: dp_transfers_end(). */
void dp_block_end(struct dp_worker *w, struct dp_transfer *x, uint8_t code);
/*
 * @x has the response to a request that came at @came_tsc.  If one that ran at the same
 * time under the same key has left another response, nobody could tell whose next block
 * is asked for: then this one is given up, and its request is to be refused.
 */
bool dp_block_yields(const struct dp_worker *w, struct dp_transfer *x, uint64_t came_tsc);
/* The FETCH in @m is back from its value's home with DP_NO_PLACE: there it goes again,
 * with room for its answer, or its answer is an error. */
void dp_block_ask_again(struct dp_worker *w, struct rte_mbuf *m);
/* Request @i goes no further: its last block may come again. */
void dp_block_give_up(struct dp_worker *w, unsigned i);
/* Keep @c, which fits a transfer, as the response to what @x, which is busy, was the body
 * of. */
void dp_block_keep(
	struct dp_transfer *x, uint8_t code, const struct dp_content *c, uint32_t now_s);
/* Answer such a request with @c, which is not in the packet, and keep what goes not into
 * one message.  @code, or an error. */
uint8_t dp_block_answer(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t code,
	const struct dp_content *c);
/* The fixed kinds. */
uint8_t dp_act_fixed(struct dp_worker *w, struct dp_burst *b, unsigned i);
/* Do the request's conditions hold for static content @r, in one of its Content-Formats?
 */
bool dp_static_holds(
	const struct dp_request *q, const struct tg_msg *m, const struct dp_route *r);

#define DP_LATER 0 /* the packet is gone: its answer comes later */
#define DP_STORED                                                                        \
	0xe0 /* a Message ID's code: the reply's bytes are in the reply pool             \
	      */

#define DP_ACKED                                                                         \
	0xe1 /* ... or: it was acknowledged, and its answer is a message of its own */

#define DP_NO_PLACE                                                                      \
	0xe2 /* the code of a FETCH that comes back: its answer takes more than a        \
	      message */

/* ---- the flight recorder ---- */

/* What request @i is about: its route, and the value or device that its path names. */
static inline uint64_t
dp_about(const struct dp_worker *w, const struct dp_burst *b, unsigned i)
{
	return dp_trace_about(b->route[i]->tag, w->scratch->request[i].about);
}

/* Enter message @i, which was heard; @about says why, and what became of it. */
static inline void
dp_record_heard(struct dp_worker *w, const struct dp_burst *b, unsigned i, uint64_t about)
{
	dp_trace_put(w->trace, b->tsc, &b->key[i], &b->msg[i], b->coap[i],
		b->flags[i] & DP_F_IPV6 ? DP_TRACE_V6 : 0, about);
}

/* Free message @i and count and enter why; nothing was answered. */
static inline void
dp_drop(struct dp_worker *w, struct dp_burst *b, unsigned i, enum dp_counter why)
{
	dp_record_heard(w, b, i, dp_trace_fate(0, (uint8_t)why));
	dp_net_drop(w->net, b, i, why);
}

/* ---- answers (answer.c) ---- */

struct tg_writer;
/* Begin the answer to @i in its own buffer: type, MID and token as the request wants
 * them. */
void dp_answer_begin(struct dp_burst *b, unsigned i, struct tg_writer *w, uint8_t code);
/* Begin it by hand: Message ID and token stay as they stand; returns where options begin.
 */
static inline uint16_t
dp_answer_head(struct dp_burst *b, unsigned i, uint8_t code)
{
	uint8_t *p = b->coap[i];

	/* A CON becomes an ACK; a NON stays one, and so does an answer. */
	p[0] |= (uint8_t)((~p[0] & TG_NON << 4) << 1);
	p[1] = code;
	return b->msg[i].options;
}
/* Answer @i with nothing but a code, and what belongs to that code (5.03: Max-Age; 4.13:
 * Size1). */
void dp_answer_code(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t code);
/* The same for a block of a request's body, or its last: with its Block1. */
void dp_answer_block(
	struct dp_burst *b, unsigned i, uint8_t code, const struct tg_block *block1);
/* A message of its own that is only a code, at @buf of @cap bytes; its length. */
uint16_t dp_answer_write(const struct dp_worker *w, uint8_t *buf, size_t cap,
	const struct dp_pending *p, uint8_t code);
/* What a Message ID's entry remembers of @i's answer @code: bytes that no code can
 * rebuild go to the reply pool. */
uint8_t dp_answer_keep(
	struct dp_worker *w, const struct dp_burst *b, unsigned i, uint8_t code);
/* Is an answer with @code one that nobody wants (RFC 7967, 2.1)?  @silent has bit 1 for
 * 2.xx, bit 3 for 4.xx, bit 4 for 5.xx. */
static inline bool
dp_is_silent(uint8_t silent, uint8_t code)
{
	return silent >> ((code >> 5) - 1) & 1;
}
/* Answer @i with nothing: a CON is acknowledged, a NON freed; pkt becomes NULL. */
void dp_answer_silently(struct dp_worker *w, struct dp_burst *b, unsigned i);
/* May this source be sent one more RST or error? */
bool dp_may_complain(struct dp_worker *w, const struct dp_burst *b, unsigned i);
/*
 * What is remembered of a request that ran, may not run twice and was refused with @code,
 * so that a duplicate is refused again: run later it might do what its sender was told
 * that it did not (RFC 7252, 4.5).  0: nothing, it may come again with the same message.
 */
static inline uint8_t
dp_kept_refusal(uint8_t silent, uint8_t code)
{
	if (code >> 5 != 4 || code == TG_UNAUTHORIZED || code == TG_REQUEST_INCOMPLETE
		|| code == TG_TOO_MANY_REQUESTS)
		return 0;
	return dp_is_silent(silent, code) ? DP_ACKED : code;
}
/* A source's number among its likes: its address, whatever port it uses. */
uint64_t dp_source_hash(const struct dp_worker *w, const struct dp_peer_key *key);
/* The counter of requests refused with @code. */
enum dp_counter dp_refused(uint8_t code);
/* Answer @i with an error before it ran, within the source's limit; pkt becomes NULL. */
void dp_refuse(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t code);
/* Reject @i with RST if it may be; pkt becomes NULL.  @why counts the message. */
void dp_reject(struct dp_worker *w, struct dp_burst *b, unsigned i, enum dp_counter why);

/* ---- the log (pending.c) ---- */

/*
 * Append the request as a record of @route's stream.  With @wait the packet's answer
 * @code comes when the record is safe (the caller frees the packet).  False if ring or
 * fifo is full.
 */
bool dp_log_request(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t code,
	bool wait, uint8_t origin);
/* The same for a request with a long token. */
bool dp_log_long(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t code,
	bool wait, uint8_t origin);
/* Would request @m with @wait be taken?  If not, why is counted.  To
 * be asked before anything is changed. */
bool dp_log_has_room(struct dp_worker *w, const struct tg_msg *m);
/* Settle what the log thread has decided; answers go out.  True if there was anything. */
bool dp_settle(struct dp_worker *w);

/* ---- observers (act_observe.c; notify.h has the rest) ---- */

#define DP_NO_OBSERVE UINT32_MAX
#define DP_OBSERVE_LATER 0xffffff /* three bytes in place of a value */

/* GET @i, which has Observe, is about to be answered with @v: enter it if it asks for
 * that.  The answer's Observe value, or DP_NO_OBSERVE: it has none. */
uint32_t dp_observe(struct dp_worker *w, const struct dp_burst *b, unsigned i,
	const struct dp_value *v);
/* The same of @c, which @r answers, wherever a request comes; or end the observation, if
 * it asks for that.  True: @c is a notification from now on. */
bool dp_observe_route(struct dp_worker *w, const struct dp_burst *b, unsigned i,
	const struct dp_route *r, struct dp_content *c);
/* Request @i is answered with a list of worker @home, with an ETag and DP_OBSERVE_LATER:
 * enter it, and put the value in its place. */
void dp_observe_list(struct dp_worker *w, struct dp_burst *b, unsigned i, unsigned home);
/* Does GET @m ask to be an observer, and not for the rest of a notification (RFC 7959,
 * 2.6)? */
bool dp_is_registration(const struct tg_msg *m);
/* GET @i has Observe: end the observation if it asks for that. */
void dp_observe_cancel(struct dp_worker *w, const struct dp_burst *b, unsigned i);
/* Message @i is an ACK or an RST, maybe to a notification. */
void dp_observe_answered(struct dp_worker *w, const struct dp_burst *b, unsigned i);
/* End all that @peer observes. */
void dp_observe_kick(struct dp_worker *w, uint32_t peer);

/* ---- control's acts (mailbox.c) ---- */

bool dp_mailbox_run(struct dp_worker *w);
