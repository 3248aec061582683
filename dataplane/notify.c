#include "dataplane/notify.h"

#include "coap/block.h"
#include "coap/code.h"
#include "coap/observe.h"
#include "coap/option.h"
#include "coap/write.h"
#include "dataplane/act.h"
#include "dataplane/copy.h"
#include "dataplane/news.h"
#include "dataplane/worker.h"

#define A_TURN DP_BURST      /* relations looked at, timers */
#define RETRY_MS 10          /* after there was no packet buffer */
#define TURN_MS 1000         /* until NSTART is asked again, if no ACK has said so */
#define CON_DAY (86400 / 16) /* in units of dp_relation.con_at */
#define OBSERVE_AT (9 + 1)   /* behind an ETag of eight bytes: the Observe value */
#define OBSERVE_MIN 0x10000u /* from here on a value has three bytes */

/* ---- the Observe value ---- */

/*
 * It follows the wall clock, in units of 2^20 ns, so that it goes on rising over a
 * restart; a relation that is faster than that runs ahead.  Values of less than three
 * bytes are left out, so that the option has one length: at the end of the ring they are
 * stepped over, which is a step ahead like any other (4.4).
 */
uint32_t
dp_notify_next(const struct dp_worker *w, uint32_t last)
{
	uint64_t ticks = dp_clock_wall_ns(&w->shared->clock, w->tsc) >> 20;
	uint32_t clock =
		OBSERVE_MIN + (uint32_t)(ticks % (TG_OBSERVE_MASK + 1 - OBSERVE_MIN));
	uint32_t next = last < TG_OBSERVE_MASK ? last + 1 : OBSERVE_MIN;
	uint32_t ahead = (clock - next) & TG_OBSERVE_MASK;

	return last == 0 || ahead <= TG_OBSERVE_MASK / 2 ? clock : next;
}

/* ---- what there is to say ---- */

/* The route that the value at @path has now, or the list there, as a request for it would
 * find it. */
static const struct dp_route *
route_of(const struct dp_worker *w, const uint8_t *path, uint16_t len, bool list)
{
	const struct dp_path p = {.bytes = path, .len = len};
	const struct dp_route *r;
	struct dp_request q;

	dp_request_of_path(&q, &p);
	r = dp_route_find(w->snap, &q);
	return r != NULL && r->kind == DP_K_STORE && q.listing == list ? r : NULL;
}

/* It has an ETag. */
static void
encode(struct dp_notice *n, const struct dp_content *c)
{
	static const uint8_t observe[3];
	const struct tg_block first = {
		.szx = n->szx == DP_NOTICE_WHOLE ? TG_BLOCK_SZX_MAX : n->szx};
	uint8_t buf[TG_HDR_LEN + sizeof(n->bytes)];
	struct tg_slice s;
	struct tg_writer out;

	n->code = TG_CONTENT;
	n->version = (uint32_t)c->etag;
	n->format = c->format;
	tg_slice_of(&s, c->len, n->szx == DP_NOTICE_WHOLE ? NULL : &first, first.szx);
	tg_write_begin(&out, buf, sizeof(buf) - DP_TOKEN_FIELD - DP_TAILROOM, TG_NON,
		TG_CONTENT, 0, NULL, 0);
	tg_write_option(&out, TG_OPT_ETAG, &c->etag, sizeof(c->etag));
	tg_write_option(&out, TG_OPT_OBSERVE, observe, sizeof(observe));
	if (c->format != DP_NO_FORMAT)
		tg_write_uint(&out, TG_OPT_CONTENT_FORMAT, c->format);
	if (c->max_age != UINT32_MAX)
		tg_write_uint(&out, TG_OPT_MAX_AGE, c->max_age);
	if (s.with_option)
		tg_write_uint(&out, TG_OPT_BLOCK2, tg_block_encode(&s.block));
	if (s.block.more)
		tg_write_uint(&out, TG_OPT_SIZE2, c->len);
	tg_write_payload(&out, (const uint8_t *)c->bytes + s.offset, s.len);
	n->len = (uint16_t)(tg_write_end(&out) - TG_HDR_LEN);
	memcpy(n->bytes, buf + TG_HDR_LEN, n->len);
}

