/* See ptimer.h. */
#include "irq/ptimer.h"

#include "irq/vtimer_regs.h"

/* LAB 09.1 helpers */
static bool condition_met(const struct ptimer *timer, uint64_t now)
{
	return timer->ctl & CNT_CTL_ENABLE && now >= timer->cval;
}
/* END LAB */

uint64_t ptimer_read(const struct ptimer *timer, enum ptimer_register reg, uint64_t now)
{
	/* LAB 09.1 */
	switch (reg) {
	case PTIMER_TVAL:
		return (uint32_t)(timer->cval - now);
	case PTIMER_CTL:
		return timer->ctl | (condition_met(timer, now) ? CNT_CTL_ISTATUS : 0);
	default:
		return timer->cval;
	}
	/* END LAB */
}

void ptimer_write(struct ptimer *timer, enum ptimer_register reg, uint64_t value, uint64_t now)
{
	/* LAB 09.1 */
	switch (reg) {
	case PTIMER_TVAL:
		timer->cval = now + (uint64_t)(int64_t)(int32_t)value;
		break;
	case PTIMER_CTL:
		timer->ctl = value & (CNT_CTL_ENABLE | CNT_CTL_IMASK);
		break;
	default:
		timer->cval = value;
	}
	/* END LAB */
}

bool ptimer_asserts(const struct ptimer *timer, uint64_t now)
{
	/* LAB 09.1 */
	return condition_met(timer, now) && !(timer->ctl & CNT_CTL_IMASK);
	/* END LAB */
}

bool ptimer_deadline(const struct ptimer *timer, uint64_t *cntpct)
{
	/* LAB 09.1 */
	*cntpct = timer->cval;
	return !timer->line && (timer->ctl & (CNT_CTL_ENABLE | CNT_CTL_IMASK)) == CNT_CTL_ENABLE;
	/* END LAB */
}
