/*
 * What the manifest says about the CPUs' registers arrives: SCTLR_EL1 at the first instruction of each vCPU, the trap set.
 * Options: sctlr, the value expected; traps, whether the manifest sets the traps that are tried here; pauth, likewise.
 */
#include "guest.h"

static volatile uint32_t second_is_up, second_sctlr;

void secondary(uint64_t vcpu)
{
	(void)vcpu;
	second_sctlr = (uint32_t)MRS(sctlr_el1);
	wait_ms(5); /* the first one waits by then */
	second_is_up = 1;
	__asm__ volatile("dsb sy\n\tsev" ::: "memory");
	for (;;)
		__asm__ volatile("wfi");
}

/* As many as `wanted`: 0, or 1 and it is UNDEFINED. */
#define TRIES(instruction, wanted, claim)                                    \
	check(FAULTS(__asm__ volatile(instruction ::"r"(RAM_BASE + 0x100000) \
				      : "x0", "memory")) == (wanted) &&      \
		      (!(wanted) || FAULT_CLASS() == CLASS_UNKNOWN),         \
	      claim)

void first(const void *device_tree)
{
	const uint64_t sctlr = MRS(sctlr_el1);
	const unsigned traps = (unsigned)option(device_tree, "traps");

	CHECK_EQUAL(sctlr, option(device_tree, "sctlr"), "SCTLR_EL1 of the first vCPU");
	CHECK_EQUAL(start_vcpu(1), 0, "the second vCPU starts");
	while (!second_is_up)
		__asm__ volatile("wfe");
	check(true, "WFE ends when the other vCPU has sent an event");
	CHECK_EQUAL(second_sctlr, sctlr, "SCTLR_EL1 of the second vCPU");

	TRIES("mrs x0, ctr_el0", traps, "the cache type");
	TRIES("dc cvac, %0", traps, "cache maintenance, to the point of coherency");
	TRIES("ic ivau, %0", traps, "cache maintenance, to the point of unification");
	TRIES("tlbi vmalle1", traps, "TLB maintenance");
	TRIES("msr ttbr0_el1, %0", traps, "a write of TTBR0_EL1");
	TRIES("mrs x0, cntpct_el0", traps, "the physical count");
	TRIES("mrs x0, aidr_el1", traps, "ID group 1");
	if (option(device_tree, "pauth"))
		TRIES("mrs x0, s3_0_c2_c1_0", traps, "a key of pointer authentication");
	check(FAULTS(read32(UINT64_C(1) << 36)) == 1, "nothing is at 64 GiB");
	finish();
}
