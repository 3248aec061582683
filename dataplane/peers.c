#include "dataplane/peers_internal.h"

#include "dataplane/copy.h"
#include "dataplane/hash.h"
#include "dataplane/hot.h"
#include "dataplane/index.h"

#include <string.h>

#define LAYOUT 3
#define REF_BITS 26 /* of a reference are the slot, the rest its generation */

/* Where the parts stand in a block. */
static size_t
lay_out(struct dp_peers *t, const struct dp_peers_config *cfg)
{
	size_t at = sizeof(*t) + (size_t)cfg->max * sizeof(struct hot);

	t->layout = LAYOUT;
	t->max = cfg->max;
	t->buckets = dp_index_buckets(cfg->max);
	t->index_at = at;
	at += t->buckets * sizeof(struct dp_bucket);
	t->cold_at = at;
	at += (size_t)cfg->max * sizeof(struct cold);
	at = (at + 63) & ~(size_t)63;
	t->pool_at = at;
	return at + ((sizeof(struct dp_dedup_pool) + 63) & ~(size_t)63)
	       + (size_t)cfg->extensions * sizeof(struct dp_dedup_block);
}

static struct dp_bucket *
index_of(const struct dp_peers *t)
{
	return (struct dp_bucket *)((uint8_t *)t + t->index_at);
}

size_t
dp_peers_size(const struct dp_peers_config *cfg)
{
	struct dp_peers t;

	return cfg->max < 64 || cfg->max >= 1u << REF_BITS ? 0 : lay_out(&t, cfg);
}

struct dp_peers *
dp_peers_init(void *block, const struct dp_peers_config *cfg)
{
	struct dp_peers *t = block;

	if (dp_peers_size(cfg) == 0)
		return NULL;
	lay_out(t, cfg);
	memcpy(t->hash_key, cfg->hash_key, sizeof(t->hash_key));
	pool_of(t)->blocks = cfg->extensions;
	dp_peers_set_lifetimes(t, cfg->con_lifetime_s, cfg->non_lifetime_s);
	return t;
}

void
dp_peers_set_lifetimes(struct dp_peers *t, uint32_t con_s, uint32_t non_s)
{
	pool_of(t)->con_lifetime = (uint16_t)con_s;
	pool_of(t)->non_lifetime = (uint16_t)non_s;
}

/* ---- look-up ---- */

static bool
is_v4(const struct dp_peer_key *key)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	return memcmp(key->addr, mapped, sizeof(mapped)) == 0;
}

/* An IPv4 address' four bytes, port and side stand in a row: who reads the last of them
 * at once reads past a field. */
_Static_assert(offsetof(struct dp_peer_key, port_be) == 16
		       && offsetof(struct dp_peer_key, side) == 18,
	"hot_key(), dp_peers_hash()");

/* A key as the hot line has it. */
struct hot_key {
	uint64_t key;
	uint8_t flags;
};

static struct hot_key
hot_key(const struct dp_peer_key *key, uint64_t hash)
{
	return is_v4(key) ? (struct hot_key){dp_load8(key->addr + 12), IN_USE}
			  : (struct hot_key){hash, IN_USE | IS_V6};
}

uint64_t
dp_peers_hash(const struct dp_peers *t, const struct dp_peer_key *key)
{
	uint64_t a, b;

	memcpy(&a, key->addr, 8);
	memcpy(&b, key->addr + 8, 8);
	return dp_hash_words(t->hash_key, a, b, dp_load4((const uint8_t *)&key->port_be));
}

void
dp_peers_prefetch(const struct dp_peers *t, uint64_t hash)
{
	dp_index_prefetch(index_of(t), t->buckets, hash);
}

uint32_t
dp_peers_locate(const struct dp_peers *t, uint64_t hash)
{
	uint32_t peer = dp_index_first(index_of(t), t->buckets, hash);

	if (peer != DP_NONE)
		__builtin_prefetch(hot_of(t, peer), 1);
	return peer;
}

void
dp_peers_prefetch_more(const struct dp_peers *t, uint32_t peer)
{
	const struct hot *h;

	if (peer == DP_NONE)
		return;
	h = hot_of(t, peer);
	if (unlikely(h->chain != 0) && (h->flags & IN_USE))
		__builtin_prefetch(&pool_of(t)->block[h->chain - 1], 1);
}

static bool
is_peer(const struct dp_peers *t, uint32_t peer, const struct dp_peer_key *key,
	struct hot_key hot)
{
	const struct hot *h = hot_of(t, peer);
	const struct cold *c;

