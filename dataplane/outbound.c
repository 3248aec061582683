#include "dataplane/outbound.h"

#include "dataplane/hash.h"
#include "dataplane/wheel.h"

#define LAYOUT 1

struct dp_outbound {
	uint32_t layout, max, chains; /* chains: a power of two */
	uint8_t hash_key[16];
	uint32_t count, free, fresh;
	uint64_t chain_at, entry_at, wheel_at; /* offsets from here */
};

static size_t
align(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

static size_t
lay_out(struct dp_outbound *t, uint32_t max)
{
	t->layout = LAYOUT;
	t->max = max;
	for (t->chains = 64; t->chains < max; t->chains <<= 1)
		;
	t->chain_at = align(sizeof(*t));
	t->entry_at = align(t->chain_at + t->chains * sizeof(uint32_t));
	t->wheel_at = align(t->entry_at + max * sizeof(struct dp_out));
	return align(t->wheel_at + dp_wheel_size(max));
}

static uint32_t *
chain_of(const struct dp_outbound *t, uint32_t peer)
{
	uint32_t *chain = (uint32_t *)((uint8_t *)t + t->chain_at);

	return &chain[dp_hash_words(t->hash_key, peer, 0, 0) & (t->chains - 1)];
}

static struct dp_out *
entry_of(const struct dp_outbound *t, uint32_t id)
{
	return (struct dp_out *)((uint8_t *)t + t->entry_at) + id;
}

static struct dp_wheel *
wheel_of(const struct dp_outbound *t)
{
	return (struct dp_wheel *)((uint8_t *)t + t->wheel_at);
}

size_t
dp_outbound_size(uint32_t max)
{
	struct dp_outbound t;

	return max < 64 || max > 1u << 24 ? 0 : lay_out(&t, max);
}

struct dp_outbound *
dp_outbound_init(void *block, uint32_t max, const uint8_t hash_key[16], uint64_t now_ms)
{
	struct dp_outbound *t = block;

	if (dp_outbound_size(max) == 0)
		return NULL;
	lay_out(t, max);
	memcpy(t->hash_key, hash_key, sizeof(t->hash_key));
	dp_wheel_init(wheel_of(t), max, now_ms);
	return t;
}

/* Newest last: who waits longest is met first. */
static void
link_in(struct dp_outbound *t, uint32_t id)
{
	uint32_t *at = chain_of(t, entry_of(t, id)->peer);

	while (*at != 0)
		at = &entry_of(t, *at - 1)->next;
	*at = id + 1;
}

static void
link_out(struct dp_outbound *t, uint32_t id)
{
	uint32_t *at = chain_of(t, entry_of(t, id)->peer);

	while (*at != id + 1)
		at = &entry_of(t, *at - 1)->next;
	*at = entry_of(t, id)->next;
	entry_of(t, id)->next = 0;
}

static bool
has_place(const struct dp_outbound *t, uint32_t peer)
{
	uint32_t n = 0;

	for (uint32_t at = *chain_of(t, peer); at != 0; at = entry_of(t, at - 1)->next)
		n += entry_of(t, at - 1)->peer == peer;
	return n < DP_OUT_PER_PEER;
}

uint32_t
dp_outbound_promise(struct dp_outbound *t, uint32_t peer, uint16_t mid)
{
	uint32_t id;

	if (!has_place(t, peer) || (t->free == 0 && t->fresh == t->max))
		return DP_NONE;
	if (t->free != 0) {
		id = t->free - 1;
		t->free = entry_of(t, id)->next;
	} else {
		id = t->fresh++;
	}
	*entry_of(t, id) = (struct dp_out){.peer = peer, .mid = mid, .is_promise = true};
	link_in(t, id);
	__atomic_store_n(&t->count, t->count + 1, __ATOMIC_RELAXED);
	return id;
}

uint32_t
dp_outbound_promised(const struct dp_outbound *t, uint32_t peer, uint16_t mid)
{
	if (t->count == 0)
		return DP_NONE;
	for (uint32_t at = *chain_of(t, peer); at != 0; at = entry_of(t, at - 1)->next) {
		const struct dp_out *o = entry_of(t, at - 1);

		if (o->is_promise && o->peer == peer && o->mid == mid)
			return at - 1;
	}
	return DP_NONE;
}

void
dp_outbound_keep(struct dp_outbound *t, uint32_t id, uint16_t mid,
	const struct tg_param *p, uint32_t random)
{
	struct dp_out *o = entry_of(t, id);

	link_out(t, id);
	*o = (struct dp_out){
		.peer = o->peer,
		.mid = mid,
		.nstart = (uint16_t)p->nstart,
		.probing_rate = p->probing_rate_bytes_s,
	};
	tg_retry_start(&o->retry, p, 0, random);
	tg_retry_stop(&o->retry);
	link_in(t, id);
}

uint32_t
dp_outbound_put(struct dp_outbound *t, uint32_t peer, uint16_t mid,
	const struct tg_param *p, uint32_t random)
{
	uint32_t id = dp_outbound_promise(t, peer, mid);

	if (id != DP_NONE)
		dp_outbound_keep(t, id, mid, p, random);
	return id;
}

uint32_t
dp_outbound_under_way(const struct dp_outbound *t, uint32_t peer)
{
	uint32_t n = 0;

	for (uint32_t at = *chain_of(t, peer); at != 0; at = entry_of(t, at - 1)->next)
		n += entry_of(t, at - 1)->peer == peer
		     && entry_of(t, at - 1)->retry.running;
	return n;
}

bool
dp_outbound_may_begin(const struct dp_outbound *t, uint32_t id, uint32_t others)
{
	const struct dp_out *o = entry_of(t, id);

	return dp_outbound_under_way(t, o->peer) + others < o->nstart;
}

void
dp_outbound_begin(struct dp_outbound *t, uint32_t id, uint64_t now_ms)
{
	struct dp_out *o = entry_of(t, id);

	o->begun_ms = now_ms;
	o->retry.running = true;
	o->retry.due_ms = now_ms + o->retry.timeout_ms;
	dp_wheel_add(wheel_of(t), id, o->retry.due_ms);
}

void
dp_outbound_put_off(struct dp_outbound *t, uint32_t id, uint64_t when_ms)
{
	dp_wheel_add(wheel_of(t), id, when_ms);
}

const struct dp_out *
dp_outbound_get(const struct dp_outbound *t, uint32_t id)
{
	return entry_of(t, id);
}

uint32_t
dp_outbound_find(const struct dp_outbound *t, uint32_t peer, uint16_t mid)
{
	for (uint32_t at = *chain_of(t, peer); at != 0; at = entry_of(t, at - 1)->next) {
		const struct dp_out *o = entry_of(t, at - 1);

		if (o->peer == peer && o->mid == mid && o->retry.running)
			return at - 1;
	}
	return DP_NONE;
}

uint32_t
dp_outbound_waiting(const struct dp_outbound *t, uint32_t peer)
{
	for (uint32_t at = *chain_of(t, peer); at != 0; at = entry_of(t, at - 1)->next) {
		const struct dp_out *o = entry_of(t, at - 1);

		if (o->peer == peer && !o->is_promise && !o->retry.running)
			return at - 1;
	}
	return DP_NONE;
}

void
dp_outbound_del(struct dp_outbound *t, uint32_t id)
{
	link_out(t, id);
	dp_wheel_del(wheel_of(t), id);
	entry_of(t, id)->next = t->free;
	t->free = id + 1;
	__atomic_store_n(&t->count, t->count - 1, __ATOMIC_RELAXED);
}

/* Entry @id's timer is over. */
static enum dp_out_step
step(struct dp_outbound *t, uint32_t id, uint64_t now_ms)
{
	struct dp_out *o = entry_of(t, id);

	if (!o->retry.running)
		return DP_OUT_BEGIN;
	if (tg_retry_next(&o->retry, now_ms) == TG_RETRY_GIVE_UP)
		return DP_OUT_GIVE_UP;
	dp_wheel_add(wheel_of(t), id, o->retry.due_ms);
	return DP_OUT_AGAIN;
}

enum dp_out_step
dp_outbound_due(struct dp_outbound *t, uint64_t now_ms, uint32_t *id)
{
	if (dp_wheel_advance(wheel_of(t), now_ms, id, 1) == 0)
		return DP_OUT_NOTHING;
	return step(t, *id, now_ms);
}

uint32_t
dp_outbound_count(const struct dp_outbound *t)
{
	return __atomic_load_n(&t->count, __ATOMIC_RELAXED);
}

uint32_t
dp_outbound_max(const struct dp_outbound *t)
{
	return t->max;
}
