#include "dataplane/dedup.h"

#define RUNS 4
#define SPAN 16 /* Message IDs of a run */
#define ABSENT 15u
#define EMPTY UINT64_MAX /* all sixteen absent */

static unsigned
delta_of(const struct dp_run *r, unsigned i)
{
	return (unsigned)(r->delta >> 4 * i) & 15;
}

static void
set_delta(struct dp_run *r, unsigned i, unsigned delta)
{
	r->delta = (r->delta & ~(15ull << 4 * i)) | (uint64_t)delta << 4 * i;
}

static uint32_t
next_of(const struct dp_dedup_block *b)
{
	return b->run[0].link | (uint32_t)b->run[1].link << 16;
}

static void
set_next(struct dp_dedup_block *b, uint32_t next)
{
	b->run[0].link = (uint16_t)next;
	b->run[1].link = (uint16_t)(next >> 16);
}

/* Is entry @i of @r there and within its lifetime? */
static bool
is_live(const struct dp_dedup_pool *p, const struct dp_run *r, unsigned i, uint16_t now)
{
	unsigned d = delta_of(r, i);

	return d != ABSENT
	       && (uint16_t)(now - r->start - d)
			  < (r->con ? p->con_lifetime : p->non_lifetime);
}

/* Entries of @r that are there at all. */
static unsigned
present_in(const struct dp_run *r)
{
	uint64_t absent = r->delta & r->delta >> 1;

	absent &= absent >> 2; /* lowest bit of every four that are all set */
	return SPAN - (unsigned)__builtin_popcountll(absent & 0x1111111111111111);
}

/* Is all that @r can hold within its lifetime?  No entry is younger than now. */
static bool
is_young(const struct dp_dedup_pool *p, const struct dp_run *r, uint16_t now)
{
	return (uint16_t)(now - r->start) < (r->con ? p->con_lifetime : p->non_lifetime);
}

/* Living entries of @r; most runs need no look at each. */
static unsigned
live_in_run(const struct dp_dedup_pool *p, const struct dp_run *r, uint16_t now)
{
	unsigned n = 0;

	if (r->delta == EMPTY)
		return 0;
	if (is_young(p, r, now))
		return present_in(r);
	for (unsigned i = 0; i < SPAN; i++)
		n += is_live(p, r, i, now);
	return n;
}

static unsigned
live_in(const struct dp_dedup_pool *p, const struct dp_dedup_block *b, uint16_t now)
{
	unsigned n = 0;

	for (unsigned k = 0; k < RUNS; k++)
		n += live_in_run(p, &b->run[k], now);
	return n;
}

/* ---- the clear range ---- */

static bool
is_clear(const struct dp_dedup_block *first, uint16_t mid)
{
	return (uint16_t)(mid - first->run[2].link) < first->run[3].link;
}

static void
set_clear(struct dp_dedup_block *first, uint16_t from, uint16_t len)
{
	first->run[2].link = from;
	first->run[3].link = len;
}

/* @mid goes into the chain: what is clear begins behind it. */
static void
spoil_clear(struct dp_dedup_block *first, uint16_t mid)
{
	uint16_t before = (uint16_t)(mid - first->run[2].link);

	if (is_clear(first, mid))
		set_clear(first, (uint16_t)(mid + 1),
			(uint16_t)(first->run[3].link - before - 1));
}

/* How many Message IDs from @mid on are not in @r, dead or alive. */
static uint16_t
clear_of(const struct dp_run *r, uint16_t mid)
{
	unsigned i = mid % SPAN;

	if (r->delta == EMPTY)
		return UINT16_MAX;
	if (r->base != mid - i)
		return (uint16_t)(r->base - mid);
	for (unsigned n = 0; i + n < SPAN; n++)
		if (delta_of(r, i + n) != ABSENT)
			return (uint16_t)n;
	return UINT16_MAX - SPAN; /* up to its own base again */
}

