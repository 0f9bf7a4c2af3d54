/*
 * When does the timer of a vCPU that is not loaded fire? Pure but for the counter, which the unit
 * tests supply.
 */
#include "irq/vtimer_regs.h"

/* The guest sees CNTPCT - offset. Counts wrap at 64 bits, compare values are unsigned. */
bool vtimer_deadline(const struct vtimer *timer, uint64_t *cntpct)
{
	/* LAB 09.4 */
	if ((timer->ctl & (CNT_CTL_ENABLE | CNT_CTL_IMASK)) != CNT_CTL_ENABLE)
		return false;

	const uint64_t now = vtimer_count_now();
	const uint64_t virtual_now = now - timer->offset_ticks;

	if (virtual_now >= timer->cval) {
		*cntpct = 0;
		return true;
	}

	const uint64_t wait_ticks = timer->cval - virtual_now;

	*cntpct = wait_ticks > UINT64_MAX - now ? UINT64_MAX : now + wait_ticks;
	return true;
	/* END LAB */
}
