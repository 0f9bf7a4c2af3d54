/* Two vCPUs take turns on one CPU: each must find its own timer as it has left it, and be woken by it while the other one runs. */
#include "guest.h"

#define IMASK	    2
#define ISTATUS	    4
#define ROUNDS	    8
#define PATIENCE_MS 3000

static volatile uint64_t arrivals[2], other_runs, other_wrong, other_done, latest;
static volatile uint64_t time_went_back;

/* Time is one for both: neither may see less of it than the other has seen. */
static void look_at_the_clock(void)
{
	const uint64_t before = latest, now = ticks();

	if (now < before)
		time_went_back++;
	latest = now;
}

static void on_timer(unsigned vcpu, unsigned intid)
{
	if (intid == INTID_VTIMER)
		arrivals[vcpu]++;
	MSR(cntv_ctl_el0, 0);
}

static void arm(uint64_t at)
{
	MSR(cntv_cval_el0, at);
	MSR(cntv_ctl_el0, 1);
}

static bool is_mine(uint64_t cval, uint64_t ctl, uint64_t cntkctl)
{
	return MRS(cntv_cval_el0) == cval && MRS(cntv_ctl_el0) == ctl &&
	       MRS(cntkctl_el1) == cntkctl;
}

/* Computes all the time, with a timer of its own that is on and masked; wakes from its own naps now and then. */
void secondary(uint64_t vcpu)
{
	const uint64_t far = UINT64_C(0x7123456789abcdef);

	gic_on(1, on_timer);
	gic_enable(1, INTID_VTIMER);
	MSR(cntkctl_el1, 2);
	MSR(cntv_cval_el0, far);
	MSR(cntv_ctl_el0, 3);
	other_runs = vcpu;
	while (!other_done) {
		look_at_the_clock();
		if (!is_mine(far, 3, 2))
			other_wrong++;
	}
	irq_unmask();
	for (unsigned i = 1; i <= ROUNDS; i++) {
		arm(ticks() + ticks_of_ms(3));
		while (arrivals[1] != i)
			__asm__ volatile("wfi");
	}
	other_done = 2;
	for (;;)
		__asm__ volatile("wfi");
}

/* Asleep, so not in the hardware: EL2's own timer must end it, and in time. */
static void naps(void)
{
	const uint64_t begin = ticks();
	bool early = false, late = false;

	irq_unmask();
	for (unsigned i = 1; i <= ROUNDS; i++) {
		const uint64_t at = ticks() + ticks_of_ms(7);

		arm(at);
		while (arrivals[0] != i && ticks() < begin + ticks_of_ms(PATIENCE_MS))
			__asm__ volatile("wfi");
		look_at_the_clock();
		early |= ticks() < at;
		late |= ticks() > at + ticks_of_ms(4);
	}
	irq_mask();
	CHECK_EQUAL(arrivals[0], ROUNDS, "a nap beside one that computes ends by its timer");
	check(!early, "never early");
	check(!late, "and no later than the other's time slice");
}

static void registers(void)
{
	const uint64_t far = UINT64_C(0x6fedcba987654321), end = ticks() + ticks_of_ms(15);
	bool kept = true;

	MSR(cntkctl_el1, 1);
	MSR(cntv_cval_el0, far);
	MSR(cntv_ctl_el0, 1);
	while (ticks() < end) {
		look_at_the_clock();
		kept &= is_mine(far, 1, 1);
	}
	check(kept, "CNTV_CVAL_EL0, CNTV_CTL_EL0 and CNTKCTL_EL1 are as they were left");
	check(!other_wrong, "those of the other vCPU too");
}

/* What is masked or off stays silent, whoever was here meanwhile. */
static void masked(void)
{
	const uint64_t before = arrivals[0];

	MSR(cntv_ctl_el0, IMASK | 1);
	MSR(cntv_cval_el0, ticks() + ticks_of_ms(1));
	irq_unmask();
	wait_ms(12);
	CHECK_EQUAL(arrivals[0], before, "a masked timer does not interrupt");
	CHECK_EQUAL(MRS(cntv_ctl_el0), ISTATUS | IMASK | 1,
		    "its ISTATUS shows that it has expired");
	MSR(cntv_ctl_el0, 1);
	wait_ms(1);
	CHECK_EQUAL(arrivals[0], before + 1, "unmasked, it interrupts once");
	MSR(cntv_ctl_el0, 0);
	wait_ms(12);
	irq_mask();
	CHECK_EQUAL(arrivals[0], before + 1, "a timer that is off does not interrupt");
	CHECK_EQUAL(MRS(cntv_ctl_el0), 0, "and shows nothing");
}

void first(const void *device_tree)
{
	uint64_t end, virtual_now, physical_now;

	(void)device_tree;
	gic_on(0, on_timer);
	gic_enable(0, INTID_VTIMER);
	virtual_now = ticks();
	physical_now = MRS(cntpct_el0);
	check(virtual_now < physical_now, "virtual time began with the VM, after the machine's");
	start_vcpu(1);
	while (!other_runs)
		wait_ms(1);
	naps();
	registers();
	masked();
	other_done = 1;
	end = ticks() + ticks_of_ms(PATIENCE_MS);
	while (other_done != 2 && ticks() < end)
		look_at_the_clock();
	CHECK_EQUAL(arrivals[1], ROUNDS, "the other one naps while this one computes");
	CHECK_EQUAL(time_went_back, 0, "time never goes back, from one vCPU to the other");
	finish();
}
