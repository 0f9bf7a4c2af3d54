/* See histogram.h. */
#include "trace/host/histogram.h"

#define EXACT_BITS 5u /* log2 of HISTOGRAM_EXACT */
#define STEP_BITS  4u /* log2 of HISTOGRAM_STEPS */

uint32_t histogram_bucket(uint64_t value)
{
	uint32_t top;

	if (value < HISTOGRAM_EXACT)
		return (uint32_t)value;
	top = 63u - (uint32_t)__builtin_clzll(value);
	return HISTOGRAM_EXACT + (top - EXACT_BITS) * HISTOGRAM_STEPS +
	       (uint32_t)(value >> (top - STEP_BITS) & (HISTOGRAM_STEPS - 1));
}

uint64_t histogram_value(uint32_t bucket)
{
	uint32_t shift;
	uint64_t low;

	if (bucket < HISTOGRAM_EXACT)
		return bucket;
	bucket -= HISTOGRAM_EXACT;
	shift = bucket / HISTOGRAM_STEPS + EXACT_BITS - STEP_BITS;
	low = (uint64_t)(HISTOGRAM_STEPS + bucket % HISTOGRAM_STEPS) << shift;
	return low + (1ull << shift) / 2;
}

uint64_t histogram_quantile(const uint64_t bucket[HISTOGRAM_BUCKETS], double share)
{
	uint64_t all = 0, seen = 0, rank;

	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		all += bucket[i];
	rank = (uint64_t)(share * (double)all);
	if ((double)rank < share * (double)all)
		rank++;
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += bucket[i];
		if (all && seen >= rank)
			return histogram_value(i);
	}
	return 0;
}
