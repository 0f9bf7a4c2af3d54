/*
 * What Vitrine does not give to a guest is as if the CPU lacked it, whichever CPU it is: not shown by the ID registers, and UNDEFINED
 * when used all the same. And set/way cache maintenance, which exists, loses nothing.
 */
#include "guest.h"

#define CTR_DMINLINE(ctr) (4u << ((ctr) >> 16 & 0xf))

static uint64_t field(uint64_t value, unsigned shift)
{
	return value >> shift & 0xf;
}

/* SVE and SME traps have classes of their own on a CPU that has them; from EL2 they arrive as UNDEFINED. */
#define UNDEFINED(instruction)                                      \
	(FAULTS(__asm__ volatile(instruction ::                     \
					 : "x0", "memory")) == 1 && \
	 FAULT_CLASS() == CLASS_UNKNOWN)

void first(const void *device_tree)
{
	const uint64_t pfr0 = MRS(id_aa64pfr0_el1), pfr1 = MRS(id_aa64pfr1_el1);
	volatile uint64_t word = 0x5afe;

	(void)device_tree;
	MSR(cpacr_el1, 3 << 20 | 3 << 16 | 3 << 24); /* FPEN, ZEN, SMEN */
	CHECK_EQUAL(field(pfr0, 32), 0, "no SVE is shown");
	check(UNDEFINED(".inst 0x04bf5020"), "RDVL of SVE is UNDEFINED");
	check(UNDEFINED("mrs x0, S3_0_C1_C2_0"), "ZCR_EL1 is UNDEFINED");
	CHECK_EQUAL(field(pfr1, 24), 0, "no SME is shown");
	check(UNDEFINED(".inst 0xd503477f"), "SMSTART is UNDEFINED");
	check(UNDEFINED("mrs x0, S3_0_C1_C2_6"), "SMCR_EL1 is UNDEFINED");
	CHECK_EQUAL(field(pfr1, 8), 0, "no MTE is shown");
	check(UNDEFINED("mrs x0, S3_0_C1_C0_6"), "GCR_EL1 of MTE is UNDEFINED");
	check(UNDEFINED("mrs x0, S3_0_C5_C6_0"), "TFSR_EL1 of MTE is UNDEFINED");
	CHECK_EQUAL(field(pfr0, 28), 0, "no RAS is shown");
	check(UNDEFINED("mrs x0, S3_0_C5_C3_0"), "ERRIDR_EL1 of RAS is UNDEFINED");
	CHECK_EQUAL(field(MRS(id_aa64mmfr1_el1), 16), 0, "no LORegions are shown");
	check(UNDEFINED("msr S3_0_C10_C4_3, xzr"), "LORC_EL1 is UNDEFINED");
	check(UNDEFINED("mrs x0, S3_0_C10_C4_7"), "LORID_EL1 is UNDEFINED");
	check(UNDEFINED("mrs x0, S3_0_C15_C0_0"),
	      "an implementation defined register is UNDEFINED");
	CHECK_EQUAL(MRS(actlr_el1), 0, "ACTLR_EL1 reads as zero");
	MSR(actlr_el1, ~0ul);
	CHECK_EQUAL(MRS(actlr_el1), 0, "and ignores writes");

	__asm__ volatile("dc isw, %0\n\tdc csw, %0\n\tdc cisw, %0\n\tdsb sy" ::"r"(0ul) : "memory");
	CHECK_EQUAL(word, 0x5afe, "cache maintenance by set and way loses nothing");
	finish();
}
