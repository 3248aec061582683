#include "dataplane/store_internal.h"

#include "dataplane/copy.h"
#include "dataplane/hash.h"
#include "dataplane/hot.h"
#include "dataplane/index.h"

#include <string.h>

#define LAYOUT 2
#define ORPHAN (1u << 31) /* in a slot's device: of the chain that the rest says */
#define REF_BITS 26       /* of a reference are the slot, the rest its generation */

/* A slot's watch byte; below that the generation: how often it was freed, modulo 64. */
enum { GENERATION = 63, TOLD = 64 };

static size_t
lay_out(struct dp_store *t, const struct dp_store_config *cfg)
{
	size_t at = sizeof(*t) + (size_t)cfg->max * sizeof(struct slot);

	at = (at + 63) & ~(size_t)63;
	t->layout = LAYOUT;
	t->max = cfg->max;
	t->chunks = t->chunks_left = cfg->chunks;
	t->devices = cfg->devices;
	t->buckets = dp_index_buckets(cfg->max);
	t->index_at = at;
	at += t->buckets * sizeof(struct dp_bucket);
	t->heads_at = at;
	at += (size_t)cfg->devices * sizeof(uint32_t);
	at = (at + 63) & ~(size_t)63;
	t->chunks_at = at;
	return at + (size_t)cfg->chunks * sizeof(struct chunk);
}

static struct dp_bucket *
index_of(const struct dp_store *t)
{
	return (struct dp_bucket *)((uint8_t *)t + t->index_at);
}

/* The first value, + 1, in the chain of a device or of orphans; NULL: it has none. */
static uint32_t *
head_of(const struct dp_store *t, uint32_t device)
{
	uint32_t chain = device & ~ORPHAN;

	return chain < t->devices ? (uint32_t *)((uint8_t *)t + t->heads_at) + chain
				  : NULL;
}

size_t
dp_store_size(const struct dp_store_config *cfg)
{
	struct dp_store t;

	return cfg->max < 64 || cfg->max > 1u << 26 ? 0 : lay_out(&t, cfg);
}

struct dp_store *
dp_store_init(void *block, const struct dp_store_config *cfg)
{
	struct dp_store *t = block;

	if (dp_store_size(cfg) == 0)
		return NULL;
	lay_out(t, cfg);
	memcpy(t->hash_key, cfg->hash_key, sizeof(t->hash_key));
	/* The key is random at each start, and so is this: no ETag outlives its start. */
	t->etag_high = (uint32_t)dp_hash_bytes(t->hash_key, "etag", 4) | 1;
	return t;
}

uint64_t
dp_store_hash(const struct dp_store *t, const struct dp_path *path)
{
	return dp_hash_bytes(t->hash_key, path->bytes, path->len);
}

void
dp_store_prefetch(const struct dp_store *t, uint64_t hash)
{
	dp_index_prefetch(index_of(t), t->buckets, hash);
}

uint32_t
dp_store_locate(const struct dp_store *t, uint64_t hash)
{
	uint32_t slot = dp_index_first(index_of(t), t->buckets, hash);

	if (slot != DP_NONE) { /* 96 bytes always touch two lines */
		__builtin_prefetch(slot_of(t, slot), 1);
		__builtin_prefetch((const uint8_t *)slot_of(t, slot) + 64, 1);
	}
	return slot;
}

uint32_t
dp_store_owner(const struct dp_store *t, uint32_t slot)
{
	uint32_t device = slot_of(t, slot)->device;

	return device < ORPHAN ? device : DP_NONE;
}

/* ---- look-up ---- */

/* The writer's own view of a slot's path: no retry is needed. */
static DP_HOT bool
is_value(const struct dp_store *t, const struct slot *s, const struct dp_path *path)
{
	uint8_t copy[DP_PATH_MAX];

	if (!(s->flags & IN_USE) || s->path_len != path->len)
		return false;
	if (!(s->flags & CHUNKED))
		return dp_same(s->body, path->bytes, path->len);
	return dp_body_copy(t, s, s->flags, 0, path->len, copy)
	       && memcmp(copy, path->bytes, path->len) == 0;
}

DP_HOT uint32_t
dp_store_find(const struct dp_store *t, const struct dp_path *path, uint64_t hash,
	uint32_t hint)
{
	struct dp_index_cursor c = {0};
	uint32_t slot;

	if (hint != DP_NONE && is_value(t, slot_of(t, hint), path))
		return hint;
	while ((slot = dp_index_next(index_of(t), t->buckets, hash, &c)) != DP_NONE)
		if (is_value(t, slot_of(t, slot), path))
			return slot;
	return DP_NONE;
}

/* ---- writing ---- */

