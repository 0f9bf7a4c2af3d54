/* Where C and assembly meet: what asm/vectors.S calls, and nothing else does; and what of it C may use. */
#ifndef CORE_DISPATCH_H
#define CORE_DISPATCH_H

#include <vitrine/embed.h>

/* The answers are word 0 of a trace record with an enum exit_action in the place of the vCPU. */
uint64_t exit_sync(struct vcpu *vcpu, uint64_t esr);
uint64_t exit_irq(struct vcpu *vcpu);
uint64_t exit_serror(struct vcpu *vcpu, uint64_t esr);
/* While tracing, one of these follows what the vectors do not do themselves. `begin` is when the guest trapped. */
void exit_record(uint64_t answer, struct vcpu *vcpu, uint64_t esr, uint64_t begin);
void exit_count(uint64_t answer, struct vcpu *vcpu, uint64_t ticks);

/*
 * In images with a debugger, src/debug/pass.c: true when the vCPU has met a breakpoint whose condition is false, and is past it. Any
 * register may have changed.
 */
bool pass_break(struct vcpu *vcpu, uint64_t esr);

/* An interrupt has been taken at EL2 itself: core/irq_window.c. */
void el2_interrupt(void);

/* asm/vectors.S */
void vcpu_enter(struct vcpu *vcpu, struct vcpu_costs *cost);
extern const char el2_vectors[], el2_vectors_traced[];
extern const char after_exit[], count_exit[], record_sync[], record_irq[];

/* asm/fpsimd.S */
void fpsimd_save(struct vcpu_fpsimd *state);
void fpsimd_restore(const struct vcpu_fpsimd *state);

#endif