/* Read the value that @n names, and encode it. */
static void
make_of_value(struct dp_worker *w, struct dp_notice *n)
{
	const struct dp_store *store = w->shared->worker[n->home]->store;
	uint8_t path[DP_PATH_MAX + sizeof(uint64_t)];
	struct dp_content c = {.max_age = UINT32_MAX};
	const struct dp_route *r;
	struct dp_value v;
	uint32_t age;
	uint16_t len;

	if (!dp_store_read_ref(store, n->value, path, &len, &v))
		return;
	r = route_of(w, path, len, false);
	if (r == NULL)
		return;
	age = dp_value_age(&v, n->at_s);
	if (r->max_age != UINT32_MAX)
		c.max_age = age < r->max_age ? r->max_age - age : 0;
	c.bytes = v.payload;
	c.len = v.len;
	c.format = v.content_format;
	c.etag = v.etag;
	n->con = r->notify_con;
	n->param = r->param;
	encode(n, &c);
}

/* The same of a list. */
static void
make_of_list(struct dp_worker *w, struct dp_notice *n)
{
	const struct dp_lists *lists = w->shared->worker[n->home - DP_LISTS]->lists;
	struct dp_content c = {.format = TG_CF_LINK, .max_age = UINT32_MAX};
	const struct dp_route *r;
	struct dp_list l;

	if (!dp_lists_read(lists, n->value, &l))
		return;
	r = route_of(w, l.path, l.path_len, true);
	if (r == NULL)
		return;
	n->code = l.code;
	n->param = r->param;
	if (l.code != TG_CONTENT)
		return;
	c.bytes = l.text;
	c.len = l.len;
	c.etag = l.etag;
	n->con = r->notify_con;
	encode(n, &c);
}

/* The same of what a route answers, in @format if it still has that. */
static void
make_of_route(const struct dp_worker *w, struct dp_notice *n, uint32_t format)
{
	const struct dp_route *r = dp_route_of_ref(w->snap, n->value, format);
	char text[DP_TIME_TEXT];
	struct dp_content c;

	if (r == NULL)
		return;
	n->con = false;
	n->param = r->param;
	c = r->kind == DP_K_TIME ? dp_time_content(w, text) : r->body;
	encode(n, &c);
}

static uint32_t
format_of(const struct dp_relation *r)
{
	return r->flags & DP_O_FORMATTED ? r->format : DP_NO_FORMAT;
}

/* What is to be said to @r and to all that are told the same. */
static void __attribute__((noinline)) make(struct dp_worker *w, struct dp_notice *n,
	const struct dp_relation *r, uint8_t szx, uint32_t at_s)
{
	n->turn = w->tsc;
	n->value = r->value;
	n->home = r->home;
	n->szx = szx;
	n->at_s = at_s;
	n->code = TG_NOT_FOUND; /* unless there is something */
	n->len = 0;
	n->con = true;
	n->param = 0;
	if (r->home == DP_AT_ROUTES)
		make_of_route(w, n, format_of(r));
	else if (dp_is_list(r->home))
		make_of_list(w, n);
	else
		make_of_value(w, n);
}

/* What is to be said to @r, its Max-Age as it is at second @at_s. */
static const struct dp_notice *
notice_for(struct dp_worker *w, const struct dp_relation *r, uint32_t at_s)
{
	uint8_t szx = r->flags & DP_O_BLOCK ? r->szx : DP_NOTICE_WHOLE;
	struct dp_notice *n = &w->scratch->notice;

	if (n->turn != w->tsc || n->value != r->value || n->home != r->home
		|| n->szx != szx || n->at_s != at_s)
		make(w, n, r, szx, at_s);
	return n;
}