/* @mid is not in the chain, alive: find out how many after it are not either. */
static void
find_clear(struct dp_dedup_pool *p, uint32_t chain, uint16_t mid)
{
	uint16_t len = UINT16_MAX;

	for (uint32_t at = chain; at != 0; at = next_of(&p->block[at - 1]))
		for (unsigned k = 0; k < RUNS; k++) {
			uint16_t n = clear_of(&p->block[at - 1].run[k], mid);

			len = n < len ? n : len;
		}
	set_clear(&p->block[chain - 1], mid, len);
}

/* ---- looking up ---- */

static struct dp_run *
find_run(struct dp_dedup_pool *p, uint32_t chain, uint16_t mid, uint16_t now)
{
	for (; chain != 0; chain = next_of(&p->block[chain - 1])) {
		struct dp_dedup_block *b = &p->block[chain - 1];

		if (next_of(b) != 0)
			__builtin_prefetch(&p->block[next_of(b) - 1]);
		for (unsigned k = 0; k < RUNS; k++)
			if (b->run[k].base == (mid & ~(SPAN - 1))
				&& is_live(p, &b->run[k], mid % SPAN, now))
				return &b->run[k];
	}
	return NULL;
}

bool
dp_dedup_find(struct dp_dedup_pool *p, uint32_t chain, uint16_t mid, uint16_t now,
	struct dp_heard *h)
{
	const struct dp_run *r;

	if (chain == 0 || is_clear(&p->block[chain - 1], mid))
		return false;
	r = find_run(p, chain, mid, now);
	if (r == NULL) {
		find_clear(p, chain, mid);
		return false;
	}
	*h = (struct dp_heard){
		.mid = mid,
		.when = (uint16_t)(r->start + delta_of(r, mid % SPAN)),
		.code = r->code,
		.con = r->con,
	};
	return true;
}

void
dp_dedup_remove(struct dp_dedup_pool *p, uint32_t chain, uint16_t mid, uint16_t now)
{
	struct dp_run *r = find_run(p, chain, mid, now);

	if (r != NULL)
		set_delta(r, mid % SPAN, ABSENT);
}

static uint32_t
take_block(struct dp_dedup_pool *p)
{
	uint32_t at;

	if (p->free != 0) {
		at = p->free;
		p->free = next_of(&p->block[at - 1]);
	} else if (p->fresh < p->blocks) {
		at = ++p->fresh;
	} else {
		return 0;
	}
	__atomic_store_n(&p->used, p->used + 1, __ATOMIC_RELAXED);
	for (unsigned k = 0; k < RUNS; k++)
		p->block[at - 1].run[k] = (struct dp_run){.delta = EMPTY};
	return at;
}

static void
give_block(struct dp_dedup_pool *p, uint32_t at)
{
	set_next(&p->block[at - 1], p->free);
	p->free = at;
	__atomic_store_n(&p->used, p->used - 1, __ATOMIC_RELAXED);
}

unsigned
dp_dedup_free(struct dp_dedup_pool *p, uint32_t *chain, uint16_t now)
{
	unsigned live = 0;

	while (*chain != 0) {
		uint32_t at = *chain;

		live += live_in(p, &p->block[at - 1], now);
		*chain = next_of(&p->block[at - 1]);
		give_block(p, at);
	}
	return live;
}

unsigned
dp_dedup_count(const struct dp_dedup_pool *p, uint32_t chain, uint16_t now)
{
	unsigned n = 0;

	for (; chain != 0; chain = next_of(&p->block[chain - 1]))
		n += live_in(p, &p->block[chain - 1], now);
	return n;
}

void
dp_dedup_trim(struct dp_dedup_pool *p, uint32_t *chain, uint16_t now)
{
	uint32_t keep = 0, at, rest;

	/* The last block with anything alive stays, and all before it. */
	for (at = *chain; at != 0; at = next_of(&p->block[at - 1]))
		if (live_in(p, &p->block[at - 1], now) > 0)
			keep = at;
	if (keep == 0) {
		dp_dedup_free(p, chain, now);
		return;
	}
	rest = next_of(&p->block[keep - 1]);
	set_next(&p->block[keep - 1], 0);
	dp_dedup_free(p, &rest, now);
}

/* Join a run of the newest block: what a peer that counts its Message IDs up does fifteen
 * times of sixteen. */
