/*
 * What of the vCPU loaded on this CPU is in hardware and not in its frame, as far as emulation
 * needs it. Unit tests supply their own.
 */
#ifndef VM_GUEST_STATE_H
#define VM_GUEST_STATE_H

#include <stdint.h>

#include "vm/walk.h"

struct vcpu;

/* The stack pointer that the guest's instructions mean: SP_EL1 in EL1h, else SP_EL0. */
uint64_t guest_sp(const struct vcpu *vcpu);
void guest_set_sp(const struct vcpu *vcpu, uint64_t value);

/* Where the guest's stage-1 tables begin. */
struct walk_regime guest_walk_regime(void);

/* The block that DC ZVA zeroes. */
uint32_t guest_zva_bytes(void);

#endif