/* The same for one relation: what fits not what was agreed on is an error (4.2). */
static uint8_t
code_for(const struct dp_relation *r, const struct dp_notice *n)
{
	return n->code == TG_CONTENT && n->format != format_of(r) ? TG_NOT_ACCEPTABLE
								  : n->code;
}

/* ---- sending ---- */

static uint32_t
second_of(uint64_t ms)
{
	return DP_EPOCH_S + (uint32_t)(ms / 1000);
}

/* Send @r's message, which it describes; false if there is no buffer for it. */
static bool
send(struct dp_worker *w, const struct dp_relation *r, const struct dp_notice *n,
	uint8_t code)
{
	enum tg_type type = r->flags & DP_O_IN_FLIGHT ? TG_CON : TG_NON;
	uint16_t len = (uint16_t)(TG_HDR_LEN + r->tkl);
	struct dp_peer_key key;
	struct rte_mbuf *m;
	uint8_t mac[6], *p;
	bool known = dp_peers_link(w->peers, r->peer, mac);

	dp_peers_key(w->peers, r->peer, &key);
	m = dp_net_begin(w->net, &key, &p);
	if (unlikely(m == NULL))
		return false;
	p[0] = (uint8_t)(1u << 6 | (unsigned)type << 4 | r->tkl);
	p[1] = code;
	p[2] = (uint8_t)(r->mid >> 8);
	p[3] = (uint8_t)r->mid;
	memcpy(p + TG_HDR_LEN, r->token, sizeof(r->token));
	if (unlikely(r->tkl > TG_TOKEN_MAX))
		len = (uint16_t)(TG_HDR_LEN
				 + dp_tokens_write(w->tokens, r->token, p + TG_HDR_LEN));
	if (likely(code == TG_CONTENT)) {
		dp_copy(p + len, n->bytes, n->len);
		p[len + OBSERVE_AT] = (uint8_t)(r->seq >> 16);
		p[len + OBSERVE_AT + 1] = (uint8_t)(r->seq >> 8);
		p[len + OBSERVE_AT + 2] = (uint8_t)r->seq;
		len = (uint16_t)(len + n->len);
	}
	dp_net_send(w->net, m, &key, known ? mac : NULL, len);
	return true;
}

/* Wait for the ACK: the first timeout is random, each further one twice as long. */
static void
await(struct dp_worker *w, uint32_t id, const struct dp_relation *r,
	const struct dp_notice *n)
{
	const struct tg_param *p = dp_param(w->snap, n->param);
	uint64_t range =
		(uint64_t)p->ack_timeout_ms * (p->ack_random_permille - 1000) / 1000;
	uint64_t first = p->ack_timeout_ms + range * r->spread / UINT8_MAX;

	dp_observers_arm(w->observers, id, w->now_ms + (first << r->tries));
}

/* Must this one be confirmed?  Every so many and once a day one is (4.5), and an error
 * always: nobody would repeat it. */
static bool
wants_con(const struct dp_worker *w, const struct dp_relation *r,
	const struct dp_notice *n, uint8_t code)
{
	uint16_t since = (uint16_t)(w->now_s / 16 - r->con_at);

	return n->con || code != TG_CONTENT || since >= CON_DAY
	       || r->since_con + 1u >= w->snap->observe_con_every;
}

uint32_t
dp_notify_under_way(const struct dp_worker *w, uint32_t peer)
{
	uint32_t id = dp_observers_of_peer(w->observers, peer), n = 0;

	for (; id != DP_NONE; id = dp_observers_sibling(w->observers, id))
		n += (dp_observers_get(w->observers, id)->flags & DP_O_IN_FLIGHT) != 0;
	return n;
}

/* Is there room for one more CON to the peer of @r (RFC 7252, 4.7)? */
static bool
may_confirm(
	const struct dp_worker *w, const struct dp_relation *r, const struct dp_notice *n)
{
	return dp_notify_under_way(w, r->peer)
		       + dp_outbound_under_way(w->outbound, r->peer)
	       < dp_param(w->snap, n->param)->nstart;
}

