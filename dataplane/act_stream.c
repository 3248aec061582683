/* Streams: POST and PUT become records; the answer is a promise about the record. */
#include "coap/code.h"
#include "dataplane/act.h"
#include "dataplane/answer.h"
#include "dataplane/hot.h"
#include "dataplane/pending.h"
#include "dataplane/worker.h"

#include <rte_mbuf.h>

static DP_HOT struct dp_logged
describe(const struct dp_worker *w, const struct dp_request *q, bool waits)
{
	return (struct dp_logged){
		.device = dp_request_device(q),
		.net = w->net,
		.code = TG_CHANGED,
		.origin = (uint8_t)w->id,
		.waits = waits,
	};
}

/* It is logged, and its answer waits for that. */
static uint8_t
leave(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	dp_peers_add(w->peers, b->peer[i], b->msg[i].mid, 0, b->msg[i].type == TG_CON,
		b->now_s, &w->counters);
	dp_count(&w->counters, DP_C_executed, 1);
	rte_pktmbuf_free(b->pkt[i]); /* a disk that stops must not empty the pool */
	b->pkt[i] = NULL;
	return DP_LATER;
}

/* Any request, also one that says more than that it came, or whose answer waits. */
static uint8_t __attribute__((noinline)) act_any(struct dp_worker *w, struct dp_burst *b,
	unsigned i, const struct dp_request *q, bool waits)
{
	const struct dp_logged what = describe(w, q, waits);

	/* A stream has no representation to match. */
	if (!dp_request_holds(q, &b->msg[i], false, 0))
		return TG_PRECONDITION_FAILED;
	if (!(q->flags & DP_R_LONG_TOKEN ? dp_log_long(w, b, i, &what)
					 : dp_log_request(w, b, i, q, &what)))
		return TG_UNAVAILABLE;
	dp_act_sender(w, b, i, q, what.device);
	return waits ? leave(w, b, i) : TG_CHANGED;
}

DP_APART uint8_t
dp_act_stream(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	const struct dp_request *q = &w->scratch->request[i];
	struct dp_logged what;
	/* What is received is promised more than a log that fails will keep. */
	bool waits = b->route[i]->ack == DP_ACK_LOGGED || w->log_fails;

	DP_KEEP(q);
	if (waits
		|| unlikely(q->flags
			    & (DP_R_IF_MATCH | DP_R_IF_NONE_MATCH | DP_R_LONG_TOKEN)))
		return act_any(w, b, i, q, waits);
	what = describe(w, q, false);
	if (!dp_log_request(w, b, i, q, &what))
		return TG_UNAVAILABLE;
	dp_act_sender(w, b, i, q, what.device);
	return TG_CHANGED;
}
