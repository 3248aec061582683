/* Streams: POST and PUT become records; the answer is a promise about the record. */
#include "coap/code.h"
#include "dataplane/act.h"
#include "dataplane/answer.h"
#include "dataplane/hot.h"
#include "dataplane/pending.h"
#include "dataplane/worker.h"

#include <rte_mbuf.h>

/* It is logged: DP_LATER if its answer waits for that. */
static DP_HOT uint8_t
finish(struct dp_worker *w, struct dp_burst *b, unsigned i, const struct dp_request *q,
	bool wait)
{
	(void)dp_act_device(w, b, i, q, DP_NONE, w->id);
	if (!wait)
		return TG_CHANGED;
	dp_peers_add(w->peers, b->peer[i], b->msg[i].mid, 0, b->msg[i].type == TG_CON,
		b->now_s, &w->counters);
	dp_count(&w->counters, DP_C_executed, 1);
	rte_pktmbuf_free(b->pkt[i]); /* a disk that stops must not empty the pool */
	b->pkt[i] = NULL;
	return DP_LATER;
}

static uint8_t __attribute__((noinline, cold))
act_long(struct dp_worker *w, struct dp_burst *b, unsigned i, bool wait)
{
	return dp_log_long(w, b, i, TG_CHANGED, wait, (uint8_t)w->id)
		       ? finish(w, b, i, &w->scratch->request[i], wait)
		       : TG_UNAVAILABLE;
}

DP_APART uint8_t
dp_act_stream(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	const struct dp_request *q = &w->scratch->request[i];
	/* What is received is promised more than a log that fails will keep. */
	bool wait = b->route[i]->ack == DP_ACK_LOGGED || unlikely(w->log_fails);

	DP_KEEP(q);
	if (unlikely(q->flags & (DP_R_IF_MATCH | DP_R_IF_NONE_MATCH | DP_R_LONG_TOKEN))) {
		/* A stream has no representation to match. */
		if (!dp_request_holds(q, &b->msg[i], false, 0))
			return TG_PRECONDITION_FAILED;
		if (q->flags & DP_R_LONG_TOKEN)
			return act_long(w, b, i, wait);
	}
	if (!dp_log_request(w, b, i, q, TG_CHANGED, wait, (uint8_t)w->id))
		return TG_UNAVAILABLE;
	return finish(w, b, i, q, wait);
}
