#include "dataplane/counters.h"

const struct dp_counter_def dp_counter_defs[DP_COUNTER_COUNT] = {
#define DP_COUNTER_DEF(name_, group_, text_)                                             \
	[DP_C_##name_] = {.name = #name_, .text = (text_), .account = DP_A_##group_},
	DP_COUNTERS(DP_COUNTER_DEF)
#undef DP_COUNTER_DEF
};
