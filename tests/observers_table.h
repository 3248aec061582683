/* A table of relations for the tests: made, filled and asked. */
#pragma once

#include "dataplane/observers.h"

#include "tests/tables.h"

#define MAX 64
#define PER_PEER 4
#define QUEUE 1024

static const uint8_t hash_key[16] = {
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

struct table {
	struct dp_observers_config cfg;
	struct dp_observers *t;
	struct dp_counters counters;
};

static inline struct table *
new_table(uint32_t max, uint32_t per_peer)
{
	struct table *t = new_block(sizeof(*t));

	t->cfg = (struct dp_observers_config){.max = max, .per_peer = per_peer};
	memcpy(t->cfg.hash_key, hash_key, sizeof(hash_key));
	t->t = dp_observers_init(new_block(dp_observers_size(&t->cfg)), &t->cfg);
	assert_non_null(t->t);
	return t;
}

static inline void
free_table(struct table *t)
{
	free(t->t);
	free(t);
}

static inline uint64_t
counted(const struct table *t, enum dp_counter which)
{
	return dp_counter_get(&t->counters, which);
}

/* A token of @tkl bytes that all follow from @token. */
static inline const uint8_t *
token_of(uint8_t bytes[8], uint32_t token)
{
	memset(bytes, 'a' + (int)token, 8);
	return bytes;
}

static inline uint32_t
add(struct table *t, uint32_t peer, uint32_t token, uint8_t home, uint32_t value)
{
	uint8_t bytes[8];

	return dp_observers_add(
		t->t, peer, token_of(bytes, token), 4, home, value, &t->counters);
}

static inline uint32_t
find(const struct table *t, uint32_t peer, uint32_t token)
{
	uint8_t bytes[8];

	return dp_observers_find(t->t, peer, token_of(bytes, token), 4);
}

static inline unsigned
value_has(const struct table *t, uint8_t home, uint32_t value)
{
	uint32_t id = dp_observers_of_value(t->t, home, value);
	unsigned n = 0;

	for (; id != DP_NONE; id = dp_observers_get(t->t, id)->next - 1)
		n++;
	return n;
}

/* How many steps the queue has, all of this kind. */
static inline unsigned
steps(struct table *t, bool forget)
{
	unsigned n = 0;
	bool f, more;

	do {
		more = dp_observers_sweep(t->t);
		while (dp_observers_step(t->t, &f) != DP_NONE) {
			assert_int_equal(f, forget);
			n++;
		}
	} while (more);
	return n;
}
