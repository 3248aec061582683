#include "dataplane/capture_internal.h"

#include <rte_mbuf.h>

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define ALIGN 16u /* of entries: the end of the ring always has room for one's head */
#define SKIP UINT32_MAX /* no frame: the next is at the ring's beginning */

struct entry {
	uint64_t tsc;
	uint32_t len;
	uint8_t port, sent;
	uint16_t spare;
	uint8_t bytes[];
};

_Static_assert(sizeof(struct entry) == ALIGN, "an entry's head is one unit of the ring");

struct dp_capture *
dp_capture_new(const struct dp_capture_filter *f, unsigned workers)
{
	size_t size =
		sizeof(struct dp_capture) + workers * sizeof(struct dp_capture_ring);
	struct dp_capture *c = aligned_alloc(64, (size + 63) & ~(size_t)63);

	if (c == NULL)
		return NULL;
	memset(c, 0, size); /* touched here: no worker waits for its pages */
	c->filter = *f;
	c->workers = workers;
	if (getrandom(c->key, sizeof(c->key), 0) == sizeof(c->key))
		return c;
	free(c);
	return NULL;
}

void
dp_capture_free(struct dp_capture *c)
{
	free(c);
}

/* ---- the worker's side ---- */

static void
count(_Atomic uint64_t *n)
{
	atomic_store_explicit(n, atomic_load_explicit(n, memory_order_relaxed) + 1,
		memory_order_relaxed);
}

static struct entry *
entry_at(struct dp_capture_ring *r, uint64_t at)
{
	return (struct entry *)(r->bytes + at % DP_CAPTURE_RING);
}

/* Where @size bytes in a row go, and *@head to be set behind them; NULL: no room. */
static struct entry *
reserve(struct dp_capture_ring *r, size_t size, uint64_t *head)
{
	uint64_t at = atomic_load_explicit(&r->head, memory_order_relaxed);
	/* Acquire: what control has given back it reads no more. */
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);
	uint64_t end = DP_CAPTURE_RING - at % DP_CAPTURE_RING;
	uint64_t gap = size > end ? end : 0;

	if (at + gap + size - tail > DP_CAPTURE_RING)
		return NULL;
	if (gap > 0)
		entry_at(r, at)->len = SKIP;
	*head = at + gap + size;
	return entry_at(r, at + gap);
}

static void
copy(uint8_t *to, const struct rte_mbuf *m)
{
	for (; m != NULL; m = m->next) {
		memcpy(to, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len);
		to += m->data_len;
	}
}

void
dp_capture_frame(const struct dp_capture_point *at, const struct rte_mbuf *m)
{
	struct dp_capture_ring *r = &at->capture->ring[at->worker];
	size_t size = RTE_ALIGN_CEIL(sizeof(struct entry) + m->pkt_len, ALIGN);
	struct entry *e;
	uint64_t head;

	if (at->tsc >= at->capture->filter.until_tsc
		|| !dp_capture_matches(
			at, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len))
		return;
	count(&r->matched[at->port]);
	e = m->pkt_len <= DP_CAPTURE_FRAME_MAX ? reserve(r, size, &head) : NULL;
	if (e == NULL) {
		count(&r->lost[at->port]);
		return;
	}
	*e = (struct entry){
		.tsc = at->tsc, .len = m->pkt_len, .port = at->port, .sent = at->sent};
	copy(e->bytes, m);
	/* Release: pairs with dp_capture_next(). */
	atomic_store_explicit(&r->head, head, memory_order_release);
}

/* ---- control's side ---- */

bool
dp_capture_next(struct dp_capture *c, unsigned worker, struct dp_captured *out)
{
	struct dp_capture_ring *r = &c->ring[worker];
	/* Acquire: pairs with dp_capture_frame(). */
	uint64_t head = atomic_load_explicit(&r->head, memory_order_acquire);
	const struct entry *e;

	if (r->next == head)
		return false;
	e = entry_at(r, r->next);
	if (e->len == SKIP) {
		r->next += DP_CAPTURE_RING - r->next % DP_CAPTURE_RING;
		e = entry_at(r, r->next);
	}
	r->next += RTE_ALIGN_CEIL(sizeof(*e) + e->len, ALIGN);
	*out = (struct dp_captured){.tsc = e->tsc,
		.bytes = e->bytes,
		.len = e->len,
		.port = e->port,
		.sent = e->sent != 0};
	return true;
}

void
dp_capture_release(struct dp_capture *c, unsigned worker)
{
	/* Release: pairs with reserve(). */
	atomic_store_explicit(
		&c->ring[worker].tail, c->ring[worker].next, memory_order_release);
}

struct dp_capture_count
dp_capture_count(const struct dp_capture *c, unsigned port)
{
	struct dp_capture_count n = {0};

	for (unsigned w = 0; w < c->workers; w++) {
		/* Lost first: it is never more than what matched. */
		n.lost += atomic_load_explicit(
			&c->ring[w].lost[port], memory_order_relaxed);
		n.matched += atomic_load_explicit(
			&c->ring[w].matched[port], memory_order_relaxed);
	}
	return n;
}
