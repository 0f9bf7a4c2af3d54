/* Store, restore and reset a guest's EL1 registers: see core/sysregs.def. */
#ifndef CORE_SYSREGS_H
#define CORE_SYSREGS_H

#include <vitrine/vcpu.h>

/* The RES1 bits: MMU, caches and alignment checks off, little-endian. */
#define SCTLR_EL1_RESET UINT64_C(0x30d00800)

void sysregs_reset(struct vcpu_sysregs *regs);
void sysregs_store(struct vcpu_sysregs *regs);
void sysregs_restore(const struct vcpu_sysregs *regs);

#endif
