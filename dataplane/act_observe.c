/*
 * Observe in requests (RFC 7641, 4.1), and what observers answer to notifications (4.5):
 * relations come and go here; notify.c does the rest.
 */
#include "dataplane/act_observe.h"

#include "coap/block.h"
#include "coap/code.h"
#include "coap/observe.h"
#include "dataplane/act.h"
#include "dataplane/copy.h"
#include "dataplane/news.h"
#include "dataplane/notify.h"
#include "dataplane/steer.h"
#include "dataplane/worker.h"

#include <string.h>

#define ETAG_LEN 9    /* bytes of an answer's first option */
#define OBSERVE_LEN 4 /* and of the next, as it is written before its value is known */
#define PAYLOAD_MARKER 0xff

/* What is to be observed, and what is said of it now. */
struct observed {
	uint32_t value; /* as a relation has it */
	uint8_t home;
	uint32_t format;
	uint64_t etag;
};

/* How notifications are to be: as the answer to this request is. */
static void
agree(struct dp_worker *w, const struct dp_burst *b, unsigned i, struct dp_relation *r,
	const struct observed *o)
{
	struct tg_block block;

	if (o->format != DP_NO_FORMAT)
		r->flags |= DP_O_FORMATTED;
	r->format = (uint16_t)o->format;
	if (tg_block_get(&b->msg[i], TG_OPT_BLOCK2, &block) == TG_BLOCK_FOUND) {
		r->flags |= DP_O_BLOCK;
		r->szx = block.szx & 15;
	}
	r->mid = b->msg[i].mid; /* a NON answer has it: it may be reset */
	r->version = (uint32_t)o->etag;
	r->seq = dp_notify_next(w, r->seq) & TG_OBSERVE_MASK;
	r->code = TG_CONTENT;
	r->since_con = 0;
	r->con_at = (uint16_t)(w->now_s / 16);
	r->sent_ms = (uint32_t)w->now_ms - w->snap->observe_min_ms;
}

/* The value's home is to tell of its changes; false if it cannot be told so.  A reload is
 * heard of by every worker. */
static bool
watch(struct dp_worker *w, uint8_t home, uint32_t value)
{
	unsigned at = dp_is_list(home) ? home - DP_LISTS : home;

	if (home == DP_AT_ROUTES)
		return true;
	if (at != w->id)
		return dp_observers_of_value(w->observers, home, value) != DP_NONE
		       || dp_news_post(w, at, DP_N_WATCH, home, value);
	if (dp_is_list(home))
		dp_lists_hold(w->lists, value, at);
	else
		dp_store_watch(w->store, value, true);
	return true;
}

/* The peer stays as long as it has relations: one may have come, or an old one gone that
 * was to be renewed. */
static void
hold(struct dp_worker *w, uint32_t peer, uint32_t before)
{
	uint32_t now = dp_observers_count(w->observers);

	if (now > before)
		dp_peers_hold(w->peers, peer);
	else if (now < before)
		dp_peers_release(w->peers, peer);
}

/* ---- tokens ---- */

/* The relation of @peer that has @m's long token. */
static uint32_t
find_long(const struct dp_worker *w, uint32_t peer, const struct tg_msg *m)
{
	uint32_t id = dp_observers_of_peer(w->observers, peer);

	for (; id != DP_NONE; id = dp_observers_sibling(w->observers, id)) {
		const struct dp_relation *r = dp_observers_get(w->observers, id);
		const uint8_t *token;
		uint8_t len;

		if (r->tkl <= TG_TOKEN_MAX)
			continue;
		token = dp_tokens_get(w->tokens, r->token, &len);
		if (len == m->tkl && memcmp(token, tg_msg_token(m), len) == 0)
			break;
	}
	return id;
}

static uint32_t
find(const struct dp_worker *w, uint32_t peer, const struct tg_msg *m)
{
	return m->tkl <= TG_TOKEN_MAX ? dp_observers_find(
		       w->observers, peer, tg_msg_token(m), (uint8_t)m->tkl)
				      : find_long(w, peer, m);
}

/* What a relation has of @m's token: of a long one, that of the relation that is to be
 * renewed, or a new one's.  False if there is no room for it. */
static bool
keep_token(struct dp_worker *w, uint32_t peer, const struct tg_msg *m, uint8_t word[8])
{
	uint32_t id;

	if (m->tkl <= TG_TOKEN_MAX) {
		dp_copy8(word, tg_msg_token(m), m->tkl);
		return true;
	}
	id = find_long(w, peer, m);
	if (id == DP_NONE)
		return dp_tokens_put(w->tokens, m, word);
	memcpy(word, dp_observers_get(w->observers, id)->token, 8);
	return true;
}

