/*
 * From ID registers to what a machine can do: see include/vitrine/capabilities.h. Pure: the values are
 * arguments, so that unit tests hold it to every CPU model at hand. Called once, at boot.
 */
#include <vitrine/capabilities.h>

#include "lib/bits.h"
#include "lib/printf.h"

#define CURRENT_EL GENMASK(3, 2)

#define PFR0_EL0     GENMASK(3, 0)
#define PFR0_EL1     GENMASK(7, 4)
#define PFR0_EL2     GENMASK(11, 8)
#define PFR0_EL3     GENMASK(15, 12)
#define PFR0_FP	     GENMASK(19, 16)
#define PFR0_ADVSIMD GENMASK(23, 20)
#define PFR0_GIC     GENMASK(27, 24)
#define PFR0_RAS     GENMASK(31, 28)
#define PFR0_SVE     GENMASK(35, 32)
#define PFR1_BT	     GENMASK(3, 0)
#define PFR1_MTE     GENMASK(11, 8)
#define PFR1_SME     GENMASK(27, 24)

#define DFR0_PMUVER	GENMASK(11, 8)
#define DFR0_BRPS	GENMASK(15, 12)
#define DFR0_WRPS	GENMASK(23, 20)
#define DFR0_CTX_CMPS	GENMASK(31, 28)
#define PMUVER_NOT_ARCH 0xfu /* a PMU, but not the architecture's */
#define PMCR_N		GENMASK(15, 11)

#define ISAR0_ATOMIC GENMASK(23, 20)
#define ISAR0_RNDR   GENMASK(63, 60)
#define ISAR1_PAUTH  (GENMASK(11, 4) | GENMASK(31, 24)) /* APA, API; GPA, GPI */
#define ISAR2_PAUTH  GENMASK(15, 8)			/* GPA3, APA3 */

#define MMFR0_PARANGE	GENMASK(3, 0)
#define MMFR0_TGRAN16	GENMASK(23, 20)
#define MMFR0_TGRAN64	GENMASK(27, 24)
#define MMFR0_TGRAN4	GENMASK(31, 28)
#define MMFR0_TGRAN16_2 GENMASK(35, 32)
#define MMFR0_TGRAN64_2 GENMASK(39, 36)
#define MMFR0_TGRAN4_2	GENMASK(43, 40)
#define MMFR0_FGT	GENMASK(59, 56)
#define MMFR1_VMIDBITS	GENMASK(7, 4)
#define MMFR1_VH	GENMASK(11, 8)
#define MMFR2_NV	GENMASK(27, 24)
#define NOT_THERE	0xfu /* in the fields that are signed */

#define VMIDBITS_16 2

#define VTR_LIST_REGS GENMASK(4, 0)

#define MIDR_IMPLEMENTER GENMASK(31, 24)
#define MIDR_VARIANT	 GENMASK(23, 20)
#define MIDR_PART	 GENMASK(15, 4)
#define MIDR_REVISION	 GENMASK(3, 0)

/* The stage-2 fields came later: 0 there means "as at stage 1". (D19.2, ID_AA64MMFR0_EL1.) */
static bool granule_at_stage2(uint64_t stage2_field, bool at_stage1)
{
	return stage2_field == 0 ? at_stage1 : stage2_field >= 2;
}

static void take_memory(struct capabilities *caps, const struct id_values *values)
{
	static const uint8_t bits_of_parange[] = {32, 36, 40, 42, 44, 48, 52};
	const uint64_t mmfr0 = values->mmfr0;
	const uint64_t parange = FIELD_GET(MMFR0_PARANGE, mmfr0);

	caps->pa_bits = parange < ARRAY_SIZE(bits_of_parange) ? bits_of_parange[parange] : 0;
	caps->granule_4k = granule_at_stage2(FIELD_GET(MMFR0_TGRAN4_2, mmfr0),
					     FIELD_GET(MMFR0_TGRAN4, mmfr0) != NOT_THERE);
	caps->granule_16k = granule_at_stage2(FIELD_GET(MMFR0_TGRAN16_2, mmfr0),
					      FIELD_GET(MMFR0_TGRAN16, mmfr0) != 0);
	caps->granule_64k = granule_at_stage2(FIELD_GET(MMFR0_TGRAN64_2, mmfr0),
					      FIELD_GET(MMFR0_TGRAN64, mmfr0) != NOT_THERE);
	caps->vmid_bits = FIELD_GET(MMFR1_VMIDBITS, values->mmfr1) >= VMIDBITS_16 ? 16 : 8;
	caps->vhe = FIELD_GET(MMFR1_VH, values->mmfr1) != 0;
	caps->nested = FIELD_GET(MMFR2_NV, values->mmfr2) != 0;
	caps->fine_grained_traps = FIELD_GET(MMFR0_FGT, mmfr0) != 0;
}

