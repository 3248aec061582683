#include "dataplane/separate.h"

#include "dataplane/answer.h"

#include <string.h>

#define A_TURN 64 /* empty ACKs, and as many retransmissions */

/* Replies to requests are kept under their peer and its Message ID, those that we send by
 * ourselves under the same peer and ours. */
#define OURS 0x80000000u
#define UNTIL_IT_ENDS (1u << 30) /* seconds */
#define LOOK_AGAIN_MS 1000

/* xorshift64 */
uint32_t
dp_roll(struct dp_worker *w)
{
	w->dice ^= w->dice << 13;
	w->dice ^= w->dice >> 7;
	w->dice ^= w->dice << 17;
	return (uint32_t)(w->dice >> 32);
}

/* Copy a finished message out to @peer; false if there is no buffer. */
static bool
send_to(struct dp_worker *w, uint32_t peer, const uint8_t *msg, uint16_t len)
{
	struct dp_peer_key key;
	uint8_t mac[6], *coap;
	bool known = dp_peers_link(w->peers, peer, mac);
	struct rte_mbuf *m;

	dp_peers_key(w->peers, peer, &key);
	m = dp_net_begin(w->net, &key, &coap);
	if (m == NULL) {
		dp_count(&w->counters, DP_C_out_no_buffer, 1);
		return false;
	}
	memcpy(coap, msg, len);
	dp_net_send(w->net, m, &key, known ? mac : NULL, len);
	return true;
}

/* ---- requests that wait ---- */

void
dp_send_empty_ack(struct dp_worker *w, uint32_t peer, uint16_t mid)
{
	const uint8_t ack[TG_HDR_LEN] = {
		1u << 6 | TG_ACK << 4, 0, (uint8_t)(mid >> 8), (uint8_t)mid};

	send_to(w, peer, ack, sizeof(ack));
	dp_count(&w->counters, DP_C_acks_sent, 1);
}

static bool
is_answered(const struct dp_worker *w, const struct dp_early *e)
{
	uint32_t peer = dp_peers_of_ref(w->peers, e->peer);
	uint8_t code;

	return peer == DP_NONE
	       || dp_peers_heard(w->peers, peer, e->mid, w->now_s, &code)
			  != DP_IN_PROGRESS;
}

/* Who finds no place comes again, and is answered then. */
void
dp_separate_wait(struct dp_worker *w, uint32_t peer, uint16_t mid)
{
	struct dp_early_fifo *f = &w->early;

	if (f->in - f->out == DP_AWAY_MAX) {
		if (!is_answered(w, &f->entry[f->out % DP_AWAY_MAX]))
			return;
		f->out++;
	}
	f->entry[f->in++ % DP_AWAY_MAX] = (struct dp_early){
		.since_ms = w->now_ms, .peer = dp_peers_ref(w->peers, peer), .mid = mid};
}

/* It has waited long enough: acknowledge it if it still does, and there is a place for
 * its answer.  If there is none its ACK comes late, with the answer. */
static void
acknowledge(struct dp_worker *w, uint32_t peer, uint16_t mid)
{
	uint8_t code;

	if (peer == DP_NONE
		|| dp_peers_heard(w->peers, peer, mid, w->now_s, &code) != DP_IN_PROGRESS)
		return;
	if (dp_outbound_promise(w->outbound, peer, mid) == DP_NONE) {
		dp_count(&w->counters, DP_C_outbound_full, 1);
		return;
	}
	dp_peers_mark(w->peers, peer, mid, DP_ACKED, true, w->now_s, &w->counters);
	dp_send_empty_ack(w, peer, mid);
}

/* Those that wait at other workers or with the parser. */
static bool
acknowledge_away(struct dp_worker *w)
{
	unsigned n = 0;

	for (; w->early.out != w->early.in && n < A_TURN; w->early.out++, n++) {
		const struct dp_early *e = &w->early.entry[w->early.out % DP_AWAY_MAX];

		if (w->now_ms - e->since_ms < w->snap->ack_delay_ms)
			break;
		acknowledge(w, dp_peers_of_ref(w->peers, e->peer), e->mid);
	}
	return n > 0;
}

/* Those that wait for the log here. */
static bool
acknowledge_pending(struct dp_worker *w)
{
	struct dp_pending_fifo *f = &w->pending;
	unsigned n = 0;

	if ((int32_t)(f->head - f->early) > 0)
		f->early = f->head;
	for (; f->early != f->tail && n < A_TURN; f->early++, n++) {
		const struct dp_pending *p = &f->entry[f->early & f->mask];

		if ((uint32_t)w->now_ms - p->since_ms < w->snap->ack_delay_ms)
			break;
		if (p->origin == w->id && p->type == TG_CON)
			acknowledge(w, p->peer, p->mid);
	}
	return n > 0;
}

bool
dp_separate_is_due(const struct dp_worker *w, uint32_t peer, uint16_t mid)
{
	return dp_outbound_promised(w->outbound, peer, mid) != DP_NONE;
}

void
dp_separate_skip(struct dp_worker *w, uint32_t peer, uint16_t mid)
{
	dp_outbound_del(w->outbound, dp_outbound_promised(w->outbound, peer, mid));
}

/* ---- answers ---- */

/* Send entry @id's bytes, which stand in the reply pool; false if they are gone. */
static bool
transmit(struct dp_worker *w, uint32_t id)
{
	const struct dp_out *o = dp_outbound_get(w->outbound, id);
	const uint8_t *msg;
	uint16_t len;

	msg = dp_replies_find(w->replies, o->peer | OURS, o->mid, w->now_s, &len);
	if (msg == NULL)
		return false;
	send_to(w, o->peer, msg, len);
	return true;
}