static uint32_t
add(struct dp_worker *w, const struct dp_burst *b, unsigned i, uint32_t peer,
	const struct observed *o)
{
	const struct tg_msg *m = &b->msg[i];
	uint32_t before = dp_observers_count(w->observers), id;
	struct dp_relation *r;
	uint8_t word[8] = {0};

	if (!keep_token(w, peer, m, word)) {
		dp_count(&w->counters, DP_C_tokens_full, 1);
		return DP_NO_OBSERVE;
	}
	id = dp_observers_add(w->observers, peer, word, dp_token_tkl(m), o->home,
		o->value, &w->counters);
	hold(w, peer, before);
	if (id == DP_NONE && m->tkl > TG_TOKEN_MAX)
		dp_tokens_del(
			w->tokens, word); /* no relation has it, or has it any more */
	if (id == DP_NONE)
		return DP_NO_OBSERVE;
	r = dp_observers_get(w->observers, id);
	agree(w, b, i, r, o);
	dp_count(&w->counters, DP_C_observers_registered, 1);
	return r->seq;
}

/* Without room for it the answer is that of a plain GET (4.1). */
static uint32_t
enter(struct dp_worker *w, const struct dp_burst *b, unsigned i, const struct observed *o)
{
	uint32_t peer = DP_NONE;

	if (watch(w, o->home, o->value))
		peer = dp_peers_get(w->peers, &b->key[i], b->hash[i], b->peer[i],
			b->now_s, &w->counters);
	if (peer == DP_NONE) {
		dp_count(&w->counters, DP_C_observers_full, 1);
		return DP_NO_OBSERVE;
	}
	dp_peers_account(w->peers, peer, b->len[i]);
	dp_peers_set_link(w->peers, peer, dp_net_source_mac(b, i));
	dp_peers_part(w->peers, peer, b->msg[i].mid);
	return add(w, b, i, peer, o);
}

bool
dp_is_registration(const struct tg_msg *m)
{
	struct tg_block block;
	uint32_t asked;

	return tg_observe_get(m, &asked) && asked == TG_OBSERVE_REGISTER
	       && !(tg_block_get(m, TG_OPT_BLOCK2, &block) == TG_BLOCK_FOUND
		       && block.num > 0);
}

uint32_t
dp_observe(struct dp_worker *w, const struct dp_burst *b, unsigned i,
	const struct dp_value *v)
{
	const struct dp_request *q = &w->scratch->request[i];
	const struct observed o = {
		.value = v->ref,
		.home = (uint8_t)(w->count == 1 ? w->id : dp_value_home(w, q)),
		.format = v->content_format,
		.etag = v->etag,
	};

	return dp_is_registration(&b->msg[i]) ? enter(w, b, i, &o) : DP_NO_OBSERVE;
}

bool
dp_observe_route(struct dp_worker *w, const struct dp_burst *b, unsigned i,
	const struct dp_route *r, struct dp_content *c)
{
	const struct observed o = {
		.value = dp_route_ref(r),
		.home = DP_AT_ROUTES,
		.format = c->format,
		.etag = c->etag,
	};

	dp_observe_cancel(w, b, i);
	if (!dp_is_registration(&b->msg[i]))
		return false;
	c->observe = enter(w, b, i, &o);
	return c->observe != DP_NO_OBSERVE;
}

/* The answer @m to request @i has its Observe value now, or loses the option, which
 * stands behind the ETag. */
static void
put_observe(struct dp_burst *b, unsigned i, const struct tg_msg *m, uint32_t observe)
{
	uint8_t *p = b->coap[i] + m->options + ETAG_LEN;
	uint8_t *next = p + OBSERVE_LEN, *end = b->coap[i] + b->reply[i];

	if (observe != DP_NO_OBSERVE) {
		p[1] = (uint8_t)(observe >> 16);
		p[2] = (uint8_t)(observe >> 8);
		p[3] = (uint8_t)observe;
		return;
	}
	if (next < end
		&& *next != PAYLOAD_MARKER) /* its number is told from the ETag's */
		*next = (uint8_t)(*next + ((TG_OPT_OBSERVE - TG_OPT_ETAG) << 4));
	memmove(p, next, (size_t)(end - next));
	b->reply[i] = (uint16_t)(b->reply[i] - OBSERVE_LEN);
}