	if (h->key != hot.key || (h->flags & FLAGS) != hot.flags)
		return false;
	if (!(h->flags & IS_V6))
		return true;
	c = cold_of(t, peer);
	return memcmp(c->addr, key->addr, sizeof(c->addr)) == 0
	       && c->port_be == key->port_be && c->side == key->side;
}

uint32_t
dp_peers_find(const struct dp_peers *t, const struct dp_peer_key *key, uint64_t hash)
{
	struct hot_key hot = hot_key(key, hash);
	struct dp_index_cursor c = {0};
	uint32_t peer;

	while ((peer = dp_index_next(index_of(t), t->buckets, hash, &c)) != DP_NONE)
		if (is_peer(t, peer, key, hot))
			return peer;
	return DP_NONE;
}

/* ---- coming and going ---- */

static unsigned
live_in_line(const struct dp_peers *t, const struct hot *h, uint16_t now)
{
	unsigned n = 0;

	for (unsigned i = 0; i < MIDS; i++)
		n += entry_lives(t, h, i, now);
	return n;
}

void
dp_peers_key(const struct dp_peers *t, uint32_t peer, struct dp_peer_key *key)
{
	const struct cold *c = cold_of(t, peer);

	*key = (struct dp_peer_key){.port_be = c->port_be, .side = c->side};
	memcpy(key->addr, c->addr, sizeof(key->addr));
}

/* Remove a peer; how many live Message IDs are forgotten with it. */
static unsigned
drop(struct dp_peers *t, uint32_t peer, uint16_t now)
{
	struct hot *h = hot_of(t, peer);
	uint32_t chain = h->chain;
	struct dp_peer_key key;
	unsigned lost = live_in_line(t, h, now) + dp_dedup_free(pool_of(t), &chain, now);

	dp_peers_key(t, peer, &key);
	dp_index_del(index_of(t), t->buckets, dp_peers_hash(t, &key), peer);
	DP_SEQ_OPEN(h->seq);
	DP_SET(h->flags, (uint8_t)(h->flags & ~FLAGS));
	DP_SET(h->live, (uint8_t)0);
	DP_SET(h->chain, t->free);
	DP_SEQ_CLOSE(h->seq);
	t->free = peer + 1;
	DP_SET(t->count, t->count - 1);
	return lost;
}

bool
dp_peers_del(struct dp_peers *t, uint32_t peer)
{
	if (peer >= t->max || !(hot_of(t, peer)->flags & IN_USE)
		|| cold_of(t, peer)->hold > 0)
		return false;
	drop(t, peer, hot_of(t, peer)->heard);
	return true;
}

/* Make room near @hash: of the peers in its buckets that nothing waits for, the one heard
 * longest ago goes. */
static bool
evict(struct dp_peers *t, uint64_t hash, uint16_t now, struct dp_counters *c)
{
	uint32_t home = dp_index_home(t->buckets, hash);
	uint32_t victim = DP_NONE;
	uint16_t oldest = 0;
	unsigned lost;

	/* Past the last home stands next to nothing: the search goes on from the first.
	 */
	for (unsigned probe = 0; probe < 2 * DP_INDEX_PROBES && victim == DP_NONE;
		probe++) {
		const struct dp_bucket *b = &index_of(t)[(home + probe) % t->buckets];

		for (unsigned way = 0; way < DP_INDEX_WAYS; way++) {
			uint32_t peer = (uint32_t)b->entry[way] - 1;
			uint16_t age;

			if (b->entry[way] == 0 || cold_of(t, peer)->hold > 0)
				continue;
			age = (uint16_t)(now - hot_of(t, peer)->heard);
			if (victim == DP_NONE || age > oldest) {
				victim = peer;
				oldest = age;
			}
		}
	}
	if (victim == DP_NONE)
		return false;
	lost = drop(t, victim, now);
	dp_count(c, DP_C_peers_evicted, 1);
	dp_count(c, DP_C_dedup_evicted_early, lost);
	return true;
}

static uint32_t
take_slot(struct dp_peers *t)
{
	uint32_t peer;

	if (t->free != 0) {
		peer = t->free - 1;
		t->free = hot_of(t, peer)->chain;
		return peer;
	}
	return t->fresh < t->max ? t->fresh++ : DP_NONE;
}

