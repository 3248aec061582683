/* Whom a request is from: the sender of a request to a path with {device} is that device.
 */
#include "dataplane/act.h"
#include "dataplane/hot.h"
#include "dataplane/steer.h"
#include "dataplane/worker.h"

static uint32_t
by_name(struct dp_worker *w, const struct dp_burst *b, const struct dp_request *q)
{
	const uint8_t *name;
	uint8_t len;

	name = dp_request_segment(q, q->device_at, &len);
	return dp_devices_get(w->devices, name, len,
		dp_devices_hash(w->devices, name, len), DP_NONE, b->now_s,
		&w->device_events);
}

/* What refers to the request's peer, at its home. */
static DP_HOT uint32_t
peer_ref(const struct dp_worker *w, const struct dp_burst *b, unsigned i, unsigned origin)
{
	return likely(origin == w->id) ? dp_peers_ref(w->peers, b->peer[i])
				       : dp_meta(b->pkt[i])->ref;
}

static DP_HOT void
heard(struct dp_worker *w, const struct dp_burst *b, unsigned i, uint32_t device,
	unsigned origin)
{
	const struct tg_msg *m = &b->msg[i];

	if (device != DP_NONE)
		dp_devices_heard(w->devices, device, peer_ref(w, b, i, origin), origin,
			m->len - m->payload, b->now_s);
}

DP_HOT uint32_t
dp_act_device(struct dp_worker *w, const struct dp_burst *b, unsigned i,
	const struct dp_request *q, uint32_t known, unsigned origin)
{
	uint32_t device = known;

	if (q->device_at == DP_NO_SEGMENT)
		return DP_NONE;
	if (device == DP_NONE)
		device = by_name(w, b, q);
	heard(w, b, i, device, origin);
	return device;
}

DP_HOT void
dp_act_sender(struct dp_worker *w, const struct dp_burst *b, unsigned i,
	const struct dp_request *q, const uint8_t *name)
{
	uint32_t device = q->device_hint;

	if (unlikely(name[0] == 0))
		return;
	if (unlikely(!dp_devices_is(w->devices, device, name)))
		device = dp_devices_get(w->devices, name + 1, name[0], q->device_hash,
			device, b->now_s, &w->device_events);
	heard(w, b, i, device, w->id);
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
