/*
 * A trace as the explorer keeps it: 32 bytes a record, whatever the file's size, and four more for its place in time. Records come
 * in chains (a CPU's pages, a sequence of a .pftrace) that are each in order of time; index_sort() merges them.
 *
 * What does not fit (times above 2^32 ticks, values of several words) stands in a pool of words beside it.
 */
#ifndef WEB_EXPLORER_INDEX_H
#define WEB_EXPLORER_INDEX_H

#include "trace/host/reader.h"

#define EVENT_NAMED \
	0u /* no event of ours: a slice or instant of a .pftrace; value[0] is the number of its name */

/* Forget everything. False: out of memory. */
bool index_begin(void);
/* Add a record to a chain (below 4096). False: out of memory. */
bool index_add(uint32_t chain, const struct record *record);
/* All is there: put it into order of time. False: out of memory. */
bool index_sort(void);

uint32_t index_count(void);
/* The number of the record that is n-th in time. */
uint32_t index_in_time(uint32_t n);
/* A record by its number, as it was added. */
struct record index_record(uint32_t number);
/* Its event alone: cheap. */
uint8_t index_event(uint32_t number);
/* Of an exit. */
uint8_t index_reason(uint32_t number);
uint64_t index_end_ticks(uint32_t number);
uint64_t index_begin_ticks(uint32_t number);

/* The exits of a vCPU in order of time: record numbers. */
const uint32_t *index_exits_of(uint32_t vcpu, uint32_t *count);

#endif
