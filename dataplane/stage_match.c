/*
 * From the endpoint to its peer, in steps that have other work between them: its index
 * line is asked for while the burst is parsed, stage match goes from there to the slot's
 * line, and stage locate, after route, does the same for values and devices.
 *
 * Memory takes as long as that.  What acts on a peer's state (POST, PUT, DELETE: what
 * must not run twice, and Observe) finds it in the cache; a plain GET needs no peer and
 * leaves none behind.
 */
#include "coap/code.h"
#include "dataplane/act_block.h"
#include "dataplane/hot.h"
#include "dataplane/steer.h"
#include "dataplane/worker.h"

/* Hand to their home what of @all came to the wrong worker, a GET runs anywhere; what is
 * left. */
static uint64_t __attribute__((noinline))
steer(struct dp_worker *w, struct dp_burst *b, uint64_t all)
{
	unsigned handed = 0;

	for (uint64_t set = all; set != 0;) {
		unsigned i = dp_next_of(&set), home = dp_home_of(w, &b->key[i]);

		if (home == w->id)
			continue;
		all &= ~(UINT64_C(1) << i);
		if (dp_hand(w, b, i, home, DP_E_DATAGRAM))
			handed++;
		else
			dp_drop(w, b, i, DP_C_drop_handover_full);
	}
	dp_count(&w->counters, DP_C_handed_over, handed);
	return all;
}

DP_HOT uint64_t
dp_match_begin(struct dp_worker *w, struct dp_burst *b, uint64_t once)
{
	if (w->count > 1 && !b->handed)
		once = steer(w, b, once);
	for (uint64_t set = once; set != 0;) {
		unsigned i = dp_next_of(&set);

		b->hash[i] = dp_peers_hash(w->peers, &b->key[i]);
		dp_peers_prefetch(w->peers, b->hash[i]);
	}
	return once;
}

bool
dp_bring_home(struct dp_worker *w, struct dp_burst *b, unsigned i)
{
	unsigned home = b->handed ? w->id : dp_home_of(w, &b->key[i]);

	if (home == w->id) {
		b->hash[i] = dp_peers_hash(w->peers, &b->key[i]);
		b->peer[i] = dp_peers_locate(w->peers, b->hash[i]);
		return true;
	}
	if (dp_hand(w, b, i, home, DP_E_DATAGRAM))
		dp_count(&w->counters, DP_C_handed_over, 1);
	else
		dp_drop(w, b, i, DP_C_drop_handover_full);
	return false;
}

void
dp_stage_match(struct dp_worker *w, struct dp_burst *b)
{
	for (uint64_t set = b->once; set != 0;) {
		unsigned i = dp_next_of(&set);

		b->peer[i] = dp_peers_locate(w->peers, b->hash[i]);
	}
}

void
dp_stage_locate(struct dp_worker *w, struct dp_burst *b)
{
	struct dp_request *q = w->scratch->request;

	dp_block_look_ahead(w, b);
	/* The peers' lines have come, while routes were found. */
	for (uint64_t set = b->once; set != 0;)
		dp_peers_prefetch_more(w->peers, b->peer[dp_next_of(&set)]);
	for (uint64_t set = b->value; set != 0;) {
		unsigned i = dp_next_of(&set);

		q[i].store_hint = dp_store_locate(w->store, q[i].store_hash);
	}
	for (uint64_t set = b->device; set != 0;) {
		unsigned i = dp_next_of(&set);

		q[i].device_hint = dp_devices_locate(w->devices, q[i].device_hash);
	}
	dp_block_locate(w, b);
}
