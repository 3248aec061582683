/*
 * Hostile sequences of registering, ending and news, two bytes each: every relation stays
 * in the chains that it belongs to and in no other, whatever goes while it is walked.
 */
#include "dataplane/observers.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define MAX 64
#define PEERS 16
#define VALUES 4
#define PER_PEER 5

static struct dp_counters counters;

static struct dp_observers *
new_table(void)
{
	const struct dp_observers_config cfg = {
		.max = MAX, .per_peer = PER_PEER, .hash_key = {1, 2, 3}};
	size_t size = dp_observers_size(&cfg);
	void *block = aligned_alloc(64, (size + 63) & ~(size_t)63);

	require(block != NULL);
	memset(block, 0, size);
	return dp_observers_init(block, &cfg);
}

/* As dp_notify() does it; @ends: whoever is told goes. */
static void
work(struct dp_observers *t, bool ends)
{
	bool forget;
	uint32_t id;

	for (unsigned n = 0; n < 3; n++) {
		id = dp_observers_step(t, &forget);
		if (id == DP_NONE)
			return;
		require(dp_observers_is(t, id));
		if (forget || ends)
			dp_observers_del(t, id);
	}
}

static void
one(struct dp_observers *t, uint8_t what, uint8_t which)
{
	uint32_t peer = which % PEERS, due[4];
	uint8_t token = which / PEERS % 8, home = what / 64;
	uint32_t value = what / 8 % VALUES, id = dp_observers_find(t, peer, &token, 1);

	switch (what % 8) {
	case 0:
	case 1:
		id = dp_observers_add(t, peer, &token, 1, home, value, &counters);
		if (id != DP_NONE)
			dp_observers_arm(t, id, which);
		break;
	case 2:
		if (id != DP_NONE)
			dp_observers_del(t, id);
		break;
	case 3:
		if (id != DP_NONE)
			dp_observers_detach(t, id);
		break;
	case 4:
		dp_observers_changed(t, home, value);
		break;
	case 5:
		dp_observers_forget(t, home, value);
		break;
	case 6:
		dp_observers_changed_all(t);
		break;
	default:
		require(dp_observers_due(t, which, due, 4) <= 4);
		work(t, which & 1);
	}
}

/* Each relation is found by its peer and token, and once among its peer's. */
static void
check(struct dp_observers *t)
{
	unsigned listed = 0, attached = 0, by_value = 0;

	for (uint32_t peer = 0; peer < PEERS; peer++) {
		uint32_t id = dp_observers_of_peer(t, peer), n = 0;

		for (; id != DP_NONE; id = dp_observers_sibling(t, id), n++) {
			const struct dp_relation *r = dp_observers_get(t, id);

			require(r->peer == peer && n < PER_PEER);
			require(dp_observers_find(t, peer, r->token, r->tkl) == id);
			attached +=
				dp_observers_of_value(t, r->home, r->value) != DP_NONE;
		}
		listed += n;
	}
	require(listed == dp_observers_count(t));
	for (unsigned i = 0; i < 4 * VALUES; i++) {
		uint32_t id = dp_observers_of_value(t, (uint8_t)(i / VALUES), i % VALUES);

		for (; id != DP_NONE; id = dp_observers_get(t, id)->next - 1)
			require(++by_value <= MAX);
	}
	require(by_value <= attached);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dp_observers *t = new_table();

	for (size_t i = 0; i + 1 < size && i < 4096; i += 2) {
		one(t, data[i], data[i + 1]);
		check(t);
	}
	free(t);
	return 0;
}
