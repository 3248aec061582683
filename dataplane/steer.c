/*
 * Between workers: a datagram goes to its endpoint's home, a write to its value's home
 * and back.  What a packet needs on the way stands in its private area; routes are looked
 * up anew at each end, because a snapshot may be swapped meanwhile.
 */
#include "dataplane/steer.h"

#include "coap/code.h"
#include "dataplane/act.h"
#include "dataplane/act_block.h"
#include "dataplane/act_observe.h"
#include "dataplane/answer.h"
#include "dataplane/separate.h"

#include <rte_mbuf.h>
#include <rte_ring.h>
#include <string.h>

unsigned
dp_home_of_hash(const struct dp_worker *w, uint64_t hash)
{
	return atomic_load_explicit(
		&w->shared->home[hash % DP_BUCKETS], memory_order_relaxed);
}

/* The side is each worker's own number: an endpoint's home follows from the remote half.
 */
unsigned
dp_home_of(const struct dp_worker *w, const struct dp_peer_key *key)
{
	struct dp_peer_key remote = *key;

	remote.side = 0;
	return dp_home_of_hash(w, dp_peers_hash(w->peers, &remote));
}

/* A device's values share a home with it; a path without a device has its own. */
unsigned
dp_value_home(const struct dp_worker *w, const struct dp_request *q)
{
	const uint8_t *name;
	uint8_t len;

	if (q->device_at == DP_NO_SEGMENT)
		return dp_home_of_hash(w, dp_store_hash(w->store, &q->path));
	name = dp_request_segment(q, q->device_at, &len);
	return dp_home_of_hash(w, dp_devices_hash(w->devices, name, len));
}

/* Who asks for a value: a request that has left its peer's home keeps what it had there.
 */
static uint32_t
asker(const struct dp_worker *w, const struct dp_burst *b, unsigned i)
{
	const struct dp_meta *meta = dp_meta(b->pkt[i]);

	return b->handed && meta->kind == DP_E_VALUE ? meta->ref
						     : dp_peers_ref(w->peers, b->peer[i]);
}

static void
set_meta(const struct dp_worker *w, const struct dp_burst *b, unsigned i,
	enum dp_errand kind)
{
	struct rte_mbuf *m = b->pkt[i];
	struct dp_meta *meta = dp_meta(m);
	uint64_t about = kind == DP_E_VALUE
				 ? dp_about(b->route[i], &w->scratch->request[i])
			 : kind == DP_E_ANSWER ? meta->about
					       : 0;
	uint8_t param = kind == DP_E_VALUE    ? b->route[i]->param
			: kind == DP_E_ANSWER ? meta->param
					      : 0;

	struct dp_transfer *transfer = kind == DP_E_VALUE    ? dp_body_of(w, i)
				       : kind == DP_E_ANSWER ? meta->transfer
							     : NULL;
	uint32_t list = kind == DP_E_ANSWER ? meta->list : 0;

	*meta = (struct dp_meta){
		.key = b->key[i],
		.tsc = b->tsc,
		.about = about,
		.peer = b->peer[i],
		.ref = kind == DP_E_VALUE ? asker(w, b, i) : DP_NONE,
		.coap = (uint16_t)(b->coap[i] - rte_pktmbuf_mtod(m, uint8_t *)),
		.len = b->len[i],
		.reply = b->reply[i],
		.options = b->msg[i].options,
		.tkl = b->msg[i].tkl,
		.kind = (uint8_t)kind,
		.from = (uint8_t)w->id,
		.port = b->port[i],
		.flags = b->flags[i],
		.code = b->code[i],
		.method = b->msg[i].code,
		.silent = b->silent[i],
		.param = param,
		.transfer = transfer,
		.list = list,
	};
}

struct rte_mbuf *
dp_pack(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	struct rte_mbuf *m = b->pkt[i];

	set_meta(w, b, i, DP_E_VALUE);
	b->pkt[i] = NULL;
	return m;
}

