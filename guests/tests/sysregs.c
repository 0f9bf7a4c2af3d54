/*
 * Every encoding of a system register, read and written: each exists or is UNDEFINED, none is a way out of the guest. The
 * instructions are made as they are needed, in RAM; the caches are off, so the CPU finds them there.
 */
#include "guest.h"

#define MRS_X0 \
	0xd5300000u /* | op0[0] << 19 | op1 << 16 | CRn << 12 | CRm << 8 | op2 << 5; op0 is 2 or 3 */
#define MSR_X0	  0xd5100000u
#define RET	  0xd65f03c0u
#define ENCODINGS 32768u

static volatile uint32_t code[2] __attribute__((aligned(64)));

static uint64_t run_made_up(uint32_t instruction, uint64_t x0_value)
{
	register uint64_t x0 __asm__("x0") = x0_value;

	code[0] = instruction;
	code[1] = RET;
	__asm__ volatile("dsb sy\n\tic iallu\n\tdsb sy\n\tisb\n\tblr %1"
			 : "+r"(x0)
			 : "r"(code)
			 : "memory", "x30", "cc");
	return x0;
}

/* Encodings with op0 = 3 whose writing would end the test: they are known to exist. */
static bool must_not_be_written(uint32_t encoding)
{
	const uint32_t key = encoding & 0xffff; /* op0[0] op1 CRn CRm op2 */
	static const uint16_t keys[] = {
		0xc000 | 1 << 7,		/* SCTLR_EL1 */
		0xc000 | 4 << 7 | 2 << 3,	/* SPSel */
		0xc000 | 12 << 7,		/* VBAR_EL1 */
		0xc000 | 12 << 7 | 12 << 3 | 7, /* ICC_IGRPEN1_EL1 */
	};

	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (key == keys[i])
			return true;
	return false;
}

static uint32_t other;

/*
 * UNDEFINED. Some CPUs say more in the class: 0x18 a register of the ID space (FEAT_IDST), 0x19 SVE and 0x1d SME, which the reset
 * value of CPACR_EL1 keeps off before anybody asks whether they exist.
 */
static bool refused(void)
{
	const unsigned class = FAULT_CLASS();

	return fault.count == 1 &&
	       (class == CLASS_UNKNOWN || class == 0x18 || class == 0x19 || class == 0x1d);
}

/* Neither there nor UNDEFINED: name the first few. */
static void note_other(uint32_t encoding, bool write)
{
	if (other++ >= 8)
		return;
	say(write ? "write of " : "read of ");
	say_number(MRS_X0 | encoding);
	say(": exceptions ");
	say_number(fault.count);
	say(", esr ");
	say_number(fault.esr);
	say("\n");
}

void first(const void *device_tree)
{
	uint32_t there = 0, undefined = 0, writable = 0;

	(void)device_tree;
	check(FAULTS(run_made_up(MRS_X0 | 1 << 19 | 15 << 12, 0)) == 1 &&
		      FAULT_CLASS() == CLASS_UNKNOWN && fault.elr == (uint64_t)code,
	      "an implementation defined register is UNDEFINED, ELR_EL1 names the instruction");
	check(FAULTS(run_made_up(MRS_X0 | 1 << 19 | 3 << 16 | 9 << 12 | 14 << 8 | 6 << 5, 0)) ==
			      1 &&
		      FAULT_CLASS() == CLASS_UNKNOWN,
	      "PMMIR is UNDEFINED: ID_AA64DFR0_EL1 shows the first version of the PMU");
	check(FAULTS(run_made_up(MRS_X0 | 1 << 19 | 4 << 16 | 1 << 12 | 1 << 8, 0)) == 1 &&
		      FAULT_CLASS() == CLASS_UNKNOWN,
	      "HCR_EL2 is UNDEFINED");

	for (uint32_t i = 0; i < ENCODINGS; i++) {
		const uint32_t encoding = i << 5;
		uint64_t value = 0;

		if (FAULTS(value = run_made_up(MRS_X0 | encoding, 0)) == 0)
			there++;
		else if (refused())
			undefined++;
		else
			note_other(encoding, false);
		if (must_not_be_written(i | 0x8000))
			continue;
		/* What was read is what is written, so the guest goes on as it was; elsewhere 0. */
		if (FAULTS(run_made_up(MSR_X0 | encoding, fault.count ? 0 : value)) == 0)
			writable++;
		else if (!refused())
			note_other(encoding, true);
	}
	say("there ");
	say_number(there);
	say(", undefined ");
	say_number(undefined);
	say(", writable ");
	say_number(writable);
	say("\n");
	CHECK_EQUAL(other, 0, "every system register exists or is UNDEFINED");
	CHECK_EQUAL(there + undefined, ENCODINGS, "each encoding was tried");
	check(there > 60 && writable > 30, "the usual ones exist");
	CHECK_EQUAL(MRS(CurrentEL), 4, "still at EL1");
	finish();
}
