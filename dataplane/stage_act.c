/*
 * Stage act: every request that is still here runs, once.
 *
 * A CON or NON that must not run twice is looked up in its peer's line first.  What a
 * request is refused for before it runs leaves no entry there, nor what lets it come
 * again (RFC 7252, 4.5).
 */
#include "coap/code.h"
#include "dataplane/act.h"
#include "dataplane/act_block.h"
#include "dataplane/answer.h"
#include "dataplane/delay.h"
#include "dataplane/guard.h"
#include "dataplane/hot.h"
#include "dataplane/separate.h"

#include <string.h>

/*
 * A duplicate CON gets the same bytes again, rebuilt from the code or from the reply
 * pool.  False if they are gone and it may run again, for it is a GET.
 */
static bool __attribute__((noinline))
replay(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t code)
{
	const struct dp_request *q = &w->scratch->request[i];
	const uint8_t *bytes;
	uint16_t len;

	if (b->msg[i].type == TG_NON) {
		dp_drop(w, b, i, DP_C_dup_non_ignored);
		return true;
	}
	if (code == DP_ACKED) {
		dp_count(&w->counters, DP_C_dup_replayed, 1);
		dp_record_heard(w, b, i, dp_trace_fate(0, DP_C_dup_replayed));
		dp_answer_silently(w, b, i);
		return true;
	}
	if (code >> 5 == 4 && !dp_may_complain(w, b, i)) {
		dp_drop(w, b, i, DP_C_rdrop_error_rate);
		return true;
	}
	if (code < TG_BAD_REQUEST && unlikely(q->flags & DP_R_BLOCK1)) {
		dp_answer_block(b, i, code, &q->block1);
	} else if (code != DP_STORED) {
		dp_answer_code(w, b, i, code);
	} else {
		bytes = dp_replies_find(
			w->replies, b->peer[i], b->msg[i].mid, b->now_s, &len);
		if (bytes == NULL && b->msg[i].code == TG_GET)
			return false;
		if (bytes == NULL) {
			dp_drop(w, b, i, DP_C_dup_unreplayable);
			return true;
		}
		memcpy(b->coap[i], bytes, len);
		b->reply[i] = len;
	}
	dp_count(&w->counters, DP_C_dup_replayed, 1);
	dp_record_heard(w, b, i, dp_trace_fate(b->coap[i][1], DP_C_dup_replayed));
	dp_net_reply(w->net, b, i, b->reply[i]);
	return true;
}

/* The peer's entry, and whether the request is new; otherwise it is dealt with here. */
static DP_HOT bool
admit(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	struct dp_peers *peers = w->peers;
	uint8_t code = 0;
	uint32_t peer;

	DP_KEEP(peers);
	peer = dp_peers_get(
		peers, &b->key[i], b->hash[i], b->peer[i], b->now_s, &w->counters);
	b->peer[i] = peer;
	if (unlikely(peer == DP_NONE)) {
		dp_drop(w, b, i, DP_C_rdrop_no_peer);
		return false;
	}
	dp_peers_account(peers, peer, b->len[i]);
	switch (dp_peers_heard(peers, peer, b->msg[i].mid, b->now_s, &code)) {
	case DP_NEW:
		return true;
	case DP_IN_PROGRESS:
		dp_drop(w, b, i,
			b->msg[i].type == TG_NON ? DP_C_dup_non_ignored
						 : DP_C_dup_in_progress);
		return false;
	case DP_DUPLICATE:
		break;
	}
	return !replay(w, b, i, code);
}

/* Remember how the request was answered. */
static DP_HOT void
remember(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t code)
{
	const struct tg_msg *m = &b->msg[i];

	code = dp_answer_keep(w, b, i, code);
	dp_peers_add(w->peers, b->peer[i], m->mid, code, m->type == TG_CON, b->now_s,
		&w->counters);
}

