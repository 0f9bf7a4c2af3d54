/* The trace's clock: CNTPCT_EL0, the same on all CPUs. Host tests supply their own. */
#ifndef TRACE_CLOCK_H
#define TRACE_CLOCK_H

#include <stdint.h>

#ifdef __aarch64__
static inline uint64_t trace_clock(void)
{
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntpct_el0" : "=r"(ticks));
	return ticks;
}
#else
uint64_t trace_clock(void);
#endif

#endif
