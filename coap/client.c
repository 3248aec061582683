/* The client's message layer: the queue under NSTART, the clock, and what answers what.
 */
#include "coap/client.h"

#include "coap/client_internal.h"
#include "coap/code.h"

#include <assert.h>
#include <string.h>

const char *
tg_outcome_name(enum tg_outcome o)
{
	static const char *const name[TG_OUTCOMES] = {
		[TG_OUTCOME_RESPONSE] = "response",
		[TG_OUTCOME_NOTIFICATION] = "notification",
		[TG_OUTCOME_PONG] = "pong",
		[TG_OUTCOME_RESET] = "reset",
		[TG_OUTCOME_TIMEOUT] = "timeout",
		[TG_OUTCOME_CANCELLED] = "cancelled",
		[TG_OUTCOME_FORMAT] = "format",
		[TG_OUTCOME_BLOCK] = "block",
		[TG_OUTCOME_NO_ROOM] = "no-room",
	};

	return o < TG_OUTCOMES ? name[o] : "unknown";
}

/* ---- beginning and end ---- */

void
tg_client_init(struct tg_client *c, const struct tg_client_setup *s)
{
	assert(tg_param_check(&s->param) == TG_PARAM_OK);
	*c = (struct tg_client){
		.param = s->param,
		.transactions = s->transactions,
		.n_transactions = s->n_transactions,
		.random = s->random,
		.random_arg = s->random_arg,
	};
	memset(s->transactions, 0, s->n_transactions * sizeof(*s->transactions));
	tg_mid_init(&c->mids, s->mids, s->n_mids, (uint16_t)s->random(s->random_arg));
	tg_mid_window_init(&c->window, c->seen, TG_CLIENT_SEEN);
}

static void
draw(struct tg_client *c, uint8_t *bytes, unsigned len)
{
	for (unsigned i = 0; i < len; i += 4) {
		uint32_t random = c->random(c->random_arg);

		memcpy(bytes + i, &random, len - i < 4 ? len - i : 4);
	}
}

static struct tg_transaction *
find_free(const struct tg_client *c)
{
	struct tg_transaction *t;

	foreach_transaction (t, c)
		if (t->phase == TG_PHASE_FREE)
			return t;
	return NULL;
}

void
tg_client_rewind(struct tg_client *c, struct tg_transaction *t)
{
	t->downloading = false;
	t->up.num = 0;
	if (t->tag_len > 0) /* another body, as far as the server can tell */
		draw(c, t->tag, sizeof(t->tag));
}

/* The token of the first message and of the relation. */
static void
set_relation(struct tg_client *c, struct tg_transaction *t)
{
	t->relation_tkl = t->request.tkl;
	memcpy(t->relation, t->request.token, sizeof(t->relation));
	if (t->relation_tkl == 0 && t->request.code != TG_EMPTY) {
		t->relation_tkl = TG_TOKEN_MAX;
		draw(c, t->relation, sizeof(t->relation));
	}
	t->tkl = t->relation_tkl;
	memcpy(t->token, t->relation, sizeof(t->token));
}

const struct tg_transaction *
tg_client_start(struct tg_client *c, const struct tg_request *r)
{
	struct tg_transaction *t = find_free(c);
	unsigned szx = tg_client_szx(r);

	assert(r->tkl <= TG_TOKEN_MAX && r->payload_len <= TG_BLOCK_BODY_MAX);
	if (t == NULL)
		return NULL;
	*t = (struct tg_transaction){
		.request = *r,
		.phase = TG_PHASE_QUEUED,
		.order = c->order++,
		.up = {.szx = (uint8_t)szx},
		.uploading = r->payload_len > tg_block_size(szx),
		.szx = (uint8_t)szx,
		.tag_len = r->tag && r->payload_len > tg_block_size(szx) ? sizeof(t->tag)
									 : 0,
	};
	tg_client_rewind(c, t);
	set_relation(c, t);
	return t;
}

void
tg_client_queue(struct tg_client *c, struct tg_transaction *t)
{
	t->phase = TG_PHASE_QUEUED;
	t->order = c->order++; /* behind the others: a long body lets them through */
	if (t->request.observe && !t->apart) {
		t->tkl = t->relation_tkl;
		memcpy(t->token, t->relation, sizeof(t->token));
		return;
	}
	/* A late response to the last message must not pass for this one's. */
	t->tkl = TG_TOKEN_MAX;
	draw(c, t->token, sizeof(t->token));
}