static void
chain(struct dp_store *t, uint32_t slot, uint32_t device)
{
	struct slot *s = slot_of(t, slot);
	uint32_t *head = head_of(t, device);

	DP_SET(s->device, device);
	DP_SET(s->next, head != NULL ? *head : 0);
	if (head != NULL)
		DP_SET(*head, slot + 1);
}

static void
unchain(struct dp_store *t, uint32_t slot)
{
	struct slot *s = slot_of(t, slot);
	uint32_t *link = head_of(t, s->device);

	if (link == NULL)
		return;
	for (; *link != 0; link = &slot_of(t, *link - 1)->next)
		if (*link == slot + 1) {
			DP_SET(*link, s->next);
			return;
		}
}

static void
set_format(struct slot *s, uint32_t content_format)
{
	uint8_t formatted = content_format != DP_NO_FORMAT ? FORMATTED : 0;

	DP_SET(s->format, (uint16_t)content_format);
	DP_SET(s->flags, (uint8_t)((s->flags & ~FORMATTED) | formatted));
}

static uint32_t
format_of(const struct slot *s)
{
	return s->flags & FORMATTED ? s->format : DP_NO_FORMAT;
}

static uint32_t
take_slot(struct dp_store *t)
{
	uint32_t slot;

	if (t->free != 0) {
		slot = t->free - 1;
		t->free = slot_of(t, slot)->device;
		return slot;
	}
	if (t->fresh == t->max)
		return DP_NONE;
	DP_SET(t->fresh, t->fresh + 1);
	return t->fresh - 1;
}

static void
give_slot(struct dp_store *t, uint32_t slot)
{
	DP_SET(slot_of(t, slot)->flags, (uint8_t)0);
	DP_SET(slot_of(t, slot)->device, t->free);
	t->free = slot + 1;
}

static __attribute__((noinline)) uint32_t
create(struct dp_store *t, uint64_t hash, uint32_t device)
{
	uint32_t slot = take_slot(t);

	if (slot == DP_NONE)
		return DP_NONE;
	if (!dp_index_put(index_of(t), t->buckets, hash, slot)) {
		give_slot(t, slot);
		return DP_NONE;
	}
	chain(t, slot, device);
	DP_SET(t->count, t->count + 1);
	return slot;
}

/* The value in @slot has changed, or goes. */
static __attribute__((noinline)) void
tell(struct dp_store *t, uint32_t slot)
{
	struct slot *s = slot_of(t, slot);

	if (s->watch & TOLD)
		return;
	if (t->n_news == DP_STORE_NEWS) {
		t->news_lost = 1;
		return;
	}
	t->news[t->n_news++] = dp_store_ref(t, slot);
	DP_SET(s->watch, (uint8_t)(s->watch | TOLD));
}

static __attribute__((noinline)) void
drop(struct dp_store *t, uint32_t slot, uint64_t hash)
{
	struct slot *s = slot_of(t, slot);

	if (s->flags & WATCHED)
		tell(t, slot);
	dp_index_del(index_of(t), t->buckets, hash, slot);
	unchain(t, slot);
	DP_SEQ_OPEN(s->seq);
	dp_body_free(t, s);
	give_slot(t, slot);
	DP_SET(s->watch, (uint8_t)((s->watch + 1) & GENERATION));
	DP_SEQ_CLOSE(s->seq);
	DP_SET(t->count, t->count - 1);
}

/* Is a list of the device's values another once the value is written so? */
static __attribute__((noinline)) bool
looks_otherwise(
	const struct slot *s, uint32_t device, uint32_t content_format, uint16_t len)
{
	return s->len != len || format_of(s) != content_format
	       || (s->device != device && device != DP_NONE);
}

/* With the sequence open: what stands beside the body, which has changed. */
static DP_HOT void
stamp(struct dp_store *t, struct slot *s, uint32_t content_format, uint32_t now_s)
{
	DP_SET(s->etag, ++t->etag_low);
	set_format(s, content_format);
	DP_SET(s->written, now_s);
}

static __attribute__((noinline)) enum dp_store_result
put_new(struct dp_store *t, const struct dp_path *path, uint64_t hash, uint32_t device,
	uint32_t content_format, const void *payload, uint16_t len, uint32_t now_s,
	uint32_t *out_slot)
{
	uint32_t slot = create(t, hash, device);
	struct slot *s;
	bool stored;

	if (slot == DP_NONE)
		return DP_STORE_FULL;
	s = slot_of(t, slot);
	DP_SEQ_OPEN(s->seq);
	stored = dp_body_set(t, s, path, payload, len);
	if (stored)
		stamp(t, s, content_format, now_s);
	DP_SEQ_CLOSE(s->seq);
	if (!stored) {
		drop(t, slot, hash);
		return DP_STORE_FULL;
	}
	*out_slot = slot;
	return DP_STORE_CREATED;
}

