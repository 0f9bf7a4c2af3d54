/*
 * A vCPU that sleeps a little, again and again: what it costs that there is nothing to do. With others=1 a second vCPU computes on
 * the same CPU meanwhile.
 */
#include "guest.h"

#define NAPS   10
#define ENABLE 1

static volatile uint64_t arrivals, other_runs;

static void on_timer(unsigned vcpu, unsigned intid)
{
	(void)vcpu, (void)intid;
	arrivals++;
	MSR(cntv_ctl_el0, 0);
}

/* Computes, and never makes an exit by itself. */
void secondary(uint64_t vcpu)
{
	(void)vcpu;
	for (;;)
		other_runs++;
}

void first(const void *device_tree)
{
	const bool others = option(device_tree, "others");
	uint64_t rounds = 0, latest = 0;

	gic_on(0, on_timer);
	gic_enable(0, INTID_VTIMER);
	if (others) {
		start_vcpu(1);
		while (!other_runs)
			wait_ms(1);
	}
	irq_unmask();
	for (unsigned nap = 1; nap <= NAPS; nap++) {
		const uint64_t at = ticks() + ticks_of_ms(1);

		MSR(cntv_cval_el0, at);
		MSR(cntv_ctl_el0, ENABLE);
		while (arrivals != nap) {
			__asm__ volatile("wfi");
			rounds++;
		}
		if (ticks() - at > latest)
			latest = ticks() - at;
	}
	irq_mask();
	figure("WFI-of-10-naps", rounds);
	if (others)
		figure("latest-wake-up", latest);
	check(rounds <= NAPS + 2, "a nap is one WFI");
	check(latest < ticks_of_ms(1) / 10, "and ends when its timer says so");
	finish();
}
