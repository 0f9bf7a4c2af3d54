/* The same more carefully: whatever is in the hardware is stopped before anything is written. */
#include "irq/vtimer_regs.h"

#include "hal/arm64.h"

void vtimer_load(const struct vtimer *timer)
{
	WRITE_SYSREG(CNTV_CTL_EL0, 0);
	isb();
	WRITE_SYSREG(CNTV_CVAL_EL0, timer->cval);
	WRITE_SYSREG(CNTVOFF_EL2, timer->offset_ticks);
	WRITE_SYSREG(CNTKCTL_EL1, timer->cntkctl);
	isb();
	WRITE_SYSREG(CNTV_CTL_EL0, timer->ctl);
	isb();
}

void vtimer_put(struct vtimer *timer)
{
	const uint64_t ctl = READ_SYSREG(CNTV_CTL_EL0);

	WRITE_SYSREG(CNTV_CTL_EL0, 0);
	isb();
	timer->ctl = ctl & ~CNT_CTL_ISTATUS;
	timer->cntkctl = READ_SYSREG(CNTKCTL_EL1);
	timer->cval = READ_SYSREG(CNTV_CVAL_EL0);
}

uint64_t vtimer_count_now(void)
{
	isb();
	return READ_SYSREG(CNTPCT_EL0);
}

void el2_timer_set(uint64_t cntpct)
{
	WRITE_SYSREG(CNTHP_CTL_EL2, 0);
	WRITE_SYSREG(CNTHP_CVAL_EL2, cntpct);
	WRITE_SYSREG(CNTHP_CTL_EL2, CNT_CTL_ENABLE);
	isb();
}

void el2_timer_stop(void)
{
	WRITE_SYSREG(CNTHP_CTL_EL2, 0);
	isb();
}
