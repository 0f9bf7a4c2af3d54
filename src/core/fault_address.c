/* See fault_address.h. hpfar_is_valid() is pure; the rest asks the CPU. */
#include "core/fault_address.h"

#include "core/esr.h"
#include "core/fault_codes.h"
#include "hal/arm64.h"

bool hpfar_is_valid(uint64_t esr)
{
	const unsigned ec = FIELD_GET(ESR_EC, esr);

	if (ec != EC_DABT_LOWER && ec != EC_IABT_LOWER)
		return false;
	switch (fault_code_of(esr).type) {
	case FAULT_TRANSLATION:
	case FAULT_ACCESS_FLAG:
	case FAULT_ADDRESS_SIZE:
		return true;
	case FAULT_PERMISSION:
		return (esr & ISS_ABT_S1PTW) != 0;
	default:
		return false;
	}
}

#ifdef __aarch64__

#define PAR_FAILED BIT(0)
#define PAR_PA	   GENMASK(51, 12)

/*
 * Reading at EL1 is what every mapped page allows, whoever may use it: PAN does not apply to AT
 * S1E1R. A table that stage 2 refuses is reported in PAR_EL1 too, not as an exception, since we are
 * at EL2. (Arm ARM D8.11, address translation instructions; D19.2, PAR_EL1.)
 */
enum vt_err translate_va(uint64_t va, uint64_t *ipa)
{
	const uint64_t guests_par = READ_SYSREG(PAR_EL1);
	uint64_t par;

	__asm__ volatile("at s1e1r, %0" ::"r"(va) : "memory");
	isb(); /* PAR_EL1 is written by then */
	par = READ_SYSREG(PAR_EL1);
	WRITE_SYSREG(PAR_EL1, guests_par);
	if (par & PAR_FAILED)
		return VT_ENOENT;
	*ipa = (par & PAR_PA) | (va & GENMASK(11, 0));
	return VT_OK;
}

static bool is_abort(uint64_t esr)
{
	const unsigned ec = FIELD_GET(ESR_EC, esr);

	return ec == EC_DABT_LOWER || ec == EC_IABT_LOWER;
}

uint64_t fault_hpfar(uint64_t esr, uint64_t far)
{
	uint64_t ipa;

	if (hpfar_is_valid(esr) || !is_abort(esr))
		return READ_SYSREG(HPFAR_EL2);
	/*
	 * FAR_EL2 may hold nothing; and a walk that failed (S1PTW) would fail again, as its table
	 * is what was asked for.
	 */
	if (esr & (ISS_ABT_FNV | ISS_ABT_S1PTW) || translate_va(far, &ipa) != VT_OK)
		return HPFAR_UNKNOWN;
	return FIELD_PREP(HPFAR_FIPA, ipa >> 12);
}

#endif
