#include "dataplane/lists.h"

#include "dataplane/index.h"

#define LAYOUT 2
#define PLACE_BITS 16 /* of a reference are the place, the rest its generation */

struct place {
	uint64_t hash; /* of the device's name */
	uint64_t etag;
	uint32_t seq;
	uint32_t len;
	uint32_t next;                /* in the queue, or free: the next one + 1 */
	uint32_t left_s;              /* when the last who held it let go */
	uint16_t generation, holders; /* how often it was freed; a bit a worker */
	uint16_t path_len, name_at;
	uint8_t code, in_use, queued;
	uint32_t path[DP_PATH_MAX / 4], text[DP_VALUE_MAX / 4];
};

_Static_assert(sizeof(struct place) == 2096, "bytes a list");

struct dp_lists {
	uint32_t layout, max, buckets;
	uint32_t count, free, fresh;
	uint32_t head, tail; /* of the queue: places + 1 */
	uint32_t step;
	uint64_t index_at, places_at;
};

static size_t
lay_out(struct dp_lists *t, uint32_t max)
{
	size_t at = (sizeof(*t) + 63) & ~(size_t)63;

	t->layout = LAYOUT;
	t->max = max;
	t->buckets = dp_index_buckets(max);
	t->index_at = at;
	at += t->buckets * sizeof(struct dp_bucket);
	t->places_at = at;
	return at + (size_t)max * sizeof(struct place);
}

static struct dp_bucket *
index_of(const struct dp_lists *t)
{
	return (struct dp_bucket *)((uint8_t *)t + t->index_at);
}

static struct place *
place_of(const struct dp_lists *t, uint32_t i)
{
	return (struct place *)((uint8_t *)t + t->places_at) + i;
}

size_t
dp_lists_size(uint32_t max)
{
	struct dp_lists t;

	return max < 1 || max > DP_LISTS_MAX ? 0 : lay_out(&t, max);
}

struct dp_lists *
dp_lists_init(void *block, uint32_t max)
{
	struct dp_lists *t = block;

	if (dp_lists_size(max) == 0)
		return NULL;
	lay_out(t, max);
	return t;
}

/* ---- places ---- */

static uint32_t
ref_of(const struct dp_lists *t, uint32_t i)
{
	return (uint32_t)place_of(t, i)->generation << PLACE_BITS | i;
}

/* The place that @ref leads to, or NULL. */
static struct place *
of_ref(const struct dp_lists *t, uint32_t ref)
{
	uint32_t i = ref & ((1u << PLACE_BITS) - 1);

	return i < t->max && place_of(t, i)->in_use && ref_of(t, i) == ref
		       ? place_of(t, i)
		       : NULL;
}

static uint32_t
find(const struct dp_lists *t, const struct dp_path *path, uint64_t hash)
{
	struct dp_index_cursor c = {0};
	uint32_t i;

	while ((i = dp_index_next(index_of(t), t->buckets, hash, &c)) != DP_INDEX_NONE) {
		const struct place *p = place_of(t, i);

		if (p->path_len == path->len
			&& memcmp(p->path, path->bytes, path->len) == 0)
			break;
	}
	return i;
}

static uint32_t
take(struct dp_lists *t)
{
	uint32_t i = t->free - 1;

	if (t->free == 0)
		return t->fresh < t->max ? t->fresh++ : DP_NONE;
	t->free = place_of(t, i)->next;
	return i;
}

static void
give(struct dp_lists *t, uint32_t i)
{
	place_of(t, i)->next = t->free;
	t->free = i + 1;
}

/* Readers find nothing new here until it is said: its code is none. */
static uint32_t
make(struct dp_lists *t, const struct dp_path *path, uint16_t name_at, uint64_t hash)
{
	uint32_t i = take(t);
	struct place *p;

	if (i == DP_NONE)
		return DP_NONE;
	if (!dp_index_put(index_of(t), t->buckets, hash, i)) {
		give(t, i);
		return DP_NONE;
	}
	p = place_of(t, i);
	p->hash = hash;
	p->name_at = name_at;
	p->holders = 0;
	p->next = 0;
	DP_SEQ_OPEN(p->seq);
	DP_SET(p->in_use, (uint8_t)1);
	DP_SET(p->code, (uint8_t)0);
	DP_SET(p->len, 0u);
	DP_SET(p->etag, UINT64_C(0));
	DP_SET(p->path_len, path->len);
	dp_words_set(p->path, path->bytes, path->len);
	DP_SEQ_CLOSE(p->seq);
	DP_SET(t->count, t->count + 1);
	return i;
}

uint32_t
dp_lists_get(struct dp_lists *t, const struct dp_path *path, uint16_t name_at,
	uint64_t hash, uint32_t now_s)
{
	uint32_t i = find(t, path, hash);

	if (i == DP_NONE)
		i = make(t, path, name_at, hash);
	if (i == DP_NONE)
		return DP_NONE;
	place_of(t, i)->left_s = now_s;
	return ref_of(t, i);
}

