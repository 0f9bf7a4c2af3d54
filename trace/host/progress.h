/*
 * How far long work has come, as a bar on standard error: only on a terminal, and only when there is much to do.
 * One piece of work at a time.
 */
#ifndef TRACE_HOST_PROGRESS_H
#define TRACE_HOST_PROGRESS_H

#include <stdint.h>

/* `what` must outlive the work. */
void progress_begin(const char *what, uint64_t bytes);
/* Cheap: draws only when the picture changes. */
void progress_at(uint64_t bytes);
/* Wipe the bar away. */
void progress_end(void);

#endif
