/* Calls by HVC and SMC that left vcpu_run(): vm/exits.c hands them here. */
#ifndef VM_HYPERCALLS_H
#define VM_HYPERCALLS_H

#include "vm/vm.h"

/* Do what the guest asks for in vcpu->core.exit.call, and leave the results in its registers. */
void vm_hypercall(struct vm_vcpu *vcpu);

#endif
