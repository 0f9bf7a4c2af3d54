/*
 * Interrupts and SErrors for a guest through HCR_EL2's virtual lines: see include/vitrine/vcpu.h. The exceptions that
 * belong to an instruction are core/inject.c's.
 *
 * Source: Arm ARM D1.3.5 (virtual interrupts), D19.2 (HCR_EL2.VSE, VI).
 */
#include <vitrine/embed.h>
#include <vitrine/percpu.h>

#include "core/traps.h"
#include "hal/arm64.h"

#define INTID_LIMIT	1020u /* 1020..1023 are special; IHI 0069, 2.2 */
#define INTID_FIRST_LPI 8192u

/*
 * `line` exists only while the physical interrupt of its kind is routed to EL2 (`routed`). The ERET into the guest
 * synchronises the write.
 */
static enum vt_err set_line(struct vcpu *vcpu, uint64_t line, uint64_t routed, bool level)
{
	if (vcpu->cpu && vcpu->cpu != this_cpu())
		return VT_ESTATE;
	if (!(vcpu->hcr & routed))
		return VT_ENOSYS;

	vcpu->hcr = level ? vcpu->hcr | line : vcpu->hcr & ~line;
	if (!vcpu->cpu)
		return VT_OK;

	/* The hardware's VSE may be 0 already: raising one line must not raise that one again. */
	const uint64_t now = READ_SYSREG(HCR_EL2);

	WRITE_SYSREG(HCR_EL2, level ? now | line : now & ~line);
	return VT_OK;
}

enum vt_err vcpu_inject_serror(struct vcpu *vcpu)
{
	return set_line(vcpu, HCR_VSE, HCR_AMO, true);
}

enum vt_err vcpu_set_irq_line(struct vcpu *vcpu, bool level)
{
	return set_line(vcpu, HCR_VI, HCR_IMO, level);
}

enum vt_err vcpu_inject_interrupt(struct vcpu *vcpu, uint32_t intid)
{
	if (intid >= INTID_LIMIT && intid < INTID_FIRST_LPI)
		return VT_EINVAL;
	return embed_inject_interrupt(vcpu, intid);
}
