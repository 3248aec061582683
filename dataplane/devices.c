#include "dataplane/devices.h"

#include "dataplane/copy.h"
#include "dataplane/hash.h"
#include "dataplane/hot.h"
#include "dataplane/index.h"

#include <immintrin.h>
#include <string.h>

#define LAYOUT 3
#define INLINE_NAME 23
#define NAME_ROOM 24 /* with its length */
#define CHUNK_DATA 60

struct slot {
	uint16_t seq;
	uint16_t peer_home; /* the worker whose peer it is */
	uint32_t peer;      /* in a free slot: next free slot + 1 */
	uint32_t heard;
	uint32_t messages;
	uint64_t bytes;
	uint8_t name_len;          /* 0: free */
	uint8_t name[INLINE_NAME]; /* a longer name: the first four bytes are its chunk +
				      1 */
};

struct chunk {
	uint32_t next; /* + 1 */
	uint32_t data[CHUNK_DATA / 4];
};

_Static_assert(sizeof(struct slot) == 48, "bytes a device");
_Static_assert(
	offsetof(struct slot, name) == offsetof(struct slot, name_len) + 1
		&& offsetof(struct slot, name_len) + NAME_ROOM == sizeof(struct slot),
	"dp_devices_is()");

struct dp_devices {
	uint32_t layout, max, buckets, chunks;
	uint8_t hash_key[16];
	uint32_t count, free, fresh, sweep;
	uint32_t chunk_free, chunk_fresh;
	uint64_t index_at, chunks_at; /* offsets from here */
	struct slot slot[] __attribute__((aligned(64)));
};

static size_t
lay_out(struct dp_devices *t, const struct dp_devices_config *cfg)
{
	size_t at = sizeof(*t) + (size_t)cfg->max * sizeof(struct slot);

	at = (at + 63) & ~(size_t)63;
	t->layout = LAYOUT;
	t->max = cfg->max;
	t->chunks = cfg->chunks;
	t->buckets = dp_index_buckets(cfg->max);
	t->index_at = at;
	at += t->buckets * sizeof(struct dp_bucket);
	t->chunks_at = at;
	return at + (size_t)cfg->chunks * sizeof(struct chunk);
}

static struct dp_bucket *
index_of(const struct dp_devices *t)
{
	return (struct dp_bucket *)((uint8_t *)t + t->index_at);
}

static struct slot *
slot_of(const struct dp_devices *t, uint32_t device)
{
	return (struct slot *)t->slot + device;
}

static struct chunk *
chunk_of(const struct dp_devices *t, uint32_t at)
{
	return (struct chunk *)((uint8_t *)t + t->chunks_at) + (at - 1);
}

size_t
dp_devices_size(const struct dp_devices_config *cfg)
{
	struct dp_devices t;

	return cfg->max < 64 || cfg->max > 1u << 26 ? 0 : lay_out(&t, cfg);
}

struct dp_devices *
dp_devices_init(void *block, const struct dp_devices_config *cfg)
{
	struct dp_devices *t = block;

	if (dp_devices_size(cfg) == 0)
		return NULL;
	lay_out(t, cfg);
	memcpy(t->hash_key, cfg->hash_key, sizeof(t->hash_key));
	return t;
}

uint64_t
dp_devices_hash(const struct dp_devices *t, const void *name, size_t len)
{
	return dp_hash_bytes(t->hash_key, name, len);
}

void
dp_devices_prefetch(const struct dp_devices *t, uint64_t hash)
{
	dp_index_prefetch(index_of(t), t->buckets, hash);
}

void
dp_devices_prefetch_slot(const struct dp_devices *t, uint32_t device)
{
	const uint8_t *slot;

	if (device >= t->max)
		return;
	slot = (const uint8_t *)slot_of(t, device);
	/* What is counted in it may stand in two lines; its name is known. */
	__builtin_prefetch(slot, 1);
	__builtin_prefetch(slot + offsetof(struct slot, name_len) - 1, 1);
}

