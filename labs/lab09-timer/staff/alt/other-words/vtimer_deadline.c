/* The same with the compiler's own overflow checks. */
#include "irq/vtimer_regs.h"

bool vtimer_deadline(const struct vtimer *timer, uint64_t *cntpct)
{
	uint64_t now, left;

	if (!(timer->ctl & CNT_CTL_ENABLE) || timer->ctl & CNT_CTL_IMASK)
		return false;
	now = vtimer_count_now();
	if (__builtin_sub_overflow(timer->cval, now - timer->offset_ticks, &left) || !left)
		*cntpct = 0;
	else if (__builtin_add_overflow(now, left, cntpct))
		*cntpct = UINT64_MAX;
	return true;
}
