/* The same by another way: one state is worked out, the registers and the line are read off it. */
#include "irq/ptimer.h"

#include "irq/vtimer_regs.h"

enum state { OFF, COUNTING, EXPIRED };

static enum state state_of(const struct ptimer *timer, uint64_t now)
{
	if (!(timer->ctl & CNT_CTL_ENABLE))
		return OFF;
	return timer->cval > now ? COUNTING : EXPIRED;
}

static bool masked(const struct ptimer *timer)
{
	return timer->ctl & CNT_CTL_IMASK;
}

uint64_t ptimer_read(const struct ptimer *timer, enum ptimer_register reg, uint64_t now)
{
	if (reg == PTIMER_CVAL)
		return timer->cval;
	if (reg == PTIMER_TVAL)
		return (timer->cval - now) & UINT32_MAX;
	return state_of(timer, now) == EXPIRED ? timer->ctl | CNT_CTL_ISTATUS : timer->ctl;
}

void ptimer_write(struct ptimer *timer, enum ptimer_register reg, uint64_t value, uint64_t now)
{
	if (reg == PTIMER_CTL) {
		timer->ctl = value & 3;
		return;
	}
	if (reg == PTIMER_TVAL) {
		const uint64_t low = value & UINT32_MAX;

		value = now + low - (low >> 31 << 32);
	}
	timer->cval = value;
}

bool ptimer_asserts(const struct ptimer *timer, uint64_t now)
{
	return state_of(timer, now) == EXPIRED && !masked(timer);
}

bool ptimer_deadline(const struct ptimer *timer, uint64_t *cntpct)
{
	if (timer->line || masked(timer) || !(timer->ctl & CNT_CTL_ENABLE))
		return false;
	*cntpct = timer->cval;
	return true;
}
