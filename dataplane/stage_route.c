/*
 * Stage route: path to a route; checks that no handler need repeat.
 *
 * Paths are compared in words, which would wait for the bytes just written: the match
 * stage lies between.
 */
#include "coap/code.h"
#include "dataplane/act.h"
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
static uint8_t
fault(const struct dp_route *r, struct dp_request *q, const struct tg_msg *m)
{
	if (r == NULL)
		return TG_NOT_FOUND;
	if (m->code > TG_IPATCH || !(r->methods >> m->code & 1)
		|| (unlikely(q->listing) && m->code != TG_GET))
		return TG_METHOD_NOT_ALLOWED;
	if (m->code == TG_GET || m->code == TG_DELETE)
		return 0;
	if (unlikely(q->path.len > DP_PATH_MAX))
		return TG_BAD_REQUEST;
	if (unlikely(r->require_format) && q->content_format == DP_NO_FORMAT
		&& !(m->code == TG_FETCH && dp_goes_on(m, q)))
		return TG_BAD_REQUEST;
	if (m->len - m->payload > r->max_payload && !(q->flags & DP_R_BLOCK1))
		return TG_TOO_LARGE;
	if (unlikely(dp_is_patch(m->code))) {
		q->flags |= DP_R_PART;
		if (!(q->flags & DP_R_BLOCK1))
			q->transfer = NULL;
		return dp_patch_takes(m, q) ? 0 : TG_UNSUPPORTED_FORMAT;
	}
	return likely(r->n_formats == 0) || takes_format(r, q->content_format)
		       ? 0
		       : TG_UNSUPPORTED_FORMAT;
}

static uint8_t
wrong(uint32_t flags)
{
	return flags & DP_R_BAD_OPTION    ? TG_BAD_OPTION
	       : flags & DP_R_BAD_REQUEST ? TG_BAD_REQUEST
					  : TG_NO_PROXYING;
}

/* Ask for the index line that act will begin with: a stored value's, or the device's. */
static void
look_ahead(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	struct dp_request *q = &w->scratch->request[i];
	const struct dp_route *r = b->route[i];
	const uint8_t *name;
	uint8_t len;

	if (r->kind == DP_K_STORE && !q->listing) {
		q->store_hash = dp_store_hash(w->store, &q->path);
		dp_store_prefetch(w->store, q->store_hash);
		q->about = (uint32_t)q->store_hash;
		b->value |= UINT64_C(1) << i;
	} else if (r->kind == DP_K_STREAM && q->device_at != DP_NO_SEGMENT) {
		name = dp_request_segment(q, q->device_at, &len);
		q->device_hash = dp_devices_hash(w->devices, name, len);
		dp_devices_prefetch(w->devices, q->device_hash);
		q->about = (uint32_t)q->device_hash;
		b->device |= UINT64_C(1) << i;
	}
}

/* The route of request @i, and what it is refused with before it runs, or 0. */
static uint8_t
judge(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	struct dp_request *q = &w->scratch->request[i];

	if (unlikely(q->flags & DP_R_WRONG)) {
		b->route[i] = NULL;
		return wrong(q->flags);
	}
	b->route[i] = dp_route_find(w->snap, q);
	return fault(b->route[i], q, &b->msg[i]);
}

/* Is more to be looked at, when request @i runs, than what it asks? */
static bool
is_rare(const struct dp_burst *b, unsigned i, const struct dp_request *q)
{
	return (b->flags[i] & DP_F_MULTICAST)
	       || (q->flags
		       & (DP_R_BLOCK1 | DP_R_BLOCK2 | DP_R_SILENT | DP_R_PART
			       | DP_R_LONG_TOKEN))
	       || b->route[i]->special;
}

void
dp_stage_route(struct dp_worker *w, struct dp_burst *b)
{
	struct dp_request *q = w->scratch->request;

	b->value = b->device = b->rare = 0;
	for (unsigned i = 0; i < b->n; i++) {
		if (b->pkt[i] == NULL)
			continue;
		q[i].about = 0;
		b->reply[i] = 0;
		b->silent[i] = q[i].silent;
		b->code[i] = judge(w, b, i);
		if (likely(b->code[i] == 0))
			look_ahead(w, b, i);
		if (unlikely(b->code[i] != 0 || is_rare(b, i, &q[i])))
			b->rare |= UINT64_C(1) << i;
	}
}
