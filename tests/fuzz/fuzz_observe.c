/*
 * Freshness: of any two notifications within 128 s at most one is newer than the other,
 * and what was taken is never newer than itself.
 *
 * Input: steps of a value (3 bytes) and milliseconds since the last (3 bytes).
 */
#include "coap/observe.h"
#include "tests/fuzz/fuzz.h"

#define STEP 6

static uint32_t
uint_24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tg_fresh fresh = {0};
	uint64_t now_ms = 0;

	for (; size >= STEP; data += STEP, size -= STEP) {
		uint32_t value = uint_24(data);
		struct tg_fresh other = {0};
		bool newer, older;

		now_ms += uint_24(data + 3);
		newer = tg_fresh_is_newer(&fresh, value, now_ms);
		tg_fresh_set(&other, value, now_ms);
		require(!tg_fresh_is_newer(&other, value, now_ms));
		require(tg_fresh_is_newer(&other, tg_observe_next(value), now_ms));
		older = fresh.known && tg_fresh_is_newer(&other, fresh.value, now_ms);
		if (fresh.known && now_ms <= fresh.at_ms + TG_OBSERVE_FRESH_MS)
			require(!(newer && older));
		if (newer)
			fresh = other;
	}
	return 0;
}
