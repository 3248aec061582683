#include "dataplane/hist.h"

unsigned
dp_hist_bin(uint64_t value)
{
	unsigned exp;

	if (value < 1u << DP_HIST_SUB)
		return (unsigned)value;
	exp = 63u - (unsigned)__builtin_clzll(value) - DP_HIST_SUB;
	return ((exp + 1) << DP_HIST_SUB) + (unsigned)(value >> exp)
	       - (1u << DP_HIST_SUB);
}

uint64_t
dp_hist_low(unsigned bin)
{
	unsigned exp = bin >> DP_HIST_SUB;

	if (exp == 0)
		return bin;
	return ((uint64_t)(bin & ((1u << DP_HIST_SUB) - 1)) + (1u << DP_HIST_SUB))
	       << (exp - 1);
}

void
dp_hist_add(struct dp_hist *h, uint64_t value, uint64_t times)
{
	_Atomic uint64_t *c = &h->count[dp_hist_bin(value)];

	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + times,
		memory_order_relaxed);
}

void
dp_hist_merge(struct dp_hist_copy *sum, const struct dp_hist *h)
{
	for (unsigned i = 0; i < DP_HIST_BINS; i++) {
		uint64_t n = atomic_load_explicit(&h->count[i], memory_order_relaxed);

		sum->count[i] += n;
		sum->total += n;
	}
}

/* Middle of a bin. */
static uint64_t
middle(unsigned bin)
{
	uint64_t low = dp_hist_low(bin);

	return bin + 1 < DP_HIST_BINS ? low + (dp_hist_low(bin + 1) - low) / 2 : low;
}

uint64_t
dp_hist_quantile(const struct dp_hist_copy *c, double q)
{
	uint64_t rank, seen = 0;

	if (c->total == 0)
		return 0;
	rank = (uint64_t)(q * (double)(c->total - 1));
	for (unsigned i = 0; i < DP_HIST_BINS; i++) {
		seen += c->count[i];
		if (seen > rank)
			return middle(i);
	}
	return dp_hist_max(c);
}

uint64_t
dp_hist_max(const struct dp_hist_copy *c)
{
	for (unsigned i = DP_HIST_BINS; i-- > 0;)
		if (c->count[i] > 0)
			return middle(i);
	return 0;
}

double
dp_hist_mean(const struct dp_hist_copy *c)
{
	double sum = 0;

	for (unsigned i = 0; i < DP_HIST_BINS; i++)
		sum += (double)c->count[i] * (double)middle(i);
	return c->total > 0 ? sum / (double)c->total : 0;
}