bool
dp_hand(struct dp_worker *w, struct dp_burst *b, unsigned i, unsigned to,
	enum dp_errand kind)
{
	struct dp_worker *target = w->shared->worker[to];
	struct rte_mbuf *m = b->pkt[i];

	set_meta(w, b, i, kind);
	if (rte_ring_enqueue(kind == DP_E_ANSWER ? target->back : target->inbox, m) != 0)
		return false;
	b->pkt[i] = NULL;
	return true;
}

/* One packet as a burst of its own, as it was when it was handed over. */
static struct dp_burst *
unpack(struct dp_worker *w, struct rte_mbuf *m)
{
	struct dp_burst *b = &w->scratch->one;
	const struct dp_meta *meta = dp_meta(m);

	b->n = 1;
	b->handed = true;
	dp_burst_read_at(w, b, meta->tsc);
	b->pkt[0] = m;
	b->port[0] = meta->port;
	b->flags[0] = meta->flags;
	b->coap[0] = rte_pktmbuf_mtod_offset(m, uint8_t *, meta->coap);
	b->len[0] = meta->len;
	b->key[0] = meta->key;
	b->peer[0] = meta->peer;
	b->route[0] = NULL; /* of another snapshot, maybe */
	b->code[0] = meta->code;
	b->reply[0] = meta->reply;
	b->silent[0] = meta->silent;
	return b;
}

struct dp_burst *
dp_reopen(struct dp_worker *w, struct rte_mbuf *m, unsigned kinds)
{
	struct dp_burst *b = unpack(w, m);

	/* Its token was taken: a reload may have lowered the limit. */
	if (tg_msg_head(&b->msg[0], b->coap[0], b->len[0], TG_TOKEN_EXTENDED_MAX) != TG_OK
		|| dp_request_read(&w->scratch->request[0], &b->msg[0], w->scratch->arena)
			   != TG_OK)
		rte_panic("a request that was parsed is none any more\n");
	dp_stage_route(w, b);
	if (unlikely(dp_meta(m)->transfer != NULL))
		dp_block_reopen(b, 0, &w->scratch->request[0], dp_meta(m)->transfer);
	if (b->code[0] == 0 && !(kinds & DP_KIND(b->route[0]->kind)))
		b->code[0] = TG_UNAVAILABLE;
	return b;
}

void
dp_give_back(struct dp_worker *w, struct dp_burst *b, unsigned to)
{
	if (b->code[0] == DP_LATER)
		rte_pktmbuf_free(b->pkt[0]); /* if the parser has not got it */
	else if (!dp_hand(w, b, 0, to, DP_E_ANSWER))
		rte_panic("worker %u has no place for an answer it waits for\n", to);
}

/* A request whose value lives here. */
static void
value(struct dp_worker *w, struct rte_mbuf *m)
{
	uint8_t from = dp_meta(m)->from;
	struct dp_burst *b = dp_reopen(w, m, DP_KIND(DP_K_STORE));

	if (b->code[0] == 0)
		b->code[0] = dp_store_act_here(w, b, 0, from);
	dp_give_back(w, b, from);
}

/* What another worker has only to write is back at once. */
static bool
takes_time(const struct dp_burst *b, unsigned i)
{
	const struct dp_route *r = b->route[i];

	return r->kind != DP_K_STORE || r->ack == DP_ACK_LOGGED
	       || dp_is_patch(b->msg[i].code);
}

void
dp_leave(struct dp_worker *w, const struct dp_burst *b, unsigned i)
{
	w->away++;
	if (b->peer[i] == DP_NONE)
		return;
	dp_peers_add(w->peers, b->peer[i], b->msg[i].mid, 0, b->msg[i].type == TG_CON,
		b->now_s, &w->counters);
	dp_peers_hold(w->peers, b->peer[i]);
	if (b->msg[i].type == TG_CON && takes_time(b, i))
		dp_separate_wait(w, b->peer[i], b->msg[i].mid);
}

