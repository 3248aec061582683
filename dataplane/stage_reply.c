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

/* Into the flight recorder.  What comes back from its value's home knows of its route
 * only what it took along. */
static inline void
record(struct dp_worker *w, const struct dp_burst *b, unsigned i)
{
	uint64_t about = likely(b->route[i] != NULL) ? dp_about(w, b, i)
						     : dp_meta(b->pkt[i])->about;

	dp_record_heard(w, b, i, about | dp_trace_fate(b->code[i], 0));
}

void
dp_stage_reply(struct dp_worker *w, struct dp_burst *b)
{
	unsigned answered;

	for (unsigned i = 0; i < b->n; i++) {
		if (b->pkt[i] == NULL)
			continue;
		record(w, b, i);
		if (b->reply[i] != 0)
			continue;
		if (likely(b->code[i] < TG_BAD_REQUEST))
			b->reply[i] = dp_answer_head(b, i, b->code[i]);
		else
			dp_answer_code(w, b, i, b->code[i]);
	}
	answered = dp_net_reply_all(w->net, b);
	if (answered == 0)
		return;
	dp_count(&w->counters, DP_C_answered, answered);
	dp_hist_add(&w->latency, dp_clock_ns(&w->shared->clock, rte_rdtsc() - b->tsc),
		answered);
}