/* Let go of an entry and of its bytes. */
static void
forget(struct dp_worker *w, uint32_t id)
{
	const struct dp_out *o = dp_outbound_get(w->outbound, id);
	uint32_t peer = o->peer;

	dp_replies_del(w->replies, peer | OURS, o->mid);
	dp_outbound_del(w->outbound, id);
	dp_peers_release(w->peers, peer);
}

/* Send what waits for @peer, as much of it as may be under way together with
 * notifications: whoever waits for one of those looks again by and by. */
static void
begin(struct dp_worker *w, uint32_t peer)
{
	uint32_t id, notices;

	while ((id = dp_outbound_waiting(w->outbound, peer)) != DP_NONE) {
		notices = dp_notify_under_way(w, peer);
		if (!dp_outbound_may_begin(w->outbound, id, notices)) {
			if (notices > 0)
				dp_outbound_put_off(
					w->outbound, id, w->now_ms + LOOK_AGAIN_MS);
			return;
		}
		if (transmit(w, id)) {
			dp_outbound_begin(w->outbound, id, w->now_ms);
			continue;
		}
		dp_count(&w->counters, DP_C_out_gave_up, 1);
		forget(w, id);
	}
}

/* Keep the bytes for the place of promise @id; false if there is no room. */
static bool
keep(struct dp_worker *w, uint32_t id, const struct tg_param *p, const uint8_t *msg,
	uint16_t len)
{
	uint32_t peer = dp_outbound_get(w->outbound, id)->peer;
	uint16_t mid = (uint16_t)(msg[2] << 8 | msg[3]);

	dp_outbound_keep(w->outbound, id, mid, p, dp_roll(w));
	if (!dp_replies_put(w->replies, peer | OURS, mid, true, msg, len, w->now_s,
		    UNTIL_IT_ENDS, &w->counters)) {
		dp_outbound_del(w->outbound, id);
		return false;
	}
	dp_peers_hold(w->peers, peer);
	return true;
}

void
dp_separate_send(
	struct dp_worker *w, uint32_t peer, uint8_t *msg, uint16_t len, uint8_t param)
{
	uint16_t mid = (uint16_t)(msg[2] << 8 | msg[3]);
	uint32_t id = dp_outbound_promised(w->outbound, peer, mid);

	dp_peers_part(w->peers, peer, mid);
	mid = dp_peers_mid(w->peers, peer);
	msg[0] = (uint8_t)(1u << 6 | TG_CON << 4 | (msg[0] & 15));
	msg[2] = (uint8_t)(mid >> 8);
	msg[3] = (uint8_t)mid;
	dp_count(&w->counters, DP_C_separate_sent, 1);
	if (keep(w, id, dp_param(w->snap, param), msg, len)) {
		begin(w, peer);
		return;
	}
	dp_count(&w->counters, DP_C_outbound_full, 1);
	msg[0] |= TG_NON << 4;
	send_to(w, peer, msg, len);
}

void
dp_separate_acked(
	struct dp_worker *w, const struct dp_peer_key *key, uint16_t mid, bool reset)
{
	uint32_t peer, id;

	if (dp_outbound_count(w->outbound) == 0)
		return; /* notifications are acknowledged by the thousand */
	peer = dp_peers_find(w->peers, key, dp_peers_hash(w->peers, key));
	if (peer == DP_NONE)
		return;
	dp_peers_touch(w->peers, peer, w->now_s);
	id = dp_outbound_find(w->outbound, peer, mid);
	if (id != DP_NONE) {
		dp_count(&w->counters, reset ? DP_C_out_reset : DP_C_out_acked, 1);
		forget(w, id);
	}
	begin(w, peer);
}

/*
 * When the next message to @o's peer may begin, now that @o was not answered: a peer that
 * says nothing is sent PROBING_RATE bytes a second, on average (4.7).
 */
static uint64_t
next_to_silent(struct dp_worker *w, const struct dp_out *o)
{
	uint64_t silence_ms = 1000ull * dp_peers_silence_s(w->peers, o->peer, w->now_s);
	uint16_t len = 0;

	if (w->now_ms - o->begun_ms > silence_ms)
		return w->now_ms;
	(void)dp_replies_find(w->replies, o->peer | OURS, o->mid, w->now_s, &len);
	return o->begun_ms + 1000ull * len * (o->retry.sent + 1u) / o->probing_rate;
}

static void
give_up(struct dp_worker *w, uint32_t id)
{
	const struct dp_out *o = dp_outbound_get(w->outbound, id);
	uint64_t when = next_to_silent(w, o);
	uint32_t peer = o->peer, next;

	dp_count(&w->counters, DP_C_out_gave_up, 1);
	forget(w, id);
	next = dp_outbound_waiting(w->outbound, peer);
	if (next != DP_NONE)
		dp_outbound_put_off(w->outbound, next, when);
}

/* Entries whose time has come. */
static bool
run_timers(struct dp_worker *w)
{
	enum dp_out_step step;
	unsigned n = 0;
	uint32_t id;

	for (; n < A_TURN; n++) {
		step = dp_outbound_due(w->outbound, w->now_ms, &id);
		if (step == DP_OUT_NOTHING)
			break;
		if (step == DP_OUT_BEGIN)
			begin(w, dp_outbound_get(w->outbound, id)->peer);
		else if (step == DP_OUT_AGAIN && transmit(w, id))
			dp_count(&w->counters, DP_C_out_retransmitted, 1);
		else
			give_up(w, id);
	}
	return n > 0;
}

bool
dp_separate_run(struct dp_worker *w)
{
	bool any = acknowledge_away(w);

	any |= acknowledge_pending(w);
	if (dp_outbound_count(w->outbound) > 0)
		any |= run_timers(w);
	return any;
}