/* A new message for @r, which is relation @id, in place of what it was sent before. */
static void
renew(struct dp_worker *w, uint32_t id, struct dp_relation *r, const struct dp_notice *n,
	bool con)
{
	r->mid = dp_peers_mid(w->peers, r->peer);
	dp_observers_told(w->observers, id, w->now_s);
	r->seq = dp_notify_next(w, r->seq) & TG_OBSERVE_MASK;
	r->version = n->version;
	r->sent_ms = (uint32_t)w->now_ms;
	r->since_con = con ? 0 : (uint8_t)(r->since_con + 1);
	if (con) {
		r->con_at = (uint16_t)(w->now_s / 16);
		dp_observers_set_in_flight(w->observers, id, true);
	}
}

/* @code is what was said last.  With an error the relation hears no more of its value. */
static void
set_code(struct dp_worker *w, uint32_t id, struct dp_relation *r, uint8_t code)
{
	if (likely(r->code == code))
		return;
	r->code = code;
	if (code == TG_CONTENT)
		return;
	dp_observers_detach(w->observers, id);
	dp_count(&w->counters, DP_C_observers_ended, 1);
}

/* Say what has to be said, once: as a CON it is then waited for. */
static void
say(struct dp_worker *w, uint32_t id, const struct dp_notice *n, uint8_t code, bool con)
{
	struct dp_relation *r = dp_observers_get(w->observers, id), before = *r;

	renew(w, id, r, n, con);
	if (unlikely(!send(w, r, n, code))) {
		dp_observers_set_in_flight(w->observers, id, false);
		*r = before;
		dp_count(&w->counters, DP_C_out_no_buffer, 1);
		dp_observers_arm(w->observers, id, w->now_ms + RETRY_MS);
		return;
	}
	dp_count(&w->counters, con ? DP_C_notified_con : DP_C_notified_non, 1);
	set_code(w, id, r, code);
	if (con) {
		r->tries = 0;
		r->spread = (uint8_t)(rte_rdtsc() >> 4);
		await(w, id, r, n);
	}
}

/* As dp_notify_one(); false if it waits for room for one more CON. */
static bool
try(struct dp_worker *w, uint32_t id)
{
	const struct dp_relation *r = dp_observers_get(w->observers, id);
	uint64_t now = w->now_ms;
	const struct dp_notice *n;
	uint32_t since = (uint32_t)now - r->sent_ms;
	uint8_t code;
	bool con;

	if (r->flags & DP_O_IN_FLIGHT)
		return true; /* its ACK, or its timer */
	n = notice_for(w, r, second_of(now));
	code = code_for(r, n);
	if (code == TG_CONTENT && r->version == n->version)
		return true;
	con = wants_con(w, r, n, code);
	if (code == TG_CONTENT && !n->con && since < w->snap->observe_min_ms) {
		dp_observers_arm(w->observers, id, now + w->snap->observe_min_ms - since);
		return true;
	}
	if (con && !may_confirm(w, r, n)) {
		dp_observers_arm(w->observers, id, now + TURN_MS);
		return false;
	}
	say(w, id, n, code, con);
	return true;
}

void
dp_notify_one(struct dp_worker *w, uint32_t id)
{
	(void)try(w, id);
}

/* The CON of @id was not acknowledged in time: the same again, or what has taken its
 * place (4.5.2). */
static void
repeat(struct dp_worker *w, uint32_t id)
{
	struct dp_relation *r = dp_observers_get(w->observers, id);
	uint64_t now = w->now_ms, sent = now - (uint32_t)((uint32_t)now - r->sent_ms);
	const struct dp_notice *n;
	uint8_t code;

	n = notice_for(w, r, second_of(sent));
	if (r->tries >= dp_param(w->snap, n->param)->max_retransmit) {
		dp_count(&w->counters, DP_C_out_gave_up, 1);
		dp_notify_end(w, id, DP_C_observers_lost);
		return;
	}
	r->tries++;
	code = r->code != TG_CONTENT ? r->code : code_for(r, n);
	if (r->code != code || (code == TG_CONTENT && r->version != n->version)) {
		n = notice_for(w, r, second_of(now));
		code = code_for(r, n); /* at its home it may be gone by now */
		renew(w, id, r, n, true);
	}
	set_code(w, id, r, code);
	if (send(w, r, n, code))
		dp_count(&w->counters, DP_C_out_retransmitted, 1);
	else
		dp_count(&w->counters, DP_C_out_no_buffer, 1);
	await(w, id, r, n);
}

