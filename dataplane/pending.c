/*
 * Requests on their way into the log, and the answers that wait for it.
 *
 * The log thread settles records in the order they were put, so the waiting answers are a
 * queue: a commit settles from its front.  An entry keeps peer, Message ID and token, not
 * the packet.
 */
#include "coap/code.h"
#include "dataplane/path.h"
#include "dataplane/worker.h"

#include <string.h>

static bool
fifo_full(const struct dp_pending_fifo *f)
{
	return f->tail - f->head > f->mask;
}

/* The side is the origin's number: entries are written before a packet names them, and stay. */
static void
set_endpoints(const struct dp_worker *origin, const struct dp_burst *b, unsigned i,
	struct dp_record *r)
{
	const struct dp_side *side = dp_net_side(origin->net, b->key[i].side);

	memcpy(r->source.addr, b->key[i].addr, sizeof(r->source.addr));
	r->source.port = rte_be_to_cpu_16(b->key[i].port_be);
	memcpy(r->local.addr, side->addr, sizeof(r->local.addr));
	r->local.port = rte_be_to_cpu_16(side->udp_be);
	r->vlan = side->vlan;
}

static void
push(struct dp_worker *w, const struct dp_burst *b, unsigned i, uint8_t code, uint8_t origin)
{
	struct dp_pending_fifo *f = &w->pending;
	struct dp_pending *p = &f->entry[f->tail++ & f->mask];
	const struct tg_msg *m = &b->msg[i];

	*p = (struct dp_pending){
		.number = w->accepted,
		.tsc = b->tsc,
		.peer = b->peer[i],
		.mid = m->mid,
		.type = m->type,
		.tkl = m->tkl,
		.code = code,
		.origin = origin,
	};
	memcpy(p->token, tg_msg_token(m), m->tkl);
	if (origin != w->id)
		return; /* the origin holds its own peer */
	w->waiting++;
	dp_peers_set_link(w->peers, b->peer[i], dp_net_source_mac(b, i));
	dp_peers_hold(w->peers, b->peer[i]);
}

bool
dp_log_request(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t code, bool wait,
	uint8_t origin)
{
	const struct dp_request *q = &w->scratch->request[i];
	const struct dp_route *route = b->route[i];
	const struct tg_msg *m = &b->msg[i];
	char path[1025];
	struct dp_record r = {
		.time_ns = dp_clock_wall_ns(&w->shared->clock, b->tsc),
		.mid = m->mid,
		.content_format = q->content_format,
		.type = m->type,
		.code = m->code,
		.answer = code,
		.tkl = m->tkl,
		.stream = route->stream,
		.stream_len = route->stream_len,
		.path = path,
		.payload = m->base + m->payload,
		.payload_len = m->len - m->payload,
	};
	uint64_t number;
	uint8_t len;

	if (wait && fifo_full(&w->pending)) {
		dp_count(&w->counters, DP_C_pending_full, 1);
		return false;
	}
	memcpy(r.token, tg_msg_token(m), m->tkl);
	set_endpoints(w->shared->worker[origin], b, i, &r);
	r.path_len = dp_path_text(path, sizeof(path), &q->path);
	if (q->device != UINT8_MAX) {
		r.device = (const char *)dp_request_segment(q, q->device, &len);
		r.device_len = len;
	}
	number = dp_logring_put(w->logring, &r);
	if (number == 0) {
		dp_count(&w->counters, DP_C_log_full, 1);
		return false;
	}
	w->accepted = number;
	dp_count(&w->counters, DP_C_records_accepted, 1);
	if (wait)
		push(w, b, i, code, origin);
	return true;
}

/* Send the answer that @p waited for and close its entry in the peer's line. */
static void
answer(struct dp_worker *w, const struct dp_pending *p)
{
	struct dp_peer_key key;
	uint8_t mac[6], *coap;
	bool known = dp_peers_link(w->peers, p->peer, mac);
	struct rte_mbuf *m;

	dp_peers_mark(w->peers, p->peer, p->mid, p->code, p->type == TG_CON, w->now_s, &w->counters);
	dp_peers_release(w->peers, p->peer);
	dp_peers_key(w->peers, p->peer, &key);
	m = dp_net_begin(w->net, &key, &coap);
	if (m == NULL) { /* a CON comes again and is answered from the peer's line */
		dp_count(&w->counters, DP_C_suppressed_no_buffer, 1);
		return;
	}
	dp_net_send(w->net, m, &key, known ? mac : NULL,
		dp_answer_write(w, coap, DP_MSG_MAX, p, p->code));
	dp_count(&w->counters, DP_C_answered, 1);
	dp_hist_add(&w->latency, dp_clock_ns(&w->shared->clock, rte_rdtsc() - p->tsc), 1);
}

/* Pending answers up to record @upto; false if an answer's worker has no room for it now. */
static bool
settle_front(struct dp_worker *w, uint64_t upto, bool safe)
{
	struct dp_pending_fifo *f = &w->pending;

	for (; f->head != f->tail; f->head++) {
		struct dp_pending *p = &f->entry[f->head & f->mask];

		if (p->number > upto)
			break;
		if (!safe)
			p->code = TG_UNAVAILABLE;
		if (p->origin == w->id) {
			w->waiting--;
			answer(w, p);
		} else if (rte_ring_enqueue_elem(w->shared->worker[p->origin]->done, p, sizeof(*p)) != 0) {
			return false;
		}
	}
	return true;
}

bool
dp_settle(struct dp_worker *w)
{
	struct dp_pending p;
	bool any = false;

	while (w->commit.upto != 0 || dp_logring_settled(w->logring, &w->commit)) {
		bool safe = w->commit.status == 0;

		any = true;
		if (!settle_front(w, w->commit.upto, safe))
			return any; /* goes on from here in the next turn */
		dp_count(&w->counters, safe ? DP_C_records_delivered : DP_C_lost_log_failed,
			w->commit.upto - w->settled);
		w->settled = w->commit.upto;
		w->commit.upto = 0;
	}
	while (w->count > 1 && rte_ring_dequeue_elem(w->done, &p, sizeof(p)) == 0) {
		any = true;
		w->away--;
		dp_count(&w->counters, DP_C_executed, 1);
		answer(w, &p);
	}
	return any;
}