static bool
join(const struct dp_dedup_pool *p, struct dp_dedup_block *b, const struct dp_heard *h,
	uint16_t now)
{
	unsigned i = h->mid % SPAN;

	for (unsigned k = 0; k < RUNS; k++) {
		struct dp_run *r = &b->run[k];

		if (r->base == h->mid - i && r->delta != EMPTY && r->code == h->code
			&& r->con == h->con && (uint16_t)(h->when - r->start) < ABSENT
			&& !is_live(p, r, i, now)) {
			set_delta(r, i, (uint16_t)(h->when - r->start));
			return true;
		}
	}
	return false;
}

/* Begin a run in the newest block, in the place of one with nothing alive. */
static bool
begin(const struct dp_dedup_pool *p, struct dp_dedup_block *b, const struct dp_heard *h,
	uint16_t now)
{
	unsigned i = h->mid % SPAN;

	for (unsigned k = 0; k < RUNS; k++) {
		struct dp_run *r = &b->run[k];

		if (live_in_run(p, r, now) > 0)
			continue;
		r->delta = EMPTY;
		r->base = (uint16_t)(h->mid - i);
		r->start = h->when;
		r->code = h->code;
		r->con = h->con;
		set_delta(r, i, 0);
		return true;
	}
	return false;
}

/* Begin a run in the place of the newest block's oldest, for there are no more blocks: a
 * duplicate comes sooner to what was said last.  How many live ones went with it. */
static unsigned
displace(const struct dp_dedup_pool *p, struct dp_dedup_block *b,
	const struct dp_heard *h, uint16_t now)
{
	struct dp_run *oldest = &b->run[0];
	unsigned lost;

	for (unsigned k = 1; k < RUNS; k++)
		if ((uint16_t)(now - b->run[k].start) > (uint16_t)(now - oldest->start))
			oldest = &b->run[k];
	lost = live_in_run(p, oldest, now);
	oldest->delta = EMPTY;
	(void)begin(p, b, h, now);
	return lost;
}

/*
 * The chain is to grow: give back what has expired at its old end, and while it is over
 * the bound its oldest block.  How many live ones went with that.
 */
static unsigned
make_room(struct dp_dedup_pool *p, uint32_t *chain, uint16_t now)
{
	uint32_t keep = 0, last = 0, before = 0, at, rest;
	unsigned live = 0;

	for (at = *chain; at != 0; at = next_of(&p->block[at - 1])) {
		unsigned n = live_in(p, &p->block[at - 1], now);

		live += n;
		if (n > 0) {
			before = keep;
			keep = at;
		}
		last = at;
	}
	if (keep != 0 && live >= DP_DEDUP_MAX)
		keep = before;
	if (keep == last)
		return 0;
	if (keep == 0)
		return dp_dedup_free(p, chain, now);
	rest = next_of(&p->block[keep - 1]);
	set_next(&p->block[keep - 1], 0);
	return dp_dedup_free(p, &rest, now);
}

unsigned
dp_dedup_add(
	struct dp_dedup_pool *p, uint32_t *chain, const struct dp_heard *h, uint16_t now)
{
	uint16_t from = 0, len = 0;
	unsigned lost = 0;
	uint32_t at;

	if (*chain != 0) {
		struct dp_dedup_block *first = &p->block[*chain - 1];

		spoil_clear(first, h->mid);
		if (join(p, first, h, now) || begin(p, first, h, now))
			return 0;
		from = first->run[2].link;
		len = first->run[3].link;
	}
	/* Whoever owns expired blocks gives them back in the sweep. */
	if (p->free == 0 && p->fresh == p->blocks)
		return *chain != 0 ? displace(p, &p->block[*chain - 1], h, now) : 1;
	if (*chain != 0)
		lost = make_room(p, chain, now);
	at = take_block(p);
	if (at == 0)
		return lost + 1;
	set_next(&p->block[at - 1], *chain);
	set_clear(&p->block[at - 1], from, len);
	*chain = at;
	(void)begin(p, &p->block[at - 1], h, now);
	return lost;
}
