/*
 * What is traced, and how: chosen at boot, or while guests run by a host, a guest or a debugger, always in the words of
 * trace_command(). Each CPU takes a change over by itself, between two turns of its guests.
 */
#ifndef TRACE_CONTROL_H
#define TRACE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/trace.h"

/*
 * One command, from any CPU:
 *
 *   level events|counters|off     classes NAME,...|all     vcpus N,...|all
 *   mode stream|flight            sample HZ|off            dump          status
 *
 * What is in force then, or what was wrong, goes to `answer`, one line without its end. False: wrong, nothing has changed.
 */
TRACE_COLD bool trace_command(const char *line, char *answer, size_t size);

extern uint32_t trace_changes; /* atomic: how often what is wanted has changed */

/* Has this CPU, whose ring it is, something to take over? NULL: there is no trace. */
static inline bool trace_must_apply(const struct trace_ring *ring)
{
	return ring && ring->applied != __atomic_load_n(&trace_changes, __ATOMIC_RELAXED);
}
/* Take it over. No exit of this CPU is being recorded meanwhile: vcpu_trace_pause(). */
TRACE_COLD void trace_apply(struct trace_ring *ring);

/* "off", "counters", "events". */
const char *trace_level_name(enum trace_level level);

/* Ticks between two PC samples; 0: none. */
uint64_t trace_sample_ticks(void);

/* Now and then, on one CPU: do what the host asks for through the trace port, and answer in the log. */
TRACE_COLD void trace_listen(void);

#endif
