/*
 * The store: GET, PUT, POST, DELETE on the last representation of a path.  FETCH, PATCH
 * and iPATCH go through act_patch.c, the list of a device's values is act_list.c's.
 *
 * A value is written by its home alone: the worker that the hash of its device (or,
 * without one, of its path) leads to.  Any worker reads it.  A write that came to another
 * worker travels there whole and comes back with its answer (steer.c).
 *
 * With `ack: logged` a value can be read as soon as it is written, before its record is
 * safe: what a reader saw may be gone after a power cut, what its writer was answered may
 * not. Where the commit fails the writer is answered 5.03 and the value stays until it is
 * written again or the gateway starts anew; a PUT that is sent again brings both
 * together.
 */
#include "coap/code.h"
#include "coap/option.h"
#include "coap/write.h"
#include "dataplane/act.h"
#include "dataplane/act_block.h"
#include "dataplane/act_observe.h"
#include "dataplane/answer.h"
#include "dataplane/hot.h"
#include "dataplane/pending.h"
#include "dataplane/separate.h"
#include "dataplane/slice.h"
#include "dataplane/steer.h"

#include <rte_mbuf.h>
#include <string.h>

uint8_t
dp_store_answer(
	struct dp_worker *w, struct dp_burst *b, unsigned i, const struct dp_value *v)
{
	const struct dp_request *q = &w->scratch->request[i];
	bool valid = (q->flags & DP_R_ETAG) && dp_request_has_etag(&b->msg[i], v->etag);
	const struct dp_route *r = b->route[i];
	uint32_t age = dp_value_age(v, b->now_s), observe = DP_NO_OBSERVE;
	struct tg_slice s = {.len = v->len};
	struct tg_writer out;

	if (r->stale == DP_STALE_REFUSE && age > r->max_age)
		return TG_UNAVAILABLE;
	if (unlikely(dp_is_sliced(q, v->len)) && !dp_slice(&s, q, v->len))
		return TG_BAD_REQUEST;
	if (unlikely(b->flags[i] & DP_F_OBSERVE))
		observe = dp_observe(w, b, i, v);
	dp_answer_begin(b, i, &out, valid ? TG_VALID : TG_CONTENT);
	tg_write_option(&out, TG_OPT_ETAG, &v->etag, sizeof(v->etag));
	if (unlikely(observe != DP_NO_OBSERVE))
		tg_write_uint(&out, TG_OPT_OBSERVE, observe);
	if (!valid && v->content_format != DP_NO_FORMAT)
		tg_write_uint(&out, TG_OPT_CONTENT_FORMAT, v->content_format);
	if (r->max_age != UINT32_MAX)
		tg_write_uint(
			&out, TG_OPT_MAX_AGE, age < r->max_age ? r->max_age - age : 0);
	if (unlikely(dp_is_sliced(q, v->len)) && !valid)
		dp_slice_write(&out, q, &s, v->len);
	if (!valid)
		tg_write_payload(&out, v->payload, s.len);
	b->reply[i] = (uint16_t)tg_write_end(&out);
	return b->reply[i] == 0 ? TG_INTERNAL : valid ? TG_VALID : TG_CONTENT;
}

/* A list may show the value in @slot otherwise, or nobody observes one any more. */
static __attribute__((noinline)) void
relist(struct dp_worker *w, const struct dp_request *q, uint32_t slot)
{
	if (!dp_list_changed(w, q))
		dp_store_list(w->store, slot, false);
}

/* The value, whose home is here, changes by itself, as a counter behind it says. */
static void
move_on(struct dp_worker *w, const struct dp_request *q, const struct dp_value *v,
	uint32_t now_s)
{
	uint32_t slot = dp_store_find(w->store, &q->path, q->store_hash, DP_NONE);
	char *text = w->scratch->text, last;
	uint16_t len;

	_Static_assert(DP_BODY_MAX < sizeof(w->scratch->text), "and a digit");
	if (slot == DP_NONE)
		return;
	len = dp_store_copy(w->store, slot, (uint8_t *)text);
	last = len > 0 ? text[len - 1] : '\0';
	if (last >= '0' && last <= '9')
		text[len - 1] = last == '9' ? '0' : (char)(last + 1);
	else if (len < DP_BODY_MAX)
		text[len++] = '0';
	if (dp_store_put(w->store, &q->path, q->store_hash, slot,
		    dp_store_owner(w->store, slot), v->content_format, text, len, now_s,
		    &slot)
		== DP_STORE_RELISTED)
		relist(w, q, slot);
}