bool
tg_client_finish(struct tg_transaction *t, enum tg_outcome outcome, struct tg_event *e)
{
	e->transaction = t;
	e->user = t->request.user;
	e->outcome = outcome;
	t->phase = TG_PHASE_FREE;
	return true;
}

/* @t is over; its event comes with the next tick. */
static void
end(struct tg_transaction *t, enum tg_outcome outcome)
{
	t->outcome = (uint8_t)outcome;
	t->phase = TG_PHASE_ENDED;
}

/* The caller's own, though it was given to it to look at only. */
static struct tg_transaction *
own(struct tg_client *c, const struct tg_transaction *t)
{
	return &c->transactions[t - c->transactions];
}

void
tg_client_cancel(struct tg_client *c, const struct tg_transaction *t)
{
	if (t->phase != TG_PHASE_FREE && t->phase != TG_PHASE_ENDED)
		end(own(c, t), TG_OUTCOME_CANCELLED);
}

void
tg_client_leave(struct tg_client *c, const struct tg_transaction *t)
{
	struct tg_transaction *mine = own(c, t);

	if (!t->registered) {
		tg_client_cancel(c, t);
		return;
	}
	if (t->phase == TG_PHASE_ENDED)
		return;
	mine->leaving = true;
	mine->apart = false;
	tg_client_rewind(c, mine);
	tg_client_queue(c, mine);
}

/* ---- sending ---- */

/*
 * Messages that count for NSTART (RFC 7252, 4.7), and when the first of them may cease to
 * count.
 */
static uint32_t
places_taken(const struct tg_client *c, uint64_t now_ms, uint64_t *until_ms)
{
	const struct tg_transaction *t;
	uint32_t taken = 0;

	*until_ms = UINT64_MAX;
	foreach_transaction (t, c) {
		if (!tg_client_is_waiting(t) || t->place_ms <= now_ms)
			continue;
		taken++;
		if (t->place_ms < *until_ms)
			*until_ms = t->place_ms;
	}
	return taken;
}

static struct tg_transaction *
find_queued(const struct tg_client *c)
{
	struct tg_transaction *first = NULL, *t;

	foreach_transaction (t, c)
		if (t->phase == TG_PHASE_QUEUED
			&& (first == NULL || (int32_t)(t->order - first->order) < 0))
			first = t;
	return first;
}

/*
 * The message has left.  A NON that nobody answers takes its place under NSTART for as
 * long as PROBING_RATE wants for its bytes; it may be answered later still.
 */
static void
sent(struct tg_client *c, struct tg_transaction *t, uint64_t now_ms, size_t len)
{
	t->phase = TG_PHASE_WAITING;
	if (t->request.type == TG_CON) {
		t->until_ms = now_ms + tg_param_exchange_lifetime_ms(&c->param);
		t->place_ms = UINT64_MAX;
		tg_retry_start(&t->retry, &c->param, now_ms, c->random(c->random_arg));
	} else {
		t->until_ms = now_ms + tg_param_non_lifetime_ms(&c->param);
		t->place_ms = now_ms + tg_param_probing_ms(&c->param, len);
		tg_retry_stop(&t->retry);
	}
}

/* 0: it must wait for a Message ID, or has ended, since it does not fit. */
static size_t
send_first(struct tg_client *c, struct tg_transaction *t, uint64_t now_ms, uint8_t *buf,
	size_t cap)
{
	uint64_t lifetime_ms = t->request.type == TG_CON
				       ? tg_param_exchange_lifetime_ms(&c->param)
				       : tg_param_non_lifetime_ms(&c->param);
	int32_t mid = tg_mid_new(&c->mids, now_ms, lifetime_ms);
	struct tg_slice s = tg_client_slice(t);
	size_t len;

	if (mid < 0)
		return 0;
	t->mid = (uint16_t)mid;
	if (t->uploading && !t->downloading)
		t->up = s.block;
	len = tg_client_write(t, buf, cap);
	if (len == 0) {
		tg_mid_release(&c->mids, t->mid);
		end(t, TG_OUTCOME_NO_ROOM);
		return 0;
	}
	sent(c, t, now_ms, len);
	return len;
}

