/* Whom a request is from: the sender of a request to a path with {device} is that device.
 */
#include "dataplane/act.h"
#include "dataplane/hot.h"
#include "dataplane/steer.h"
#include "dataplane/worker.h"

static DP_HOT uint32_t
by_name(struct dp_worker *w, const struct dp_burst *b, unsigned i,
	const struct dp_request *q)
{
	bool ahead = b->device >> i & 1;
	const uint8_t *name;
	uint64_t hash;
	uint8_t len;

	name = dp_request_segment(q, q->device_at, &len);
	hash = ahead ? q->device_hash : dp_devices_hash(w->devices, name, len);
	return dp_devices_get(w->devices, name, len, hash,
		ahead ? q->device_hint : DP_NONE, b->now_s, &w->device_events);
}

/* What refers to the request's peer, at its home. */
static DP_HOT uint32_t
peer_ref(const struct dp_worker *w, const struct dp_burst *b, unsigned i, unsigned origin)
{
	return likely(origin == w->id) ? dp_peers_ref(w->peers, b->peer[i])
				       : dp_meta(b->pkt[i])->ref;
}

DP_HOT uint32_t
dp_act_device(struct dp_worker *w, const struct dp_burst *b, unsigned i,
	const struct dp_request *q, uint32_t known, unsigned origin)
{
	const struct tg_msg *m = &b->msg[i];
	uint32_t device = known;

	if (q->device_at == DP_NO_SEGMENT)
		return DP_NONE;
	if (device == DP_NONE)
		device = by_name(w, b, i, q);
	if (device != DP_NONE)
		dp_devices_heard(w->devices, device, peer_ref(w, b, i, origin), origin,
			m->len - m->payload, b->now_s);
	return device;
}

void
dp_act_disown(void *worker, uint32_t device)
{
	struct dp_worker *w = worker;
	struct dp_device_info d;
	uint64_t hash;

	if (dp_store_first(w->store, device) == DP_NONE
		|| !dp_devices_info(w->devices, device, &d))
		return;
	hash = dp_devices_hash(w->devices, d.name, d.name_len);
	dp_store_disown(w->store, device, hash);
	(void)dp_lists_changed(w->lists, hash); /* they have another order */
}
