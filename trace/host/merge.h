/*
 * The second pass: all CPUs' records in order of time.
 *
 * Pages of one CPU are in order, but the drain interleaves the CPUs as it likes, and the page of a quiet CPU may stand
 * minutes behind. So each CPU has a cursor, and the cursor with the earliest record is next. Finding a CPU's next
 * page means passing over pages of others: their offsets (8 bytes for a 4 KiB page) wait in a queue. Memory is one
 * page a CPU plus those queues.
 */
#ifndef TRACE_HOST_MERGE_H
#define TRACE_HOST_MERGE_H

#include "trace/host/reader.h"
#include "trace/host/summary.h"

/* What merge_next gives: a record, or the news that records are missing here. */
struct item {
	uint64_t lost; /* > 0: that many records of record.cpu were lost before record.end_ticks */
	uint64_t lost_since_ticks; /* the last thing known of that CPU before the gap */
	struct record record;
};

struct merge;

/* NULL: out of memory. Reads only the sound part of the recording that `summary` found. */
struct merge *merge_begin(const struct source *source, const struct summary *summary);

/* False at the end. */
bool merge_next(struct merge *merge, struct item *item);

void merge_end(struct merge *merge);

#endif
