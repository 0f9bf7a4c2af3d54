/*
 * Histograms of what exits cost: the part that knows no CPU. See include/vitrine/perf.h. Pure.
 */
#include <vitrine/perf.h>

#include "lib/bits.h"
#include "lib/printf.h"

unsigned perf_bucket(uint64_t value)
{
	return value == 0 ? 0 : MIN(64 - (unsigned)__builtin_clzll(value), PERF_BUCKETS - 1);
}

void perf_add(struct perf_histogram *histogram, uint64_t value)
{
	histogram->count++;
	histogram->total += value;
	histogram->largest = MAX(histogram->largest, value);
	histogram->bucket[perf_bucket(value)]++;
}

int perf_format(char *buffer, size_t size, const struct perf_histogram *histogram)
{
	const uint64_t mean = histogram->count ? histogram->total / histogram->count : 0;
	int length = vt_snprintf(buffer, size, "count %llu, mean %llu, largest %llu:",
				 (unsigned long long)histogram->count, (unsigned long long)mean,
				 (unsigned long long)histogram->largest);

	for (unsigned i = 0; i < PERF_BUCKETS; i++) {
		const size_t used = MIN((size_t)length, size);

		if (!histogram->bucket[i])
			continue;
		length += i == 0 ? vt_snprintf(buffer + used, size - used, " 0 %u",
					       histogram->bucket[i])
				 : vt_snprintf(buffer + used, size - used, " 2^%u %u", i - 1,
					       histogram->bucket[i]);
	}
	return length;
}

const char *perf_measure_name(unsigned measure)
{
	static const char *const names[PERF_MEASURES] = {"ticks", "EL2 instructions", "EL2 cycles",
							 "EL1 instructions", "EL1 cycles"};

	return measure < PERF_MEASURES ? names[measure] : "?";
}