void
dp_arrive(struct dp_worker *w, uint32_t peer)
{
	w->away--;
	if (peer != DP_NONE)
		dp_peers_release(w->peers, peer);
}

/* The answer says nothing but its code. */
static bool
is_empty(const struct dp_burst *b)
{
	struct tg_msg m;

	return b->reply[0] == 0
	       || tg_msg_parse(&m, b->coap[0], b->reply[0], TG_TOKEN_EXTENDED_MAX)
			  != TG_OK
	       || m.payload == m.len;
}

/*
 * Why the answer to what was executed is kept back, or 0: nobody wants it (RFC 7967), or
 * a group was asked and this member has nothing to tell (RFC 7252, 8.2).
 */
static enum dp_counter
unwanted(const struct dp_burst *b)
{
	if (dp_is_silent(b->silent[0], b->code[0]))
		return DP_C_suppressed_no_response;
	if ((b->flags[0] & DP_F_MULTICAST) && is_empty(b))
		return DP_C_suppressed_multicast;
	return 0;
}

static void
finish_silently(struct dp_worker *w, struct dp_burst *b, enum dp_counter why)
{
	const struct tg_msg *m = &b->msg[0];

	if (b->peer[0] != DP_NONE)
		dp_peers_mark(w->peers, b->peer[0], m->mid, DP_ACKED, m->type == TG_CON,
			w->now_s, &w->counters);
	dp_count(&w->counters, DP_C_executed, 1);
	dp_count(&w->counters, why, 1);
	dp_record_heard(
		w, b, 0, dp_meta(b->pkt[0])->about | dp_trace_fate(0, (uint8_t)why));
	dp_answer_silently(w, b, 0);
}

/* It was acknowledged before it could be answered. */
static void
finish_separately(struct dp_worker *w, struct dp_burst *b)
{
	const struct dp_transfer *x = dp_meta(b->pkt[0])->transfer;
	bool silent = dp_is_silent(b->silent[0], b->code[0]);
	uint8_t code = b->code[0];

	if (code >= TG_BAD_REQUEST || (b->reply[0] == 0 && x == NULL))
		dp_answer_code(w, b, 0, code);
	else if (b->reply[0] == 0)
		dp_answer_block(b, 0, code, &x->last);
	if (silent)
		dp_separate_skip(w, b->peer[0], b->msg[0].mid);
	else
		dp_separate_send(w, b->peer[0], b->coap[0], b->reply[0],
			dp_meta(b->pkt[0])->param);
	dp_record_heard(w, b, 0, dp_meta(b->pkt[0])->about | dp_trace_fate(code, 0));
	rte_pktmbuf_free(b->pkt[0]);
	if (code >= TG_BAD_REQUEST) {
		dp_count(&w->counters, dp_refused(code), 1);
		return;
	}
	dp_count(&w->counters, DP_C_executed, 1);
	dp_count(&w->counters, silent ? DP_C_suppressed_no_response : DP_C_answered, 1);
	dp_hist_add(&w->latency, dp_clock_ns(&w->shared->clock, rte_rdtsc() - b->tsc), 1);
}

/* Close the entry in the peer's line: with what a duplicate gets, or not at all. */
static void
remember(struct dp_worker *w, struct dp_burst *b, bool con)
{
	uint8_t code = b->code[0];

	code = code < TG_BAD_REQUEST ? dp_answer_keep(w, b, 0, code)
				     : dp_kept_refusal(b->silent[0], code);
	if (code != 0)
		dp_peers_mark(w->peers, b->peer[0], b->msg[0].mid, code, con, w->now_s,
			&w->counters);
	else
		dp_peers_unmark(w->peers, b->peer[0], b->msg[0].mid);
}

