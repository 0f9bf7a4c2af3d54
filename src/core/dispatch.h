/* The C side of the vectors: asm/vectors.S calls these, and nothing else does. */
#ifndef CORE_DISPATCH_H
#define CORE_DISPATCH_H

#include <vitrine/embed.h>

enum exit_action exit_sync(struct vcpu *vcpu, uint64_t esr);
enum exit_action exit_irq(struct vcpu *vcpu);
enum exit_action exit_serror(struct vcpu *vcpu, uint64_t esr);
enum exit_action exit_sync_traced(struct vcpu *vcpu, uint64_t esr);
enum exit_action exit_irq_traced(struct vcpu *vcpu);
enum exit_action exit_serror_traced(struct vcpu *vcpu, uint64_t esr);

/* asm/vectors.S */
void vcpu_enter(struct vcpu *vcpu);
extern const char el2_vectors[], el2_vectors_traced[];

#endif
