#include "dataplane/replies.h"

#include "dataplane/hash.h"
#include "dataplane/index.h"

#include <string.h>

#define LAYOUT 2

struct reply {
	uint32_t peer;
	uint32_t until; /* second it expires */
	uint32_t older,
		newer; /* in its list, + 1; in a free slot older is the next free + 1 */
	uint16_t mid, len;
	uint8_t owed, in_use;
	uint8_t bytes[DP_REPLY_MAX];
};

/* By age: where a list's oldest and newest are, + 1. */
struct list {
	uint32_t oldest, newest;
};

struct dp_replies {
	uint32_t layout, entries, buckets;
	uint8_t hash_key[16];
	uint32_t count, free, fresh;
	struct list list[2]; /* [0]: have been given, [1]: are owed */
	uint64_t index_at, slots_at;
};

static size_t
lay_out(struct dp_replies *t, uint32_t entries)
{
	size_t at = (sizeof(*t) + 63) & ~(size_t)63;

	t->layout = LAYOUT;
	t->entries = entries;
	t->buckets = dp_index_buckets(entries);
	t->index_at = at;
	at += t->buckets * sizeof(struct dp_bucket);
	t->slots_at = at;
	return at + (size_t)entries * sizeof(struct reply);
}

size_t
dp_replies_size(uint32_t entries)
{
	struct dp_replies t;

	return lay_out(&t, entries);
}

struct dp_replies *
dp_replies_init(void *block, uint32_t entries, const uint8_t hash_key[16])
{
	struct dp_replies *t = block;

	lay_out(t, entries);
	memcpy(t->hash_key, hash_key, sizeof(t->hash_key));
	return t;
}

static struct dp_bucket *
index_of(const struct dp_replies *t)
{
	return (struct dp_bucket *)((uint8_t *)t + t->index_at);
}

static struct reply *
reply_of(const struct dp_replies *t, uint32_t i)
{
	return (struct reply *)((uint8_t *)t + t->slots_at) + i;
}

static uint64_t
hash_of(const struct dp_replies *t, uint32_t peer, uint16_t mid)
{
	return dp_hash_words(t->hash_key, peer, mid, 0);
}

static uint32_t
find(const struct dp_replies *t, uint32_t peer, uint16_t mid)
{
	struct dp_index_cursor c = {0};
	uint32_t i;

	while ((i = dp_index_next(index_of(t), t->buckets, hash_of(t, peer, mid), &c))
		!= DP_INDEX_NONE)
		if (reply_of(t, i)->in_use && reply_of(t, i)->peer == peer
			&& reply_of(t, i)->mid == mid)
			return i;
	return DP_INDEX_NONE;
}

static void
append(struct dp_replies *t, uint32_t i)
{
	struct reply *r = reply_of(t, i);
	struct list *l = &t->list[r->owed];

	r->older = l->newest;
	r->newer = 0;
	*(l->newest != 0 ? &reply_of(t, l->newest - 1)->newer : &l->oldest) = i + 1;
	l->newest = i + 1;
}

static void
unlink_reply(struct dp_replies *t, uint32_t i)
{
	struct reply *r = reply_of(t, i);
	struct list *l = &t->list[r->owed];

	*(r->older != 0 ? &reply_of(t, r->older - 1)->newer : &l->oldest) = r->newer;
	*(r->newer != 0 ? &reply_of(t, r->newer - 1)->older : &l->newest) = r->older;
}

static void
drop(struct dp_replies *t, uint32_t i)
{
	struct reply *r = reply_of(t, i);

	dp_index_del(index_of(t), t->buckets, hash_of(t, r->peer, r->mid), i);
	unlink_reply(t, i);
	r->in_use = 0;
	r->older = t->free;
	t->free = i + 1;
	DP_SET(t->count, t->count - 1);
}

static bool
is_over(const struct dp_replies *t, uint32_t i, uint32_t now_s)
{
	return (int32_t)(reply_of(t, i)->until - now_s) <= 0;
}

/* The place of the oldest that has been given, if there is one. */
static void
make_room(struct dp_replies *t, uint32_t now_s, struct dp_counters *c)
{
	uint32_t i = t->list[0].oldest - 1;

	if (t->list[0].oldest == 0)
		return;
	if (!is_over(t, i, now_s))
		dp_count(c, DP_C_replies_evicted, 1);
	drop(t, i);
}

static uint32_t
take(struct dp_replies *t, uint32_t now_s, struct dp_counters *c)
{
	uint32_t i;

	if (t->free == 0 && t->fresh < t->entries)
		return t->fresh++;
	if (t->free == 0)
		make_room(t, now_s, c);
	if (t->free == 0)
		return DP_INDEX_NONE;
	i = t->free - 1;
	t->free = reply_of(t, i)->older;
	return i;
}

bool
dp_replies_put(struct dp_replies *t, uint32_t peer, uint16_t mid, bool owed,
	const void *msg, uint16_t len, uint32_t now_s, uint32_t lifetime_s,
	struct dp_counters *c)
{
	uint32_t i = find(t, peer, mid);
	struct reply *r;

	if (i != DP_INDEX_NONE)
		drop(t, i);
	if (len > DP_REPLY_MAX)
		return false;
	i = take(t, now_s, c);
	if (i == DP_INDEX_NONE)
		return false;
	r = reply_of(t, i);
	r->peer = peer;
	r->mid = mid;
	r->len = len;
	r->owed = owed;
	r->until = now_s + lifetime_s;
	memcpy(r->bytes, msg, len);
	if (!dp_index_put(index_of(t), t->buckets, hash_of(t, peer, mid), i)) {
		r->older = t->free;
		t->free = i + 1;
		return false;
	}
	r->in_use = 1;
	append(t, i);
	DP_SET(t->count, t->count + 1);
	return true;
}

const uint8_t *
dp_replies_find(const struct dp_replies *t, uint32_t peer, uint16_t mid, uint32_t now_s,
	uint16_t *len)
{
	uint32_t i = find(t, peer, mid);

	if (i == DP_INDEX_NONE || is_over(t, i, now_s))
		return NULL;
	*len = reply_of(t, i)->len;
	return reply_of(t, i)->bytes;
}

void
dp_replies_del(struct dp_replies *t, uint32_t peer, uint16_t mid)
{
	uint32_t i = find(t, peer, mid);

	if (i != DP_INDEX_NONE)
		drop(t, i);
}

void
dp_replies_forget(struct dp_replies *t, uint32_t peer)
{
	for (uint32_t i = 0; i < t->fresh; i++)
		if (reply_of(t, i)->in_use && reply_of(t, i)->peer == peer)
			drop(t, i);
}

uint32_t
dp_replies_count(const struct dp_replies *t)
{
	return DP_GET(t->count);
}

uint32_t
dp_replies_max(const struct dp_replies *t)
{
	return t->entries;
}
