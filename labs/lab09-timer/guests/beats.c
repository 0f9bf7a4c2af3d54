/* A few beats of each timer, slept through: what the trace must show of them is in golden/beats.txt. No address or time is written. */
#include "guest.h"

#define BEATS	4
#define ENABLE	1
#define IMASK	2
#define ISTATUS 4
#define TICKS	1000000

static volatile unsigned virtual_beats, physical_beats;
static volatile bool expired = true;

static void on_timer(unsigned vcpu, unsigned intid)
{
	(void)vcpu;
	if (intid == INTID_VTIMER) {
		virtual_beats++;
		MSR(cntv_ctl_el0, 0);
	} else {
		physical_beats++;
		expired &= MRS(cntp_ctl_el0) == (ENABLE | ISTATUS);
		MSR(cntp_ctl_el0, 0);
	}
}

void first(const void *device_tree)
{
	(void)device_tree;
	gic_on(0, on_timer);
	gic_enable(0, INTID_VTIMER);
	gic_enable(0, INTID_PTIMER);
	irq_unmask();
	for (unsigned beat = 1; beat <= BEATS; beat++) {
		MSR(cntv_tval_el0, TICKS);
		MSR(cntv_ctl_el0, ENABLE);
		while (virtual_beats != beat)
			__asm__ volatile("wfi");
	}
	check(true, "the virtual timer has beaten");
	for (unsigned beat = 1; beat <= BEATS; beat++) {
		MSR(cntp_tval_el0, TICKS);
		MSR(cntp_ctl_el0, ENABLE);
		while (physical_beats != beat)
			__asm__ volatile("wfi");
	}
	check(expired, "the physical timer has beaten, and showed its ISTATUS each time");
	MSR(cntp_ctl_el0, ENABLE | IMASK);
	MSR(cntp_tval_el0, 0);
	CHECK_EQUAL(MRS(cntp_ctl_el0), ENABLE | IMASK | ISTATUS, "what is masked shows it, too");
	MSR(cntp_ctl_el0, 0);
	CHECK_EQUAL(MRS(cntp_ctl_el0), 0, "what is off shows nothing");
	CHECK_EQUAL(physical_beats, BEATS, "and neither interrupts");
	finish();
}