static DP_HOT uint8_t
run(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	switch (b->route[i]->kind) {
	case DP_K_STREAM:
		return dp_act_stream(w, b, i);
	case DP_K_STORE:
		return dp_act_store(w, b, i);
	case DP_K_CREATE:
		return dp_act_create(w, b, i);
	case DP_K_UNOBSERVE:
		return dp_act_unobserve(w, b, i);
	case DP_K_STATIC:
	case DP_K_QUERY:
	case DP_K_UPPERCASE:
	case DP_K_TIME:
	case DP_K_COUNT:
		break;
	}
	return dp_act_fixed(w, b, i);
}

uint8_t
dp_execute(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	uint32_t delay_ms = b->route[i]->delay_ms;
	uint8_t code = b->route[i]->special ? dp_guard(w, b, i) : 0;

	if (code != 0)
		return code;
	return delay_ms != 0 ? dp_delay(w, b, i, delay_ms) : run(w, b, i);
}

/* It has run, and its answer is not wanted; a duplicate gets as little. */
static void
say_nothing(struct dp_worker *w, struct dp_burst *b, unsigned i, bool once)
{
	const struct tg_msg *m = &b->msg[i];

	if (once)
		dp_peers_add(w->peers, b->peer[i], m->mid, DP_ACKED, m->type == TG_CON,
			b->now_s, &w->counters);
	dp_count(&w->counters, DP_C_suppressed_no_response, 1);
	dp_record_heard(w, b, i,
		dp_about(b->route[i], &w->scratch->request[i])
			| dp_trace_fate(0, DP_C_suppressed_no_response));
	dp_answer_silently(w, b, i);
}

/* How long the answer to a group's request waits: its route's delay, and a random part of
 * DEFAULT_LEISURE. */
static uint64_t
leisure_ms(struct dp_worker *w, const struct dp_route *r)
{
	uint64_t most = dp_param(w->snap, r->param)->default_leisure_ms;

	return r->delay_ms + (most * dp_roll(w) >> 32);
}

/* May its members be asked that together? */
static bool
is_for_group(const struct dp_burst *b, unsigned i)
{
	const struct tg_msg *m = &b->msg[i];

	return m->type == TG_NON && m->code == TG_GET && b->code[i] == 0
	       && b->route[i]->multicast;
}

/* A request to a group (RFC 7252, 8.2): what its members may be asked together is
 * answered after a random leisure, and once (4.5), anything else not at all. */
static void
act_for_group(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	bool asked = is_for_group(b, i);

	if (asked && !admit(w, b, i))
		return;
	if (!asked || dp_guard(w, b, i) != 0
		|| dp_delay(w, b, i, leisure_ms(w, b->route[i])) != DP_LATER)
		dp_drop(w, b, i, DP_C_rdrop_multicast);
}

/* It has run: its answer is remembered if it must not run twice. */
static DP_HOT void
finish(struct dp_worker *w, struct dp_burst *b, unsigned i, bool once, uint8_t code)
{
	dp_count(&w->counters, DP_C_executed, 1);
	b->code[i] = code;
	if (once)
		remember(w, b, i, code);
}

static __attribute__((noinline)) void
refuse(struct dp_worker *w, struct dp_burst *b, unsigned i, bool once, uint8_t code)
{
	uint8_t kept = dp_kept_refusal(b->silent[i], code);
	const struct tg_msg *m = &b->msg[i];

	if (once && kept != 0)
		dp_peers_add(w->peers, b->peer[i], m->mid, kept, m->type == TG_CON,
			b->now_s, &w->counters);
	dp_refuse(w, b, i, code);
}

/* A request of which there is nothing to say but what it asks. */
static DP_HOT void
act(struct dp_worker *w, struct dp_burst *b, unsigned i, bool once)
{
	uint8_t code;

	if (once && !admit(w, b, i))
		return;
	code = run(w, b, i);
	if (unlikely(code >= TG_BAD_REQUEST))
		refuse(w, b, i, once, code);
	else if (code != DP_LATER)
		finish(w, b, i, once, code);
}

