/*
 * Where a guest's access went: HPFAR_EL2 when the CPU has written it, else the guest's own
 * translation of FAR_EL2.
 */
#ifndef CORE_FAULT_ADDRESS_H
#define CORE_FAULT_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <vitrine/err.h>

/*
 * Has the CPU put the IPA of this abort into HPFAR_EL2? Pure. Not for a permission fault of the
 * access itself; nor for what is no stage-2 fault. (Arm ARM D19.2, HPFAR_EL2.)
 */
bool hpfar_is_valid(uint64_t esr);

/*
 * What exit_decode() wants to know as `hpfar`, for the exit that this CPU has just taken: the
 * register, or the same fields made by translate_va(), or HPFAR_UNKNOWN. The vCPU is loaded here.
 */
uint64_t fault_hpfar(uint64_t esr, uint64_t far);

/*
 * Stage 1 of the vCPU that is loaded here, done by the CPU (AT S1E1R): *ipa of a readable VA.
 * PAR_EL1 is the guest's and stays as it was. VT_ENOENT when there is no translation: the guest has
 * changed its tables since, or one of them can not be read.
 */
enum vt_err translate_va(uint64_t va, uint64_t *ipa);

#endif