static void
fill(struct dp_peers *t, uint32_t peer, const struct dp_peer_key *key, struct hot_key hot,
	uint16_t now)
{
	struct cold *c = cold_of(t, peer);
	struct hot *h = hot_of(t, peer);
	uint8_t flags;

	DP_SEQ_OPEN(h->seq);
	DP_SET(h->key, hot.key);
	DP_SET(h->chain, (uint32_t)0);
	DP_SET(h->heard, now);
	DP_SET(h->messages, (uint16_t)0);
	DP_SET(h->octets, (uint16_t)0);
	dp_words_set((uint32_t *)c->addr, key->addr, sizeof(key->addr));
	DP_SET(c->port_be, key->port_be);
	DP_SET(c->side, key->side);
	for (unsigned i = 0; i < sizeof(c->mac); i++)
		DP_SET(c->mac[i], (uint8_t)0);
	DP_SET(c->hold, (uint16_t)0);
	c->mid = (uint16_t)dp_peers_hash(t, key);
	DP_SET(c->messages, (uint16_t)0);
	DP_SET(c->octets, (uint32_t)0);
	flags = (uint8_t)(((h->flags & ~FLAGS) + GENERATION) | hot.flags);
	DP_SET(h->state, (uint32_t)flags << 24); /* and nothing heard */
	DP_SEQ_CLOSE(h->seq);
}

static uint32_t
make(struct dp_peers *t, const struct dp_peer_key *key, uint64_t hash, uint16_t now,
	struct dp_counters *c)
{
	uint32_t peer = take_slot(t);

	if (peer == DP_NONE) {
		if (!evict(t, hash, now, c))
			return DP_NONE;
		peer = take_slot(t);
	}
	if (!dp_index_put(index_of(t), t->buckets, hash, peer)
		&& (!evict(t, hash, now, c)
			|| !dp_index_put(index_of(t), t->buckets, hash, peer))) {
		DP_SET(hot_of(t, peer)->chain, t->free);
		t->free = peer + 1;
		return DP_NONE;
	}
	fill(t, peer, key, hot_key(key, hash), now);
	DP_SET(t->count, t->count + 1);
	return peer;
}

DP_HOT uint32_t
dp_peers_get(struct dp_peers *t, const struct dp_peer_key *key, uint64_t hash,
	uint32_t hint, uint32_t now_s, struct dp_counters *c)
{
	uint16_t now = (uint16_t)now_s;
	uint32_t peer = hint;

	if (hint == DP_NONE || !is_peer(t, hint, key, hot_key(key, hash)))
		peer = dp_peers_find(t, key, hash);
	if (peer == DP_NONE)
		return make(t, key, hash, now, c);
	if (hot_of(t, peer)->heard != now)
		DP_SET(hot_of(t, peer)->heard, now);
	return peer;
}

/* ---- references ---- */

uint32_t
dp_peers_ref(const struct dp_peers *t, uint32_t peer)
{
	if (peer == DP_NONE)
		return DP_NONE;
	return (uint32_t)(hot_of(t, peer)->flags / GENERATION) << REF_BITS | peer;
}

uint32_t
dp_peers_of_ref(const struct dp_peers *t, uint32_t ref)
{
	uint32_t peer = ref & ((1u << REF_BITS) - 1);
	uint8_t flags;

	if (ref == DP_NONE || peer >= t->max)
		return DP_NONE;
	flags = DP_GET(hot_of(t, peer)->flags);
	return (flags & IN_USE) && flags / GENERATION == ref >> REF_BITS ? peer : DP_NONE;
}

/* ---- the rest ---- */

void
dp_peers_hold(struct dp_peers *t, uint32_t peer)
{
	uint16_t *hold = &cold_of(t, peer)->hold;

	if (*hold < UINT16_MAX)
		DP_SET(*hold, (uint16_t)(*hold + 1));
}

void
dp_peers_release(struct dp_peers *t, uint32_t peer)
{
	uint16_t *hold = &cold_of(t, peer)->hold;

	if (*hold < UINT16_MAX)
		DP_SET(*hold, (uint16_t)(*hold - 1));
}

void
dp_peers_touch(struct dp_peers *t, uint32_t peer, uint32_t now_s)
{
	DP_SET(hot_of(t, peer)->heard, (uint16_t)now_s);
}

uint32_t
dp_peers_silence_s(const struct dp_peers *t, uint32_t peer, uint32_t now_s)
{
	return (uint16_t)(now_s - hot_of(t, peer)->heard);
}

/* The low halves stand in the hot line; a carry, once in a thousand messages, goes to the
 * cold, and no reader may see one without the other. */
