/* What the tables' tests share: blocks, a table moved elsewhere, and dice. */
#pragma once

#include "tests/rows.h"

/* A zeroed, 64-aligned block of exactly @size bytes; free() it. */
static inline void *
new_block(size_t size)
{
	void *block = NULL;

	if (size == 0 || posix_memalign(&block, 64, size) != 0)
		abort();
	memset(block, 0, size);
	return block;
}

/* The block's bytes at another address; what stood at the old one is gone. */
static inline void *
moved(void *block, size_t size)
{
	void *elsewhere = new_block(size);

	memcpy(elsewhere, block, size);
	memset(block, 0xee, size);
	free(block);
	return elsewhere;
}

/* The layout version that every table begins with. */
static inline uint32_t
layout_of(const void *block)
{
	uint32_t layout;

	memcpy(&layout, block, sizeof(layout));
	return layout;
}

/* Is the hash key in the first @within bytes of the block? */
static inline int
has_key(const void *block, size_t within, const uint8_t key[16])
{
	for (size_t at = 0; at + 16 <= within; at++)
		if (memcmp((const uint8_t *)block + at, key, 16) == 0)
			return 1;
	return 0;
}

/* xorshift64: the same numbers in every run. */
struct dice {
	uint64_t state; /* not 0 */
};

static inline uint64_t
roll(struct dice *d)
{
	d->state ^= d->state << 13;
	d->state ^= d->state >> 7;
	d->state ^= d->state << 17;
	return d->state;
}

static inline uint32_t
roll_below(struct dice *d, uint32_t n)
{
	return (uint32_t)((roll(d) >> 32) * n >> 32);
}
