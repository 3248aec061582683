#include "dataplane/index.h"

uint32_t
dp_index_passed(const struct dp_bucket *k, uint32_t tag)
{
	const struct dp_bucket *end = k + DP_INDEX_PROBES;
	uint32_t hits;

	while (k->passed != 0 && ++k < end) {
		hits = dp_index_hits(k, tag);
		if (hits != 0)
			return (uint32_t)k->entry[__builtin_ctz(hits)] - 1;
	}
	return DP_INDEX_NONE;
}

bool
dp_index_put(struct dp_bucket *b, uint32_t buckets, uint64_t hash, uint32_t slot)
{
	struct dp_bucket *home = &b[dp_index_home(buckets, hash)];

	for (unsigned probe = 0; probe < DP_INDEX_PROBES; probe++)
		for (unsigned way = 0; way < DP_INDEX_WAYS; way++) {
			if (home[probe].entry[way] != 0)
				continue;
			for (unsigned i = 0; i < probe; i++)
				DP_SET(home[i].passed, home[i].passed + 1);
			DP_SET(home[probe].entry[way], hash << 32 | (slot + 1));
			return true;
		}
	return false;
}

void
dp_index_del(struct dp_bucket *b, uint32_t buckets, uint64_t hash, uint32_t slot)
{
	struct dp_bucket *home = &b[dp_index_home(buckets, hash)];
	uint64_t entry = hash << 32 | (slot + 1);

	for (unsigned probe = 0; probe < DP_INDEX_PROBES; probe++)
		for (unsigned way = 0; way < DP_INDEX_WAYS; way++) {
			if (home[probe].entry[way] != entry)
				continue;
			DP_SET(home[probe].entry[way], (uint64_t)0);
			for (unsigned i = 0; i < probe; i++)
				DP_SET(home[i].passed, home[i].passed - 1);
			return;
		}
}
