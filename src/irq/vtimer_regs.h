/* What irq/vtimer.c (registers) and irq/vtimer_deadline.c (arithmetic) share. */
#ifndef IRQ_VTIMER_REGS_H
#define IRQ_VTIMER_REGS_H

#include "irq/vtimer.h"
#include "lib/bits.h"

/* CNTV_CTL_EL0, CNTP_CTL_EL0, CNTHP_CTL_EL2 */
#define CNT_CTL_ENABLE	BIT(0)
#define CNT_CTL_IMASK	BIT(1)
#define CNT_CTL_ISTATUS BIT(2)

/* The physical count, CNTPCT_EL0. Supplied by irq/vtimer.c, on a host build by the test. */
uint64_t vtimer_count_now(void);

#endif
