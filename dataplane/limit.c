#include "dataplane/limit.h"

#include <string.h>

#define FRESH UINT32_MAX /* a bucket nobody has used: full, whatever the burst is */

void
dp_limit_init(struct dp_limit *l)
{
	memset(l, 0xff, sizeof(*l));
}

bool
dp_limit_take(
	struct dp_limit *l, uint64_t hash, uint32_t rate, uint32_t burst, uint32_t now_ms)
{
	uint32_t i = (uint32_t)(hash >> 32) % DP_LIMIT_SLOTS;
	uint64_t full = (uint64_t)burst * 1000, have;

	if (rate == 0)
		return true;
	if (l->slot[i].tokens_milli == FRESH)
		have = full;
	else /* a rate a second is as many thousandths a millisecond */
		have = l->slot[i].tokens_milli
		       + (uint64_t)(uint32_t)(now_ms - l->slot[i].last_ms) * rate;
	if (have > full)
		have = full;
	l->slot[i].last_ms = now_ms;
	l->slot[i].tokens_milli = (uint32_t)(have >= 1000 ? have - 1000 : have);
	return have >= 1000;
}