/* A request of ours that was executed at its value's home, or by the parser. */
static void
answer(struct dp_worker *w, struct rte_mbuf *m)
{
	struct dp_burst *b = unpack(w, m);
	const uint8_t *p = b->coap[0];
	uint8_t code = b->code[0];
	enum dp_counter why;
	bool con;

	dp_arrive(w, b->peer[0]);
	/* Type, MID and token stand where they stood in the request; a reply has its own
	 * type. */
	con = b->reply[0] != 0 ? (p[0] >> 4 & 3) == TG_ACK : (p[0] >> 4 & 3) == TG_CON;
	b->msg[0] = (struct tg_msg){
		.base = p,
		.mid = (uint16_t)(p[2] << 8 | p[3]),
		.type = con ? TG_CON : TG_NON,
		.code = dp_meta(m)->method,
		.options = dp_meta(m)->options,
		.tkl = dp_meta(m)->tkl,
	};
	if (unlikely(b->flags[0] & DP_F_OBSERVE) && code < TG_BAD_REQUEST) {
		b->hash[0] = dp_peers_hash(w->peers, &b->key[0]);
		dp_observe_list(w, b, 0, dp_meta(m)->from);
	}
	if (con && dp_separate_is_due(w, b->peer[0], b->msg[0].mid)) {
		finish_separately(w, b);
		return;
	}
	if (code < TG_BAD_REQUEST && unlikely((why = unwanted(b)) != 0)) {
		finish_silently(w, b, why);
		return;
	}
	if (b->peer[0] != DP_NONE)
		remember(w, b, con);
	if (code >= TG_BAD_REQUEST) {
		dp_refuse(w, b, 0, code);
		return;
	}
	dp_count(&w->counters, DP_C_executed, 1);
	if (unlikely(dp_meta(m)->transfer != NULL) && b->reply[0] == 0)
		dp_answer_block(b, 0, code, &dp_meta(m)->transfer->last);
	dp_stage_reply(w, b);
}

/* An answer that is back, and what came with it. */
static void
finish(struct dp_worker *w, struct rte_mbuf *m)
{
	struct dp_meta *meta = dp_meta(m);
	struct dp_transfer *x = meta->transfer;
	uint8_t code;

	if (unlikely(meta->code == DP_NO_PLACE)) {
		dp_block_ask_again(w, m);
		return;
	}
	if (unlikely(x != NULL) && dp_block_yields(w, x, meta->tsc))
		meta->code = TG_UNAVAILABLE;
	code = meta->code;
	answer(w, m);
	if (unlikely(x != NULL))
		dp_block_end(w, x, code);
}

bool
dp_inbox(struct dp_worker *w)
{
	struct dp_burst *b = &w->scratch->burst;
	void *in[DP_BURST];
	unsigned n;
	bool any;

	if (w->count == 1 && w->away == 0)
		return false;
	n = rte_ring_dequeue_burst(w->back, in, DP_BURST, NULL);
	for (unsigned i = 0; i < n; i++)
		/* NOLINTNEXTLINE(clang-analyzer-core*): the ring wrote n */
		finish(w, in[i]);
	any = n > 0;
	n = rte_ring_dequeue_burst(w->inbox, in, DP_BURST, NULL);
	b->n = 0;
	for (unsigned i = 0; i < n; i++) {
		/* NOLINTNEXTLINE(clang-analyzer-core*): the ring wrote n */
		struct rte_mbuf *m = in[i];

		switch ((enum dp_errand)dp_meta(m)->kind) {
		case DP_E_DATAGRAM:
			b->port[b->n] = dp_meta(m)->port;
			b->pkt[b->n++] = m;
			break;
		case DP_E_VALUE:
			value(w, m);
			break;
		case DP_E_ANSWER: /* those come in through back */
			break;
		}
	}
	if (b->n > 0) {
		b->handed = true;
		dp_burst_read_at(w, b, w->tsc);
		dp_net_stage(w->net, b);
		dp_worker_burst(w, b);
	} else if (n > 0) {
		dp_logring_publish(
			w->logring); /* a value's record waits for no other packet */
	}
	return any || n > 0;
}
