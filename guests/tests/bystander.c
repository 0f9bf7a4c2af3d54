/* A guest that minds its own business beside a hostile one: computes, sleeps, and says at the end whether all went well. */
#include "guest.h"

#define NAPS   100
#define NAP_MS 10

static volatile uint32_t wakes;

static void on_timer(unsigned vcpu, unsigned intid)
{
	(void)vcpu;
	(void)intid;
	wakes++;
	MSR(cntv_ctl_el0, 0);
}

static uint32_t work(uint32_t seed)
{
	for (unsigned i = 0; i < 20000; i++)
		seed = seed * 1664525 + 1013904223;
	return seed;
}

void first(const void *device_tree)
{
	const uint32_t wanted = work(1);
	const uint64_t naps = option(device_tree, "naps");
	bool same = true;

	gic_on(0, on_timer);
	gic_enable(0, INTID_VTIMER);
	irq_unmask();
	for (uint32_t nap = 0; nap < (naps ? naps : NAPS); nap++) {
		MSR(cntv_cval_el0, ticks() + ticks_of_ms(NAP_MS));
		MSR(cntv_ctl_el0, 1);
		while (wakes == nap)
			__asm__ volatile("wfi");
		same &= work(1) == wanted;
	}
	irq_mask();
	check(same, "the bystander computes right");
	finish();
}
