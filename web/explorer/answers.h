/*
 * What the page asks of us. In the browser each is an export of explorer.wasm; the tests call the same functions in a program of
 * the host, tests/browser/explorer_answers.c. Answers are JSON (json.h). Times are nanoseconds since the trace's first moment.
 * There is one trace at a time.
 */
#ifndef WEB_EXPLORER_ANSWERS_H
#define WEB_EXPLORER_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(#name)))
#else
#define EXPORT(name)
#endif

#define ALL_REASONS 0xffu
#define ALL_VCPUS   0x100u
#define NO_EVENT    UINT32_MAX

/* An exit, decoded by exit_decode(): {reason, reason_text, line, syndrome, values, registers}. */
EXPORT(explore_exit)
const char *explore_exit(uint64_t esr, uint64_t far, uint64_t hpfar, uint64_t spsr, uint64_t pc,
			 uint32_t function);

/* All exception classes: [[0, "unknown reason"], ...]. */
EXPORT(explore_classes) const char *explore_classes(void);

/* A trace: begin; then room for a piece of the file and the news that it is there, until the file's end; then the overview. */
EXPORT(trace_begin) void trace_begin(void);
EXPORT(trace_room) uint8_t *trace_room(uint32_t bytes);
EXPORT(trace_feed) bool trace_feed(uint32_t bytes);
EXPORT(trace_end) const char *trace_end(void);

/* {kind, fault, events, exits, span_ns, vcpus, reasons, lines}: what trace_end() has answered. */
const char *trace_overview(void);

/*
 * From now on rows are the events of this reason, this vCPU and with all words of the text that stands in trace_query(): how
 * many. Words are parts of labels; numbers that begin with 0x may be a PC, an address, a value or ESR_EL2, too.
 */
#define QUERY_BYTES 256u
EXPORT(trace_query) char *trace_query(void);
EXPORT(trace_search) uint32_t trace_search(uint32_t reason, uint32_t vcpu);

/* Rows `first`, first + 1, ... in the order of their ends: [{row, event, ns, end_ns, vcpu, label, duration_ns, pc}]. */
EXPORT(trace_rows) const char *trace_rows(uint32_t first, uint32_t count);
/* One event in full. */
EXPORT(trace_event) const char *trace_event(uint32_t event);
/* The row of an event, or of the next one after it that is shown. */
EXPORT(trace_row_of) uint32_t trace_row_of(uint32_t event);

/*
 * For each vCPU of the overview, for each of `columns` parts of the time from..to: two bytes, how much of it was spent in exits
 * (0..255) and the reason that took most of it. NULL: no memory.
 */
EXPORT(trace_timeline)
const uint8_t *trace_timeline(double from_ns, double to_ns, uint32_t columns);
/* The exit of a vCPU that is nearest to a time; NO_EVENT: it has none. */
EXPORT(trace_nearest) uint32_t trace_nearest(uint32_t vcpu, double ns);

#endif