uint32_t
dp_devices_locate(const struct dp_devices *t, uint64_t hash)
{
	uint32_t device = dp_index_first(index_of(t), t->buckets, hash);

	const uint8_t *slot;

	if (device != DP_NONE) {
		slot = (const uint8_t *)slot_of(t, device);
		__builtin_prefetch(slot, 1); /* it may stand in two lines */
		__builtin_prefetch(slot + sizeof(struct slot) - 1, 1);
	}
	return device;
}

/*
 * Copy a slot's name to @to (255 bytes of room); its length.  A reader may do this while
 * the writer changes the slot: chunk numbers are checked, and its sequence tells
 * afterwards.
 */
static unsigned
copy_name(const struct dp_devices *t, const struct slot *s, char *to)
{
	unsigned len = DP_GET(s->name_len);
	uint32_t at;

	if (len <= INLINE_NAME) {
		for (unsigned i = 0; i < len; i++)
			to[i] = (char)DP_GET(s->name[i]);
		return len;
	}
	at = 0;
	for (unsigned i = 0; i < 4; i++)
		at |= (uint32_t)DP_GET(s->name[i]) << 8 * i;
	for (unsigned done = 0; done < len; done += CHUNK_DATA) {
		if (at == 0 || at > t->chunks)
			return 0;
		dp_words_get(to + done, chunk_of(t, at)->data,
			len - done < CHUNK_DATA ? len - done : CHUNK_DATA);
		at = DP_GET(chunk_of(t, at)->next);
	}
	return len;
}

/* Is @s, as the writer or as a reader in another thread sees it, the device called so? */
static bool
is_device(const struct dp_devices *t, const struct slot *s, const void *name, size_t len)
{
	char copy[256];

	if (DP_GET(s->name_len) != len || len == 0)
		return false;
	return copy_name(t, s, copy) == len && memcmp(copy, name, len) == 0;
}

/* Bit i: bytes @i of both are not the same. */
static inline uint32_t
differ16(const uint8_t *a, const uint8_t *b)
{
	__m128i x = _mm_loadu_si128((const __m128i *)a);
	__m128i y = _mm_loadu_si128((const __m128i *)b);

	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(x, y)) ^ 0xffff;
}

/* In a slot a name that fits stands as in a path: its length, its bytes. */
DP_HOT bool
dp_devices_is(const struct dp_devices *t, uint32_t device, const uint8_t *segment)
{
	const uint8_t *here;
	uint32_t differ;

	if (unlikely(device == DP_NONE) || unlikely(segment[0] - 1u >= INLINE_NAME))
		return false;
	here = &slot_of(t, device)->name_len;
	differ = differ16(here, segment)
		 | differ16(here + NAME_ROOM - 16, segment + NAME_ROOM - 16)
			   << (NAME_ROOM - 16);
	return _bzhi_u32(differ, segment[0] + 1u) == 0;
}

/* The writer's own view needs no copy. */
static bool
is_hinted(const struct dp_devices *t, uint32_t hint, const void *name, size_t len)
{
	const struct slot *s = slot_of(t, hint);

	if (unlikely(len - 1 >= INLINE_NAME)) /* none, too */
		return is_device(t, s, name, len);
	return s->name_len == len && dp_same(s->name, name, len);
}

uint32_t
dp_devices_find(const struct dp_devices *t, const void *name, size_t len, uint64_t hash)
{
	struct dp_index_cursor c = {0};
	uint32_t device;

	while ((device = dp_index_next(index_of(t), t->buckets, hash, &c)) != DP_NONE)
		if (is_device(t, slot_of(t, device), name, len))
			return device;
	return DP_NONE;
}

/* ---- coming and going ---- */

static void
free_chunks(struct dp_devices *t, uint32_t at)
{
	while (at != 0) {
		uint32_t next = chunk_of(t, at)->next;

		DP_SET(chunk_of(t, at)->next, t->chunk_free);
		t->chunk_free = at;
		at = next;
	}
}

static uint32_t
take_chunk(struct dp_devices *t)
{
	uint32_t at = t->chunk_free;

	if (at != 0)
		t->chunk_free = chunk_of(t, at)->next;
	else if (t->chunk_fresh < t->chunks)
		at = ++t->chunk_fresh;
	return at;
}

