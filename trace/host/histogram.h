/*
 * Durations counted by size, in bounded memory: exact below 32 ticks, above that 16 buckets for each doubling. A quantile
 * is a bucket's middle, so it is off by at most 1/32 of itself (HISTOGRAM_ERROR_PERCENT).
 */
#ifndef TRACE_HOST_HISTOGRAM_H
#define TRACE_HOST_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_EXACT		32u
#define HISTOGRAM_STEPS		16u
#define HISTOGRAM_BUCKETS	(HISTOGRAM_EXACT + 59u * HISTOGRAM_STEPS)
#define HISTOGRAM_ERROR_PERCENT 3.2

/* The bucket that counts a value, and the value that stands for a bucket. */
uint32_t histogram_bucket(uint64_t value);
uint64_t histogram_value(uint32_t bucket);

/* The smallest value that at least `share` (above 0, at most 1) of all counted values do not exceed; 0 if there are none. */
uint64_t histogram_quantile(const uint64_t bucket[HISTOGRAM_BUCKETS], double share);

#endif
