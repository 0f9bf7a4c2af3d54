/*
 * Reading a converted trace: is it sound, and does it hold what the recording has?
 *
 * Sound means what any reader relies on: each sequence says how it begins, goes on in order of time and defines a number
 * before it uses it; slices that begin end; a flow has two ends or more, one of them the last.
 */
#ifndef TRACE_HOST_PFTRACE_H
#define TRACE_HOST_PFTRACE_H

#include <stdbool.h>
#include <stdint.h>

struct pftrace_counts {
	uint64_t packets;
	uint64_t exit_begins;
	uint64_t exit_ends;
	uint64_t flows;
};

/* False, with a message on stderr naming the byte offset, when the file cannot be read or is not a sound trace of ours. */
bool pftrace_count(const char *path, struct pftrace_counts *counts);

#endif
