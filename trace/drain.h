/* Getting full pages out: to the host, through the trace port, while the guests run. */
#ifndef TRACE_DRAIN_H
#define TRACE_DRAIN_H

#include <stdbool.h>
#include <stdint.h>

struct trace_ring;

#define TRACE_METADATA_BYTES 1280u /* eight VMs with long names, eight CPUs with 64-bit counts */

/* One ring more to drain. At boot only; at most HAL_MAX_CPUS. */
void trace_drain_add(struct trace_ring *ring);

/*
 * Send a metadata page: `text` is key=value lines. Copied; waits for the device. False when it does
 * not fit or the port is shut.
 */
bool trace_drain_metadata(const char *text, uint32_t bytes);

/* At the end of a run, when no CPU records any more: seal, send and wait, but not for ever. */
void trace_drain_finish(void);

#endif
