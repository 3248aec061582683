/*
 * Answers: made in the request's own buffer, whose header and token they keep (RFC 7252,
 * 5.2): a CON is answered in its ACK, a NON by a NON.  That NON borrows the request's
 * Message ID: no other message of ours to that peer bears it for as long as the peer
 * itself may not use it again (4.4).
 */
#include "dataplane/answer.h"

#include "coap/code.h"
#include "coap/option.h"
#include "dataplane/guard.h"
#include "dataplane/hot.h"

#include <rte_mbuf.h>
#include <stdio.h>

/* Free bytes behind the start of the message, less what a security tag will need. */
static size_t
room(const struct dp_burst *b, unsigned i)
{
	const struct rte_mbuf *m = b->pkt[i];
	size_t at = (size_t)(b->coap[i] - rte_pktmbuf_mtod(m, uint8_t *));
	size_t all = m->buf_len - m->data_off - at;

	return all < DP_TAILROOM                ? 0
	       : all - DP_TAILROOM < DP_MSG_MAX ? all - DP_TAILROOM
						: DP_MSG_MAX;
}

void
dp_answer_begin(struct dp_burst *b, unsigned i, struct tg_writer *w, uint8_t code)
{
	size_t cap = room(b, i);
	uint16_t len = dp_answer_head(b, i, code);

	*w = (struct tg_writer){
		.buf = b->coap[i],
		.cap = (uint16_t)cap,
		.len = len,
		.overflow = len > cap,
	};
}

/* 5.03 and 4.29 say when to come back. */
static void
write_max_age(const struct dp_worker *w, struct tg_writer *out, uint8_t code)
{
	if (code == TG_UNAVAILABLE)
		tg_write_uint(out, TG_OPT_MAX_AGE, w->snap->full_max_age);
	else if (code == TG_TOO_MANY_REQUESTS)
		tg_write_uint(out, TG_OPT_MAX_AGE, 1); /* a rate is a second's */
}

/* 4.02 says which option it is about (RFC 7252, 5.4.1). */
static void
write_bad_option(struct tg_writer *out, unsigned number)
{
	const struct tg_opt_def *def = tg_opt_find(number);
	char text[64];
	int len = def != NULL ? snprintf(
			  text, sizeof(text), "option %u (%s)", number, def->name)
			      : snprintf(text, sizeof(text), "option %u", number);

	tg_write_payload(out, text, (size_t)len);
}

void
dp_answer_code(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t code)
{
	/* Of the request, which is about to be written over. */
	unsigned bad = code == TG_BAD_OPTION ? dp_request_bad_option(&b->msg[i]) : 0;
	struct tg_writer out;

	dp_answer_begin(b, i, &out, code);
	write_max_age(w, &out, code);
	if (bad != 0)
		write_bad_option(&out, bad);
	if (code == TG_TOO_LARGE
		&& b->route[i]
			   != NULL) /* how much this route takes (RFC 7252, 5.9.2.9) */
		tg_write_uint(&out, TG_OPT_SIZE1, b->route[i]->max_body);
	if (code == TG_UNAUTHORIZED)
		dp_echo_write(w, &b->key[i], &out);
	b->reply[i] = (uint16_t)tg_write_end(&out);
}

void
dp_answer_block(
	struct dp_burst *b, unsigned i, uint8_t code, const struct tg_block *block1)
{
	struct tg_writer out;

	dp_answer_begin(b, i, &out, code);
	tg_write_uint(&out, TG_OPT_BLOCK1, tg_block_encode(block1));
	b->reply[i] = (uint16_t)tg_write_end(&out);
}

uint16_t
dp_answer_write(const struct dp_worker *w, uint8_t *buf, size_t cap,
	const struct dp_pending *p, uint8_t code)
{
	const uint8_t *token = p->token;
	uint8_t tkl = p->tkl;
	struct tg_writer out;

	if (unlikely(tkl > TG_TOKEN_MAX))
		token = dp_tokens_get(dp_tokens_of(w, token), token, &tkl);
	tg_write_begin(&out, buf, cap, p->type == TG_CON ? TG_ACK : TG_NON, code, p->mid,
		token, tkl);
	write_max_age(w, &out, code);
	if (unlikely(p->transfer != 0) && code < TG_BAD_REQUEST)
		tg_write_uint(&out, TG_OPT_BLOCK1,
			tg_block_encode(
				&dp_transfers_get(w->transfers, p->transfer)->last));
	return (uint16_t)tg_write_end(&out);
}

