/*
 * Log-linear histogram of 64-bit values: 32 linear steps per power of two, so any
 * quantile is at most 3.1 % off.  Values are in the caller's unit (ns here).
 *
 * Threads.  One writer (relaxed load and store); any reader sums a copy.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#define DP_HIST_SUB 5
#define DP_HIST_BINS ((64 - DP_HIST_SUB + 1) << DP_HIST_SUB)

struct dp_hist {
	_Atomic uint64_t count[DP_HIST_BINS];
};

/* A reader's plain copy; baselines are subtracted and workers added on these. */
struct dp_hist_copy {
	uint64_t count[DP_HIST_BINS];
	uint64_t total;
};

unsigned dp_hist_bin(uint64_t value);
/* Lowest value that falls into @bin, and one over the highest. */
uint64_t dp_hist_low(unsigned bin);
void dp_hist_add(struct dp_hist *h, uint64_t value, uint64_t times);
void dp_hist_merge(struct dp_hist_copy *sum, const struct dp_hist *h);
/* Value at quantile @q (0..1), interpolated at the bin's middle; 0 if empty. */
uint64_t dp_hist_quantile(const struct dp_hist_copy *c, double q);
uint64_t dp_hist_max(const struct dp_hist_copy *c);
double dp_hist_mean(const struct dp_hist_copy *c);