/* A chain of chunks with @name in it, or 0. */
static uint32_t
store_long_name(struct dp_devices *t, const char *name, size_t len)
{
	uint32_t first = 0, *link = &first;

	for (size_t done = 0; done < len; done += CHUNK_DATA) {
		uint32_t at = take_chunk(t);
		size_t n = len - done < CHUNK_DATA ? len - done : CHUNK_DATA;

		if (at == 0) {
			free_chunks(t, first);
			return 0;
		}
		dp_words_set(chunk_of(t, at)->data, name + done, n);
		DP_SET(chunk_of(t, at)->next, (uint32_t)0);
		DP_SET(*link, at);
		link = &chunk_of(t, at)->next;
	}
	return first;
}

static uint32_t
first_chunk(const struct slot *s)
{
	return s->name_len <= INLINE_NAME
		       ? 0
		       : (uint32_t)s->name[0] | (uint32_t)s->name[1] << 8
				 | (uint32_t)s->name[2] << 16
				 | (uint32_t)s->name[3] << 24;
}

static void
drop(struct dp_devices *t, uint32_t device)
{
	struct slot *s = slot_of(t, device);
	char name[256];
	unsigned len = copy_name(t, s, name);

	dp_index_del(index_of(t), t->buckets, dp_devices_hash(t, name, len), device);
	DP_SEQ_OPEN(s->seq);
	free_chunks(t, first_chunk(s));
	DP_SET(s->name_len, (uint8_t)0);
	DP_SET(s->peer, t->free);
	DP_SEQ_CLOSE(s->seq);
	t->free = device + 1;
	DP_SET(t->count, t->count - 1);
}

static void
forget(struct dp_devices *t, uint32_t device, const struct dp_devices_events *e)
{
	if (e->gone != NULL)
		e->gone(e->arg, device);
	drop(t, device);
}

/* Of the devices near @hash the one heard longest ago goes. */
static bool
evict(struct dp_devices *t, uint64_t hash, uint32_t now,
	const struct dp_devices_events *e)
{
	uint32_t home = dp_index_home(t->buckets, hash);
	uint32_t victim = DP_NONE, oldest = 0;

	/* Past the last home stands next to nothing: the search goes on from the first.
	 */
	for (unsigned probe = 0; probe < 2 * DP_INDEX_PROBES && victim == DP_NONE;
		probe++) {
		const struct dp_bucket *b = &index_of(t)[(home + probe) % t->buckets];

		for (unsigned way = 0; way < DP_INDEX_WAYS; way++) {
			uint32_t device = (uint32_t)b->entry[way] - 1, age;

			if (b->entry[way] == 0)
				continue;
			age = now - slot_of(t, device)->heard;
			if (victim == DP_NONE || age > oldest) {
				victim = device;
				oldest = age;
			}
		}
	}
	if (victim == DP_NONE)
		return false;
	forget(t, victim, e);
	dp_count(e->counters, DP_C_devices_evicted, 1);
	return true;
}

static uint32_t
take_slot(struct dp_devices *t)
{
	uint32_t device;

	if (t->free != 0) {
		device = t->free - 1;
		t->free = slot_of(t, device)->peer;
		return device;
	}
	if (t->fresh == t->max)
		return DP_NONE;
	DP_SET(t->fresh, t->fresh + 1);
	return t->fresh - 1;
}

static bool
fill(struct dp_devices *t, struct slot *s, const char *name, size_t len, uint32_t now)
{
	uint8_t head[INLINE_NAME] = {0};
	uint32_t chunk;

	if (len <= INLINE_NAME) {
		memcpy(head, name, len);
	} else {
		chunk = store_long_name(t, name, len);
		if (chunk == 0)
			return false;
		for (unsigned i = 0; i < 4; i++)
			head[i] = (uint8_t)(chunk >> 8 * i);
	}
	DP_SEQ_OPEN(s->seq);
	for (unsigned i = 0; i < INLINE_NAME; i++)
		DP_SET(s->name[i], head[i]);
	DP_SET(s->peer, DP_NONE);
	DP_SET(s->heard, now);
	DP_SET(s->messages, (uint32_t)0);
	DP_SET(s->bytes, (uint64_t)0);
	DP_SET(s->name_len, (uint8_t)len);
	DP_SEQ_CLOSE(s->seq);
	return true;
}