static void
drop(struct dp_worker *w, uint32_t id)
{
	const struct dp_relation *r = dp_observers_get(w->observers, id);

	dp_peers_release(w->peers, r->peer);
	if (r->tkl > TG_TOKEN_MAX)
		dp_tokens_del(w->tokens, r->token);
	dp_observers_del(w->observers, id);
}

void
dp_notify_end(struct dp_worker *w, uint32_t id, enum dp_counter why)
{
	dp_count(&w->counters, why, 1);
	drop(w, id);
}

/* @id and its siblings behind it, as far as there is room for their CONs: true if there
 * was for all. */
static bool
go_on_from(struct dp_worker *w, uint32_t id)
{
	while (id != DP_NONE && try(w, id))
		id = dp_observers_sibling(w->observers, id);
	return id == DP_NONE;
}

void
dp_notify_acked(struct dp_worker *w, uint32_t id)
{
	struct dp_relation *r = dp_observers_get(w->observers, id);
	uint32_t peer = r->peer, next = dp_observers_sibling(w->observers, id);
	bool over = r->code != TG_CONTENT;

	if (!(r->flags & DP_O_IN_FLIGHT))
		return;
	dp_count(&w->counters, DP_C_out_acked, 1);
	dp_observers_set_in_flight(w->observers, id, false);
	dp_observers_disarm(w->observers, id);
	if (over)
		drop(w, id); /* what ended it was counted when it was said */
	/* Whoever waits, those behind it first: each has its turn.  Those for whom there
	 * is no room have a timer, which this one is to get yet. */
	if (go_on_from(w, next))
		(void)go_on_from(w, dp_observers_of_peer(w->observers, peer));
	if (!over)
		dp_notify_one(w, id);
}

/* ---- a turn ---- */

static bool
run_timers(struct dp_worker *w)
{
	uint32_t due[A_TURN];
	unsigned n = dp_observers_due(w->observers, w->now_ms, due, A_TURN);

	for (unsigned i = 0; i < n; i++)
		if (dp_observers_get(w->observers, due[i])->flags & DP_O_IN_FLIGHT)
			repeat(w, due[i]);
		else
			dp_notify_one(w, due[i]);
	return n > 0;
}

static bool
fan_out(struct dp_worker *w)
{
	unsigned n = 0;
	bool forget;
	uint32_t id;

	for (; n < A_TURN; n++) {
		id = dp_observers_step(w->observers, &forget);
		if (id == DP_NONE)
			break;
		if (unlikely(forget))
			dp_notify_end(w, id, DP_C_observers_forgotten);
		else
			dp_notify_one(w, id);
	}
	return n > 0;
}

bool
dp_notify(struct dp_worker *w)
{
	bool any = false;

	if (w->count > 1)
		any = dp_news_of_others(w);
	if (likely(w->count == 1 && dp_observers_count(w->observers) == 0
		    && dp_lists_count(w->lists) == 0))
		return any;
	any |= dp_news_own(w);
	w->scratch->notice.turn = 0; /* an ACK may have had it made before the news */
	if (unlikely(w->heeded != w->snap->serial)) { /* a reload may change anything */
		w->heeded = w->snap->serial;
		dp_observers_changed_all(w->observers);
	}
	if (unlikely(dp_net_is_full(w->net, w->tsc)))
		return any; /* the port takes a few: what has not left yet may change */
	any |= run_timers(w);
	any |= dp_observers_sweep(w->observers);
	return fan_out(w) || any;
}
