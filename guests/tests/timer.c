/* The virtual timer: each expiry is one interrupt, WFI ends when it comes, and it never comes early. */
#include "guest.h"

#define EXPIRIES 100

static volatile uint64_t arrivals, early, strange;

static void arm(uint64_t at)
{
	MSR(cntv_cval_el0, at);
	MSR(cntv_ctl_el0, 1);
}

static void on_timer(unsigned vcpu, unsigned intid)
{
	(void)vcpu;
	if (intid != INTID_VTIMER) {
		strange++;
		return;
	}
	if (!(MRS(cntv_ctl_el0) & 4)) /* ISTATUS */
		early++;
	arrivals++;
	if (arrivals < EXPIRIES)
		arm(MRS(cntv_cval_el0) + ticks_of_ms(1));
	else
		MSR(cntv_ctl_el0, 0);
}

void first(const void *device_tree)
{
	uint64_t begin, slept, before;

	(void)device_tree;
	gic_on(0, on_timer);
	gic_enable(0, INTID_VTIMER);

	arm(ticks() + ticks_of_ms(1));
	irq_unmask();
	while (arrivals < EXPIRIES)
		__asm__ volatile("wfi");
	wait_ms(30);
	irq_mask();
	CHECK_EQUAL(arrivals, EXPIRIES, "100 expiries are 100 interrupts, none double");
	CHECK_EQUAL(early, 0, "no timer interrupt without an expiry");
	CHECK_EQUAL(strange, 0, "no other interrupt");

	/* Masked in PSTATE: WFI ends, the interrupt waits. */
	begin = ticks();
	arm(begin + ticks_of_ms(40));
	do
		__asm__ volatile("wfi");
	while (ticks() < begin + ticks_of_ms(40));
	slept = ticks() - begin;
	check(slept >= ticks_of_ms(40) && MRS(cntv_ctl_el0) & 4,
	      "WFI with interrupts masked ends at the expiry");
	CHECK_EQUAL(arrivals, EXPIRIES, "a masked interrupt is not taken");
	irq_unmask();
	irq_mask();
	CHECK_EQUAL(arrivals, EXPIRIES + 1, "it is taken once unmasked");

	/*
	 * The expiry is withdrawn before it is taken. Nobody traps the timer's registers, so the interrupt that is in a list register
	 * by then still comes: once, and the timer works on.
	 */
	arm(ticks());
	wait_ms(2);
	MSR(cntv_ctl_el0, 0);
	irq_unmask();
	wait_ms(2);
	irq_mask();
	check(arrivals - EXPIRIES - 1 <= 1,
	      "an expiry withdrawn before it is taken comes at most once");
	before = arrivals;
	arm(ticks() + ticks_of_ms(1));
	irq_unmask();
	wait_ms(20);
	irq_mask();
	CHECK_EQUAL(arrivals, before + 1, "and the timer works on");

	begin = ticks();
	arm(begin + ticks_of_ms(20));
	CHECK_EQUAL(hvc(PSCI_CPU_SUSPEND, 0, 0, 0), 0, "CPU_SUSPEND returns SUCCESS");
	check(ticks() - begin >= ticks_of_ms(20), "CPU_SUSPEND stands by until the timer expires");
	finish();
}
