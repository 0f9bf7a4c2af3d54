/*
 * What a guest may know about its CPU: an allow-list of fields. A field that is not listed reads 0,
 * so a feature of a newer CPU whose registers we do not switch stays hidden.
 *
 * Source: Arm ARM DDI 0487, D19.2 (ID_AA64*_EL1); D1.2 says that 0 means "not there" for each of
 * these fields but those whose 0xf means it, which are listed whole.
 */
#include "core/id_regs.h"

#include "core/pmu.h"
#include "core/traps.h"
#include "hal/arm64.h"

uint64_t id_regs[ID_REGS];

static bool has_pauth;
static unsigned pa_bits;
static struct hidden_traps hidden_traps;
static unsigned breakpoints, watchpoints;

bool cpu_has_pauth(void)
{
	return has_pauth;
}

unsigned cpu_pa_bits(void)
{
	return pa_bits;
}

struct hidden_traps cpu_hidden_traps(void)
{
	return hidden_traps;
}

unsigned cpu_breakpoints(void)
{
	return breakpoints;
}

unsigned cpu_watchpoints(void)
{
	return watchpoints;
}

/* A 4-bit field of an ID register, no larger than `most`. */
static uint64_t clamp(uint64_t value, unsigned shift, uint64_t most)
{
	/* LAB 06.1 */
	const uint64_t field = value >> shift & 0xf;

	return MIN(field, most) << shift;
	/* END LAB */
}

#define FIELD4(shift) (UINT64_C(0xf) << (shift))

/*
 * EL0, EL1 (AArch64, AArch32 at EL0), FP, AdvSIMD, GIC system registers, DIT, CSV2 (1: no SCXTNUM),
 * CSV3. No EL2, EL3, RAS, SVE, AMU, MPAM.
 */
static uint64_t pfr0(uint64_t value)
{
	/* LAB 06.1 */
	return clamp(value, 0, 2) | clamp(value, 4, 1) | (value & (FIELD4(16) | FIELD4(20))) |
	       clamp(value, 24, 1) | (value & FIELD4(48)) | clamp(value, 56, 1) |
	       (value & FIELD4(60));
	/* END LAB */
}

/* BT (guarded pages), SSBS without the MSR form's trap. No MTE, RAS_frac, MPAM_frac, SME. */
static uint64_t pfr1(uint64_t value)
{
	return (value & FIELD4(0)) | clamp(value, 4, 2);
}

/*
 * Debug architecture, all breakpoints, watchpoints and context-aware ones; PMUv3 as ARMv8.0 has it,
 * which is what core/pmu.c emulates. No trace, SPE, TRBE, BRBE.
 */
static uint64_t dfr0(uint64_t value)
{
	/* LAB 06.1 */
	return clamp(value, 0, 8) | (pmu_is_there() ? UINT64_C(1) << 8 : 0) |
	       (value & (FIELD4(12) | FIELD4(20) | FIELD4(28)));
	/* END LAB */
}

/* All but TME (27:24); DGH, RNDR, TLB, TS, FHM and the cryptographic ones need nothing of us. */
static uint64_t isar0(uint64_t value)
{
	return value & ~FIELD4(24);
}

/* All but LS64 (63:60), XS (59:56) and SPECRES (43:40), whose controls we do not switch. */
static uint64_t isar1(uint64_t value)
{
	return value & ~(FIELD4(60) | FIELD4(56) | FIELD4(40));
}

/* RPRES, GPA3, APA3, BC, PAC_frac. No WFxT (it would sleep unseen), MOPS, CSSC and later. */
static uint64_t isar2(uint64_t value)
{
	return value & (FIELD4(4) | FIELD4(8) | FIELD4(12) | FIELD4(20) | FIELD4(24));
}

/* PARange as EL2 uses it, ASIDBits, BigEnd, SNSMem, granules; no FGT, ExS, ECV. */
static uint64_t mmfr0(uint64_t value)
{
	return clamp(value, 0, 5) | (value & GENMASK(31, 4));
}

/*
 * HAFDBS, VMIDBits hidden, HPDS, LO hidden, PAN, SpecSEI; no VH, XNX for us, ETS is harmless, HCX
 * and later hidden.
 */
static uint64_t mmfr1(uint64_t value)
{
	/* LAB 06.1 */
	return (value & (FIELD4(0) | FIELD4(12) | FIELD4(20) | FIELD4(24) | FIELD4(36)));
	/* END LAB */
}

/*
 * CnP, UAO, LSM, IESB, VARange, ST, AT, FWB hidden, TTL, BBM, EVT hidden, E0PD. No NV, CCIDX kept
 * as CCSIDR is not trapped.
 */
