/* Store, restore and reset a guest's EL1 registers: see core/sysregs.def. */
#ifndef CORE_SYSREGS_H
#define CORE_SYSREGS_H

#include <vitrine/vcpu.h>

void sysregs_reset(struct vcpu_sysregs *regs);
void sysregs_store(struct vcpu_sysregs *regs);
void sysregs_restore(const struct vcpu_sysregs *regs);

/* asm/fpsimd.S */
void fpsimd_save(struct vcpu_fpsimd *state);
void fpsimd_restore(const struct vcpu_fpsimd *state);

#endif
