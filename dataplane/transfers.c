#include "dataplane/transfers.h"

#include "coap/code.h"
#include "dataplane/copy.h"
#include "dataplane/index.h"

#include <string.h>

#define LAYOUT 6
#define LINE 64
#define EXPIRED_A_TICK 64 /* of each list */

/* By age: where a state's oldest and newest are, + 1. */
struct list {
	uint32_t oldest, newest;
};

struct dp_transfers {
	uint32_t layout, max, buckets, stride;
	uint32_t bytes, headroom, per_peer;
	uint32_t count, free, fresh;
	struct list list[2];                    /* coming, finished */
	uint64_t index_at, owners_at, slots_at; /* owners: of the first of each */
};

static size_t
lay_out(struct dp_transfers *t, const struct dp_transfers_config *cfg)
{
	size_t at = (sizeof(*t) + 63) & ~(size_t)63;

	t->layout = LAYOUT;
	t->max = cfg->max;
	t->bytes = cfg->bytes;
	t->headroom = cfg->headroom;
	t->per_peer = cfg->per_peer;
	t->buckets = dp_index_buckets(cfg->max);
	/* Who copies a body reads on behind it, dp_copy_over(): not into the next one. */
	t->stride = (uint32_t)(sizeof(struct dp_transfer) + cfg->headroom + cfg->bytes
			       + DP_COPY_OVER + 63)
		    & ~63u;
	t->index_at = at;
	at += t->buckets * sizeof(struct dp_bucket);
	t->owners_at = at;
	at += t->buckets * sizeof(struct dp_bucket);
	t->slots_at = at;
	return at + (size_t)cfg->max * t->stride;
}

static struct dp_bucket *
index_of(const struct dp_transfers *t)
{
	return (struct dp_bucket *)((uint8_t *)t + t->index_at);
}

static struct dp_bucket *
owners_of(const struct dp_transfers *t)
{
	return (struct dp_bucket *)((uint8_t *)t + t->owners_at);
}

static struct dp_transfer *
slot_of(const struct dp_transfers *t, uint32_t i)
{
	return (struct dp_transfer *)((uint8_t *)t + t->slots_at + (size_t)i * t->stride);
}

size_t
dp_transfers_size(const struct dp_transfers_config *cfg)
{
	struct dp_transfers t;

	return cfg->max < 1 || cfg->max > DP_TRANSFERS_MAX || cfg->bytes > UINT16_MAX
		       ? 0
		       : lay_out(&t, cfg);
}

struct dp_transfers *
dp_transfers_init(void *block, const struct dp_transfers_config *cfg)
{
	struct dp_transfers *t = block;

	if (dp_transfers_size(cfg) == 0)
		return NULL;
	lay_out(t, cfg);
	return t;
}

/* ---- index and lists ---- */

void
dp_transfers_prefetch(const struct dp_transfers *t, const uint64_t key[2])
{
	dp_index_prefetch(index_of(t), t->buckets, key[0]);
}

void
dp_transfers_prefetch_slot(
	const struct dp_transfers *t, const uint64_t key[2], uint32_t at)
{
	uint32_t i = dp_index_first(index_of(t), t->buckets, key[0]);
	const uint8_t *p, *end;

	if (i == DP_INDEX_NONE)
		return;
	p = (const uint8_t *)slot_of(t, i);
	for (end = p + sizeof(struct dp_transfer); p < end; p += LINE)
		__builtin_prefetch(p, 1);
	if (at < t->bytes)
		__builtin_prefetch(end + t->headroom + at, 1);
}

struct dp_transfer *
dp_transfers_find(struct dp_transfers *t, const uint64_t key[2])
{
	struct dp_index_cursor c = {0};
	uint32_t i;

	while ((i = dp_index_next(index_of(t), t->buckets, key[0], &c)) != DP_INDEX_NONE)
		if (memcmp(slot_of(t, i)->key, key, sizeof(slot_of(t, i)->key)) == 0)
			return slot_of(t, i);
	return NULL;
}

/* Make @x the newest of its state. */
static void
append(struct dp_transfers *t, struct dp_transfer *x)
{
	struct list *l = &t->list[x->state];

	x->older = l->newest;
	x->newer = 0;
	*(l->newest != 0 ? &slot_of(t, l->newest - 1)->newer : &l->oldest) = x->id;
	l->newest = x->id;
}

static void
take_out(struct dp_transfers *t, struct dp_transfer *x)
{
	struct list *l = &t->list[x->state];

	*(x->older != 0 ? &slot_of(t, x->older - 1)->newer : &l->oldest) = x->newer;
	*(x->newer != 0 ? &slot_of(t, x->newer - 1)->older : &l->newest) = x->older;
}

