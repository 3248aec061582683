/*
 * Where in the log the record stands that each value was written by last.
 *
 * Learned by reading the log in its order: a write takes the place of the one before it,
 * a DELETE of all.  So it has a line of 24 bytes for each value that is there, and none
 * for any other.
 *
 * A value is known by its path's hash, 64 bits under a key of this run: of a million
 * values two are taken for one with a chance of 1 in 37 million.
 *
 * Threads.  One.
 * Memory.   Heap: many small tables, so that none takes long to grow.
 */
#pragma once

#include "dataplane/record.h"

/* Of a frame in the log. */
struct ctl_log_place {
	uint64_t segment, offset;
};

#define CTL_VALUES_SHARDS 1024

struct ctl_values {
	struct ctl_values_shard {
		struct ctl_value *line; /* cap of them, by linear probing */
		uint32_t cap, used;     /* cap: 0 or a power of two */
	} shard[CTL_VALUES_SHARDS];
	uint64_t key[2];
	uint64_t count;
	uint64_t bytes; /* of their frames in the log */
};

/* 0, or -errno if there are no random bytes. */
int ctl_values_init(struct ctl_values *v);
void ctl_values_fini(struct ctl_values *v);
/*
 * Record @r, a value's, stands at @at in a frame of @bytes; all that were told of before
 * stand before it.  0, or -ENOMEM: nothing has changed.
 */
int ctl_values_learn(struct ctl_values *v, const struct dp_record *r,
	const struct ctl_log_place *at, uint32_t bytes);
/* Is what stands at @at the newest record of its value, which is there? */
bool ctl_values_is_newest(const struct ctl_values *v, const struct dp_record *r,
	const struct ctl_log_place *at);
