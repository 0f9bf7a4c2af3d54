/*
 * Trapped system registers other than the ID registers: core/trapped_regs.def says what a guest finds
 * there. What is in no row is UNDEFINED, as on a CPU that lacks it, and named once in the log.
 */
#ifndef CORE_SYSREG_TRAP_H
#define CORE_SYSREG_TRAP_H

#include <stdbool.h>
#include <stdint.h>

#include <vitrine/vcpu.h>
#include "core/esr.h"

#define KEY_ICC_SGI1R SYSREG_KEY(3, 0, 12, 11, 5)

/* False: there is no such register. */
bool sysreg_read(struct vcpu *vcpu, uint32_t key, uint64_t *value);
bool sysreg_write(struct vcpu *vcpu, uint32_t key, uint64_t value);

/* MCR, MRC, MCRR, MRRC of a 32-bit program. Likewise. */
bool sysreg_coproc(struct vcpu *vcpu, uint64_t esr);

/* Inject UNDEFINED for it, and say so in the log, once a register. */
void sysreg_undefined(struct vcpu *vcpu, struct sysreg_access access);

#endif
