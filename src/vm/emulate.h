/*
 * Accesses to emulated devices whose syndrome does not say what they were (ISV = 0): pairs, pre-
 * and post-index, DC ZVA. The guest's instruction is read and done in its place.
 */
#ifndef VM_EMULATE_H
#define VM_EMULATE_H

struct vm_vcpu;

/*
 * Complete the access of the exit in vcpu->core.exit, a NESTED_PAGE_FAULT with needs_instruction.
 * NULL: it is done and the PC is behind it. Else why it can not be, in words for the log, and
 * nothing has changed: neither registers nor PC. The vCPU is loaded on this CPU.
 */
const char *emulate_access(struct vm_vcpu *vcpu);

#endif
