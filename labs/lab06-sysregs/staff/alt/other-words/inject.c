/*
 * Exceptions that EL2 gives to a guest, as the CPU itself would have taken them to EL1. The vCPU is
 * loaded on this CPU, so its EL1 registers are the hardware's.
 *
 * Source: Arm ARM D1.3 (exception entry), D19.2 (ESR_EL1).
 */
#include <vitrine/vcpu.h>

#include "core/esr.h"
#include "hal/arm64.h"

#define VECTOR_SAME_SP0	   0x000
#define VECTOR_SAME_SPX	   0x200
#define VECTOR_LOWER_64	   0x400
#define VECTOR_LOWER_32	   0x600
#define VECTOR_TABLE_BYTES 0x800

#define SCTLR_SPAN  BIT(23)
#define SCTLR_DSSBS BIT(44)
#define PSTATE_SSBS BIT(12)
#define PSTATE_PAN  BIT(22)
#define PSTATE_UAO  BIT(23)
#define PSTATE_NZCV GENMASK(31, 28)
#define PSTATE_DIT  BIT(24)

static uint64_t vector_offset(uint64_t pstate)
{
	static const uint16_t same[] = {[PSTATE_EL0] = VECTOR_LOWER_64,
					[PSTATE_EL1T] = VECTOR_SAME_SP0,
					[PSTATE_EL1H] = VECTOR_SAME_SPX};

	return pstate & PSTATE_AARCH32 ? VECTOR_LOWER_32 : same[pstate & PSTATE_MODE];
}

static bool from_el0(uint64_t pstate)
{
	return (pstate & PSTATE_AARCH32) || (pstate & PSTATE_MODE) == PSTATE_EL0;
}

/*
 * PSTATE at the handler's first instruction: EL1h, all masked; PAN and SSBS as SCTLR_EL1 says, UAO
 * and SS clear.
 */
static uint64_t handler_pstate(uint64_t pstate)
{
	const uint64_t sctlr = READ_SYSREG(SCTLR_EL1);

	pstate &= PSTATE_NZCV | PSTATE_DIT | PSTATE_PAN;
	pstate |= PSTATE_DAIF | PSTATE_EL1H;
	pstate |= sctlr & SCTLR_SPAN ? 0 : PSTATE_PAN;
	return sctlr & SCTLR_DSSBS ? pstate | PSTATE_SSBS : pstate;
}

/*
 * VT_EFORMAT: the guest already stands in the vector table that it would be sent to, because that
 * table can not be fetched. Sending it there again would go on for ever.
 */
static enum vt_err enter_el1(struct vcpu *vcpu, uint64_t esr)
{
	const uint64_t before = vcpu->frame.pstate, vbar = READ_SYSREG(VBAR_EL1);
	const uint64_t class = esr >> 26 & 0x3f;

	if (!from_el0(before) && (class == EC_IABT_LOWER || class == EC_IABT_SAME)) {
		if (vcpu->frame.pc >= vbar && vcpu->frame.pc < vbar + VECTOR_TABLE_BYTES)
			return VT_EFORMAT;
	}
	WRITE_SYSREG(SPSR_EL1, before);
	WRITE_SYSREG(ELR_EL1, vcpu->frame.pc);
	WRITE_SYSREG(ESR_EL1, esr);
	vcpu->frame.pstate = handler_pstate(before);
	vcpu->frame.pc = vbar + vector_offset(before);
	return VT_OK;
}

enum vt_err vcpu_inject_undefined(struct vcpu *vcpu)
{
	return enter_el1(vcpu, ESR_IL);
}

/* The classes of debug exceptions are pairs, the lower number from a lower level; BRK's is the same for both. */
enum vt_err vcpu_inject_debug(struct vcpu *vcpu, uint64_t esr, uint64_t far)
{
	const uint64_t ec = FIELD_GET(ESR_EC, esr);

	if (ec == EC_WATCHPOINT)
		WRITE_SYSREG(FAR_EL1, far);
	if (ec != EC_BRK && ec != EC_BKPT && !from_el0(vcpu->frame.pstate))
		esr |= FIELD_PREP(ESR_EC, 1);
	return enter_el1(vcpu, (uint32_t)esr);
}

/* IL is 1 for every abort without ISV. (Arm ARM D19.2, ESR_EL1.IL.) */
static enum vt_err inject_abort(struct vcpu *vcpu, uint64_t ec_from_el0, uint64_t far, uint32_t iss)
{
	uint64_t esr = ec_from_el0 << 26 | UINT64_C(1) << 25 | iss;

	if (!from_el0(vcpu->frame.pstate))
		esr += UINT64_C(1) << 26;
	WRITE_SYSREG(FAR_EL1, far);
	return enter_el1(vcpu, esr);
}

enum vt_err vcpu_inject_data_abort(struct vcpu *vcpu, uint64_t far, uint32_t iss)
{
	return inject_abort(vcpu, EC_DABT_LOWER, far, iss);
}

enum vt_err vcpu_inject_instruction_abort(struct vcpu *vcpu, uint64_t far, uint32_t iss)
{
	return inject_abort(vcpu, EC_IABT_LOWER, far, iss);
}
