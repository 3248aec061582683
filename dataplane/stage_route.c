/*
 * Stage route: path to a route; checks that no handler need repeat.
 *
 * Paths are compared in words, which would wait for the bytes just written: the match
 * stage lies between.
 */
#include "coap/code.h"
#include "dataplane/act.h"
#include "dataplane/hot.h"
#include "dataplane/worker.h"

static bool
takes_format(const struct dp_route *r, uint32_t format)
{
	if (r->n_formats == 0)
		return true;
	for (unsigned i = 0; i < r->n_formats; i++)
		if (r->formats[i] == format)
			return true;
	return false;
}

/* The error that @q ends in before it runs, or 0. */
static uint8_t __attribute__((noinline))
fault(const struct dp_route *r, struct dp_request *q, const struct tg_msg *m)
{
	if (r == NULL)
		return TG_NOT_FOUND;
	if (m->code > TG_IPATCH || !(r->methods >> m->code & 1)
		|| (q->listing && m->code != TG_GET))
		return TG_METHOD_NOT_ALLOWED;
	if (m->code == TG_GET || m->code == TG_DELETE)
		return 0;
	if (q->path.len > DP_PATH_MAX)
		return TG_BAD_REQUEST;
	if (r->require_format && q->content_format == DP_NO_FORMAT
		&& !(m->code == TG_FETCH && dp_goes_on(m, q)))
		return TG_BAD_REQUEST;
	if (m->len - m->payload > r->max_payload && !(q->flags & DP_R_BLOCK1))
		return TG_TOO_LARGE;
	if (dp_is_patch(m->code)) {
		q->flags |= DP_R_PART;
		if (!(q->flags & DP_R_BLOCK1))
			q->transfer = NULL;
		return dp_patch_takes(m, q) ? 0 : TG_UNSUPPORTED_FORMAT;
	}
	return takes_format(r, q->content_format) ? 0 : TG_UNSUPPORTED_FORMAT;
}

/* Is @q one of those that nearly all are, of which no more is to be asked than their
 * size?  fault() finds none in them: what it learns to ask, plain_of() and this must
 * know. */
static bool
is_plain(const struct dp_route *r, const struct dp_request *q, const struct tg_msg *m)
{
	return (r->plain >> m->code & 1)
	       && (m->code == TG_GET
		       || (!q->listing && q->path.len <= DP_PATH_MAX
			       && m->len - m->payload <= r->max_payload));
}

static uint8_t __attribute__((noinline, cold)) wrong(const struct dp_request *q)
{
	return q->flags & DP_R_BAD_OPTION    ? TG_BAD_OPTION
	       : q->flags & DP_R_BAD_REQUEST ? TG_BAD_REQUEST
					     : TG_NO_PROXYING;
}

/* The route of request @q, and what it is refused with before it runs, or 0. */
static uint8_t
judge(const struct dp_snapshot *snap, const struct dp_route **route, struct dp_request *q,
	const struct tg_msg *m)
{
	const struct dp_route *r;

	if (unlikely(q->flags & DP_R_WRONG)) {
		*route = NULL;
		return wrong(q);
	}
	*route = r = dp_route_find(snap, q);
	return likely(r != NULL && is_plain(r, q, m)) ? 0 : fault(r, q, m);
}

/* What act will begin with: a stored value, or the device.  What the request is about:
 * half of its hash, or 0. */
static uint32_t
aim(struct dp_worker *w, struct dp_burst *b, size_t i, struct dp_request *q)
{
	enum dp_kind kind = b->route[i]->kind;
	const uint8_t *name;
	uint8_t len;

	if (kind == DP_K_STORE && !q->listing) {
		q->store_hash = dp_store_hash(w->store, &q->path);
		b->value |= UINT64_C(1) << i;
		return (uint32_t)q->store_hash;
	}
	if (kind == DP_K_STREAM && q->device_at != DP_NO_SEGMENT) {
		name = dp_request_segment(q, q->device_at, &len);
		q->device_hash = dp_devices_hash(w->devices, name, len);
		b->device |= UINT64_C(1) << i;
		return (uint32_t)q->device_hash;
	}
	return 0;
}

/* Ask for the index lines of requests from @from on. */
static DP_HOT void
look_ahead(const struct dp_worker *w, const struct dp_burst *b, size_t from)
{
	const struct dp_request *q = w->scratch->request;
	uint64_t value = b->value >> from << from, device = b->device >> from << from;

	while (value != 0)
		dp_store_prefetch(w->store, q[dp_next_of(&value)].store_hash);
	while (device != 0)
		dp_devices_prefetch(w->devices, q[dp_next_of(&device)].device_hash);
}

/* Is more to be looked at, when request @i runs, than what it asks? */
static bool
is_rare(const struct dp_burst *b, size_t i, const struct dp_request *q)
{
	return (b->flags[i] & DP_F_MULTICAST)
	       || (q->flags
		       & (DP_R_BLOCK1 | DP_R_BLOCK2 | DP_R_SILENT | DP_R_PART
			       | DP_R_LONG_TOKEN))
	       || b->route[i]->special;
}

/* No answers yet.  (As one memset() the last would be a slow `rep stos`.) */
static void
clear(struct dp_burst *b)
{
	b->value = b->device = b->rare = 0;
	memset(b->code, 0, sizeof(b->code));
	memset(b->silent, 0, sizeof(b->silent));
	for (size_t i = 0; i < DP_BURST; i += 16)
		memset(&b->reply[i], 0, 16 * sizeof(b->reply[0]));
}

/* Messages @from .. @to - 1. */
static DP_HOT void
route_some(struct dp_worker *w, struct dp_burst *b, size_t from, size_t to)
{
	struct dp_request *q = &w->scratch->request[from];
	const struct dp_snapshot *snap = w->snap;
	uint8_t code;

	for (size_t i = from; i < to; i++, q++) {
		if (b->pkt[i] == NULL)
			continue;
		code = judge(snap, &b->route[i], q, &b->msg[i]);
		if (likely(code == 0)) {
			q->about = aim(w, b, i, q);
			if (likely(!is_rare(b, i, q)))
				continue;
			b->silent[i] = q->silent;
		} else {
			q->about = 0;
			b->silent[i] = q->silent;
			b->code[i] = code;
		}
		b->rare |= UINT64_C(1) << i;
	}
}

void
dp_stage_route(struct dp_worker *w, struct dp_burst *b)
{
	size_t n = b->n;

	clear(b);
	for (size_t i = 0; i < n; i += DP_TOGETHER) {
		route_some(w, b, i, RTE_MIN(i + DP_TOGETHER, n));
		look_ahead(w, b, i);
	}
}
