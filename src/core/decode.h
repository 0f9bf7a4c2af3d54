/*
 * From a syndrome to an exit: pure functions, no register is read and no state written, so that the
 * same code runs in the exit path, in unit tests and under a fuzzer.
 */
#ifndef CORE_DECODE_H
#define CORE_DECODE_H

#include <vitrine/exit.h>
#include "core/esr.h"

/* "data abort, lower EL"; "reserved" for a class that the architecture does not define. */
const char *exception_class_name(unsigned ec);

/*
 * HPFAR_EL2 has the page of the faulting IPA, FAR_EL2 the offset in it. What is above the page's number is RES0 for
 * exceptions taken to Non-secure EL2; masking it would cost the way to a device two instructions. (Arm ARM D19.2, HPFAR_EL2.)
 */
static inline uint64_t faulting_ipa(uint64_t hpfar, uint64_t far)
{
	return (hpfar << 8 & ~UINT64_C(0xfff)) | (far & 0xfff);
}

/*
 * Can this data abort be completed from its syndrome alone? Then it is an access to something that
 * we emulate.
 */
static inline bool is_plain_access(uint64_t esr)
{
	/*
	 * ISV: the syndrome names size and register. The rest are not accesses that the guest's
	 * instruction asked for.
	 */
	return (esr & (ISS_ABT_ISV | ISS_ABT_FNV | ISS_ABT_EA | ISS_ABT_CM | ISS_ABT_S1PTW |
		       FSC_TYPE)) == (ISS_ABT_ISV | FIELD_PREP(FSC_TYPE, FSC_TRANSLATION));
}

static inline struct mmio_access decode_mmio(uint64_t esr, uint64_t far, uint64_t hpfar)
{
	return (struct mmio_access){
		.ipa = faulting_ipa(hpfar, far),
		.bytes = (uint8_t)(1u << FIELD_GET(ISS_ABT_SAS, esr)),
		.reg = (uint8_t)FIELD_GET(ISS_ABT_SRT, esr),
		.write = (esr & ISS_ABT_WNR) != 0,
		.sign_extend = (esr & ISS_ABT_SSE) != 0,
		.reg_is_64 = (esr & ISS_ABT_SF) != 0,
	};
}

static inline struct sysreg_access decode_sysreg(uint64_t esr)
{
	return (struct sysreg_access){
		.key = (uint32_t)(esr & ISS_SYSREG_KEY),
		.reg = (uint8_t)FIELD_GET(ISS_SYSREG_RT, esr),
		.write = (esr & ISS_SYSREG_READ) == 0,
	};
}

/*
 * The whole answer for any syndrome of a synchronous exception from a lower EL. Every input has
 * one. `function` is the guest's w0 (for HVC and SMC), `pc` its ELR; `hpfar` is fault_hpfar()'s
 * answer (core/fault_address.h). Of the union only what belongs to the reason is written: clearing
 * and copying all of it would cost more than the rest of such an exit.
 */
void exit_decode(struct vcpu_exit *exit, uint64_t esr, uint64_t far, uint64_t hpfar, uint64_t pc,
		 uint32_t function);

#endif
