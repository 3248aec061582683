/*
 * Requests on their way into the log, and the answers that wait for it.
 *
 * The log thread settles records in the order they were put, so the waiting answers are a
 * queue: a commit settles from its front.  An entry keeps peer, Message ID and token, not
 * the packet.
 */
#include "dataplane/pending.h"

#include "coap/code.h"
#include "dataplane/act_block.h"
#include "dataplane/answer.h"
#include "dataplane/copy.h"
#include "dataplane/hot.h"
#include "dataplane/separate.h"

#include <rte_ring.h>
#include <string.h>

#define SETTLE_A_TURN 64 /* answers: commits may settle thousands, a port takes less */

static bool
fifo_full(const struct dp_pending_fifo *f)
{
	return f->tail - f->head > f->mask;
}

/* Bytes of the record; @device is a segment. */
static uint32_t
measure(const struct tg_msg *m, const struct dp_request *q, const struct dp_route *r,
	const uint8_t *device)
{
	return (uint32_t)sizeof(struct dp_record_head) + m->tkl + r->stream_len
	       + device[0] + q->path.len + (uint32_t)(m->len - m->payload);
}

/* The parts behind a head, and some bytes more: their places have them, and the ring's
 * next frame is not written yet. */
static DP_HOT void
write_parts(struct dp_record_head *h, const struct tg_msg *m, const struct dp_request *q,
	const struct dp_route *r, const uint8_t *device)
{
	uint8_t *to = (uint8_t *)(h + 1);

	memcpy(to, m->base + TG_HDR_LEN, TG_TOKEN_MAX);
	to = dp_copy_over(to + m->tkl, r->stream, r->stream_len);
	to = dp_copy_over(to, device + 1, device[0]);
	to = dp_copy_over(to, q->path.bytes, q->path.len);
	dp_copy_over(to, m->base + m->payload, m->len - m->payload);
}

/* The small fields go word by word: one by one, or as the compiler merges them, they take
 * twice the instructions. */
static DP_HOT void
write_record(const struct dp_burst *b, unsigned i, const struct dp_request *q,
	const struct dp_logged *what, struct dp_record_head *h)
{
	const struct dp_route *r = b->route[i];
	const struct tg_msg *m = &b->msg[i];
	/* Sides are written before a packet names them, and stay. */
	const struct dp_side *side = dp_net_side(what->net, b->key[i].side);
	uint8_t type = m->type | what->type | dp_record_format_flag(q->content_format);
	uint8_t code = what->code;

	if (unlikely(b->silent[i] != 0) && dp_is_silent(b->silent[i], code))
		code = DP_RECORD_SILENT;
	h->time_ns = b->wall_ns;
	memcpy(h->source, b->key[i].addr, sizeof(h->source));
	memcpy(h->local, side->addr, sizeof(h->local));
	h->ports = __builtin_bswap16(b->key[i].port_be) | (uint64_t)side->local << 16
		   | (uint64_t)m->mid << 48;
	h->about = (uint16_t)q->content_format | (uint32_t)q->path.len << 16
		   | (uint64_t)(uint16_t)(m->len - m->payload) << 32
		   | (uint64_t)type << 48 | (uint64_t)m->code << 56;
	h->lengths = code | (uint32_t)(uint8_t)m->tkl << 8 | (uint32_t)r->stream_len << 16
		     | (uint32_t)what->device[0] << 24;
	write_parts(h, m, q, r, what->device);
}

bool
dp_log_has_room(struct dp_worker *w, const struct tg_msg *m)
{
	if (fifo_full(&w->pending))
		dp_count(&w->counters, DP_C_pending_full, 1);
	else if (unlikely(m->tkl > TG_TOKEN_MAX) && !dp_tokens_has_room(w->tokens))
		dp_count(&w->counters, DP_C_tokens_full, 1);
	else if (!dp_logring_has_room(w->logring,
			 DP_RECORD_REST_MAX + (uint32_t)(m->len - m->payload)))
		dp_count(&w->counters, DP_C_log_full, 1);
	else
		return true;
	return false;
}