static void take_debug(struct capabilities *caps, const struct id_values *values)
{
	const uint64_t dfr0 = values->dfr0;
	const uint64_t pmu = FIELD_GET(DFR0_PMUVER, dfr0);

	caps->breakpoints = (unsigned)FIELD_GET(DFR0_BRPS, dfr0) + 1;
	caps->watchpoints = (unsigned)FIELD_GET(DFR0_WRPS, dfr0) + 1;
	caps->context_aware = (unsigned)FIELD_GET(DFR0_CTX_CMPS, dfr0) + 1;
	caps->pmu_version = pmu == PMUVER_NOT_ARCH ? 0 : (unsigned)pmu;
	caps->event_counters = caps->pmu_version ? (unsigned)FIELD_GET(PMCR_N, values->pmcr) : 0;
}

struct capabilities capabilities_of(const struct id_values *values)
{
	const uint64_t pfr0 = values->pfr0;
	struct capabilities caps = {
		.midr = values->midr,
		.at_el2 = FIELD_GET(CURRENT_EL, values->current_el) == 2,
		.has_el2 = FIELD_GET(PFR0_EL2, pfr0) != 0,
		.has_el3 = FIELD_GET(PFR0_EL3, pfr0) != 0,
		.el1_aarch64 = FIELD_GET(PFR0_EL1, pfr0) != 0,
		.el0_aarch32 = FIELD_GET(PFR0_EL0, pfr0) == 2,
		.fp = FIELD_GET(PFR0_FP, pfr0) != NOT_THERE &&
		      FIELD_GET(PFR0_ADVSIMD, pfr0) != NOT_THERE,
		.gic_sysregs = FIELD_GET(PFR0_GIC, pfr0) != 0,
		.ras = FIELD_GET(PFR0_RAS, pfr0) != 0,
		.sve = FIELD_GET(PFR0_SVE, pfr0) != 0,
		.bti = FIELD_GET(PFR1_BT, values->pfr1) != 0,
		.mte = FIELD_GET(PFR1_MTE, values->pfr1) != 0,
		.sme = FIELD_GET(PFR1_SME, values->pfr1) != 0,
		.lse = FIELD_GET(ISAR0_ATOMIC, values->isar0) != 0,
		.random = FIELD_GET(ISAR0_RNDR, values->isar0) != 0,
		.pauth = (values->isar1 & ISAR1_PAUTH) != 0 || (values->isar2 & ISAR2_PAUTH) != 0,
	};

	/* ICH_VTR_EL2 of a CPU that has it is never 0: PREbits is at least 4. */
	if (caps.gic_sysregs && values->ich_vtr)
		caps.list_registers = (unsigned)FIELD_GET(VTR_LIST_REGS, values->ich_vtr) + 1;
	take_memory(&caps, values);
	take_debug(&caps, values);
	return caps;
}

const char *capabilities_missing(const struct capabilities *caps)
{
	if (!caps->has_el2)
		return "this CPU has no EL2";
	if (!caps->at_el2)
		return "not started at EL2";
	if (!caps->el1_aarch64)
		return "this CPU's EL1 is not AArch64";
	if (!caps->fp)
		return "this CPU has no floating point and AdvSIMD";
	if (!caps->granule_4k)
		return "this CPU has no 4 KiB granule at stage 2";
	if (!caps->pa_bits)
		return "this CPU's physical address size is not one that we know";
	return NULL;
}

int capabilities_format(char *buffer, size_t size, const struct capabilities *caps)
{
	return vt_snprintf(
		buffer, size,
		"cpu: implementer 0x%x part 0x%03x r%up%u, PA %u bits, VMID %u bits, stage-2 "
		"granules%s%s%s, EL0 %s, EL3 %s, list registers %u, breakpoints %u, watchpoints %u",
		(unsigned)FIELD_GET(MIDR_IMPLEMENTER, caps->midr),
		(unsigned)FIELD_GET(MIDR_PART, caps->midr),
		(unsigned)FIELD_GET(MIDR_VARIANT, caps->midr),
		(unsigned)FIELD_GET(MIDR_REVISION, caps->midr), caps->pa_bits, caps->vmid_bits,
		caps->granule_4k ? " 4K" : "", caps->granule_16k ? " 16K" : "",
		caps->granule_64k ? " 64K" : "", caps->el0_aarch32 ? "64 and 32 bits" : "64 bits",
		caps->has_el3 ? "yes" : "no", caps->list_registers, caps->breakpoints,
		caps->watchpoints);
}

int capabilities_format_features(char *buffer, size_t size, const struct capabilities *caps)
{
	const struct {
		const char *name;
		bool there;
	} features[] = {
		{"GIC-sysregs", caps->gic_sysregs},
		{"VHE", caps->vhe},
		{"NV", caps->nested},
		{"FGT", caps->fine_grained_traps},
		{"PAuth", caps->pauth},
		{"BTI", caps->bti},
		{"MTE", caps->mte},
		{"RAS", caps->ras},
		{"SVE", caps->sve},
		{"SME", caps->sme},
		{"LSE", caps->lse},
		{"RNDR", caps->random},
	};
	int bytes = caps->pmu_version
			    ? vt_snprintf(buffer, size, "cpu: PMU with %u event counters; has",
					  caps->event_counters)
			    : vt_snprintf(buffer, size, "cpu: no PMU; has");

	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		const size_t used = MIN((size_t)bytes, size);

		if (features[i].there)
			bytes += vt_snprintf(buffer + used, size - used, " %s", features[i].name);
	}
	return bytes;
}
