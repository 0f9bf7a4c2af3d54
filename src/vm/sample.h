/* Where a guest is, and who called: PC samples for the trace. */
#ifndef VM_SAMPLE_H
#define VM_SAMPLE_H

#include "trace/trace.h"
#include "vm/vm.h"

/* Record one of the vCPU that EL2's timer has just stopped on this CPU. */
TRACE_COLD void sample_guest(struct vm_vcpu *vcpu);

#endif