static void
push(struct dp_worker *w, const struct dp_burst *b, unsigned i, uint8_t code,
	uint8_t origin)
{
	struct dp_pending_fifo *f = &w->pending;
	struct dp_pending *p = &f->entry[f->tail++ & f->mask];
	const struct dp_transfer *body = dp_body_of(w, i);
	const struct tg_msg *m = &b->msg[i];

	*p = (struct dp_pending){
		.number = w->accepted,
		.transfer = body != NULL ? body->id : 0,
		.tsc = b->tsc,
		.peer = b->peer[i],
		.mid = m->mid,
		.type = m->type,
		.tkl = (uint8_t)m->tkl,
		.code = code,
		.origin = origin,
		.silent = b->silent[i],
		.param = b->route[i]->param,
		.since_ms = (uint32_t)w->now_ms,
	};
	memcpy(p->token, m->base + TG_HDR_LEN, sizeof(p->token)); /* at least */
	dp_record_heard(w, b, i, dp_about(b->route[i], &w->scratch->request[i]));
	if (origin != w->id)
		return; /* the origin holds its own peer */
	w->waiting++;
	dp_peers_set_link(w->peers, b->peer[i], dp_net_source_mac(b, i));
	dp_peers_hold(w->peers, b->peer[i]);
}

/* The record, not published so far; NULL if there is no room.  Of a long token all but
 * the first bytes is still to be written there, and it is to be kept for the answer. */
static DP_HOT struct dp_record_head *
append(struct dp_worker *w, struct dp_burst *b, unsigned i, const struct dp_request *q,
	const struct dp_logged *what)
{
	struct dp_record_head *h;
	uint32_t len;

	if (what->waits && fifo_full(&w->pending)) {
		dp_count(&w->counters, DP_C_pending_full, 1);
		return NULL;
	}
	len = measure(&b->msg[i], q, b->route[i], what->device);
	h = (struct dp_record_head *)dp_logring_reserve(w->logring, len);
	if (h == NULL) {
		dp_count(&w->counters, DP_C_log_full, 1);
		return NULL;
	}
	write_record(b, i, q, what, h);
	w->accepted = dp_logring_commit(w->logring, len);
	dp_count(&w->counters, DP_C_records_accepted, 1);
	if (what->waits)
		push(w, b, i, what->code, what->origin);
	return h;
}

DP_HOT bool
dp_log_request(struct dp_worker *w, struct dp_burst *b, unsigned i,
	const struct dp_request *q, const struct dp_logged *what)
{
	return append(w, b, i, q, what) != NULL;
}

bool
dp_log_long(
	struct dp_worker *w, struct dp_burst *b, unsigned i, const struct dp_logged *what)
{
	struct dp_pending *p = &w->pending.entry[w->pending.tail & w->pending.mask];
	const struct tg_msg *m = &b->msg[i];
	struct dp_record_head *h;
	uint8_t word[8];

	if (what->waits && !dp_tokens_put(w->tokens, m, word)) {
		dp_count(&w->counters, DP_C_tokens_full, 1);
		return false;
	}
	h = append(w, b, i, &w->scratch->request[i], what);
	if (h != NULL)
		memcpy(h + 1, tg_msg_token(m), m->tkl);
	else if (what->waits)
		dp_tokens_del(w->tokens, word);
	if (h == NULL || !what->waits)
		return h != NULL;
	p->tkl = dp_token_tkl(m);
	memcpy(p->token, word, sizeof(p->token));
	return true;
}

static void
book_answer(struct dp_worker *w, const struct dp_pending *p)
{
	dp_count(&w->counters, DP_C_answered, 1);
	dp_hist_add(&w->latency, dp_clock_ns(&w->shared->clock, rte_rdtsc() - p->tsc), 1);
}

/* Its answer is not wanted (RFC 7967). */
static void
say_nothing(struct dp_worker *w, const struct dp_pending *p)
{
	if (p->type == TG_CON && dp_separate_is_due(w, p->peer, p->mid))
		dp_separate_skip(w, p->peer, p->mid);
	else if (p->type == TG_CON)
		dp_send_empty_ack(w, p->peer, p->mid);
	dp_peers_mark(w->peers, p->peer, p->mid, DP_ACKED, p->type == TG_CON, w->now_s,
		&w->counters);
	dp_peers_release(w->peers, p->peer);
	dp_count(&w->counters, DP_C_suppressed_no_response, 1);
}

