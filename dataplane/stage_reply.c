/*
 * Stage reply: codes become messages, messages become frames; latency is booked.
 *
 * All messages first, then all frames: a checksum reads in words what has just been
 * written in bytes, and by then that has left the store buffer.
 */
#include "coap/code.h"
#include "dataplane/worker.h"

void
dp_stage_reply(struct dp_worker *w, struct dp_burst *b)
{
	unsigned answered;

	for (unsigned i = 0; i < b->n; i++) {
		if (b->pkt[i] == NULL || b->reply[i] != 0)
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
