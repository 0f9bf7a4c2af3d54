/* How an access that a VM may not make looks to its guest. */
#ifndef VM_ABORT_H
#define VM_ABORT_H

#include <stdint.h>

struct vm_vcpu;

/*
 * VCPU_ABORT_* for the MMIO or page fault exit that the vCPU, loaded on this CPU, has just made. Takes LOCK_STAGE2 when
 * the guest's own tables must be walked.
 */
uint32_t abort_iss(struct vm_vcpu *vcpu);

#endif
