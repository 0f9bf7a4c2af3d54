/*
 * Timers: the guest's virtual timer, which it programs itself (CNTV_*) and which stays in hardware
 * while the vCPU is loaded, and EL2's own physical timer (CNTHP), which wakes blocked vCPUs and
 * ends time slices.
 */
#ifndef IRQ_VTIMER_H
#define IRQ_VTIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "irq/ptimer.h"

struct vtimer {
	uint64_t ctl, cval;	/* CNTV_CTL_EL0, CNTV_CVAL_EL0 while not loaded */
	uint64_t offset_ticks;	/* CNTVOFF_EL2 */
	uint64_t cntkctl;	/* CNTKCTL_EL1 */
	struct ptimer physical; /* always emulated, loaded or not */
};

void vtimer_load(const struct vtimer *timer);
/* Saves, and stops the hardware timer so that it cannot fire for the next vCPU. */
void vtimer_put(struct vtimer *timer);

/* While not loaded: is the timer enabled and unmasked; when does it fire, in CNTPCT ticks (0 when
 * already)? */
bool vtimer_deadline(const struct vtimer *timer, uint64_t *cntpct);

/* EL2's timer on this CPU: fire INTID_EL2_PHYS_TIMER at this CNTPCT value; stop it. */
void el2_timer_set(uint64_t cntpct);
void el2_timer_stop(void);

#endif
