#include "dataplane/logring.h"

#include "dataplane/copy.h"
#include "dataplane/hot.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#define COMMITS 256
#define SKIP UINT32_MAX /* a frame's length: go on at the ring's start */
#define ALIGN 8
#define AHEAD 2048 /* bytes, some ten records */
#define LINE 64
#define OVER DP_COPY_OVER /* bytes behind a record that may be written with it */

/*
 * Positions only grow; a position modulo the size is a place in data[].  A frame is its
 * length (four bytes) and its record, contiguous, from a multiple of eight.
 */
struct dp_logring {
	uint64_t mask; /* size - 1 */
	/* producer's */
	uint64_t written __attribute__((aligned(64))); /* put, not all published */
	uint64_t number;                               /* of the record put last */
	uint64_t limit; /* how far it may write, by its copy of released */
	/* producer: wo (release), consumer: ro (acquire) */
	_Atomic uint64_t published __attribute__((aligned(64)));
	/* consumer's */
	uint64_t taken __attribute__((aligned(64)));
	uint64_t taken_number;
	struct dp_commit folded; /* not in the ring yet; upto 0: none */
	/* consumer: wo (release), producer: ro (acquire) */
	_Atomic uint64_t released __attribute__((aligned(64)));
	_Atomic uint32_t commits_in;
	/* producer: wo (release), consumer: ro (acquire) */
	_Atomic uint32_t commits_out __attribute__((aligned(64)));
	struct dp_commit commit[COMMITS];
	uint8_t data[] __attribute__((aligned(64)));
};

size_t
dp_logring_size(uint32_t bytes)
{
	if (bytes < 1u << 16 || bytes > 1u << 30 || (bytes & (bytes - 1)) != 0)
		return 0;
	return sizeof(struct dp_logring) + bytes + OVER;
}

struct dp_logring *
dp_logring_init(void *block, uint32_t bytes)
{
	struct dp_logring *r = block;

	if (dp_logring_size(bytes) == 0)
		return NULL;
	r->mask = bytes - 1;
	r->limit = bytes - OVER;
	return r;
}

/* ---- records ---- */

static uint8_t *
place_of(struct dp_logring *r, uint64_t at)
{
	return r->data + (at & r->mask);
}

static uint64_t
frame_size(uint32_t len)
{
	return (sizeof(len) + len + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);
}

/* Is there room for a frame up to position @end, and what is written over it? */
static bool
has_room(struct dp_logring *r, uint64_t end)
{
	if (likely(end <= r->limit))
		return true;
	/* Acquire: pairs with dp_logring_release(): those bytes have been read. */
	r->limit = atomic_load_explicit(&r->released, memory_order_acquire) + r->mask + 1
		   - OVER;
	return end <= r->limit;
}

/* A frame never wraps: go on at the ring's start.  False if there is no room for @need
 * bytes there. */
static bool __attribute__((noinline)) skip_rest(struct dp_logring *r, uint64_t need)
{
	uint64_t left = r->mask + 1 - (r->written & r->mask);
	const uint32_t skip = SKIP;

	if (!has_room(r, r->written + left + need))
		return false;
	memcpy(place_of(r, r->written), &skip, sizeof(skip));
	r->written += left;
	return true;
}

DP_HOT uint8_t *
dp_logring_reserve(struct dp_logring *r, uint32_t len)
{
	uint64_t need = frame_size(len);
	uint8_t *at;

	if (unlikely(len > DP_RECORD_MAX))
		return NULL;
	if (unlikely((r->written & r->mask) + need > r->mask + 1)) {
		if (!skip_rest(r, need))
			return NULL;
	} else if (unlikely(!has_room(r, r->written + need))) {
		return NULL;
	}
	/* The ring is larger than the cache: the place of a later record comes meanwhile.
	 * Longer ones are asked for by the processor, which sees where they lead. */
	at = place_of(r, r->written + AHEAD);
	__builtin_prefetch(at, 1);
	__builtin_prefetch(at + LINE, 1);
	__builtin_prefetch(at + (size_t)2 * LINE, 1);
	at = place_of(r, r->written);
	memcpy(at, &len, sizeof(len));
	return at + sizeof(len);
}