static __attribute__((noinline)) uint8_t
get(struct dp_worker *w, struct dp_burst *b, unsigned i, unsigned home)
{
	const struct dp_request *q = &w->scratch->request[i];
	const struct dp_store *store = w->shared->worker[home]->store;
	struct dp_value v;
	uint8_t code;

	if (unlikely(b->flags[i] & DP_F_OBSERVE))
		dp_observe_cancel(w, b, i);
	if (!dp_store_read_part(store, &q->path, q->store_hash, dp_slice_part(q), &v))
		return dp_request_holds(q, &b->msg[i], false, 0) ? TG_NOT_FOUND
								 : TG_PRECONDITION_FAILED;
	if (!dp_request_holds(q, &b->msg[i], true, v.etag))
		return TG_PRECONDITION_FAILED;
	if (!dp_request_accepts(q, v.content_format))
		return TG_NOT_ACCEPTABLE;
	code = dp_store_answer(w, b, i, &v);
	if (unlikely(b->route[i]->changes) && code == TG_VALID)
		move_on(w, q, &v, b->now_s);
	return code;
}

/* May the device have one more?  All that is done to its values at once (its list, that
 * it is forgotten) is bounded by how many they are. */
static __attribute__((noinline)) bool
may_have(struct dp_worker *w, uint32_t device)
{
	if (device == DP_NONE
		|| !dp_store_owns(w->store, device, w->shared->cfg.store_per_device))
		return true;
	dp_count(&w->counters, DP_C_store_per_device, 1);
	return false;
}

/* Write @q's value, in @slot if there is one, as @device's. */
static DP_HOT enum dp_store_result
write_value(struct dp_worker *w, const struct dp_burst *b, unsigned i,
	const struct dp_request *q, uint32_t device, uint32_t *slot)
{
	const struct tg_msg *m = &b->msg[i];

	return dp_store_put(w->store, &q->path, q->store_hash, *slot, device,
		q->content_format, m->base + m->payload, m->len - m->payload, b->now_s,
		slot);
}

static __attribute__((noinline)) uint8_t
refuse_full(struct dp_worker *w)
{
	dp_count(&w->counters, DP_C_store_full, 1);
	return TG_UNAVAILABLE;
}

/* A value that was not there. */
static __attribute__((noinline)) uint8_t
put_new(struct dp_worker *w, struct dp_burst *b, unsigned i, const struct dp_request *q,
	uint8_t origin)
{
	uint32_t device = dp_act_device(w, b, i, q, DP_NONE, origin), slot = DP_NONE;

	if (!may_have(w, device))
		return TG_UNAVAILABLE;
	if (write_value(w, b, i, q, device, &slot) == DP_STORE_FULL)
		return refuse_full(w);
	if (unlikely(dp_lists_count(w->lists) > 0))
		(void)dp_list_changed(w, q);
	return TG_CREATED;
}

/* The value in @slot anew. */
static DP_HOT uint8_t
put(struct dp_worker *w, struct dp_burst *b, unsigned i, const struct dp_request *q,
	uint32_t slot, uint8_t origin)
{
	uint32_t device =
		dp_act_device(w, b, i, q, dp_store_owner(w->store, slot), origin);
	enum dp_store_result result = write_value(w, b, i, q, device, &slot);

	if (unlikely(result == DP_STORE_FULL))
		return refuse_full(w);
	if (unlikely(result == DP_STORE_RELISTED))
		relist(w, q, slot);
	return TG_CHANGED;
}

/* DELETE of what is not there is 2.02 (RFC 7252, 5.8.4). */
static __attribute__((noinline)) uint8_t
remove_value(struct dp_worker *w, const struct dp_request *q, uint32_t slot)
{
	if (slot == DP_NONE)
		return TG_DELETED;
	if (dp_store_is_listed(w->store, slot))
		(void)dp_list_changed(w, q);
	dp_store_del(w->store, slot);
	return TG_DELETED;
}

/* A write, at its home. */
static DP_HOT uint8_t
write_here(struct dp_worker *w, struct dp_burst *b, unsigned i,
	const struct dp_request *q, uint8_t origin)
{
	uint32_t slot = dp_store_find(w->store, &q->path, q->store_hash, q->store_hint);
	bool exists = slot != DP_NONE;

	if (unlikely(q->flags & (DP_R_IF_MATCH | DP_R_IF_NONE_MATCH))
		&& !dp_request_holds(q, &b->msg[i], exists,
			exists ? dp_store_etag(w->store, slot) : 0))
		return TG_PRECONDITION_FAILED;
	if (unlikely(b->msg[i].code == TG_DELETE))
		return remove_value(w, q, slot);
	return likely(exists) ? put(w, b, i, q, slot, origin)
			      : put_new(w, b, i, q, origin);
}