static void
drop(struct dp_lists *t, uint32_t i)
{
	struct place *p = place_of(t, i);

	dp_index_del(index_of(t), t->buckets, p->hash, i);
	DP_SEQ_OPEN(p->seq);
	DP_SET(p->in_use, (uint8_t)0);
	DP_SET(p->generation, (uint16_t)(p->generation + 1));
	DP_SEQ_CLOSE(p->seq);
	give(t, i);
	DP_SET(t->count, t->count - 1);
}

bool
dp_lists_path(struct dp_lists *t, uint32_t ref, struct dp_path *path, uint16_t *name_at)
{
	const struct place *p = of_ref(t, ref);

	if (p == NULL)
		return false;
	*path = (struct dp_path){.bytes = (const uint8_t *)p->path, .len = p->path_len};
	*name_at = p->name_at;
	return true;
}

static uint16_t
head_of(uint32_t len)
{
	return (uint16_t)(len < DP_VALUE_MAX ? len : DP_VALUE_MAX);
}

bool
dp_lists_set(struct dp_lists *t, uint32_t ref, uint8_t code, const char *text,
	uint32_t len, uint64_t etag)
{
	struct place *p = of_ref(t, ref);

	if (p == NULL || (p->code == code && p->len == len && p->etag == etag))
		return false;
	DP_SEQ_OPEN(p->seq);
	DP_SET(p->code, code);
	DP_SET(p->len, len);
	DP_SET(p->etag, etag);
	dp_words_set(p->text, text, head_of(len));
	DP_SEQ_CLOSE(p->seq);
	return true;
}

/* ---- who holds one ---- */

void
dp_lists_hold(struct dp_lists *t, uint32_t ref, unsigned worker)
{
	struct place *p = of_ref(t, ref);

	if (p != NULL)
		p->holders |= (uint16_t)(1u << worker);
}

void
dp_lists_release(struct dp_lists *t, uint32_t ref, unsigned worker, uint32_t now_s)
{
	struct place *p = of_ref(t, ref);

	if (p == NULL || !(p->holders >> worker & 1))
		return;
	p->holders &= (uint16_t) ~(1u << worker);
	p->left_s = now_s;
}

bool
dp_lists_is_held(const struct dp_lists *t, uint32_t ref, unsigned worker)
{
	const struct place *p = of_ref(t, ref);

	return p != NULL && (p->holders >> worker & 1);
}

uint32_t
dp_lists_step(struct dp_lists *t, uint32_t now_s)
{
	uint32_t i = t->step < t->fresh ? t->step : 0;
	struct place *p = place_of(t, i);

	t->step = i + 1;
	if (!p->in_use)
		return DP_NONE;
	if (p->holders != 0 || p->queued || now_s - p->left_s < DP_LISTS_KEPT_S)
		return ref_of(t, i);
	drop(t, i);
	return DP_NONE;
}

/* ---- the queue ---- */

static void
enqueue(struct dp_lists *t, uint32_t i)
{
	struct place *p = place_of(t, i);

	if (p->queued)
		return;
	p->queued = 1;
	p->next = 0;
	if (t->head == 0)
		t->head = i + 1;
	else
		place_of(t, t->tail - 1)->next = i + 1;
	t->tail = i + 1;
}

bool
dp_lists_changed(struct dp_lists *t, uint64_t hash)
{
	struct dp_index_cursor c = {0};
	bool any = false;
	uint32_t i;

	while ((i = dp_index_next(index_of(t), t->buckets, hash, &c)) != DP_INDEX_NONE) {
		enqueue(t, i);
		any = true;
	}
	return any;
}

uint32_t
dp_lists_next_changed(struct dp_lists *t)
{
	uint32_t i = t->head - 1;
	struct place *p;

	if (t->head == 0)
		return DP_NONE;
	p = place_of(t, i);
	t->head = p->next;
	p->queued = 0;
	return ref_of(t, i);
}

/* ---- reading ---- */

bool
dp_lists_read(const struct dp_lists *t, uint32_t ref, struct dp_list *out)
{
	const struct place *p = place_of(t, ref & ((1u << PLACE_BITS) - 1));
	uint32_t before;
	bool is;

	if ((ref & ((1u << PLACE_BITS) - 1)) >= t->max)
		return false;
	do {
		before = DP_GET(p->seq);
		is = DP_GET(p->in_use) && DP_GET(p->generation) == ref >> PLACE_BITS;
		out->code = DP_GET(p->code);
		out->len = DP_GET(p->len);
		out->etag = DP_GET(p->etag);
		out->n = head_of(out->len);
		out->path_len = DP_GET(p->path_len);
		dp_words_get(out->path, p->path, out->path_len);
		dp_words_get(out->text, p->text, out->n);
	} while ((before & 1) || __atomic_load_n(&p->seq, __ATOMIC_RELAXED) != before);
	return is;
}

uint32_t
dp_lists_count(const struct dp_lists *t)
{
	return DP_GET(t->count);
}

uint32_t
dp_lists_max(const struct dp_lists *t)
{
	return t->max;
}
