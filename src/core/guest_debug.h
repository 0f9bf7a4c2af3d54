/* The guest's debug registers: see include/vitrine/guest_debug.h. Traps come from core/sysreg_trap.c. */
#ifndef CORE_GUEST_DEBUG_H
#define CORE_GUEST_DEBUG_H

#include <vitrine/vcpu.h>

/* A trapped access by the vCPU that is loaded here. False: there is no such register. */
bool guest_debug_read(const struct vcpu *vcpu, uint32_t key, uint64_t *value);
bool guest_debug_write(struct vcpu *vcpu, uint32_t key, uint64_t value);

/* With vcpu_load() and vcpu_put(), only when debug.in_hardware. */
void guest_debug_load(const struct guest_debug *debug);
void guest_debug_put(void);

/*
 * Another user of the debug registers, at EL2, begins or ends: the guest reads and writes its own as ever, but they have no
 * effect. While the vCPU is not loaded.
 */
void guest_debug_hold(struct guest_debug *debug, bool held);

#endif