DP_HOT uint64_t
dp_logring_commit(struct dp_logring *r, uint32_t len)
{
	r->written += frame_size(len);
	return ++r->number;
}

bool
dp_logring_has_room(struct dp_logring *r, uint32_t len)
{
	/* Twice: a frame that does not fit before the end begins anew at the start. */
	return has_room(r, r->written + 2 * frame_size(len));
}

uint64_t
dp_logring_put(struct dp_logring *r, const struct dp_record *rec)
{
	uint32_t len = (uint32_t)dp_record_size(rec);
	uint8_t *at = dp_logring_reserve(r, len);

	if (at == NULL)
		return 0;
	dp_record_encode(rec, at);
	return dp_logring_commit(r, len);
}

void
dp_logring_publish(struct dp_logring *r)
{
	/* Release: pairs with dp_logring_next(): the bytes are there before the position.
	 */
	if (atomic_load_explicit(&r->published, memory_order_relaxed) != r->written)
		atomic_store_explicit(&r->published, r->written, memory_order_release);
}

static bool
push_folded(struct dp_logring *r)
{
	uint32_t in = atomic_load_explicit(&r->commits_in, memory_order_relaxed);

	if (r->folded.upto == 0)
		return true;
	/* Acquire: pairs with dp_logring_settled(): the slot has been read. */
	if (in - atomic_load_explicit(&r->commits_out, memory_order_acquire) == COMMITS)
		return false;
	r->commit[in % COMMITS] = r->folded;
	/* Release: pairs with dp_logring_settled(). */
	atomic_store_explicit(&r->commits_in, in + 1, memory_order_release);
	r->folded.upto = 0;
	return true;
}

const uint8_t *
dp_logring_next(struct dp_logring *r, size_t *len, uint64_t *number)
{
	/* Acquire: pairs with dp_logring_publish(). */
	uint64_t end = atomic_load_explicit(&r->published, memory_order_acquire);
	const uint8_t *record;
	uint32_t n;

	push_folded(r);
	if (r->taken == end)
		return NULL;
	memcpy(&n, place_of(r, r->taken), sizeof(n));
	if (n == SKIP) {
		r->taken += r->mask + 1 - (r->taken & r->mask);
		memcpy(&n, place_of(r, r->taken), sizeof(n));
	}
	record = place_of(r, r->taken) + sizeof(n);
	*len = n;
	*number = ++r->taken_number;
	r->taken += frame_size(n);
	return record;
}

void
dp_logring_release(struct dp_logring *r)
{
	/* Release: pairs with dp_logring_put(): we are done reading. */
	atomic_store_explicit(&r->released, r->taken, memory_order_release);
}

uint32_t
dp_logring_used(const struct dp_logring *r)
{
	uint64_t out = atomic_load_explicit(&r->released, memory_order_relaxed);
	uint64_t in = atomic_load_explicit(&r->published, memory_order_relaxed);

	return in > out ? (uint32_t)(in - out) : 0;
}

/* ---- commits ---- */

void
dp_logring_settle(struct dp_logring *r, uint64_t upto, int status)
{
	const struct timespec pause = {.tv_nsec = 100000};

	/* Another status cannot be folded in: the worker empties the ring every turn. */
	while (r->folded.upto != 0 && r->folded.status != status && !push_folded(r))
		nanosleep(&pause, NULL);
	r->folded = (struct dp_commit){.upto = upto, .status = status};
	push_folded(r);
}

bool
dp_logring_settled(struct dp_logring *r, struct dp_commit *c)
{
	uint32_t out = atomic_load_explicit(&r->commits_out, memory_order_relaxed);

	/* Acquire: pairs with push_folded(). */
	if (out == atomic_load_explicit(&r->commits_in, memory_order_acquire))
		return false;
	*c = r->commit[out % COMMITS];
	/* Release: pairs with push_folded(): the slot may be used again. */
	atomic_store_explicit(&r->commits_out, out + 1, memory_order_release);
	return true;
}
