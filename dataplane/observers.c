#include "dataplane/copy.h"
#include "dataplane/hash.h"
#include "dataplane/index.h"
#include "dataplane/observers_internal.h"
#include "dataplane/wheel.h"

#define LAYOUT 2
#define TOLD_MIN 1024  /* notifications whose Message IDs are known, powers of two */
#define TOLD_MAX 65536 /* ... half a byte for each of a million relations */

/* What the index leads to: two kinds of heads. */
enum head { OF_VALUE, OF_PEER };

_Static_assert(sizeof(struct dp_relation) == 52, "bytes a relation");

/* A notification that was sent.  It counts while @life is the relation's: what was sent
 * before a registration is not what that asked for. */
struct told {
	uint32_t id : 28, life : 4;
	uint16_t mid;
	uint16_t when; /* s, modulo 2^16 */
};

static uint32_t
places_of_told(uint32_t max)
{
	uint32_t n = TOLD_MIN;

	while (n < max && n < TOLD_MAX)
		n <<= 1;
	return n;
}

static size_t
lay_out(struct dp_observers *t, const struct dp_observers_config *cfg)
{
	size_t at = (sizeof(*t) + 63) & ~(size_t)63;

	t->layout = LAYOUT;
	t->max = cfg->max;
	t->per_peer = cfg->per_peer;
	t->buckets = dp_index_buckets(2 * cfg->max);
	t->index_at = at;
	at += t->buckets * sizeof(struct dp_bucket);
	t->relations_at = at;
	at += (size_t)cfg->max * sizeof(struct dp_relation);
	at = (at + 63) & ~(size_t)63;
	t->told_mask = places_of_told(cfg->max) - 1;
	t->told_at = at;
	at += ((size_t)t->told_mask + 1) * sizeof(struct told);
	t->wheel_at = at;
	return at + dp_wheel_size(cfg->max);
}

static struct dp_bucket *
index_of(const struct dp_observers *t)
{
	return (struct dp_bucket *)((uint8_t *)t + t->index_at);
}

static struct dp_wheel *
wheel_of(const struct dp_observers *t)
{
	return (struct dp_wheel *)((uint8_t *)t + t->wheel_at);
}

size_t
dp_observers_size(const struct dp_observers_config *cfg)
{
	struct dp_observers t;

	return cfg->max < 64 || cfg->max > 1u << 26 || cfg->per_peer == 0
		       ? 0
		       : lay_out(&t, cfg);
}

struct dp_observers *
dp_observers_init(void *block, const struct dp_observers_config *cfg)
{
	struct dp_observers *t = block;

	if (dp_observers_size(cfg) == 0)
		return NULL;
	lay_out(t, cfg);
	memcpy(t->hash_key, cfg->hash_key, sizeof(t->hash_key));
	dp_wheel_init(wheel_of(t), cfg->max, 0);
	return t;
}

/* ---- heads ---- */

static uint64_t
hash_value(const struct dp_observers *t, uint8_t home, uint32_t value)
{
	return dp_hash_words(t->hash_key, value, home, OF_VALUE);
}

static uint64_t
hash_peer(const struct dp_observers *t, uint32_t peer)
{
	return dp_hash_words(t->hash_key, peer, 0, OF_PEER);
}

/* An entry of the index is a relation's number and which head it is. */
static bool
put_head(struct dp_observers *t, uint64_t hash, uint32_t id, enum head kind)
{
	return dp_index_put(index_of(t), t->buckets, hash, 2 * id + kind);
}

static void
del_head(struct dp_observers *t, uint64_t hash, uint32_t id, enum head kind)
{
	dp_index_del(index_of(t), t->buckets, hash, 2 * id + kind);
}

uint32_t
dp_observers_of_value(const struct dp_observers *t, uint8_t home, uint32_t value)
{
	uint64_t hash = hash_value(t, home, value);
	struct dp_index_cursor c = {0};
	uint32_t entry;

	while ((entry = dp_index_next(index_of(t), t->buckets, hash, &c)) != DP_NONE) {
		const struct dp_relation *r = relation_of(t, entry / 2);

		if (entry % 2 == OF_VALUE && r->value == value && r->home == home)
			return entry / 2;
	}
	return DP_NONE;
}

uint32_t
dp_observers_of_peer(const struct dp_observers *t, uint32_t peer)
{
	uint64_t hash = hash_peer(t, peer);
	struct dp_index_cursor c = {0};
	uint32_t entry;

	while ((entry = dp_index_next(index_of(t), t->buckets, hash, &c)) != DP_NONE)
		if (entry % 2 == OF_PEER && relation_of(t, entry / 2)->peer == peer)
			return entry / 2;
	return DP_NONE;
}

uint32_t
dp_observers_sibling(const struct dp_observers *t, uint32_t id)
{
	return relation_of(t, id)->sibling - 1;
}

/* Bytes of a token that stand in its relation. */
static uint8_t
kept(uint8_t tkl)
{
	return tkl < 8 ? tkl : 8;
}

