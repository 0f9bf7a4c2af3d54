/* The C side of the vectors: asm/vectors.S calls these, and nothing else does. */
#ifndef CORE_DISPATCH_H
#define CORE_DISPATCH_H

#include <vitrine/embed.h>

/* The answers are word 0 of a trace record with an enum exit_action in the place of the vCPU. */
uint32_t exit_sync(struct vcpu *vcpu, uint64_t esr);
uint32_t exit_irq(struct vcpu *vcpu);
uint32_t exit_serror(struct vcpu *vcpu, uint64_t esr);
/* While tracing; returns its first argument. vcpu->exit_begin_ticks is set. */
uint32_t exit_record(uint32_t answer, struct vcpu *vcpu, uint64_t esr);

/* asm/vectors.S */
void vcpu_enter(struct vcpu *vcpu);
extern const char el2_vectors[], el2_vectors_traced[];

#endif