static size_t
send_reply(struct tg_client *c, uint8_t *buf, size_t cap)
{
	struct tg_client_reply *r = &c->replies[0];
	struct tg_writer w;

	tg_write_begin(&w, buf, cap, (enum tg_type)r->type, TG_EMPTY, r->mid, NULL, 0);
	c->n_replies--;
	memmove(r, r + 1, c->n_replies * sizeof(*r));
	return tg_write_end(&w);
}

size_t
tg_client_send(struct tg_client *c, uint64_t now_ms, uint8_t *buf, size_t cap)
{
	struct tg_transaction *t;
	uint64_t until_ms;

	if (c->n_replies > 0)
		return send_reply(c, buf, cap);
	foreach_transaction (t, c)
		if (t->phase == TG_PHASE_RESEND) {
			t->phase = TG_PHASE_WAITING;
			return tg_client_write(t, buf, cap);
		}
	while ((t = find_queued(c)) != NULL
		&& places_taken(c, now_ms, &until_ms) < c->param.nstart) {
		size_t len = send_first(c, t, now_ms, buf, cap);

		if (len > 0 || t->phase == TG_PHASE_QUEUED)
			return len;
	}
	return 0;
}

/* ---- the clock ---- */

static bool
tick(struct tg_client *c, struct tg_transaction *t, uint64_t now_ms, struct tg_event *e)
{
	if (t->phase == TG_PHASE_ENDED)
		return tg_client_finish(t, (enum tg_outcome)t->outcome, e);
	if (t->phase == TG_PHASE_WATCHING && t->renew_ms <= now_ms) {
		tg_client_rewind(c, t);
		tg_client_queue(c, t);
	}
	if (tg_client_is_under_way(t) && t->until_ms <= now_ms)
		return tg_client_finish(t, TG_OUTCOME_TIMEOUT, e);
	if (t->phase != TG_PHASE_WAITING)
		return false;
	switch (tg_retry_next(&t->retry, now_ms)) {
	case TG_RETRY_GIVE_UP:
		return tg_client_finish(t, TG_OUTCOME_TIMEOUT, e);
	case TG_RETRY_SEND:
		t->phase = TG_PHASE_RESEND;
		break;
	case TG_RETRY_WAIT:
		break;
	}
	return false;
}

bool
tg_client_tick(struct tg_client *c, uint64_t now_ms, struct tg_event *e)
{
	struct tg_transaction *t;

	*e = (struct tg_event){0};
	foreach_transaction (t, c)
		if (tick(c, t, now_ms, e))
			return true;
	return false;
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* When there is something to do for @t alone. */
static uint64_t
due(const struct tg_transaction *t)
{
	switch ((enum tg_phase)t->phase) {
	case TG_PHASE_WAITING:
		return t->retry.running ? earlier(t->retry.due_ms, t->until_ms)
					: t->until_ms;
	case TG_PHASE_ACKED:
		return t->until_ms;
	case TG_PHASE_WATCHING:
		return t->renew_ms;
	case TG_PHASE_RESEND:
	case TG_PHASE_ENDED:
		return 0;
	case TG_PHASE_FREE:
	case TG_PHASE_QUEUED: /* see queue_due() */
		break;
	}
	return UINT64_MAX;
}

/* When the first in the queue may be sent. */
static uint64_t
queue_due(const struct tg_client *c, uint64_t now_ms)
{
	uint64_t until_ms;

	if (find_queued(c) == NULL)
		return UINT64_MAX;
	return places_taken(c, now_ms, &until_ms) < c->param.nstart
		       ? tg_mid_free_at(&c->mids)
		       : until_ms;
}

uint64_t
tg_client_due(const struct tg_client *c, uint64_t now_ms)
{
	uint64_t first = c->n_replies > 0 ? 0 : queue_due(c, now_ms);
	const struct tg_transaction *t;

	foreach_transaction (t, c)
		first = earlier(first, due(t));
	return first < now_ms ? now_ms : first;
}