/* It was acknowledged before it could be answered. */
static void
answer_separately(struct dp_worker *w, const struct dp_pending *p)
{
	uint8_t msg[TG_HDR_LEN + DP_TOKEN_FIELD + 8];

	dp_separate_send(w, p->peer, msg,
		dp_answer_write(w, msg, sizeof(msg), p, p->code), p->param);
	dp_peers_release(w->peers, p->peer);
	book_answer(w, p);
}

/* Send the answer that @p waited for and close its entry in the peer's line. */
static void
send_answer(struct dp_worker *w, const struct dp_pending *p)
{
	struct dp_peer_key key;
	uint8_t mac[6], *coap;
	bool known = dp_peers_link(w->peers, p->peer, mac);
	struct rte_mbuf *m;

	if (unlikely(p->silent != 0) && dp_is_silent(p->silent, p->code)) {
		say_nothing(w, p);
		return;
	}
	if (p->type == TG_CON && dp_separate_is_due(w, p->peer, p->mid)) {
		answer_separately(w, p);
		return;
	}
	if (p->code
		== TG_UNAVAILABLE) /* not logged: if it comes again it may try again */
		dp_peers_unmark(w->peers, p->peer, p->mid);
	else
		dp_peers_mark(w->peers, p->peer, p->mid, p->code, p->type == TG_CON,
			w->now_s, &w->counters);
	dp_peers_release(w->peers, p->peer);
	dp_peers_key(w->peers, p->peer, &key);
	m = dp_net_begin(w->net, &key, &coap);
	if (m == NULL) { /* a CON comes again and is answered from the peer's line */
		dp_count(&w->counters, DP_C_suppressed_no_buffer, 1);
		return;
	}
	dp_net_send(w->net, m, &key, known ? mac : NULL,
		dp_answer_write(w, coap, DP_MSG_MAX, p, p->code));
	book_answer(w, p);
}

static void
answer(struct dp_worker *w, const struct dp_pending *p)
{
	send_answer(w, p);
	if (unlikely(p->tkl > TG_TOKEN_MAX))
		dp_tokens_del(dp_tokens_of(w, p->token), p->token);
	if (unlikely(p->transfer != 0))
		dp_block_end(w, dp_transfers_get(w->transfers, p->transfer), p->code);
}

/*
 * Pending answers up to record @upto, while there is a @budget; false if there are more,
 * or an answer's worker has no room for it now.
 */
static bool
settle_front(struct dp_worker *w, uint64_t upto, bool safe, unsigned *budget)
{
	struct dp_pending_fifo *f = &w->pending;

	for (; f->head != f->tail; f->head++, --*budget) {
		struct dp_pending *p = &f->entry[f->head & f->mask];

		if (p->number > upto)
			break;
		if (*budget == 0)
			return false;
		if (!safe)
			p->code = TG_UNAVAILABLE;
		if (p->origin == w->id) {
			w->waiting--;
			answer(w, p);
		} else if (rte_ring_enqueue_elem(
				   w->shared->worker[p->origin]->done, p, sizeof(*p))
			   != 0) {
			return false;
		}
	}
	return true;
}

/* Every worker reads that line in each turn: it is written when something changes. */
static void
tell_all(struct dp_shared *s, bool fails)
{
	if (unlikely(atomic_load_explicit(&s->log_fails, memory_order_relaxed) != fails))
		atomic_store_explicit(&s->log_fails, fails, memory_order_relaxed);
}

bool
dp_settle(struct dp_worker *w)
{
	unsigned here = SETTLE_A_TURN, away = SETTLE_A_TURN;
	struct dp_pending p;
	bool any = false;

	if (unlikely(dp_net_is_full(w->net, w->tsc)))
		return false;
	while (w->commit.upto != 0 || dp_logring_settled(w->logring, &w->commit)) {
		bool safe = w->commit.status == 0;

		any = true;
		if (!settle_front(w, w->commit.upto, safe, &here))
			return any; /* goes on from here in the next turn */
		tell_all(w->shared, !safe);
		dp_count(&w->counters,
			safe ? DP_C_records_delivered : DP_C_lost_log_failed,
			w->commit.upto - w->settled);
		w->settled = w->commit.upto;
		w->commit.upto = 0;
	}
	while (w->count > 1 && away > 0
		&& rte_ring_dequeue_elem(w->done, &p, sizeof(p)) == 0) {
		any = true;
		away--;
		w->away--;
		dp_count(&w->counters, DP_C_executed, 1);
		answer(w, &p);
	}
	return any;
}