static uint64_t mmfr2(uint64_t value)
{
	return value & (FIELD4(0) | FIELD4(4) | FIELD4(8) | FIELD4(12) | FIELD4(16) | FIELD4(20) |
			FIELD4(28) | FIELD4(32) | FIELD4(48) | FIELD4(52) | FIELD4(60));
}

static unsigned field_plus_1(unsigned index, unsigned shift)
{
	return (unsigned)(id_regs[index] >> shift & 0xf) + 1;
}

#define KEEP_ID_REG(crm, op2) \
	(id_regs[ID_REG_INDEX(crm, op2)] = READ_SYSREG(S3_0_C0_C##crm##_##op2))

static void find_hidden(void)
{
	/* LAB 06.1 */
	const uint64_t isa = READ_SYSREG(ID_AA64PFR0_EL1), debug = READ_SYSREG(ID_AA64DFR0_EL1);

	hidden_traps = (struct hidden_traps){
		.hcr = (READ_SYSREG(ID_AA64MMFR1_EL1) & FIELD4(16) ? HCR_TLOR : 0) |
		       (isa & FIELD4(28) ? HCR_TERR : 0),
		.cptr = isa & FIELD4(44) ? CPTR_TAM : 0,
		.mdcr = (debug & FIELD4(32) ? MDCR_TPMS : 0) | (debug & FIELD4(40) ? MDCR_TTRF : 0),
	};
	/* END LAB */
}

void id_regs_init(void)
{
	static const uint8_t bits_of_parange[] = {32, 36, 40, 42, 44, 48};
	const uint64_t range = READ_SYSREG(ID_AA64MMFR0_EL1) & 0xf;

	pa_bits = range < ARRAY_SIZE(bits_of_parange) ? bits_of_parange[range] : 48;

	/*
	 * AArch32 state at EL0 is the CPU's own affair: its registers pass unchanged, but for the
	 * PMU and trace in ID_DFR0.
	 */
	KEEP_ID_REG(1, 0);
	KEEP_ID_REG(1, 1);
	id_regs[ID_REG_INDEX(1, 2)] = READ_SYSREG(S3_0_C0_C1_2) & 0xf;
	KEEP_ID_REG(1, 4);
	KEEP_ID_REG(1, 5);
	KEEP_ID_REG(1, 6);
	KEEP_ID_REG(1, 7);
	KEEP_ID_REG(2, 0);
	KEEP_ID_REG(2, 1);
	KEEP_ID_REG(2, 2);
	KEEP_ID_REG(2, 3);
	KEEP_ID_REG(2, 4);
	KEEP_ID_REG(2, 5);
	KEEP_ID_REG(2, 6);
	KEEP_ID_REG(2, 7);
	KEEP_ID_REG(3, 0);
	KEEP_ID_REG(3, 1);
	KEEP_ID_REG(3, 2);
	KEEP_ID_REG(3, 4);

	pmu_init();
	id_regs[ID_REG_INDEX(4, 0)] = pfr0(READ_SYSREG(ID_AA64PFR0_EL1));
	id_regs[ID_REG_INDEX(4, 1)] = pfr1(READ_SYSREG(ID_AA64PFR1_EL1));
	id_regs[ID_REG_INDEX(5, 0)] = dfr0(READ_SYSREG(ID_AA64DFR0_EL1));
	id_regs[ID_REG_INDEX(6, 0)] = isar0(READ_SYSREG(ID_AA64ISAR0_EL1));
	id_regs[ID_REG_INDEX(6, 1)] = isar1(READ_SYSREG(ID_AA64ISAR1_EL1));
	id_regs[ID_REG_INDEX(6, 2)] = isar2(READ_SYSREG(S3_0_C0_C6_2));
	id_regs[ID_REG_INDEX(7, 0)] = mmfr0(READ_SYSREG(ID_AA64MMFR0_EL1));
	id_regs[ID_REG_INDEX(7, 1)] = mmfr1(READ_SYSREG(ID_AA64MMFR1_EL1));
	id_regs[ID_REG_INDEX(7, 2)] = mmfr2(READ_SYSREG(S3_0_C0_C7_2));

	breakpoints = field_plus_1(ID_REG_INDEX(5, 0), 12);
	watchpoints = field_plus_1(ID_REG_INDEX(5, 0), 20);
	find_hidden();

	/* GPI, GPA, API, APA of ISAR1; APA3, GPA3 of ISAR2. */
	has_pauth = (id_regs[ID_REG_INDEX(6, 1)] & (GENMASK(11, 4) | GENMASK(31, 24))) != 0 ||
		    (id_regs[ID_REG_INDEX(6, 2)] & (FIELD4(8) | FIELD4(12))) != 0;
}