void
dp_observe_list(struct dp_worker *w, struct dp_burst *b, unsigned i, unsigned home)
{
	const struct tg_msg request = b->msg[i];
	struct tg_msg *m = &b->msg[i];
	struct observed o = {
		.value = dp_meta(b->pkt[i])->list,
		.home = (uint8_t)(DP_LISTS + home),
		.format = TG_CF_LINK,
	};
	struct tg_opt etag;

	/* Message ID, token and Block2 are those of the request, which is gone. */
	if (tg_msg_parse(m, b->coap[i], b->reply[i], TG_TOKEN_EXTENDED_MAX) == TG_OK
		&& tg_opt_get(m, TG_OPT_ETAG, &etag) && etag.len == sizeof(o.etag)) {
		memcpy(&o.etag, etag.value, sizeof(o.etag));
		put_observe(b, i, m, enter(w, b, i, &o));
	}
	*m = request;
}

void
dp_observe_cancel(struct dp_worker *w, const struct dp_burst *b, unsigned i)
{
	const struct tg_msg *m = &b->msg[i];
	uint32_t asked, peer, id;

	if (!tg_observe_get(m, &asked) || asked != TG_OBSERVE_DEREGISTER)
		return;
	peer = dp_peers_find(w->peers, &b->key[i], b->hash[i]);
	if (peer == DP_NONE)
		return;
	id = find(w, peer, m);
	if (id != DP_NONE)
		dp_notify_end(w, id, DP_C_observers_cancelled);
}

/* Whose message does @m answer?  Only the last one waits for an ACK; an RST to any says
 * that nobody wants them (3.6). */
static uint32_t
find_answered(const struct dp_worker *w, uint32_t peer, const struct tg_msg *m)
{
	uint32_t id = dp_observers_find_mid(w->observers, peer, m->mid);

	return id == DP_NONE && m->type == TG_RST
		       ? dp_observers_find_told(w->observers, peer, m->mid, w->now_s)
		       : id;
}

void
dp_observe_answered(struct dp_worker *w, const struct dp_burst *b, unsigned i)
{
	const struct tg_msg *m = &b->msg[i];
	uint64_t hash = dp_peers_hash(w->peers, &b->key[i]);
	uint32_t peer = dp_peers_find(w->peers, &b->key[i], hash), id;

	id = peer != DP_NONE ? find_answered(w, peer, m) : DP_NONE;
	if (id == DP_NONE)
		return;
	if (m->type == TG_RST)
		dp_notify_end(w, id, DP_C_observers_reset);
	else
		dp_notify_acked(w, id);
}

void
dp_observe_kick(struct dp_worker *w, uint32_t peer)
{
	uint32_t id;

	while ((id = dp_observers_of_peer(w->observers, peer)) != DP_NONE)
		dp_notify_end(w, id, DP_C_observers_forgotten);
}

/* To every worker, and so with each of them: who observes @v is forgotten in silence. */
static bool
forget(struct dp_worker *w, uint8_t home, const struct dp_value *v)
{
	for (unsigned to = 0; to < w->count; to++)
		if (to != w->id && !dp_news_post(w, to, DP_N_FORGET, home, v->ref))
			return false;
	dp_observers_forget(w->observers, home, v->ref);
	return true;
}

uint8_t
dp_act_unobserve(struct dp_worker *w, const struct dp_burst *b, unsigned i)
{
	const struct tg_msg *m = &b->msg[i];
	const struct dp_route *r = b->route[i];
	struct dp_request target;
	struct dp_value v;
	unsigned home;

	if (m->len - m->payload != r->text_len
		|| memcmp(m->base + m->payload, r->text, r->text_len) != 0)
		return TG_FORBIDDEN;
	if (!dp_request_holds(&w->scratch->request[i], m, true, 0))
		return TG_PRECONDITION_FAILED;
	dp_request_of_path(&target, &r->own);
	if (dp_route_find(w->snap, &target) == NULL)
		return TG_NOT_FOUND;
	home = w->count == 1 ? w->id : dp_value_home(w, &target);
	if (!dp_store_read(w->shared->worker[home]->store, &target.path,
		    dp_store_hash(w->store, &target.path), &v))
		return TG_CHANGED; /* what is not there is not observed */
	return forget(w, (uint8_t)home, &v) ? TG_CHANGED : TG_UNAVAILABLE;
}
