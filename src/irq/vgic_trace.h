/*
 * What the trace is told about virtual interrupts. Nothing of it stands on a fast path: while the class IRQ is
 * recorded on the CPU where a vCPU is loaded, `thorough` has VGIC_TRACED, and everything goes the long way.
 *
 * List registers are looked at when they are synced anyway, and when the guest waits: an acknowledge or an end is
 * recorded then, not when it happens.
 */
#ifndef IRQ_VGIC_TRACE_H
#define IRQ_VGIC_TRACE_H

#include "irq/vgic_internal.h"
#include "trace/writers.h"

static inline unsigned vgic_trace_id(const struct vgic *vgic, unsigned vcpu)
{
	return vcpu < vgic->vcpus ? vgic->first_vcpu + vcpu : TRACE_NO_VCPU;
}

/* An interrupt becomes pending for the vCPU `index` of the VM. */
static inline void vgic_trace_inject(const struct vgic *vgic, unsigned vcpu, unsigned intid)
{
	trace_VIRQ_INJECT(ich_trace_ring(), vgic_trace_id(vgic, vcpu), true, intid);
}

/* List register n holds `lr`, as just read, or just written by us. */
TRACE_COLD void vgic_trace_lr(struct vgic_cpu *cpu, unsigned n, uint64_t lr);
/* All in use, as they are now. */
TRACE_COLD void vgic_trace_lrs(struct vgic_cpu *cpu);

#endif
