/* How a value stands in memory, for store.c (which there are) and store_body.c (their
 * bytes). */
#pragma once

#include "dataplane/store.h"

#define INLINE 68 /* bytes of path and payload that stand in the slot */
#define CHUNK_DATA 124

/* A slot's flags.  Somebody waits for its changes: for any, and for one that a list of
 * its device's values shows. */
enum { IN_USE = 1, CHUNKED = 2, FORMATTED = 4, WATCHED = 8, LISTED = 16 };

struct slot {
	uint32_t seq;
	uint32_t device; /* owner, ORPHAN or DP_NONE; in a free slot: next free one + 1 */
	uint32_t next;   /* the next value in the chain + 1 */
	uint32_t written;
	uint32_t etag; /* low half; the high half is the table's */
	uint16_t format, path_len, len;
	uint8_t flags, watch;
	uint32_t body[INLINE / 4]; /* path, payload from the next word on; CHUNKED: first
				      chunk + 1 */
};

struct chunk {
	uint32_t next; /* + 1 */
	uint32_t data[CHUNK_DATA / 4];
};

_Static_assert(sizeof(struct slot) == 96, "bytes a value");
_Static_assert(sizeof(struct chunk) == DP_STORE_CHUNK, "as the header says");

struct dp_store {
	uint32_t layout, max, buckets, chunks, devices;
	uint8_t hash_key[16];
	uint32_t count, free, fresh;
	uint32_t chunk_free, chunk_fresh, chunks_left;
	uint32_t etag_high, etag_low;           /* of this start; of the last write */
	uint64_t index_at, heads_at, chunks_at; /* offsets from here */
	uint32_t n_news, news_lost;
	uint32_t news[DP_STORE_NEWS];
	struct slot slot[] __attribute__((aligned(64)));
};

static inline struct slot *
slot_of(const struct dp_store *t, uint32_t i)
{
	return (struct slot *)t->slot + i;
}

static inline struct chunk *
chunk_of(const struct dp_store *t, uint32_t at)
{
	return (struct chunk *)((uint8_t *)t + t->chunks_at) + (at - 1);
}

/* The payload begins with a word of its own, so that it can be changed by itself. */
static inline unsigned
payload_at(unsigned path_len)
{
	return (path_len + 3) & ~3u;
}

/*
 * Copy bytes @from .. @from + @len of a slot's body to @to; @from is a multiple of four.
 * A reader may do this while the writer changes the slot: bounds are checked, and the
 * sequence tells afterwards.
 */
bool dp_body_copy(const struct dp_store *t, const struct slot *s, uint8_t flags,
	unsigned from, unsigned len, uint8_t *to);

/* Path and payload into the slot or into chunks; false if the pool has too few. */
bool dp_body_set(struct dp_store *t, struct slot *s, const struct dp_path *path,
	const void *payload, uint16_t len);

/* A value that has its slot already: where it fits in there, only the payload is written.
 */
bool dp_body_change(struct dp_store *t, struct slot *s, const struct dp_path *path,
	const void *payload, uint16_t len);

/* A slot's body goes: its chunks are free again. */
void dp_body_free(struct dp_store *t, struct slot *s);
