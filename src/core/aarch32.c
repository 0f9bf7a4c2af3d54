/*
 * AArch32 at EL0: see aarch32.h. Pure.
 *
 * Source: Arm ARM DDI 0487, D19.2 (ESR_EL2: IL, CV, COND, the ISS of EC 0x03 to 0x06 and 0x0c), C5.2 (SPSR_EL2 from AArch32),
 * F1.3 (conditions), F1.4 (ITSTATE), G8 (the AArch32 registers and their AArch64 names).
 */
#include "core/aarch32.h"

#include "core/esr.h"

#define ISS_CV	 BIT(24)
#define ISS_COND GENMASK(23, 20)

/* PSTATE of AArch32. */
#define PSTATE_N       BIT(31)
#define PSTATE_Z       BIT(30)
#define PSTATE_C       BIT(29)
#define PSTATE_V       BIT(28)
#define PSTATE_IT_LOW  GENMASK(26, 25) /* ITSTATE[1:0] */
#define PSTATE_IT_HIGH GENMASK(15, 10) /* ITSTATE[7:2] */
#define IT_CONDITION   GENMASK(7, 4)
#define IT_MOVING      GENMASK(4, 0)
#define IT_MORE	       GENMASK(2, 0) /* 0: this is the block's last */
#define CONDITION_AL   14u

static uint64_t it_state(uint64_t pstate)
{
	return FIELD_GET(PSTATE_IT_HIGH, pstate) << 2 | FIELD_GET(PSTATE_IT_LOW, pstate);
}

/* Bits 3:1 choose the flags, bit 0 the opposite. */
static bool flags_meet(uint64_t condition, uint64_t pstate)
{
	const bool n = pstate & PSTATE_N, z = pstate & PSTATE_Z, c = pstate & PSTATE_C,
		   v = pstate & PSTATE_V;
	const bool met[] = {z, c, n, v, c && !z, n == v, n == v && !z};

	return condition >= CONDITION_AL || met[condition >> 1] != (condition & 1);
}

bool aarch32_condition_holds(uint64_t esr, uint64_t pstate)
{
	const uint64_t ec = FIELD_GET(ESR_EC, esr), it = it_state(pstate);

	/* The classes of WFI, coprocessor and FP instructions; the others of EL0 are not told by a condition. */
	if (ec < EC_WFX || ec > EC_CP14_PAIR)
		return true;
	if (esr & ISS_CV)
		return flags_meet(FIELD_GET(ISS_COND, esr), pstate);
	return it == 0 || flags_meet(FIELD_GET(IT_CONDITION, it), pstate);
}

void aarch32_advance(struct vcpu_frame *frame, uint64_t esr)
{
	uint64_t it = it_state(frame->pstate);

	it = it & IT_MORE ? (it & ~IT_MOVING) | ((it << 1) & IT_MOVING) : 0;
	frame->pc = (uint32_t)(frame->pc + (esr & ESR_IL ? 4 : 2));
	frame->pstate &= ~(PSTATE_IT_HIGH | PSTATE_IT_LOW | PSTATE_SS);
	frame->pstate |= FIELD_PREP(PSTATE_IT_HIGH, it >> 2) | FIELD_PREP(PSTATE_IT_LOW, it);
}

/* The two of 64 bits; all others of EL0 have the numbers of their AArch64 names, with opc1 = 0 for op1 = 3. */
static uint32_t pair_key(uint64_t esr)
{
	const uint64_t crm = FIELD_GET(ISS_CP_CRM, esr), opc1 = FIELD_GET(ISS_CP_PAIR_OPC1, esr);

	if (crm == 14 && opc1 == 2)
		return SYSREG_KEY(3, 3, 14, 2, 2); /* CNTP_CVAL */
	if (crm == 9 && opc1 == 0)
		return SYSREG_KEY(3, 3, 9, 13, 0); /* PMCCNTR */
	return 0;
}

uint32_t aarch32_coproc_key(uint64_t esr)
{
	const uint64_t ec = FIELD_GET(ESR_EC, esr);

	if (ec == EC_CP15_PAIR)
		return pair_key(esr);
	if ((ec != EC_CP15 && ec != EC_CP14) || FIELD_GET(ISS_CP_OPC1, esr) != 0)
		return 0;
	return (uint32_t)(SYSREG_KEY(ec == EC_CP15 ? 3 : 2, 3, 0, 0, 0) |
			  (esr & (ISS_SYSREG_CRN | ISS_SYSREG_CRM | ISS_SYSREG_OP2)));
}