uint32_t
dp_observers_find(
	const struct dp_observers *t, uint32_t peer, const uint8_t *token, uint8_t tkl)
{
	uint32_t id = dp_observers_of_peer(t, peer);

	for (; id != DP_NONE; id = dp_observers_sibling(t, id))
		if (relation_of(t, id)->tkl == tkl
			&& dp_same(relation_of(t, id)->token, token, kept(tkl)))
			return id;
	return DP_NONE;
}

uint32_t
dp_observers_find_mid(const struct dp_observers *t, uint32_t peer, uint16_t mid)
{
	uint32_t id = dp_observers_of_peer(t, peer);

	while (id != DP_NONE && relation_of(t, id)->mid != mid)
		id = dp_observers_sibling(t, id);
	return id;
}

/* ---- notifications ---- */

/* Message IDs to one peer are given in sequence: they do not get in each other's way. */
static struct told *
told_of(const struct dp_observers *t, uint32_t peer, uint16_t mid)
{
	uint32_t at = (peer * 0x9e3779b1u >> 8) + mid;

	return (struct told *)((uint8_t *)t + t->told_at) + (at & t->told_mask);
}

void
dp_observers_told(struct dp_observers *t, uint32_t id, uint32_t now_s)
{
	const struct dp_relation *r = relation_of(t, id);

	*told_of(t, r->peer, r->mid) =
		(struct told){id & 0xfffffff, r->life, r->mid, (uint16_t)now_s};
}

uint32_t
dp_observers_find_told(
	const struct dp_observers *t, uint32_t peer, uint16_t mid, uint32_t now_s)
{
	const struct told *n = told_of(t, peer, mid);
	const struct dp_relation *r = relation_of(t, n->id);

	return n->mid == mid && dp_observers_is(t, n->id) && r->peer == peer
			       && r->life == n->life
			       && (uint16_t)(now_s - n->when) <= DP_TOLD_S
		       ? n->id
		       : DP_NONE;
}

/* ---- chains ---- */

/* Into the value's chain, behind its head: that need not change. */
static bool
attach(struct dp_observers *t, uint32_t id)
{
	struct dp_relation *r = relation_of(t, id), *h;
	uint32_t head = dp_observers_of_value(t, r->home, r->value);

	r->next = r->prev = 0;
	if (head == DP_NONE
		&& !put_head(t, hash_value(t, r->home, r->value), id, OF_VALUE))
		return false;
	r->flags |= ATTACHED;
	if (head == DP_NONE)
		return true;
	h = relation_of(t, head);
	r->prev = head + 1;
	r->next = h->next;
	if (h->next != 0)
		relation_of(t, h->next - 1)->prev = id + 1;
	h->next = id + 1;
	return true;
}

/* The second becomes the head.  Its entry has the place that the first one's leaves. */
static void
behead(struct dp_observers *t, uint32_t id)
{
	struct dp_relation *r = relation_of(t, id);
	uint64_t hash = hash_value(t, r->home, r->value);

	del_head(t, hash, id, OF_VALUE);
	if (r->next == 0)
		return;
	put_head(t, hash, r->next - 1, OF_VALUE);
	relation_of(t, r->next - 1)->prev = 0;
	if (t->sweeping && r->next - 1 < t->sweep)
		t->sweep = r->next - 1; /* it was passed when it was no head */
	relation_of(t, r->next - 1)->flags |= r->flags & OF_HEAD;
}

void
dp_observers_detach(struct dp_observers *t, uint32_t id)
{
	struct dp_relation *r = relation_of(t, id);

	if (!(r->flags & ATTACHED))
		return;
	if (t->step == id + 1)
		t->step = r->next;
	if (r->prev == 0) {
		behead(t, id);
	} else {
		relation_of(t, r->prev - 1)->next = r->next;
		if (r->next != 0)
			relation_of(t, r->next - 1)->prev = r->prev;
	}
	r->flags &= (uint8_t) ~(ATTACHED | OF_HEAD);
}

/* Into the peer's chain; false if that is as long as it may be. */
static bool
join(struct dp_observers *t, uint32_t id, uint32_t head, struct dp_counters *c)
{
	struct dp_relation *r = relation_of(t, id), *h;
	uint32_t n = 0;

	r->sibling = 0;
	if (head == DP_NONE && !put_head(t, hash_peer(t, r->peer), id, OF_PEER)) {
		dp_count(c, DP_C_observers_full, 1);
		return false;
	}
	if (head == DP_NONE)
		return true;
	for (uint32_t i = head; i != DP_NONE; i = dp_observers_sibling(t, i))
		n++;
	if (n >= t->per_peer) {
		dp_count(c, DP_C_observers_per_peer, 1);
		return false;
	}
	h = relation_of(t, head);
	r->sibling = h->sibling;
	h->sibling = id + 1;
	return true;
}