/* What a request in blocks or on a part, or one whose answer may not be wanted, or to a
 * route that looks at more, goes through; it was admitted. */
static void
act_guarded(struct dp_worker *w, struct dp_burst *b, unsigned i, bool once)
{
	const struct dp_request *q = &w->scratch->request[i];
	uint8_t code = once && (q->flags & (DP_R_BLOCK1 | DP_R_BLOCK2 | DP_R_PART))
				       && b->msg[i].code != TG_GET
			       ? dp_act_block(w, b, i)
			       : dp_execute(w, b, i);

	if (code == DP_LATER)
		return;
	if (code >= TG_BAD_REQUEST) {
		refuse(w, b, i, once, code);
		return;
	}
	if (dp_is_silent(b->silent[i], code)) {
		dp_count(&w->counters, DP_C_executed, 1);
		b->code[i] = code;
		say_nothing(w, b, i, once);
		return;
	}
	finish(w, b, i, once, code);
	if (once && (q->flags & DP_R_BLOCK1) && b->reply[i] == 0)
		dp_answer_block(b, i, code, &q->block1);
}

/* While draining: what ran before is answered again, for its ACK may have been lost; all
 * else is silence. */
static void
act_drained(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	uint32_t peer = b->msg[i].code != TG_GET
				? dp_peers_find(w->peers, &b->key[i], b->hash[i])
				: DP_NONE;
	uint8_t code;

	if (peer == DP_NONE
		|| dp_peers_heard(w->peers, peer, b->msg[i].mid, b->now_s, &code)
			   != DP_DUPLICATE) {
		dp_drop(w, b, i, DP_C_rdrop_draining);
		return;
	}
	b->peer[i] = peer;
	(void)replay(w, b, i, code); /* no GET is asked for here */
}

/* The rest: to a group, refused before it runs, or guarded.  False if the packet has gone
 * to another worker, which counts it. */
static bool __attribute__((noinline))
act_rarely(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	bool once = b->once >> i & 1;

	if (w->draining) {
		act_drained(w, b, i);
		return true;
	}
	if (b->flags[i] & DP_F_MULTICAST) {
		act_for_group(w, b, i);
		return true;
	}
	if (b->code[i] != 0) {
		dp_refuse(w, b, i, b->code[i]);
		return true;
	}
	/* A GET that waits, counts, or changes what it reads must not do so twice. */
	if (!once && b->route[i]->special) {
		if (!dp_bring_home(w, b, i))
			return false;
		b->once |= UINT64_C(1) << i;
		once = true;
	}
	if (!once || admit(w, b, i))
		act_guarded(w, b, i, once);
	return true;
}

#define FOLLOW 12 /* values ahead: further than a line is on its way */

/* The line that locate asked for has come: the value names its device. */
static DP_HOT void
follow(struct dp_worker *w, unsigned i)
{
	uint32_t slot = w->scratch->request[i].store_hint;

	if (slot != DP_NONE)
		dp_devices_prefetch_slot(w->devices, dp_store_owner(w->store, slot));
}

void
dp_stage_act(struct dp_worker *w, struct dp_burst *b)
{
	uint64_t rare = likely(!w->draining) ? b->rare : UINT64_MAX;
	uint64_t ahead = b->once & b->value;
	unsigned requests = 0;

	for (unsigned n = 0; n < FOLLOW && ahead != 0; n++)
		follow(w, dp_next_of(&ahead));
	for (unsigned i = 0; i < b->n; i++) {
		if (ahead != 0)
			follow(w, dp_next_of(&ahead));
		if (b->pkt[i] == NULL)
			continue;
		if (likely(!(rare >> i & 1)))
			act(w, b, i, b->once >> i & 1);
		else if (!act_rarely(w, b, i))
			continue;
		requests++;
	}
	dp_count(&w->counters, DP_C_requests, requests);
}
