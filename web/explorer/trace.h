/* The trace that is open: what loading fills and the views read. One at a time. */
#ifndef WEB_EXPLORER_TRACE_H
#define WEB_EXPLORER_TRACE_H

#include "trace/host/groups.h"
#include "trace/host/summary.h"

struct trace {
	struct summary summary;
	struct groups groups; /* by reason */
	bool is_pftrace;
	const char *fault; /* why reading has stopped; NULL: it has not */
	uint64_t fault_offset;
};

extern struct trace trace;

/* A record of a .pftrace, counted and kept; false: out of memory. */
bool trace_add(uint32_t chain, const struct record *record);

/* Nanoseconds since the trace's first moment. */
uint64_t trace_ns(uint64_t ticks);

/*
 * pftrace_reader.c: the packets in `bytes` bytes of a file, from `offset` on; returns how many were used up, less when the last
 * packet is not all there. Sets trace.fault at what is no packet of ours.
 */
bool pftrace_begin(void);
size_t pftrace_read(const uint8_t *at, size_t bytes, uint64_t offset);
/* The name of an EVENT_NAMED. */
const char *pftrace_name(uint64_t number);

#endif
