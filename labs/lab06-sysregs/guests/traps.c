/*
 * What a guest finds behind registers that trap, and what an exception looks like that EL2 has made: vector, syndrome, PSTATE.
 * One vCPU, on a CPU that has RAS and limited ordering regions: their registers trap, and are not for a guest.
 */
#include "guest.h"

#define PSTATE_EL0  0x3c0
#define PSTATE_EL1T 0x3c4
#define PSTATE_EL1H 0x3c5
#define PSTATE_NZCV (0xful << 28)
#define UNTOUCHED   0x5afe

#define ESR_UNDEFINED 0x02000000
#define ESR_ABORT_EL1 0x96000010
#define ESR_ABORT_EL0 0x92000010

struct seen {
	uint64_t vector, esr, far, offset, spsr, daif, spsel, current_el, x1;
};

#pragma GCC visibility push(hidden)
void probe(struct seen *seen, uint64_t pstate, uint64_t address);
#pragma GCC visibility pop

/* The handler's state is the same whoever has trapped; the trapped instruction has changed nothing. */
static bool is_handler(const struct seen *seen)
{
	return seen->daif == 0x3c0 && seen->spsel == 1 && seen->current_el == 4 &&
	       seen->x1 == UNTOUCHED && seen->offset == 0;
}

static void check_exceptions(void)
{
	static const struct {
		uint64_t pstate, address, vector, esr;
		const char *claim;
	} rows[] = {
		{PSTATE_EL1H, 0, 0x200, ESR_UNDEFINED, "UNDEFINED at EL1, on SP_EL1"},
		{PSTATE_EL1T, 0, 0x000, ESR_UNDEFINED, "UNDEFINED at EL1, on SP_EL0"},
		{PSTATE_EL1H | PSTATE_NZCV, 0, 0x200, ESR_UNDEFINED,
		 "UNDEFINED with all flags set"},
		{PSTATE_EL1H, NOWHERE, 0x200, ESR_ABORT_EL1, "a load from nowhere at EL1"},
		{PSTATE_EL1T, NOWHERE, 0x000, ESR_ABORT_EL1, "a load from nowhere on SP_EL0"},
		{PSTATE_EL0, NOWHERE, 0x400, ESR_ABORT_EL0, "a load from nowhere at EL0"},
	};
	struct seen seen;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		probe(&seen, rows[i].pstate, rows[i].address);
		CHECK_EQUAL(seen.vector, rows[i].vector, rows[i].claim);
		CHECK_EQUAL(seen.esr, rows[i].esr, "  its ESR_EL1");
		CHECK_EQUAL(seen.spsr, rows[i].pstate, "  its SPSR_EL1");
		check(is_handler(&seen), "  the handler's state, and ELR_EL1 at the instruction");
		if (rows[i].address)
			CHECK_EQUAL(seen.far, rows[i].address, "  its FAR_EL1");
	}
}

#define UNDEFINED(instruction)                                      \
	(FAULTS(__asm__ volatile(instruction ::                     \
					 : "x0", "memory")) == 1 && \
	 FAULT_CLASS() == CLASS_UNKNOWN)

static void check_rows(void)
{
	MSR(actlr_el1, ~0ul);
	CHECK_EQUAL(MRS(actlr_el1), 0, "ZERO, IGNORE: ACTLR_EL1 reads as zero");
	CHECK_EQUAL(MRS(S2_0_C1_C0_0), 0, "ZERO, UNDEF: MDRAR_EL1 reads as zero");
	check(UNDEFINED("msr S2_0_C1_C0_0, x0"), "and has no other direction");
	check(UNDEFINED("mrs x0, S2_0_C1_C0_4"), "UNDEF, DEBUG: OSLAR_EL1 can not be read");
	MSR(oslar_el1, 1);
	CHECK_EQUAL(MRS(oslsr_el1) & 2, 2, "but written: OSLSR_EL1 shows the lock");
	MSR(oslar_el1, 0);
	CHECK_EQUAL(MRS(oslsr_el1) & 2, 0, "and that it is open");
	MSR(dbgbvr0_el1, 0x4000);
	CHECK_EQUAL(MRS(dbgbvr0_el1), 0x4000, "DEBUG, DEBUG: DBGBVR0_EL1 is the guest's own");
	check(UNDEFINED("mrs x0, dbgbvr15_el1"), "breakpoint 15 is not there");
	MSR(pmselr_el0, 5);
	CHECK_EQUAL(MRS(pmselr_el0), 5, "PMU, PMU: PMSELR_EL0 is the guest's own");
	check(UNDEFINED("mrs x0, S3_3_C9_C12_4"), "UNDEF, PMU: PMSWINC_EL0 can not be read");
	check(UNDEFINED("msr S3_3_C9_C12_6, x0"), "PMU, UNDEF: PMCEID0_EL0 can not be written");
	MSR(cntp_cval_el0, 0x1234567890);
	CHECK_EQUAL(MRS(cntp_cval_el0), 0x1234567890, "EMBEDDER: CNTP_CVAL_EL0");
	check(UNDEFINED("mrs x0, S3_0_C12_C11_5"),
	      "UNDEF, EMBEDDER: ICC_SGI1R_EL1 can not be read");
	check(UNDEFINED("msr S3_0_C0_C4_0, x0"), "no ID register can be written");
	check(UNDEFINED("msr S3_0_C10_C4_3, xzr"), "in no row: LORC_EL1 can not be written");
	check(UNDEFINED("mrs x0, S3_0_C10_C4_7"), "in no row: LORID_EL1 can not be read");
}

static void check_id_registers(void)
{
	const uint64_t pfr0 = MRS(id_aa64pfr0_el1), dfr0 = MRS(id_aa64dfr0_el1);

	CHECK_EQUAL(pfr0 >> 8 & 0xff, 0, "neither EL2 nor EL3 is shown");
	CHECK_EQUAL(pfr0 >> 4 & 0xf, 1, "EL1 is 64 bits only");
	CHECK_EQUAL(pfr0 >> 24 & 0xf, 1, "the GIC has system registers");
	CHECK_EQUAL(pfr0 >> 28 & 0xfffff, 0, "no RAS, SVE, secure EL2, MPAM, AMU");
	CHECK_EQUAL(dfr0 >> 8 & 0xf, 1, "a PMU of the first version");
	CHECK_EQUAL(dfr0 >> 12 & 0xf, 5, "six breakpoints");
	CHECK_EQUAL(dfr0 >> 32, 0, "no profiling, no trace filter");
	CHECK_EQUAL(MRS(id_aa64mmfr1_el1) >> 8 & 0xf, 0, "no VHE");
	CHECK_EQUAL(MRS(id_aa64mmfr1_el1) >> 16 & 0xf, 0, "no limited ordering regions");
}

void first(const void *device_tree)
{
	(void)device_tree;
	check_id_registers();
	check_rows();
	check_exceptions();
	finish();
}
