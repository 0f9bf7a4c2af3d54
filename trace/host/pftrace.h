/* Counting what a converted trace holds, to compare it with the recording it came from. */
#ifndef TRACE_HOST_PFTRACE_H
#define TRACE_HOST_PFTRACE_H

#include <stdbool.h>
#include <stdint.h>

struct pftrace_counts {
	uint64_t packets;
	uint64_t exit_begins;
	uint64_t exit_ends;
};

/* False, with a message on stderr naming the byte offset, when the file cannot be read or is not such a trace. */
bool pftrace_count(const char *path, struct pftrace_counts *counts);

#endif
