/*
 * PERF records: what the CPU's performance counters saw of the exit that follows. Each word has EL2's count in its low half
 * and the guest's in its high half; the recording's lines perf.N say which event word N counts.
 */
#ifndef TRACE_HOST_PERF_H
#define TRACE_HOST_PERF_H

#include "trace/host/metadata.h"

#define PERF_WORDS	6u
#define PERF_NAME_BYTES 48u

/* Whose count, in the order of a word's halves. */
enum perf_side { PERF_EL2, PERF_GUEST, PERF_SIDES };

/* How many words the recording tells of: cycles and instructions, and those that were chosen. */
uint32_t perf_words(const struct metadata *metadata);

/* "el2 cycles", "guest STALL_FRONTEND", "el2 event 0x11c". */
void perf_name(const struct metadata *metadata, uint32_t word, enum perf_side side, char *to,
	       size_t bytes);

static inline uint32_t perf_count(uint64_t word, enum perf_side side)
{
	return (uint32_t)(side == PERF_EL2 ? word : word >> 32);
}

#endif
