/* The physical timer: each expiry is one interrupt, WFI ends when it comes, its line is a level that follows what is written. */
#include "guest.h"

#define EXPIRIES    100
#define PATIENCE_MS 20000
#define ENABLE	    1
#define IMASK	    2
#define ISTATUS	    4

static volatile uint64_t arrivals, early, strange, virtual_arrivals;
static volatile bool keep_high;

static uint64_t count(void)
{
	__asm__ volatile("isb" ::: "memory");
	return MRS(cntpct_el0);
}

/* However late the machine is: for the count of what comes, not the time. */
static void wait_for(uint64_t wanted)
{
	const uint64_t end = count() + ticks_of_ms(PATIENCE_MS);

	while (arrivals < wanted && count() < end)
		;
	wait_ms(2);
}

static void arm(uint64_t at)
{
	MSR(cntp_cval_el0, at);
	MSR(cntp_ctl_el0, ENABLE);
}

static void on_timer(unsigned vcpu, unsigned intid)
{
	(void)vcpu;
	if (intid == INTID_VTIMER) {
		virtual_arrivals++;
		MSR(cntv_ctl_el0, 0);
		return;
	}
	if (intid != INTID_PTIMER) {
		strange++;
		return;
	}
	if (!(MRS(cntp_ctl_el0) & ISTATUS))
		early++;
	arrivals++;
	if (arrivals < EXPIRIES)
		arm(MRS(cntp_cval_el0) + ticks_of_ms(1));
	else if (!keep_high)
		MSR(cntp_ctl_el0, 0);
	keep_high = false;
}

static void registers(void)
{
	/* Less than half of what 32 bits hold, at any frequency. */
	const uint64_t wanted = count() + ticks_of_ms(2000);

	MSR(cntp_ctl_el0, 0);
	MSR(cntp_cval_el0, wanted);
	CHECK_EQUAL(MRS(cntp_cval_el0), wanted, "CVAL reads as written");
	check((int32_t)MRS(cntp_tval_el0) > 0, "TVAL is what is left of it");
	MSR(cntp_tval_el0, 0xffffff00ul);
	check(MRS(cntp_cval_el0) < count(), "a negative TVAL lies in the past");
	CHECK_EQUAL(MRS(cntp_ctl_el0), 0, "no ISTATUS while disabled");
	MSR(cntp_ctl_el0, ENABLE | IMASK);
	CHECK_EQUAL(MRS(cntp_ctl_el0), ENABLE | IMASK | ISTATUS, "ISTATUS is there while masked");
	irq_unmask();
	irq_mask();
	CHECK_EQUAL(arrivals, 0, "a masked timer does not interrupt");
	MSR(cntp_ctl_el0, 0);
}

static void level(void)
{
	uint64_t before = arrivals;

	/* Taken twice while high: the handler lowers the line the second time only. */
	keep_high = true;
	arm(count());
	irq_unmask();
	wait_ms(2);
	irq_mask();
	CHECK_EQUAL(arrivals, before + 2,
		    "a line that is still high after the end interrupts again");

	before = arrivals;
	arm(count());
	wait_ms(2);
	MSR(cntp_ctl_el0, 0);
	irq_unmask();
	wait_ms(2);
	irq_mask();
	CHECK_EQUAL(arrivals, before, "an expiry withdrawn before it is taken does not come");

	arm(count());
	wait_ms(2);
	MSR(cntp_cval_el0, count() + ticks_of_ms(20000));
	irq_unmask();
	wait_ms(2);
	irq_mask();
	CHECK_EQUAL(arrivals, before, "nor does one that has been moved into the future");
	arm(count() + ticks_of_ms(1));
	irq_unmask();
	wait_for(before + 1);
	irq_mask();
	CHECK_EQUAL(arrivals, before + 1, "and the timer works on");
}

void first(const void *device_tree)
{
	uint64_t begin, before;

	(void)device_tree;
	gic_on(0, on_timer);
	gic_enable(0, INTID_PTIMER);
	gic_enable(0, INTID_VTIMER);
	registers();

	arm(count() + ticks_of_ms(1));
	irq_unmask();
	while (arrivals < EXPIRIES)
		__asm__ volatile("wfi");
	wait_ms(30);
	irq_mask();
	CHECK_EQUAL(arrivals, EXPIRIES, "100 expiries are 100 interrupts, none double");
	CHECK_EQUAL(early, 0, "no timer interrupt without an expiry");
	level();

	before = arrivals;
	begin = count();
	arm(begin + ticks_of_ms(40));
	do
		__asm__ volatile("wfi");
	while (count() < begin + ticks_of_ms(40));
	CHECK_EQUAL(arrivals, before, "WFI with interrupts masked ends at the expiry");
	irq_unmask();
	irq_mask();
	CHECK_EQUAL(arrivals, before + 1, "it is taken once unmasked");

	/* While this vCPU computes: EL2's timer must interrupt it. */
	before = arrivals;
	arm(count() + ticks_of_ms(10));
	irq_unmask();
	wait_for(before + 1);
	irq_mask();
	CHECK_EQUAL(arrivals, before + 1, "an expiry comes while the vCPU runs");

	before = arrivals;
	arm(count() + ticks_of_ms(5));
	MSR(cntv_cval_el0, ticks() + ticks_of_ms(8));
	MSR(cntv_ctl_el0, ENABLE);
	irq_unmask();
	while (!virtual_arrivals || arrivals == before)
		__asm__ volatile("wfi");
	irq_mask();
	check(arrivals == before + 1 && virtual_arrivals == 1,
	      "both timers of a vCPU work at once");
	begin = count();
	arm(begin + ticks_of_ms(20));
	CHECK_EQUAL(hvc(PSCI_CPU_SUSPEND, 0, 0, 0), 0, "CPU_SUSPEND returns SUCCESS");
	check(count() - begin >= ticks_of_ms(20), "CPU_SUSPEND stands by until it expires");
	CHECK_EQUAL(strange, 0, "no other interrupt");
	finish();
}
