/* Stage parse: bytes to a view and to what is asked; what is no request ends here
 * (RFC 7252, 4.2, 4.3, 5.2.3), and what is some other worker's goes there. */
#include "coap/code.h"
#include "dataplane/act_observe.h"
#include "dataplane/answer.h"
#include "dataplane/hot.h"
#include "dataplane/separate.h"
#include "dataplane/steer.h"

#include <rte_prefetch.h>

static const enum dp_counter fault[TG_VERDICTS] = {
	[TG_SHORT] = DP_C_drop_short,
	[TG_VERSION] = DP_C_drop_version,
	[TG_TOKEN_LEN] = DP_C_drop_token_len,
	[TG_NOT_EMPTY] = DP_C_drop_not_empty,
	[TG_OPTION] = DP_C_drop_option,
	[TG_NO_PAYLOAD] = DP_C_drop_no_payload,
};

/*
 * A message with a format error: a CON must be rejected, all else is ignored in silence.
 * One whose version is not 1, or that has no whole header, says nothing about itself.
 */
static void __attribute__((noinline, cold))
malformed(struct dp_worker *w, struct dp_burst *b, unsigned i, enum tg_verdict v)
{
	uint8_t *p = b->coap[i];

	if (b->len[i] < TG_HDR_LEN) {
		dp_net_drop(w->net, b, i, fault[v]);
		return;
	}
	b->msg[i] = (struct tg_msg){
		.base = p,
		.mid = (uint16_t)(p[2] << 8 | p[3]),
		.type = p[0] >> 4 & 3,
		.code = p[1],
	};
	p[0] &= 0xf0; /* for the flight recorder: nothing is known of its token */
	if (v == TG_VERSION || b->msg[i].type != TG_CON)
		dp_drop(w, b, i, fault[v]);
	else
		dp_reject(w, b, i, fault[v]);
}

/* An ACK or RST: the home of its sender knows what it is for. */
static void
reply_heard(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	bool reset = b->msg[i].type == TG_RST;
	unsigned home = b->handed ? w->id : dp_home_of(w, &b->key[i]);

	if (home != w->id) {
		if (dp_hand(w, b, i, home, DP_E_DATAGRAM))
			dp_count(&w->counters, DP_C_handed_over, 1);
		else
			dp_drop(w, b, i, DP_C_drop_handover_full);
		return;
	}
	dp_observe_answered(w, b, i);
	dp_separate_acked(w, &b->key[i], b->msg[i].mid, reset);
	dp_drop(w, b, i, reset ? DP_C_coap_rst : DP_C_coap_ack);
}

/* A well-formed message that is no request. */
static void
other(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	const struct tg_msg *m = &b->msg[i];
	bool response = tg_code_is_response(m->code);

	if (m->type == TG_RST || m->type == TG_ACK)
		reply_heard(w, b, i);
	else if (m->type == TG_CON)
		dp_reject(w, b, i,
			m->code == 0 ? DP_C_coap_ping
			: response   ? DP_C_coap_response
				     : DP_C_coap_rejected);
	else
		dp_drop(w, b, i,
			m->code == 0 ? DP_C_drop_empty_non
			: response   ? DP_C_coap_response
				     : DP_C_drop_reserved_class);
}

static bool
is_request(const struct tg_msg *m)
{
	return m->code != 0 && m->code < 32 && m->type <= TG_NON;
}

/*
 * What is no request, or has a format error in its head, ends here.  True if it is a
 * request with a long token (RFC 8974), which has been read; one that is too long is
 * refused with 4.00, and not with an RST, which would say that none over eight bytes is
 * taken (2.2.2).
 */
static bool __attribute__((noinline, cold))
look_again(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t *arena)
{
	struct dp_request *q = &w->scratch->request[i];
	struct tg_msg *m = &b->msg[i];
	enum tg_verdict v = tg_msg_parse(m, b->coap[i], b->len[i], TG_TOKEN_EXTENDED_MAX);

	if (v != TG_OK)
		malformed(w, b, i, v);
	else if (!is_request(m))
		other(w, b, i);
	if (v != TG_OK || !is_request(m))
		return false;
	(void)dp_request_read(q, m, arena);
	if (m->tkl <= w->snap->token_max)
		q->flags |= DP_R_LONG_TOKEN;
	else /* that, whatever else is wrong with it */
		q->flags = (q->flags & ~DP_R_WRONG) | DP_R_BAD_REQUEST;
	return true;
}

/* Read messages @from .. @to - 1, whose paths go to *@arena; those that must not run
 * twice, or have Observe, and need their peer. */
static DP_HOT uint64_t
read_some(
	struct dp_worker *w, struct dp_burst *b, size_t from, size_t to, uint8_t **arena)
{
	struct dp_request *q = &w->scratch->request[from];
	uint64_t once = 0;

	for (size_t i = from; i < to; i++, q++) {
		struct tg_msg *m = &b->msg[i];

		if (likely(tg_msg_request(m, b->coap[i], b->len[i]))) {
			enum tg_verdict v = dp_request_read(q, m, *arena);

			if (unlikely(v != TG_OK)) {
				malformed(w, b, i, v);
				continue;
			}
		} else if (!look_again(w, b, i, *arena)) {
			continue;
		}
		*arena += q->path.len;
		if (m->code != TG_GET) {
			once |= UINT64_C(1) << i;
		} else if (unlikely((q->flags & DP_R_OBSERVE) || m->type == TG_NON)) {
			if (q->flags & DP_R_OBSERVE)
				b->flags[i] |= DP_F_OBSERVE;
			once |= UINT64_C(1) << i;
		}
	}
	return once;
}

void
dp_stage_parse(struct dp_worker *w, struct dp_burst *b)
{
	uint8_t *arena = w->scratch->arena;
	size_t n = b->n;

	b->once = 0;
	for (size_t i = 0; i < n; i += DP_TOGETHER)
		b->once |= dp_match_begin(
			w, b, read_some(w, b, i, RTE_MIN(i + DP_TOGETHER, n), &arena));
}