/* ---- whose they are ---- */

/* The first of @owner's, or NULL. */
static struct dp_transfer *
first_of(const struct dp_transfers *t, uint64_t owner)
{
	struct dp_index_cursor c = {0};
	uint32_t i;

	while ((i = dp_index_next(owners_of(t), t->buckets, owner, &c)) != DP_INDEX_NONE)
		if (slot_of(t, i)->owner == owner)
			return slot_of(t, i);
	return NULL;
}

/* False if the index has no room. */
static bool
join(struct dp_transfers *t, struct dp_transfer *x)
{
	struct dp_transfer *first = first_of(t, x->owner);

	x->next = x->prev = 0;
	if (first == NULL) {
		x->of_owner[DP_T_COMING] = x->of_owner[DP_T_FINISHED] = 0;
		x->of_owner[x->state] = 1;
		return dp_index_put(owners_of(t), t->buckets, x->owner, x->id - 1u);
	}
	x->next = first->next;
	x->prev = first->id;
	if (x->next != 0)
		slot_of(t, x->next - 1)->prev = x->id;
	first->next = x->id;
	first->of_owner[x->state]++;
	return true;
}

static void
leave(struct dp_transfers *t, struct dp_transfer *x)
{
	struct dp_transfer *next = x->next != 0 ? slot_of(t, x->next - 1) : NULL;

	if (next != NULL)
		next->prev = x->prev;
	if (x->prev != 0) {
		slot_of(t, x->prev - 1)->next = x->next;
		first_of(t, x->owner)->of_owner[x->state]--;
		return;
	}
	x->of_owner[x->state]--;
	dp_index_del(owners_of(t), t->buckets, x->owner, x->id - 1u);
	if (next != NULL) { /* there is room: its owner has just left some */
		memcpy(next->of_owner, x->of_owner, sizeof(x->of_owner));
		(void)dp_index_put(owners_of(t), t->buckets, x->owner, next->id - 1u);
	}
}

/* ---- found, or not ---- */

/* Put @x, which is in no list, where it can be found; false if an index has no room. */
static bool
show(struct dp_transfers *t, struct dp_transfer *x, enum dp_transfer_state state,
	uint32_t now_s)
{
	if (!dp_index_put(index_of(t), t->buckets, x->key[0], x->id - 1u))
		return false;
	x->state = (uint8_t)state;
	x->touched_s = now_s;
	if (!join(t, x)) {
		dp_index_del(index_of(t), t->buckets, x->key[0], x->id - 1u);
		return false;
	}
	append(t, x);
	return true;
}

static void
hide(struct dp_transfers *t, struct dp_transfer *x)
{
	dp_index_del(index_of(t), t->buckets, x->key[0], x->id - 1u);
	leave(t, x);
	take_out(t, x);
	x->state = DP_T_BUSY;
}

static void
give(struct dp_transfers *t, struct dp_transfer *x)
{
	x->older = t->free;
	t->free = x->id;
	DP_SET(t->count, t->count - 1);
}

/* A finished one that may go for one of @owner's, or NULL: whoever has many does not push
 * out the others'.  Few are coming before it. */
static struct dp_transfer *
victim(const struct dp_transfers *t, uint64_t owner)
{
	struct dp_transfer *x = first_of(t, owner);

	if (x == NULL || x->of_owner[DP_T_FINISHED] <= t->per_peer)
		return t->list[DP_T_FINISHED].oldest != 0
			       ? slot_of(t, t->list[DP_T_FINISHED].oldest - 1)
			       : NULL;
	while (x->state != DP_T_FINISHED)
		x = slot_of(t, x->next - 1);
	return x;
}

/* A free one, or in the worst case one that has been finished. */
static struct dp_transfer *
take(struct dp_transfers *t, uint64_t owner)
{
	struct dp_transfer *x;

	if (t->free == 0 && t->fresh == t->max && (x = victim(t, owner)) != NULL)
		dp_transfers_drop(t, x);
	if (t->free == 0 && t->fresh == t->max)
		return NULL;
	if (t->free != 0) {
		x = slot_of(t, t->free - 1);
		t->free = x->older;
	} else {
		x = slot_of(t, t->fresh++);
		x->id = (uint16_t)t->fresh;
	}
	DP_SET(t->count, t->count + 1);
	return x;
}

/* ---- life ---- */

/* May @owner have one more body coming? */
static bool
may_begin(const struct dp_transfers *t, uint64_t owner)
{
	const struct dp_transfer *first = first_of(t, owner);

	return (first != NULL ? first->of_owner[DP_T_COMING] : 0) < t->per_peer;
}

