/*
 * Stage reply: codes become messages, messages become frames; latency is booked.
 *
 * All messages first, then all frames: a checksum reads in words what has just been
 * written in bytes, and by then that has left the store buffer.
 */
#include "coap/code.h"
#include "dataplane/answer.h"
#include "dataplane/steer.h"
#include "dataplane/worker.h"

/* What message @i was about.  What comes back from its value's home knows of its route
 * only what it took along. */
static inline uint64_t
about(const struct dp_request *q, const struct dp_burst *b, unsigned i)
{
	const struct dp_route *route = b->route[i];

	return likely(route != NULL) ? dp_about(route, q) : dp_meta(b->pkt[i])->about;
}

void
dp_stage_reply(struct dp_worker *w, struct dp_burst *b)
{
	const struct dp_request *q = w->scratch->request;
	struct dp_trace *trace = w->trace;
	const uint64_t tsc = b->tsc;
	const size_t n = b->n;
	unsigned answered;

	for (size_t i = 0; i < n; i++, q++) {
		const unsigned code = b->code[i];

		if (b->pkt[i] == NULL)
			continue;
		dp_record_in(trace, tsc, b, i, about(q, b, i) | dp_trace_fate(code, 0));
		if (b->reply[i] != 0)
			continue;
		if (likely(code < TG_BAD_REQUEST))
			b->reply[i] = dp_answer_head(b, i, code);
		else
			dp_answer_code(w, b, i, code);
	}
	answered = dp_net_reply_all(w->net, b);
	if (answered == 0)
		return;
	dp_count(&w->counters, DP_C_answered, answered);
	dp_hist_add(&w->latency, dp_clock_ns(&w->shared->clock, rte_rdtsc() - b->tsc),
		answered);
}
