/*
 * What changes by itself: the gateway writes the value of a store's route with
 * a `period` anew whenever that is over, whatever has been PUT there or deleted
 * meanwhile.  Its home does so; for everybody else it is a value like any other.
 * And the time, of which each worker tells those of its own who observe it.
 */
#include "dataplane/act.h"
#include "dataplane/copy.h"
#include "dataplane/steer.h"
#include "dataplane/worker.h"

/* The time, and on the next line what the route adds to it. */
static void
write_value(struct dp_worker *w, const struct dp_route *r, uint64_t hash)
{
	char text[DP_VALUE_MAX + DP_TIME_TEXT];
	uint16_t len = (uint16_t)dp_time_text(w, text);
	uint32_t slot = dp_store_find(w->store, &r->own, hash, DP_NONE);

	if (r->text_len > 0) {
		text[len++] = '\n';
		dp_copy((uint8_t *)text + len, r->text, r->text_len);
		len = (uint16_t)(len + r->text_len);
	}
	if (dp_store_put(w->store, &r->own, hash, slot, DP_NONE, r->content_format, text,
		    len, w->now_s, &slot)
		== DP_STORE_FULL)
		dp_count(&w->counters, DP_C_store_full, 1);
}

void
dp_tick_values(struct dp_worker *w)
{
	for (unsigned i = 0; i < w->snap->n_ticking; i++) {
		const struct dp_route *r = w->snap->ticking[i];
		uint64_t period = w->now_ms / r->period_ms + 1, hash;

		if (w->ticked[i] == period)
			continue;
		w->ticked[i] = period;
		if (r->kind == DP_K_TIME) {
			dp_observers_changed(w->observers, DP_AT_ROUTES, dp_route_ref(r));
			continue;
		}
		hash = dp_store_hash(w->store, &r->own);
		if (dp_home_of_hash(w, hash) == w->id)
			write_value(w, r, hash);
	}
}
