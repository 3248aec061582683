/* How relations stand in memory, for observers.c (who observes what) and observers_news.c
 * (who is to be told). */
#pragma once

#include "dataplane/observers.h"

#define QUEUE 1024 /* values with news, a power of two */

/* The table's own flags: of the head of a value's chain, and whether the place is taken.
 */
enum { QUEUED = 16, FORGOTTEN = 32, ATTACHED = 64, IN_USE = 128, OF_HEAD = 48 };

struct key {
	uint32_t value;
	uint8_t home;
};

struct dp_observers {
	uint32_t layout, max, buckets, per_peer;
	uint8_t hash_key[16];
	uint32_t count, in_flight, free, fresh;
	uint32_t head, tail;   /* of the queue */
	uint32_t step;         /* the next relation of the value in work, + 1 */
	uint32_t sweep;        /* going through all: the next place */
	bool sweeping, forget; /* the value in work is to be forgotten */
	uint64_t index_at, relations_at, told_at, wheel_at;
	uint32_t told_mask;
	struct key queue[QUEUE];
};

static inline struct dp_relation *
relation_of(const struct dp_observers *t, uint32_t id)
{
	return (struct dp_relation *)((uint8_t *)t + t->relations_at) + id;
}
