/*
 * One run queue a physical CPU: round robin over the vCPUs that live there, with a time slice when
 * more than one wants to run. The queue belongs to its CPU; nobody else touches it after boot.
 */
#ifndef VM_SCHED_H
#define VM_SCHED_H

#include "vm/vm.h"

/* Short: a vCPU may be spinning for another one of its CPU, and a switch costs little. */
#define SCHED_SLICE_MS	2u
#define SCHED_MAX_VCPUS 32u

/*
 * Choose a home for a vCPU: `wanted`, or the CPU with the fewest vCPUs for MANIFEST_ANY_CPU. At
 * boot only.
 */
unsigned sched_place(unsigned wanted);
/* Put it there. VT_ENOMEM when that CPU has SCHED_MAX_VCPUS. */
enum vt_err sched_add(struct vm_vcpu *vcpu);

/* Run this CPU's vCPUs for ever. */
_Noreturn void sched_loop(void);

/*
 * A physical interrupt has been acknowledged, in a guest or while idle: handle it and end it. True:
 * the queue needs a look.
 */
bool sched_interrupt(uint32_t intid);

/* The physical timer of `vcpu`, which is loaded here, has been written. */
void sched_timer_changed(struct vm_vcpu *vcpu);

/* Is anybody but `vcpu` ready on this CPU? */
bool sched_others_ready(const struct vm_vcpu *vcpu);

#endif
