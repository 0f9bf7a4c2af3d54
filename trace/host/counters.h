/*
 * Counter tracks: exits a second by reason, EL2's share of each CPU, how many vCPUs wait for one, faults, performance
 * counters, losses. Part of `vtrace convert`.
 *
 * Time is cut into bins of equal length, so that a long recording does not get more counter samples than a short one.
 */
#ifndef TRACE_HOST_COUNTERS_H
#define TRACE_HOST_COUNTERS_H

#include "trace/host/perf.h"
#include "trace/host/reader.h"

#define COUNTER_REASONS 32u /* TRACE_EXIT_REASON has five bits */

struct conversion;

struct counters {
	uint64_t bin_ns, bin_begin_ns;
	uint64_t exits[COUNTER_REASONS],
		told_exits[COUNTER_REASONS]; /* in this bin; rate of the one before */
	uint64_t faults, told_faults;
	uint64_t el2_ns[MAX_CPUS], told_share[MAX_CPUS];
	uint64_t waiting[MAX_CPUS], most_waiting[MAX_CPUS], told_waiting[MAX_CPUS];
	uint64_t perf[PERF_WORDS][PERF_SIDES], told_perf[PERF_WORDS][PERF_SIDES];
	uint32_t perf_words;
	uint64_t lost;
	uint32_t cpus;
	bool dirty; /* something was counted in this bin, or told in the last */
};

void counters_begin(struct conversion *c);

/* Time has come to `ns`: write the bins that are over. */
void counters_advance(struct conversion *c, uint64_t ns);

void counters_exit(struct conversion *c, const struct record *exit, uint64_t begin_ns,
		   uint64_t end_ns);
void counters_waiting(struct conversion *c, uint32_t cpu, uint32_t vcpus);
void counters_lost(struct conversion *c, uint64_t records, uint64_t ns);

void counters_finish(struct conversion *c, uint64_t ns);

#endif
