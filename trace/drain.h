/* Getting full pages out: to the host, through the trace port, while the guests run. */
#ifndef TRACE_DRAIN_H
#define TRACE_DRAIN_H

#include <stdbool.h>
#include <stdint.h>

struct trace_ring;

/* One ring more to drain. At boot only; at most HAL_MAX_CPUS. */
void trace_drain_add(struct trace_ring *ring);

/* Send what is offered, as far as the device takes it; never waits. From any CPU. */
void trace_drain(void);

/*
 * One line of metadata, "key=value\n" as printf() makes it. Lines are collected into pages. On one CPU at a time.
 */
void trace_metadata(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Send the lines so far; waits for the device, if there is one. */
void trace_metadata_send(void);

/*
 * At the end of a run: seal, hand out all that is left, and wait, but not for ever. `panicking`: whoever was draining may have
 * been stopped in the middle of it. `writing`: CPUs that may still record, a bit each. Their rings are left alone.
 */
void trace_drain_finish(bool panicking, uint32_t writing);

#endif
