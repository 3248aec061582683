#include "dataplane/delay.h"

#include "coap/code.h"
#include "dataplane/act.h"
#include "dataplane/answer.h"
#include "dataplane/steer.h"
#include "dataplane/wheel.h"
#include "dataplane/words.h"

#define A_TURN 16

/* Routes whose requests may be put aside. */
#define FIXED                                                                            \
	(DP_KIND(DP_K_STATIC) | DP_KIND(DP_K_QUERY) | DP_KIND(DP_K_UPPERCASE)            \
		| DP_KIND(DP_K_TIME))

struct dp_delayed {
	uint32_t count, free; /* free: the first free place + 1 */
	uint32_t fresh;       /* places from here on were never used */
	uint32_t next[DP_DELAYED_MAX];
	struct rte_mbuf *packet[DP_DELAYED_MAX];
	uint8_t wheel[] __attribute__((aligned(64)));
};

size_t
dp_delayed_size(void)
{
	return sizeof(struct dp_delayed) + dp_wheel_size(DP_DELAYED_MAX);
}

static struct dp_wheel *
wheel_of(struct dp_delayed *d)
{
	return (struct dp_wheel *)d->wheel;
}

struct dp_delayed *
dp_delayed_init(void *block)
{
	struct dp_delayed *d = block;

	dp_wheel_init(wheel_of(d), DP_DELAYED_MAX, 0);
	return d;
}

static uint32_t
take(struct dp_delayed *d)
{
	uint32_t at = d->free != 0 ? d->free - 1 : d->fresh++;

	if (d->free != 0)
		d->free = d->next[at];
	DP_SET(d->count, d->count + 1);
	return at;
}

static void
give(struct dp_delayed *d, uint32_t at)
{
	d->next[at] = d->free;
	d->free = at + 1;
	DP_SET(d->count, d->count - 1);
}

uint32_t
dp_delayed_count(const struct dp_delayed *d)
{
	return DP_GET(d->count);
}

uint8_t
dp_delay(struct dp_worker *w, struct dp_burst *b, unsigned i, uint64_t ms)
{
	struct dp_delayed *d = w->delayed;
	uint32_t at;

	if (d->count == DP_DELAYED_MAX || w->away == DP_AWAY_MAX) {
		dp_count(&w->counters, DP_C_delayed_full, 1);
		return TG_UNAVAILABLE;
	}
	if (b->peer[i] != DP_NONE)
		dp_peers_set_link(w->peers, b->peer[i], dp_net_source_mac(b, i));
	b->flags[i] &= (uint8_t)~DP_F_OBSERVE; /* what is late would come twice */
	dp_leave(w, b, i);
	at = take(d);
	d->packet[at] = dp_pack(w, b, i);
	dp_wheel_add(wheel_of(d), at, w->now_ms + ms);
	return DP_LATER;
}

bool
dp_delayed_run(struct dp_worker *w)
{
	struct dp_delayed *d = w->delayed;
	uint32_t due[A_TURN];
	unsigned n;

	if (likely(d->count == 0))
		return false;
	n = dp_wheel_advance(wheel_of(d), w->now_ms, due, A_TURN);
	for (unsigned i = 0; i < n; i++) {
		struct dp_burst *b = dp_reopen(w, d->packet[due[i]], FIXED);

		give(d, due[i]);
		if (b->code[0] == 0)
			b->code[0] = dp_act_fixed(w, b, 0);
		dp_give_back(w, b, w->id);
	}
	return n > 0;
}
