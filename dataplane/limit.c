#include "dataplane/limit.h"

#include <string.h>

#define FRESH UINT32_MAX /* a bucket nobody has used: full, whatever the burst is */

void
dp_limit_init(struct dp_limit *l)
{
	memset(l, 0xff, sizeof(*l));
}

static struct dp_limit_bucket *
bucket_of(struct dp_limit *l, uint64_t hash, uint32_t now_ms)
{
	struct dp_limit_bucket *b = l->set[(hash >> 32) % DP_LIMIT_SETS], *oldest = b;
	uint32_t who = (uint32_t)hash;

	for (unsigned way = 0; way < DP_LIMIT_WAYS; way++, b++) {
		if (b->who == who)
			return b;
		if (now_ms - b->last_ms > now_ms - oldest->last_ms)
			oldest = b;
	}
	*oldest = (struct dp_limit_bucket){.who = who, .tokens_milli = FRESH};
	return oldest;
}

bool
dp_limit_take(
	struct dp_limit *l, uint64_t hash, uint32_t rate, uint32_t burst, uint32_t now_ms)
{
	uint64_t full = (uint64_t)burst * 1000, have;
	struct dp_limit_bucket *b;

	if (rate == 0)
		return true;
	b = bucket_of(l, hash, now_ms);
	if (b->tokens_milli == FRESH)
		have = full;
	else /* a rate a second is as many thousandths a millisecond */
		have = b->tokens_milli + (uint64_t)(uint32_t)(now_ms - b->last_ms) * rate;
	if (have > full)
		have = full;
	b->last_ms = now_ms;
	b->tokens_milli = (uint32_t)(have >= 1000 ? have - 1000 : have);
	return have >= 1000;
}