/* The value in @slot is @device's: that was forgotten and came back. */
static __attribute__((noinline)) void
adopt(struct dp_store *t, uint32_t slot, uint32_t device)
{
	unchain(t, slot);
	chain(t, slot, device);
}

DP_HOT enum dp_store_result
dp_store_put(struct dp_store *t, const struct dp_path *path, uint64_t hash, uint32_t slot,
	uint32_t device, uint32_t content_format, const void *payload, uint16_t len,
	uint32_t now_s, uint32_t *out_slot)
{
	bool relisted, stored;
	struct slot *s;

	if (path->len > DP_PATH_MAX || len > DP_BODY_MAX)
		return DP_STORE_FULL;
	if (unlikely(slot == DP_NONE))
		return put_new(t, path, hash, device, content_format, payload, len, now_s,
			out_slot);
	s = slot_of(t, slot);
	DP_KEEP(s);
	relisted = unlikely(s->flags & LISTED)
		   && looks_otherwise(s, device, content_format, len);
	if (unlikely(s->device != device) && device != DP_NONE)
		adopt(t, slot, device);
	DP_SEQ_OPEN(s->seq);
	stored = dp_body_change(t, s, path, payload, len);
	if (stored)
		stamp(t, s, content_format, now_s);
	DP_SEQ_CLOSE(s->seq);
	if (!stored)
		return DP_STORE_FULL;
	if (s->flags & WATCHED)
		tell(t, slot);
	*out_slot = slot;
	return relisted ? DP_STORE_RELISTED : DP_STORE_CHANGED;
}

bool
dp_store_del(struct dp_store *t, uint32_t slot)
{
	struct slot *s = slot_of(t, slot);
	uint8_t bytes[DP_PATH_MAX];
	struct dp_path path = {.bytes = bytes, .len = s->path_len};

	if (!(s->flags & IN_USE) || !dp_body_copy(t, s, s->flags, 0, path.len, bytes))
		return false;
	drop(t, slot, dp_store_hash(t, &path));
	return true;
}

void
dp_store_disown(struct dp_store *t, uint32_t device, uint64_t hash)
{
	uint32_t slot;

	while ((slot = dp_store_first(t, device)) != DP_NONE) {
		unchain(t, slot);
		chain(t, slot, dp_store_orphans(t, hash));
	}
}

/* ---- reading ---- */

static uint64_t
etag_of(const struct dp_store *t, uint32_t low)
{
	return (uint64_t)t->etag_high << 32 | low;
}

uint64_t
dp_store_etag(const struct dp_store *t, uint32_t slot)
{
	return etag_of(t, slot_of(t, slot)->etag);
}

uint32_t
dp_store_orphans(const struct dp_store *t, uint64_t hash)
{
	return t->devices > 0 ? ORPHAN | (uint32_t)(hash % t->devices) : DP_NONE;
}

/* The first of @device's values in a chain from link @at on. */
static uint32_t
its_own(const struct dp_store *t, uint32_t at, uint32_t device)
{
	while (at != 0 && slot_of(t, at - 1)->device != device)
		at = slot_of(t, at - 1)->next;
	return at - 1;
}

uint32_t
dp_store_first(const struct dp_store *t, uint32_t device)
{
	const uint32_t *head = head_of(t, device);

	return head != NULL ? its_own(t, *head, device) : DP_NONE;
}

bool
dp_store_owns(const struct dp_store *t, uint32_t device, uint32_t n)
{
	uint32_t slot = dp_store_first(t, device);

	for (; slot != DP_NONE && n > 1; n--)
		slot = dp_store_next(t, slot);
	return slot != DP_NONE;
}

uint32_t
dp_store_next(const struct dp_store *t, uint32_t slot)
{
	const struct slot *s = slot_of(t, slot);

	return its_own(t, s->next, s->device);
}

uint32_t
dp_store_ref(const struct dp_store *t, uint32_t slot)
{
	return (uint32_t)(slot_of(t, slot)->watch & GENERATION) << REF_BITS | slot;
}

/* The slot that @ref leads to, or DP_NONE. */
static uint32_t
of_ref(const struct dp_store *t, uint32_t ref)
{
	uint32_t slot = ref & ((1u << REF_BITS) - 1);

	if (slot >= t->max || !(slot_of(t, slot)->flags & IN_USE))
		return DP_NONE;
	return dp_store_ref(t, slot) == ref ? slot : DP_NONE;
}

