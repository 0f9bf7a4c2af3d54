/* Two vCPUs on one CPU wake each other a few times: whose turn it is when is in golden/two.txt. Nobody computes, nobody waits for time. */
#include "guest.h"

#define ROUNDS 4

static volatile uint32_t got[2];

static void on_irq(unsigned vcpu, unsigned intid)
{
	(void)intid;
	got[vcpu]++;
}

static void set_up(unsigned vcpu)
{
	gic_on(vcpu, on_irq);
	gic_enable(vcpu, 1);
}

static void wait_for(unsigned vcpu, uint32_t wanted)
{
	while (got[vcpu] < wanted) {
		__asm__ volatile("wfi");
		irq_unmask();
		irq_mask();
	}
}

void secondary(uint64_t vcpu)
{
	set_up((unsigned)vcpu);
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		send_sgi(1, 1);
		wait_for(1, round);
	}
	send_sgi(1, 1);
	hvc(PSCI_CPU_OFF, 0, 0, 0);
}

void first(const void *device_tree)
{
	(void)device_tree;
	set_up(0);
	CHECK_EQUAL(start_vcpu(1), 0, "the other one is switched on");
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		wait_for(0, round);
		send_sgi(2, 1);
	}
	wait_for(0, ROUNDS + 1);
	CHECK_EQUAL(got[0] + got[1], 2 * ROUNDS + 1, "each SGI has been one interrupt");
	finish();
}