DP_HOT uint8_t
dp_answer_keep(struct dp_worker *w, const struct dp_burst *b, unsigned i, uint8_t code)
{
	if (b->reply[i] == 0 || b->msg[i].type != TG_CON)
		return code;
	(void)dp_replies_put(w->replies, b->peer[i], b->msg[i].mid, false, b->coap[i],
		b->reply[i], b->now_s, w->snap->con_lifetime_s, &w->counters);
	return DP_STORED;
}

uint64_t
dp_source_hash(const struct dp_worker *w, const struct dp_peer_key *key)
{
	struct dp_peer_key source = *key;

	source.port_be = source.side = 0;
	return dp_peers_hash(w->peers, &source);
}

bool
dp_may_complain(struct dp_worker *w, const struct dp_burst *b, unsigned i)
{
	return dp_limit_take(w->limit, dp_source_hash(w, &b->key[i]), w->snap->error_rate,
		w->snap->error_burst,
		(uint32_t)(dp_clock_ns(&w->shared->clock, w->tsc) / 1000000));
}

void
dp_answer_silently(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	uint8_t *p = b->coap[i];
	uint16_t mid = b->msg[i].mid;

	if (b->msg[i].type != TG_CON) {
		rte_pktmbuf_free(b->pkt[i]);
		b->pkt[i] = NULL;
		return;
	}
	p[0] = 1u << 6 | TG_ACK << 4;
	p[1] = 0;
	p[2] = (uint8_t)(mid >> 8);
	p[3] = (uint8_t)mid;
	dp_net_reply(w->net, b, i, TG_HDR_LEN);
}

enum dp_counter
dp_refused(uint8_t code)
{
	switch (code) {
	case TG_BAD_REQUEST:
		return DP_C_refused_400;
	case TG_UNAUTHORIZED:
		return DP_C_refused_401;
	case TG_BAD_OPTION:
		return DP_C_refused_402;
	case TG_FORBIDDEN:
		return DP_C_refused_403;
	case TG_NOT_FOUND:
		return DP_C_refused_404;
	case TG_METHOD_NOT_ALLOWED:
		return DP_C_refused_405;
	case TG_NOT_ACCEPTABLE:
		return DP_C_refused_406;
	case TG_REQUEST_INCOMPLETE:
		return DP_C_refused_408;
	case TG_CONFLICT:
		return DP_C_refused_409;
	case TG_PRECONDITION_FAILED:
		return DP_C_refused_412;
	case TG_TOO_LARGE:
		return DP_C_refused_413;
	case TG_UNSUPPORTED_FORMAT:
		return DP_C_refused_415;
	case TG_UNPROCESSABLE:
		return DP_C_refused_422;
	case TG_TOO_MANY_REQUESTS:
		return DP_C_refused_429;
	case TG_UNAVAILABLE:
		return DP_C_refused_503;
	case TG_NO_PROXYING:
		return DP_C_refused_505;
	default:
		return DP_C_refused_500;
	}
}

void
dp_refuse(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t code)
{
	if (b->flags[i] & DP_F_MULTICAST) {
		dp_drop(w, b, i, DP_C_rdrop_multicast);
	} else if (code == TG_BAD_OPTION && b->msg[i].type == TG_NON) {
		dp_drop(w, b, i, DP_C_rdrop_bad_option_non); /* 5.4.1: rejected */
	} else if (!dp_may_complain(w, b, i)) {
		dp_drop(w, b, i, DP_C_rdrop_error_rate);
	} else if (dp_is_silent(b->silent[i], code)) {
		dp_count(&w->counters, dp_refused(code), 1);
		dp_record_heard(w, b, i, dp_trace_fate(code, 0));
		dp_answer_silently(w, b, i);
	} else {
		dp_answer_code(w, b, i, code);
		dp_count(&w->counters, dp_refused(code), 1);
		dp_record_heard(w, b, i, dp_trace_fate(code, 0));
		dp_net_reply(w->net, b, i, b->reply[i]);
	}
}

void
dp_reject(struct dp_worker *w, struct dp_burst *b, unsigned i, enum dp_counter why)
{
	struct tg_writer out;

	if (b->flags[i] & DP_F_MULTICAST) {
		dp_drop(w, b, i, why);
	} else if (!dp_may_complain(w, b, i)) {
		dp_count(&w->counters, DP_C_rst_limited, 1);
		dp_drop(w, b, i, why);
	} else {
		dp_record_heard(w, b, i, dp_trace_fate(0, (uint8_t)why));
		tg_write_begin(
			&out, b->coap[i], TG_HDR_LEN, TG_RST, 0, b->msg[i].mid, NULL, 0);
		dp_count(&w->counters, why, 1);
		dp_count(&w->counters, DP_C_rst_sent, 1);
		dp_net_reply(w->net, b, i, TG_HDR_LEN);
	}
}