void
dp_store_watch(struct dp_store *t, uint32_t ref, bool on)
{
	uint32_t slot = of_ref(t, ref);
	struct slot *s;

	if (slot == DP_NONE)
		return;
	s = slot_of(t, slot);
	DP_SET(s->flags, (uint8_t)(on ? s->flags | WATCHED : s->flags & ~WATCHED));
}

void
dp_store_list(struct dp_store *t, uint32_t slot, bool on)
{
	struct slot *s = slot_of(t, slot);

	DP_SET(s->flags, (uint8_t)(on ? s->flags | LISTED : s->flags & ~LISTED));
}

bool
dp_store_is_listed(const struct dp_store *t, uint32_t slot)
{
	return slot_of(t, slot)->flags & LISTED;
}

unsigned
dp_store_news(struct dp_store *t, uint32_t *refs, unsigned max)
{
	unsigned n = 0;

	while (n < max && t->n_news > 0) {
		uint32_t slot = of_ref(t, refs[n] = t->news[--t->n_news]);

		if (slot != DP_NONE)
			DP_SET(slot_of(t, slot)->watch,
				(uint8_t)(slot_of(t, slot)->watch & ~TOLD));
		n++;
	}
	return n;
}

bool
dp_store_news_lost(struct dp_store *t)
{
	bool lost = t->news_lost;

	t->news_lost = 0;
	return lost;
}

/* How many bytes of a value of @len are given out as @part. */
static uint16_t
part_of(uint32_t len, struct dp_part part)
{
	uint32_t left = part.from < len ? len - part.from : 0;

	return (uint16_t)(left < part.max ? left : part.max);
}

/* One consistent copy of a slot, of its payload @part; false if it is free. */
static bool
copy_slot(const struct dp_store *t, uint32_t slot, struct dp_part part, uint8_t *path,
	uint16_t *path_len, struct dp_value *out)
{
	const struct slot *s = slot_of(t, slot);
	uint32_t before;
	uint8_t flags;
	bool whole;

	do {
		before = DP_GET(s->seq);
		flags = DP_GET(s->flags);
		*path_len = DP_GET(s->path_len);
		out->len = DP_GET(s->len);
		out->n = part_of(out->len, part);
		out->content_format =
			flags & FORMATTED ? DP_GET(s->format) : DP_NO_FORMAT;
		out->written_s = DP_GET(s->written);
		out->etag = etag_of(t, DP_GET(s->etag));
		out->ref = (uint32_t)(DP_GET(s->watch) & GENERATION) << REF_BITS | slot;
		whole = (flags & IN_USE) && *path_len <= DP_PATH_MAX
			&& dp_body_copy(t, s, flags, 0, *path_len, path)
			&& (out->n == 0
				|| dp_body_copy(t, s, flags,
					payload_at(*path_len) + part.from, out->n,
					out->payload));
	} while ((before & 1) || __atomic_load_n(&s->seq, __ATOMIC_RELAXED) != before);
	return whole;
}

bool
dp_store_read_part(const struct dp_store *t, const struct dp_path *path, uint64_t hash,
	struct dp_part part, struct dp_value *out)
{
	struct dp_index_cursor c = {0};
	uint8_t found[DP_PATH_MAX];
	uint16_t len;
	uint32_t slot;

	while ((slot = dp_index_next(index_of(t), t->buckets, hash, &c)) != DP_NONE)
		if (copy_slot(t, slot, part, found, &len, out) && len == path->len
			&& memcmp(found, path->bytes, len) == 0)
			return true;
	return false;
}

uint16_t
dp_store_copy(const struct dp_store *t, uint32_t slot, uint8_t *to)
{
	const struct slot *s = slot_of(t, slot);

	if (s->len > 0)
		(void)dp_body_copy(t, s, s->flags, payload_at(s->path_len), s->len, to);
	return s->len;
}

bool
dp_store_info(const struct dp_store *t, uint32_t slot, uint8_t *path, uint16_t *path_len,
	struct dp_value *out)
{
	return slot < t->max
	       && copy_slot(t, slot, (struct dp_part){.max = DP_VALUE_MAX}, path,
		       path_len, out);
}

bool
dp_store_read_ref(const struct dp_store *t, uint32_t ref, uint8_t *path,
	uint16_t *path_len, struct dp_value *out)
{
	return dp_store_info(t, ref & ((1u << REF_BITS) - 1), path, path_len, out)
	       && out->ref == ref;
}

uint32_t
dp_store_count(const struct dp_store *t)
{
	return DP_GET(t->count);
}

uint32_t
dp_store_places(const struct dp_store *t)
{
	return DP_GET(t->fresh);
}

uint32_t
dp_store_max(const struct dp_store *t)
{
	return t->max;
}