static uint32_t
make(struct dp_devices *t, const void *name, size_t len, uint64_t hash, uint32_t now_s,
	const struct dp_devices_events *e)
{
	uint32_t device = take_slot(t);

	if (device == DP_NONE && evict(t, hash, now_s, e))
		device = take_slot(t);
	if (device == DP_NONE)
		return DP_NONE;
	if (dp_index_put(index_of(t), t->buckets, hash, device)) {
		if (fill(t, slot_of(t, device), name, len, now_s)) {
			DP_SET(t->count, t->count + 1);
			return device;
		}
		dp_index_del(index_of(t), t->buckets, hash, device);
	}
	DP_SET(slot_of(t, device)->peer, t->free);
	t->free = device + 1;
	return DP_NONE;
}

uint32_t
dp_devices_get(struct dp_devices *t, const void *name, size_t len, uint64_t hash,
	uint32_t hint, uint32_t now_s, const struct dp_devices_events *e)
{
	uint32_t device;

	if (__builtin_expect(hint != DP_NONE && is_hinted(t, hint, name, len), 1))
		return hint;
	device = dp_devices_find(t, name, len, hash);
	if (device != DP_NONE || len == 0 || len > 255)
		return device;
	return make(t, name, len, hash, now_s, e);
}

DP_HOT void
dp_devices_heard(struct dp_devices *t, uint32_t device, uint32_t peer, unsigned peer_home,
	uint32_t bytes, uint32_t now_s)
{
	struct slot *s = slot_of(t, device);

	DP_SEQ_OPEN(s->seq);
	DP_SET(s->peer, peer);
	DP_SET(s->peer_home, (uint16_t)peer_home);
	DP_SET(s->heard, now_s);
	DP_SET(s->messages, s->messages + 1);
	DP_SET(s->bytes, s->bytes + bytes);
	DP_SEQ_CLOSE(s->seq);
}

bool
dp_devices_del(struct dp_devices *t, uint32_t device)
{
	if (device >= t->max || slot_of(t, device)->name_len == 0)
		return false;
	drop(t, device);
	return true;
}

unsigned
dp_devices_sweep(struct dp_devices *t, unsigned slots, uint32_t idle_s, uint32_t now_s,
	const struct dp_devices_events *e)
{
	unsigned dropped = 0;

	for (; slots > 0; slots--) {
		uint32_t device = t->sweep;
		struct slot *s = slot_of(t, device);

		t->sweep = device + 1 < t->fresh ? device + 1 : 0;
		if (s->name_len == 0 || now_s - s->heard < idle_s)
			continue;
		forget(t, device, e);
		dropped++;
	}
	dp_count(e->counters, DP_C_devices_expired, dropped);
	return dropped;
}

bool
dp_devices_info(const struct dp_devices *t, uint32_t device, struct dp_device_info *out)
{
	const struct slot *s;
	uint16_t before;

	if (device >= t->max)
		return false;
	s = slot_of(t, device);
	do {
		before = DP_GET(s->seq);
		out->name_len = (uint16_t)copy_name(t, s, out->name);
		out->name[out->name_len] = '\0';
		out->peer = DP_GET(s->peer);
		out->peer_home = DP_GET(s->peer_home);
		out->last_heard_s = DP_GET(s->heard);
		out->messages = DP_GET(s->messages);
		out->bytes = DP_GET(s->bytes);
	} while ((before & 1) || __atomic_load_n(&s->seq, __ATOMIC_RELAXED) != before);
	return out->name_len > 0;
}

uint32_t
dp_devices_count(const struct dp_devices *t)
{
	return DP_GET(t->count);
}

uint32_t
dp_devices_places(const struct dp_devices *t)
{
	return DP_GET(t->fresh);
}

uint32_t
dp_devices_max(const struct dp_devices *t)
{
	return t->max;
}
