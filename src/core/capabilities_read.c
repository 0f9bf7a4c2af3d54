/* This CPU's ID registers, read for capabilities_of(). Called once, at boot. */
#include <vitrine/capabilities.h>

#include "core/id_regs.h"
#include "hal/arm64.h"
#include "lib/bits.h"

/* By encoding where the assembler may be older than the register. */
#define ID_AA64ISAR2 S3_0_C0_C6_2
#define ID_AA64MMFR2 S3_0_C0_C7_2
#define ICC_SRE_EL2  S3_4_C12_C9_5
#define ICH_VTR_EL2  S3_4_C12_C11_1
#define ICC_SRE_SRE  BIT(0)

#define PFR0_GIC    GENMASK(27, 24)
#define DFR0_PMUVER GENMASK(11, 8)

static struct id_values read_id_values(void)
{
	struct id_values values = {
		.midr = READ_SYSREG(MIDR_EL1),
		.current_el = READ_SYSREG(CurrentEL),
		.pfr0 = READ_SYSREG(ID_AA64PFR0_EL1),
		.pfr1 = READ_SYSREG(ID_AA64PFR1_EL1),
		.dfr0 = READ_SYSREG(ID_AA64DFR0_EL1),
		.isar0 = READ_SYSREG(ID_AA64ISAR0_EL1),
		.isar1 = READ_SYSREG(ID_AA64ISAR1_EL1),
		.isar2 = READ_SYSREG(ID_AA64ISAR2),
		.mmfr0 = READ_SYSREG(ID_AA64MMFR0_EL1),
		.mmfr1 = READ_SYSREG(ID_AA64MMFR1_EL1),
		.mmfr2 = READ_SYSREG(ID_AA64MMFR2),
	};
	const uint64_t pmu = FIELD_GET(DFR0_PMUVER, values.dfr0);

	/* Both are UNDEFINED on a CPU that lacks them; ICH_* also while SRE is 0. (IHI 0069, 12.4.) */
	if (FIELD_GET(PFR0_GIC, values.pfr0) && (READ_SYSREG(ICC_SRE_EL2) & ICC_SRE_SRE))
		values.ich_vtr = READ_SYSREG(ICH_VTR_EL2);
	if (pmu != 0 && pmu != 0xf)
		values.pmcr = READ_SYSREG(PMCR_EL0);
	return values;
}

const char *capabilities_init(struct capabilities *caps)
{
	const struct id_values values = read_id_values();

	*caps = capabilities_of(&values);
	id_regs_init();
	return capabilities_missing(caps);
}
