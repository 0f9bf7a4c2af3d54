/*
 * The guest's virtual timer (registers switched with the vCPU) and EL2's own physical timer.
 *
 * EL2 does not use the Virtualization Host Extensions, so CNTV_*_EL0 here are the guest's. Takes no
 * lock: a vCPU's timer belongs to the CPU that has it loaded. Source: Arm ARM DDI 0487 D11 (the
 * Generic Timer).
 */
#include "irq/vtimer_regs.h"

#include "hal/arm64.h"

void vtimer_load(const struct vtimer *timer)
{
	/* LAB 09.2 */
	WRITE_SYSREG(CNTVOFF_EL2, timer->offset_ticks);
	WRITE_SYSREG(CNTKCTL_EL1, timer->cntkctl);
	WRITE_SYSREG(CNTV_CVAL_EL0, timer->cval);
	isb(); /* the comparison must see its operands before it is enabled */
	WRITE_SYSREG(CNTV_CTL_EL0, timer->ctl);
	/* END LAB */
}

void vtimer_put(struct vtimer *timer)
{
	/* LAB 09.2 */
	timer->ctl = READ_SYSREG(CNTV_CTL_EL0) & (CNT_CTL_ENABLE | CNT_CTL_IMASK);
	timer->cval = READ_SYSREG(CNTV_CVAL_EL0);
	timer->cntkctl = READ_SYSREG(CNTKCTL_EL1);
	WRITE_SYSREG(CNTV_CTL_EL0, 0);
	/* Its line must have dropped before vgic_put() makes physical PPI 27 inactive. */
	isb();
	/* END LAB */
}

/* CNTPCT_EL0, read not earlier than here in program order. */
uint64_t vtimer_count_now(void)
{
	isb();
	return READ_SYSREG(CNTPCT_EL0);
}

void el2_timer_set(uint64_t cntpct)
{
	/* LAB 09.3 */
	WRITE_SYSREG(CNTHP_CVAL_EL2, cntpct);
	WRITE_SYSREG(CNTHP_CTL_EL2, CNT_CTL_ENABLE);
	isb();
	/* END LAB */
}

void el2_timer_stop(void)
{
	/* LAB 09.3 */
	WRITE_SYSREG(CNTHP_CTL_EL2, 0);
	isb();
	/* END LAB */
}
