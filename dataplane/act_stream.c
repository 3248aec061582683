/* Streams: POST and PUT become records; the answer is a promise about the record. */
#include "coap/code.h"
#include "dataplane/worker.h"

/* The sender of a request to a path with {device} is that device, for now. */
static void
heard_from(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	const struct dp_request *q = &w->scratch->request[i];
	const struct tg_msg *m = &b->msg[i];
	const uint8_t *name;
	uint32_t device;
	uint8_t len;

	if (q->device == UINT8_MAX)
		return;
	name = dp_request_segment(q, q->device, &len);
	device = dp_devices_get(w->devices, name, len, q->device_hash, q->device_hint, b->now_s,
		&w->counters);
	if (device != DP_NONE)
		dp_devices_heard(w->devices, device, b->peer[i], m->len - m->payload, b->now_s);
}

uint8_t
dp_act_stream(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	bool wait = b->route[i]->ack == DP_ACK_LOGGED;

	if (!dp_log_request(w, b, i, TG_CHANGED, wait, (uint8_t)w->id))
		return TG_UNAVAILABLE;
	heard_from(w, b, i);
	if (!wait)
		return TG_CHANGED;
	dp_peers_mark(w->peers, b->peer[i], b->msg[i].mid, 0, b->msg[i].type == TG_CON, b->now_s,
		&w->counters);
	dp_count(&w->counters, DP_C_executed, 1);
	rte_pktmbuf_free(b->pkt[i]); /* a disk that stops must not empty the pool */
	b->pkt[i] = NULL;
	return DP_LATER;
}
