/* What came of a workload on the wire, by where the two cores lay. */
#pragma once

#include "bench/workload.h"

enum placement { NEAR, FAR, MIXED };

/* What a workload's process tells its parent. */
struct outcome {
	struct {
		double ratio, low, high, mps, macswap_mps, rx, work, tx, total, trip;
		uint32_t turns;
	} at[2];
	uint64_t refused, lost;        /* refused, or not what it should be */
	unsigned bodies, bodies_wrong; /* read back at the end */
	uint32_t turns, mixed, stolen;
	bool hugepages;
	char fault[160];
};

void outcome_print(const struct workload *load, const struct outcome *out);
/* Its rows; @first: no comma before them. */
void outcome_print_json(
	const struct workload *load, const struct outcome *out, bool first);