static struct dp_transfer *
make(struct dp_transfers *t, const uint64_t key[2], uint64_t owner, uint32_t now_s)
{
	struct dp_transfer *x = may_begin(t, owner) ? take(t, owner) : NULL;

	if (x == NULL)
		return NULL;
	memcpy(x->key, key, sizeof(x->key));
	x->owner = owner;
	if (show(t, x, DP_T_COMING, now_s))
		return x;
	give(t, x);
	return NULL;
}

/* Of a body of at most @cap bytes, and of a response, there is nothing so far. */
static void
clear(const struct dp_transfers *t, struct dp_transfer *x, uint32_t cap)
{
	x->code = 0;
	x->last_hash = 0;
	tg_assembly_begin(&x->body, (uint8_t *)(x + 1) + t->headroom, cap);
}

struct dp_transfer *
dp_transfers_begin(struct dp_transfers *t, const uint64_t key[2], uint64_t owner,
	uint32_t cap, uint32_t now_s, struct dp_counters *c)
{
	struct dp_transfer *x = dp_transfers_find(t, key);

	if (x != NULL && x->state == DP_T_FINISHED) {
		dp_transfers_drop(t, x);
		x = NULL;
	}
	if (x == NULL)
		x = make(t, key, owner, now_s);
	if (x == NULL) {
		dp_count(c, DP_C_transfers_full, 1);
		return NULL;
	}
	clear(t, x, cap < t->bytes ? cap : t->bytes);
	return x;
}

struct dp_transfer *
dp_transfers_reserve(struct dp_transfers *t, const uint64_t key[2], uint64_t owner,
	uint32_t now_s, struct dp_counters *c)
{
	struct dp_transfer *x = make(t, key, owner, now_s);

	if (x == NULL) {
		dp_count(c, DP_C_transfers_full, 1);
		return NULL;
	}
	clear(t, x, 0);
	hide(t, x);
	return x;
}

void
dp_transfers_touch(struct dp_transfers *t, struct dp_transfer *x, uint32_t now_s)
{
	if (x->touched_s == now_s)
		return; /* a list is in the order of seconds */
	take_out(t, x);
	x->touched_s = now_s;
	append(t, x);
}

void
dp_transfers_take(struct dp_transfers *t, struct dp_transfer *x)
{
	hide(t, x);
}

/* May what was answered so be asked once more, and run then? */
static bool
is_for_now(uint8_t code)
{
	return code == TG_UNAVAILABLE || code == TG_UNAUTHORIZED
	       || code == TG_TOO_MANY_REQUESTS;
}

void
dp_transfers_end(
	struct dp_transfers *t, struct dp_transfer *x, uint8_t code, uint32_t now_s)
{
	struct dp_transfer *other = dp_transfers_find(t, x->key);
	bool again = is_for_now(code);
	bool in_vain = x->body.cap == 0 && x->code == 0;
	bool outdone = other != NULL && (again || other->state == DP_T_COMING);

	x->answered = code;
	x->body.complete = !again;
	if (in_vain || outdone) {
		give(t, x);
		return;
	}
	if (other != NULL)
		dp_transfers_drop(t, other);
	if (!show(t, x, again ? DP_T_COMING : DP_T_FINISHED, now_s))
		give(t, x);
}

void
dp_transfers_drop(struct dp_transfers *t, struct dp_transfer *x)
{
	hide(t, x);
	give(t, x);
}

/* Lists are in the order of touch: whoever is behind one that is not over is not, too.
 * What many began in the same second goes a few at a time. */
void
dp_transfers_expire(struct dp_transfers *t, uint32_t lifetime_s, uint32_t now_s,
	struct dp_counters *c)
{
	for (unsigned state = DP_T_COMING; state <= DP_T_FINISHED; state++)
		for (unsigned n = 0; n < EXPIRED_A_TICK && t->list[state].oldest != 0;
			n++) {
			struct dp_transfer *x = slot_of(t, t->list[state].oldest - 1);

			if (now_s - x->touched_s < lifetime_s)
				break;
			if (state == DP_T_COMING)
				dp_count(c, DP_C_transfers_expired, 1);
			dp_transfers_drop(t, x);
		}
}

struct dp_transfer *
dp_transfers_get(struct dp_transfers *t, uint16_t id)
{
	return slot_of(t, id - 1u);
}

uint32_t
dp_transfers_bytes(const struct dp_transfers *t)
{
	return t->bytes;
}

uint32_t
dp_transfers_max(const struct dp_transfers *t)
{
	return t->max;
}

uint32_t
dp_transfers_count(const struct dp_transfers *t)
{
	return DP_GET(t->count);
}
