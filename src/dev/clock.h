/*
 * The system counter, for time stamps and time-outs in drivers. CNTPCT_EL0 ticks; one counter for
 * all CPUs. Unit tests supply both functions.
 */
#ifndef DEV_CLOCK_H
#define DEV_CLOCK_H

#include <stdint.h>

#if __STDC_HOSTED__
uint64_t clock_ticks(void);
uint64_t clock_hz(void);
#else
#include "hal/arm64.h"

static inline uint64_t clock_ticks(void)
{
	return READ_SYSREG(CNTPCT_EL0);
}

/*
 * Firmware may have left CNTFRQ_EL0 at 0: then 1, so that nobody divides by it and time-outs are
 * short.
 */
static inline uint64_t clock_hz(void)
{
	const uint64_t hz = READ_SYSREG(CNTFRQ_EL0) & 0xffffffff;

	return hz ? hz : 1;
}
#endif

#endif
