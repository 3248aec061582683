/* The client's message layer: what a datagram from the peer answers, and what answers it.
 */
#include "coap/check.h"
#include "coap/client_internal.h"
#include "coap/code.h"
#include "coap/reply.h"

#include <string.h>

#define SERVED (TG_SERVES_ALL & ~TG_SERVES(TG_OPT_OSCORE)) /* critical options */

/* One more than can wait is as good as lost on its way: the peer will repeat itself. */
static void
reply(struct tg_client *c, enum tg_type type, uint16_t mid)
{
	if (c->n_replies < TG_CLIENT_REPLIES)
		c->replies[c->n_replies++] =
			(struct tg_client_reply){.mid = mid, .type = (uint8_t)type};
}

static struct tg_transaction *
find_mid(const struct tg_client *c, uint16_t mid)
{
	struct tg_transaction *t;

	foreach_transaction (t, c)
		if (tg_client_is_under_way(t) && t->mid == mid)
			return t;
	return NULL;
}

static bool
token_is(const struct tg_msg *m, const uint8_t *token, unsigned tkl)
{
	return m->tkl == tkl && memcmp(tg_msg_token(m), token, tkl) == 0;
}

static bool
answers(const struct tg_transaction *t, const struct tg_msg *m)
{
	return tg_client_is_under_way(t) && t->request.code != TG_EMPTY
	       && token_is(m, t->token, t->tkl)
	       && (m->type != TG_ACK || (t->request.type == TG_CON && t->mid == m->mid));
}

/* Whose relation it is that a message which is no ACK belongs to. */
static bool
notifies(const struct tg_transaction *t, const struct tg_msg *m)
{
	return t->registered && t->phase != TG_PHASE_FREE && t->phase != TG_PHASE_ENDED
	       && m->type != TG_ACK && token_is(m, t->relation, t->relation_tkl);
}

static struct tg_transaction *
find_token(const struct tg_client *c, const struct tg_msg *m)
{
	struct tg_transaction *t;

	foreach_transaction (t, c)
		if (answers(t, m) || notifies(t, m))
			return t;
	return NULL;
}

/*
 * A response to nothing of ours: RST to a CON; to a NON only if it is a notification, so
 * that the server forgets us (RFC 7641, 3.6).
 */
static void
reject(struct tg_client *c, const struct tg_msg *m)
{
	uint32_t observe;

	if (m->type == TG_CON || (m->type == TG_NON && tg_observe_get(m, &observe)))
		reply(c, TG_RST, m->mid);
}

/* A CON or NON is new from now on; true if it has been before, and is acknowledged again.
 */
static bool
is_duplicate(struct tg_client *c, uint64_t now_ms, const struct tg_msg *m)
{
	if (m->type == TG_ACK || tg_mid_window_find(&c->window, m->mid, now_ms) == NULL)
		return false;
	if (m->type == TG_CON)
		reply(c, TG_ACK, m->mid);
	return true;
}

static void
accept(struct tg_client *c, uint64_t now_ms, const struct tg_msg *m)
{
	bool is_con = m->type == TG_CON, lost;

	if (m->type == TG_ACK)
		return;
	(void)tg_mid_window_put(&c->window, m->mid, now_ms,
		is_con ? tg_param_exchange_lifetime_ms(&c->param)
		       : tg_param_non_lifetime_ms(&c->param),
		&lost);
	if (is_con)
		reply(c, TG_ACK, m->mid);
}

static bool
response(struct tg_client *c, uint64_t now_ms, const struct tg_msg *m, struct tg_event *e)
{
	struct tg_transaction *t;
	struct tg_check bad;

	if (is_duplicate(c, now_ms, m))
		return false;
	t = find_token(c, m);
	if (t == NULL) {
		reject(c, m);
		return false;
	}
	if (!tg_check_response(m, SERVED, &bad)) { /* RFC 7252, 5.4.1 */
		reject(c, m);
		return tg_client_finish(t, TG_OUTCOME_FORMAT, e);
	}
	accept(c, now_ms, m);
	return notifies(t, m) ? tg_client_notified(c, t, now_ms, m, e)
			      : tg_client_step(c, t, now_ms, m, e);
}

/* The request has arrived.  A renewed relation needs no more than that. */
static void
acked(struct tg_client *c, uint16_t mid)
{
	struct tg_transaction *t = find_mid(c, mid);

	if (t == NULL || t->request.type != TG_CON || t->request.code == TG_EMPTY)
		return;
	tg_retry_stop(&t->retry);
	t->phase = TG_PHASE_ACKED;
	if (t->registered && !t->apart && !t->leaving) {
		t->phase = TG_PHASE_WATCHING;
		t->renew_ms = t->until_ms;
	}
}

static bool
was_reset(struct tg_client *c, uint16_t mid, struct tg_event *e)
{
	struct tg_transaction *t = find_mid(c, mid);

	if (t == NULL)
		return false;
	return tg_client_finish(
		t, t->request.code == TG_EMPTY ? TG_OUTCOME_PONG : TG_OUTCOME_RESET, e);
}

bool
tg_client_receive(struct tg_client *c, uint64_t now_ms, const uint8_t *datagram,
	size_t len, struct tg_event *e)
{
	struct tg_msg m;
	enum tg_verdict verdict = tg_msg_parse(&m, datagram, len, TG_TOKEN_MAX);
	struct tg_arrival a = tg_arrival_of(datagram, len, verdict, false);

	*e = (struct tg_event){0};
	switch (tg_reply_action(&a)) {
	case TG_DO_RESPONSE:
		return response(c, now_ms, &m, e);
	case TG_DO_ACKED:
		acked(c, m.mid);
		return false;
	case TG_DO_CANCELLED:
		return was_reset(c, m.mid, e);
	case TG_DO_REQUEST: /* there is no server here */
	case TG_DO_RESET:
	case TG_DO_PONG:
		if (a.type == TG_CON)
			reply(c, TG_RST, (uint16_t)(datagram[2] << 8 | datagram[3]));
		return false;
	case TG_DO_IGNORE:
	case TG_ACTIONS:
		break;
	}
	return false;
}
