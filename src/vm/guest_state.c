/* See guest_state.h. */
#include "vm/guest_state.h"

#include <vitrine/vcpu.h>

#include "core/esr.h"
#include "hal/arm64.h"

#define DCZID_BS GENMASK(3, 0) /* log2 of the block in words */

static bool uses_sp_el1(const struct vcpu *vcpu)
{
	return (vcpu->frame.pstate & PSTATE_MODE) == PSTATE_EL1H;
}

uint64_t guest_sp(const struct vcpu *vcpu)
{
	return uses_sp_el1(vcpu) ? READ_SYSREG(SP_EL1) : READ_SYSREG(SP_EL0);
}

void guest_set_sp(const struct vcpu *vcpu, uint64_t value)
{
	if (uses_sp_el1(vcpu))
		WRITE_SYSREG(SP_EL1, value);
	else
		WRITE_SYSREG(SP_EL0, value);
}

uint32_t guest_zva_bytes(void)
{
	return 4u << FIELD_GET(DCZID_BS, READ_SYSREG(DCZID_EL0));
}

struct walk_regime guest_walk_regime(void)
{
	return (struct walk_regime){.sctlr = READ_SYSREG(SCTLR_EL1),
				    .tcr = READ_SYSREG(TCR_EL1),
				    .ttbr0 = READ_SYSREG(TTBR0_EL1),
				    .ttbr1 = READ_SYSREG(TTBR1_EL1)};
}
