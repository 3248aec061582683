/* Stage route: options to a request, path to a route; checks that no handler need repeat. */
#include "coap/code.h"
#include "dataplane/worker.h"

#define PATH_MAX_BYTES 340 /* of what is written: percent-coded it still fits a record */

static bool
takes_format(const struct dp_route *r, uint16_t format)
{
	if (r->n_formats == 0)
		return true;
	for (unsigned i = 0; i < r->n_formats; i++)
		if (r->formats[i] == format)
			return true;
	return false;
}

static bool
allows(const struct dp_route *r, const struct dp_request *q, uint8_t method)
{
	if (method > TG_DELETE)
		return false;
	switch (r->kind) {
	case DP_K_STREAM:
		return method == TG_POST || method == TG_PUT;
	case DP_K_STORE:
		return !q->listing || method == TG_GET;
	case DP_K_STATIC:
		return r->answer[method] != 0;
	case DP_K_QUERY:
	case DP_K_TIME:
	case DP_K_COUNT:
		break;
	}
	return method == TG_GET;
}

/* The error that @q ends in before it runs, or 0. */
static uint8_t
fault(const struct dp_route *r, const struct dp_request *q, const struct tg_msg *m)
{
	if (r == NULL)
		return TG_NOT_FOUND;
	if (!allows(r, q, m->code))
		return TG_METHOD_NOT_ALLOWED;
	if (m->code != TG_POST && m->code != TG_PUT)
		return 0;
	if (unlikely(q->path.len > PATH_MAX_BYTES))
		return TG_BAD_REQUEST;
	if (m->len - m->payload > r->max_payload)
		return TG_TOO_LARGE;
	return takes_format(r, q->content_format) ? 0 : TG_UNSUPPORTED_FORMAT;
}

/* Store keys are hashed here, so that act finds their lines in the cache. */
static void
look_ahead(struct dp_worker *w, struct dp_burst *b)
{
	for (unsigned i = 0; i < b->n; i++) {
		struct dp_request *q = &w->scratch->request[i];
		const uint8_t *name;
		uint8_t len;

		if (b->pkt[i] == NULL || b->code[i] != 0)
			continue;
		if (q->device != UINT8_MAX && b->msg[i].code != TG_GET) {
			name = dp_request_segment(q, q->device, &len);
			q->device_hash = dp_devices_hash(w->devices, name, len);
			dp_devices_prefetch(w->devices, q->device_hash);
		}
		if (b->route[i]->kind == DP_K_STORE && !q->listing) {
			q->store_hash = dp_store_hash(w->store, &q->path);
			dp_store_prefetch(w->store, q->store_hash);
		}
	}
	for (unsigned i = 0; i < b->n; i++) {
		struct dp_request *q = &w->scratch->request[i];

		if (b->pkt[i] == NULL || b->code[i] != 0)
			continue;
		if (q->device != UINT8_MAX && b->msg[i].code != TG_GET)
			q->device_hint = dp_devices_locate(w->devices, q->device_hash);
		if (b->route[i]->kind == DP_K_STORE && !q->listing)
			q->store_hint = dp_store_locate(w->store, q->store_hash);
	}
}

void
dp_stage_route(struct dp_worker *w, struct dp_burst *b)
{
	uint8_t *arena = w->scratch->arena;

	for (unsigned i = 0; i < b->n; i++) {
		struct dp_request *q = &w->scratch->request[i];

		if (b->pkt[i] == NULL)
			continue;
		arena += dp_request_read(q, &b->msg[i], arena);
		b->reply[i] = 0;
		if (unlikely(q->flags & DP_R_BAD_OPTION)) {
			b->code[i] = TG_BAD_OPTION;
		} else if (unlikely(q->flags & DP_R_PROXY)) {
			b->code[i] = TG_NO_PROXYING;
		} else {
			b->route[i] = dp_route_find(w->snap, q);
			b->code[i] = fault(b->route[i], q, &b->msg[i]);
		}
	}
	look_ahead(w, b);
}
