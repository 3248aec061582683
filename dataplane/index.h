/*
 * The compact index that leads from a hash to a slot number: cache-line buckets of seven
 * entries {tag, slot + 1} and a count of the entries that had to go past the bucket.
 *
 * Threads.  One writer; readers in other threads may look up at any time: an entry is one
 *           atomic word.  Who finds a slot checks its key under the slot's own sequence.
 * Memory.   An array of buckets inside the caller's block.
 * Cost.     One line; more only where a bucket overflowed (about 10 % at 66 % load).
 */
#pragma once

#include "dataplane/hot.h"
#include "dataplane/words.h"

#include <immintrin.h>

#define DP_INDEX_NONE UINT32_MAX
#define DP_INDEX_WAYS 7
#define DP_INDEX_PROBES 48 /* buckets an entry may stand from its own */

struct dp_bucket {
	uint64_t entry[DP_INDEX_WAYS]; /* tag << 32 | slot + 1; 0: free */
	uint32_t passed; /* entries that stand in a later bucket because of this */
	uint32_t spare;
} __attribute__((aligned(64)));

/* Buckets for @slots entries at no more than 66 % load, the last ones without a home. */
static inline uint32_t
dp_index_buckets(uint32_t slots)
{
	return (uint32_t)((uint64_t)slots * 3 / (2 * DP_INDEX_WAYS)) + 1
	       + DP_INDEX_PROBES;
}

/* The hash as a fraction of the buckets: what counts are its upper bits, tags have the
 * lower ones.  Part of the layout of every table that has an index. */
static inline uint32_t
dp_index_home(uint32_t buckets, uint64_t hash)
{
	return (uint32_t)((unsigned __int128)hash * (buckets - DP_INDEX_PROBES) >> 64);
}

static inline void
dp_index_prefetch(const struct dp_bucket *b, uint32_t buckets, uint64_t hash)
{
	__builtin_prefetch(&b[dp_index_home(buckets, hash)]);
}

/*
 * Walks the candidates of a hash.  Begin with a zeroed cursor; DP_INDEX_NONE ends.
 * A candidate's tag matches; its key must still be compared.
 */
struct dp_index_cursor {
	uint32_t probe, way;
};

static inline uint32_t
dp_index_next(const struct dp_bucket *b, uint32_t buckets, uint64_t hash,
	struct dp_index_cursor *c)
{
	const struct dp_bucket *home = &b[dp_index_home(buckets, hash)];
	uint32_t tag = (uint32_t)hash;

	for (; c->probe < DP_INDEX_PROBES; c->probe++, c->way = 0) {
		const struct dp_bucket *k = &home[c->probe];

		while (c->way < DP_INDEX_WAYS) {
			uint64_t e = DP_GET(k->entry[c->way]);

			c->way++;
			if ((uint32_t)(e >> 32) == tag && (uint32_t)e != 0)
				return (uint32_t)e - 1;
		}
		if (DP_GET(k->passed) == 0)
			break;
	}
	return DP_INDEX_NONE;
}

/* The ways of @k whose tag is @tag, as bits.  Writer only, who need not read entry by
 * entry. */
static inline uint32_t
dp_index_hits(const struct dp_bucket *k, uint32_t tag)
{
	/* Of each half the words' upper parts, which the shuffle leaves in the order 0,
	 * 1, 4, 5, 2, 3, 6, 7; the last is no tag. */
	__m256 low = _mm256_load_ps((const float *)&k->entry[0]);
	__m256 high = _mm256_load_ps((const float *)&k->entry[4]);
	__m256i tags = _mm256_permute4x64_epi64(
		_mm256_castps_si256(_mm256_shuffle_ps(low, high, 0xdd)), 0xd8);
	__m256i same = _mm256_cmpeq_epi32(tags, _mm256_set1_epi32((int)tag));

	return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(same)) & 0x7f;
}

/* The first of the entries with @tag that stand behind their own bucket @k. */
uint32_t dp_index_passed(const struct dp_bucket *k, uint32_t tag);

/* Writer only: the first candidate of a hash, or DP_INDEX_NONE.  For a look ahead: where
 * a free entry has the tag 0, it is taken for the last. */
static inline uint32_t
dp_index_first(const struct dp_bucket *b, uint32_t buckets, uint64_t hash)
{
	const struct dp_bucket *k = &b[dp_index_home(buckets, hash)];
	uint32_t hits = dp_index_hits(k, (uint32_t)hash);

	if (likely(hits != 0))
		return (uint32_t)k->entry[__builtin_ctz(hits)] - 1;
	return k->passed == 0 ? DP_INDEX_NONE : dp_index_passed(k, (uint32_t)hash);
}

/* Writer only.  False if no bucket in reach has room; nothing changed then. */
bool dp_index_put(struct dp_bucket *b, uint32_t buckets, uint64_t hash, uint32_t slot);
void dp_index_del(struct dp_bucket *b, uint32_t buckets, uint64_t hash, uint32_t slot);
