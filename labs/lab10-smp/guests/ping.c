/*
 * Four vCPUs sleep and wake each other with SGIs, round after round: an interrupt that falls between the look and the sleep must not
 * be lost. How long each waits before it answers is a matter of the seed: "seed=".
 */
#include "guest.h"

#define VCPUS	    4
#define ROUNDS	    150
#define PATIENCE_MS 30000

static volatile uint32_t online[VCPUS], got[VCPUS];
static volatile uint64_t seed;

static void on_irq(unsigned vcpu, unsigned intid)
{
	if (intid == 1)
		got[vcpu]++;
}

static void set_up(unsigned vcpu)
{
	gic_on(vcpu, on_irq);
	gic_enable(vcpu, 1);
	online[vcpu] = 1;
}

/* Now and then nothing, now and then so long that the other one sleeps already. */
static void dawdle(uint64_t *dice)
{
	*dice = *dice * 6364136223846793005ul + 1442695040888963407ul;
	for (volatile unsigned i = *dice >> 33 & (*dice >> 60 ? 0x3f : 0xfff); i; i--)
		;
}

/* The look and the sleep with interrupts masked: WFI ends for one that is pending. */
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
	uint64_t dice = seed + vcpu;

	set_up((unsigned)vcpu);
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		wait_for((unsigned)vcpu, round);
		dawdle(&dice);
		send_sgi(1ul << (vcpu + 1) % VCPUS, 1);
	}
	for (;;)
		__asm__ volatile("wfi");
}

void first(const void *device_tree)
{
	uint64_t dice, end;
	bool all = true;

	seed = dice = option(device_tree, "seed");
	set_up(0);
	for (unsigned vcpu = 1; vcpu < VCPUS; vcpu++)
		all &= start_vcpu(vcpu) == 0;
	check(all, "CPU_ON starts the others");
	end = ticks() + ticks_of_ms(PATIENCE_MS);
	for (unsigned vcpu = 1; vcpu < VCPUS; vcpu++)
		while (!online[vcpu] && ticks() < end)
			;
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		send_sgi(1ul << 1, 1);
		wait_for(0, round);
		dawdle(&dice);
	}
	CHECK_EQUAL(got[0], ROUNDS, "each round comes back to the first");
	all = true;
	for (unsigned vcpu = 1; vcpu < VCPUS; vcpu++)
		all &= got[vcpu] == ROUNDS;
	check(all, "and each vCPU has been woken once a round");
	finish();
}