static void __attribute__((noinline, cold))
account_carry(struct dp_peers *t, uint32_t peer, uint32_t octets)
{
	struct cold *c = cold_of(t, peer);
	struct hot *h = hot_of(t, peer);

	DP_SEQ_OPEN(h->seq);
	DP_SET(c->messages, (uint16_t)(c->messages + (h->messages == UINT16_MAX)));
	DP_SET(c->octets, c->octets + (octets >> 16));
	DP_SET(h->messages, (uint16_t)(h->messages + 1));
	DP_SET(h->octets, (uint16_t)octets);
	DP_SEQ_CLOSE(h->seq);
}

DP_HOT void
dp_peers_account(struct dp_peers *t, uint32_t peer, uint32_t bytes)
{
	struct hot *h = hot_of(t, peer);
	uint32_t octets = h->octets + bytes;

	if (unlikely(octets >> 16) || unlikely(h->messages == UINT16_MAX)) {
		account_carry(t, peer, octets);
		return;
	}
	DP_SET(h->messages, (uint16_t)(h->messages + 1));
	DP_SET(h->octets, (uint16_t)octets);
}

void
dp_peers_set_link(struct dp_peers *t, uint32_t peer, const uint8_t mac[6])
{
	struct cold *c = cold_of(t, peer);

	if (memcmp(c->mac, mac, sizeof(c->mac)) == 0)
		return;
	DP_SEQ_OPEN(hot_of(t, peer)->seq);
	for (unsigned i = 0; i < sizeof(c->mac); i++)
		DP_SET(c->mac[i], mac[i]);
	DP_SEQ_CLOSE(hot_of(t, peer)->seq);
}

bool
dp_peers_link(const struct dp_peers *t, uint32_t peer, uint8_t mac[6])
{
	static const uint8_t unknown[6];
	const struct cold *c = cold_of(t, peer);

	memcpy(mac, c->mac, sizeof(c->mac));
	return memcmp(c->mac, unknown, sizeof(unknown)) != 0;
}

unsigned
dp_peers_sweep(struct dp_peers *t, unsigned slots, uint32_t idle_s, uint32_t now_s,
	struct dp_counters *c)
{
	uint16_t now = (uint16_t)now_s;
	unsigned dropped = 0;

	for (; slots > 0; slots--) {
		uint32_t peer = t->sweep;
		struct hot *h = hot_of(t, peer);

		t->sweep = peer + 1 < t->fresh ? peer + 1 : 0;
		if (!(h->flags & IN_USE))
			continue;
		dp_peers_expire(t, peer, now);
		if (h->live == 0 && h->chain == 0 && (uint16_t)(now - h->heard) >= idle_s
			&& cold_of(t, peer)->hold == 0) {
			drop(t, peer, now);
			dropped++;
		}
	}
	dp_count(c, DP_C_peers_expired, dropped);
	return dropped;
}

bool
dp_peers_info(
	const struct dp_peers *t, uint32_t peer, uint32_t now_s, struct dp_peer_info *out)
{
	const struct cold *c;
	const struct hot *h;
	uint16_t before, now = (uint16_t)now_s;
	uint8_t flags;

	if (peer >= t->max)
		return false;
	h = hot_of(t, peer);
	c = cold_of(t, peer);
	do {
		before = DP_GET(h->seq);
		flags = DP_GET(h->flags);
		*out = (struct dp_peer_info){.held = DP_GET(c->hold) > 0};
		dp_words_get(
			out->key.addr, (const uint32_t *)c->addr, sizeof(out->key.addr));
		out->key.port_be = DP_GET(c->port_be);
		out->key.side = DP_GET(c->side);
		for (unsigned i = 0; i < sizeof(out->mac); i++)
			out->mac[i] = DP_GET(c->mac[i]);
		/* The reader's clock may be behind the writer's: an age may be below
		 * zero. */
		out->last_heard_s = now_s - (uint32_t)(int16_t)(now - DP_GET(h->heard));
		out->messages = (uint32_t)DP_GET(c->messages) << 16 | DP_GET(h->messages);
		out->bytes = (uint64_t)DP_GET(c->octets) << 16 | DP_GET(h->octets);
		out->live_mids = (uint16_t)__builtin_popcount(DP_GET(h->live));
	} while ((before & 1) || __atomic_load_n(&h->seq, __ATOMIC_RELAXED) != before);
	return flags & IN_USE;
}

uint32_t
dp_peers_count(const struct dp_peers *t)
{
	return DP_GET(t->count);
}

uint32_t
dp_peers_max(const struct dp_peers *t)
{
	return t->max;
}

uint32_t
dp_peers_extensions_used(const struct dp_peers *t)
{
	return __atomic_load_n(&pool_of(t)->used, __ATOMIC_RELAXED);
}