static void
leave(struct dp_observers *t, uint32_t id)
{
	struct dp_relation *r = relation_of(t, id);
	uint32_t before = dp_observers_of_peer(t, r->peer);

	if (before == id) {
		del_head(t, hash_peer(t, r->peer), id, OF_PEER);
		if (r->sibling != 0)
			put_head(t, hash_peer(t, r->peer), r->sibling - 1, OF_PEER);
		return;
	}
	while (relation_of(t, before)->sibling != id + 1)
		before = dp_observers_sibling(t, before);
	relation_of(t, before)->sibling = r->sibling;
}

/* ---- coming and going ---- */

static uint32_t
take(struct dp_observers *t)
{
	uint32_t id = t->free - 1;

	if (t->free == 0)
		return t->fresh < t->max ? t->fresh++ : DP_NONE;
	t->free = relation_of(t, id)->next;
	return id;
}

static void
give(struct dp_observers *t, uint32_t id)
{
	relation_of(t, id)->flags = 0;
	relation_of(t, id)->next = t->free;
	t->free = id + 1;
}

/* A new relation, with its peer but with no value yet. */
static uint32_t
make(struct dp_observers *t, uint32_t peer, const uint8_t *token, uint8_t tkl,
	struct dp_counters *c)
{
	uint32_t id = take(t);
	struct dp_relation *r;

	if (id == DP_NONE) {
		dp_count(c, DP_C_observers_full, 1);
		return DP_NONE;
	}
	r = relation_of(t, id);
	*r = (struct dp_relation){
		.peer = peer, .tkl = tkl & 15, .flags = IN_USE, .life = r->life};
	dp_copy8(r->token, token, kept(tkl));
	if (!join(t, id, dp_observers_of_peer(t, peer), c)) {
		give(t, id);
		return DP_NONE;
	}
	__atomic_store_n(&t->count, t->count + 1, __ATOMIC_RELAXED);
	return id;
}

uint32_t
dp_observers_add(struct dp_observers *t, uint32_t peer, const uint8_t *token, uint8_t tkl,
	uint8_t home, uint32_t value, struct dp_counters *c)
{
	uint32_t id = dp_observers_find(t, peer, token, tkl);
	struct dp_relation *r;

	if (id == DP_NONE)
		id = make(t, peer, token, tkl, c);
	if (id == DP_NONE)
		return DP_NONE;
	r = relation_of(t, id);
	dp_observers_disarm(t, id);
	dp_observers_set_in_flight(t, id, false);
	r->flags &= (uint8_t)~DP_O_OWNERS;
	r->life = (r->life % 15 + 1) & 15; /* none is 0, as in a place of no Message ID */
	if ((r->flags & ATTACHED) && r->home == home && r->value == value)
		return id;
	dp_observers_detach(t, id);
	r->home = home;
	r->value = value;
	if (attach(t, id))
		return id;
	dp_count(c, DP_C_observers_full, 1);
	dp_observers_del(t, id);
	return DP_NONE;
}

void
dp_observers_del(struct dp_observers *t, uint32_t id)
{
	dp_observers_disarm(t, id);
	dp_observers_set_in_flight(t, id, false);
	dp_observers_detach(t, id);
	leave(t, id);
	give(t, id);
	__atomic_store_n(&t->count, t->count - 1, __ATOMIC_RELAXED);
}

struct dp_relation *
dp_observers_get(struct dp_observers *t, uint32_t id)
{
	return relation_of(t, id);
}

void
dp_observers_set_in_flight(struct dp_observers *t, uint32_t id, bool on)
{
	struct dp_relation *r = relation_of(t, id);

	if (((r->flags & DP_O_IN_FLIGHT) != 0) == on)
		return;
	r->flags ^= DP_O_IN_FLIGHT;
	__atomic_store_n(
		&t->in_flight, t->in_flight + (on ? 1 : UINT32_MAX), __ATOMIC_RELAXED);
}

/* ---- timers ---- */

void
dp_observers_arm(struct dp_observers *t, uint32_t id, uint64_t when_ms)
{
	dp_wheel_add(wheel_of(t), id, when_ms);
}

void
dp_observers_disarm(struct dp_observers *t, uint32_t id)
{
	dp_wheel_del(wheel_of(t), id);
}

unsigned
dp_observers_due(struct dp_observers *t, uint64_t now_ms, uint32_t *due, unsigned max)
{
	return dp_wheel_advance(wheel_of(t), now_ms, due, max);
}

/* ---- reading ---- */

uint32_t
dp_observers_count(const struct dp_observers *t)
{
	return __atomic_load_n(&t->count, __ATOMIC_RELAXED);
}

uint32_t
dp_observers_in_flight(const struct dp_observers *t)
{
	return __atomic_load_n(&t->in_flight, __ATOMIC_RELAXED);
}

uint32_t
dp_observers_max(const struct dp_observers *t)
{
	return t->max;
}

uint32_t
dp_observers_places(const struct dp_observers *t)
{
	return t->fresh;
}

bool
dp_observers_is(const struct dp_observers *t, uint32_t id)
{
	return id < t->fresh && (relation_of(t, id)->flags & IN_USE);
}