/* A write whose answer waits for its record. */
static __attribute__((noinline)) uint8_t
write_logged(struct dp_worker *w, struct dp_burst *b, unsigned i,
	const struct dp_request *q, uint8_t origin)
{
	struct dp_logged what = {
		.device = dp_request_device(q),
		.net = w->shared->worker[origin]->net,
		.type = DP_RECORD_VALUE,
		.origin = origin,
		.waits = true,
	};
	bool taken;

	if (!dp_log_has_room(w, &b->msg[i]))
		return TG_UNAVAILABLE; /* and the value is as it was */
	what.code = write_here(w, b, i, q, origin);
	if (what.code >= TG_BAD_REQUEST)
		return what.code;
	taken = unlikely(b->msg[i].tkl > TG_TOKEN_MAX)
			? dp_log_long(w, b, i, &what)
			: dp_log_request(w, b, i, q, &what);
	return taken ? DP_LATER : TG_UNAVAILABLE;
}

DP_HOT uint8_t
dp_store_write(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t origin)
{
	const struct dp_request *q = &w->scratch->request[i];

	DP_KEEP(q);
	return b->route[i]->ack == DP_ACK_LOGGED ? write_logged(w, b, i, q, origin)
						 : write_here(w, b, i, q, origin);
}

DP_HOT uint8_t
dp_store_act_here(struct dp_worker *w, struct dp_burst *b, unsigned i, uint8_t origin)
{
	if (w->scratch->request[i].listing)
		return dp_list_get(w, b, i, origin);
	if (b->msg[i].code == TG_GET) { /* of a value that reading changes */
		b->flags[i] &=
			(uint8_t)~DP_F_OBSERVE; /* relations are at the endpoint's home */
		return get(w, b, i, w->id);
	}
	return dp_is_patch(b->msg[i].code) ? dp_patch_ask(w, b, i, origin)
					   : dp_store_write(w, b, i, origin);
}

/* Send the request to the value's home. */
static uint8_t
send_home(struct dp_worker *w, struct dp_burst *b, unsigned i, unsigned home)
{
	if (b->flags[i] & DP_F_OBSERVE)
		dp_observe_cancel(w, b, i);
	if (b->once >> i & 1)
		dp_peers_set_link(w->peers, b->peer[i], dp_net_source_mac(b, i));
	else
		b->peer[i] = DP_NONE;
	if (w->away == DP_AWAY_MAX || !dp_hand(w, b, i, home, DP_E_VALUE)) {
		dp_block_give_up(w, i);
		dp_drop(w, b, i, DP_C_rdrop_handover_full);
		return DP_LATER;
	}
	dp_count(&w->counters, DP_C_handed_value, 1);
	dp_leave(w, b, i);
	return DP_LATER;
}

/* The value is at home here: the request goes no further than to the parser. */
static __attribute__((noinline)) uint8_t
send_to_parser(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	uint8_t code;

	dp_peers_set_link(w->peers, b->peer[i], dp_net_source_mac(b, i));
	code = dp_patch_ask(w, b, i, (uint8_t)w->id);
	if (code == DP_LATER)
		dp_leave(w, b, i);
	return code;
}

uint8_t
dp_store_ask_again(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	const struct dp_request *q = &w->scratch->request[i];
	unsigned home = w->count == 1 ? w->id : dp_value_home(w, q);

	if (home == w->id)
		return dp_patch_ask(w, b, i, (uint8_t)w->id);
	return dp_hand(w, b, i, home, DP_E_VALUE) ? DP_LATER : TG_UNAVAILABLE;
}

DP_APART uint8_t
dp_act_store(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	const struct dp_request *q = &w->scratch->request[i];
	unsigned home = w->count == 1 ? w->id : dp_value_home(w, q);
	uint8_t code;

	if (b->msg[i].code == TG_GET && !q->listing
		&& likely(!b->route[i]->changes || home == w->id))
		return get(w, b, i, home);
	if (home != w->id)
		return send_home(w, b, i, home);
	if (dp_is_patch(b->msg[i].code))
		return send_to_parser(w, b, i);
	code = dp_store_act_here(w, b, i, (uint8_t)w->id);
	if (code != DP_LATER)
		return code;
	dp_peers_add(w->peers, b->peer[i], b->msg[i].mid, 0, b->msg[i].type == TG_CON,
		b->now_s, &w->counters);
	dp_count(&w->counters, DP_C_executed, 1);
	rte_pktmbuf_free(b->pkt[i]);
	b->pkt[i] = NULL;
	return DP_LATER;
}
