/* See vgic_trace.h. The caller holds LOCK_VGIC. */
#include "irq/vgic_trace.h"

void vgic_trace_lr(struct vgic_cpu *cpu, unsigned n, uint64_t lr)
{
	struct trace_ring *ring = ich_trace_ring();
	const unsigned intid = cpu->lr_intid[n], id = vgic_trace_id(cpu->vgic, cpu->index);
	struct vgic_bank *bank = vgic_bank_of(cpu, intid);
	const uint32_t bit = vgic_bit_of(intid);

	const uint64_t state = lr & (ICH_LR_PENDING | ICH_LR_ACTIVE);

	if (!state && !(bank->load_seen & bit))
		return; /* its end has been recorded already */
	if (!(bank->load_seen & bit)) {
		bank->load_seen |= bit;
		bank->ack_seen &= ~bit;
		trace_VIRQ_LOAD(ring, id, n, intid);
	}
	if (state != ICH_LR_PENDING && !(bank->ack_seen & bit)) {
		bank->ack_seen |= bit;
		trace_VIRQ_ACK(ring, id, n, intid);
	}
	if (!state) {
		bank->load_seen &= ~bit;
		trace_VIRQ_EOI(ring, id, n, intid);
	}
}

void vgic_trace_lrs(struct vgic_cpu *cpu)
{
	for (uint32_t left = cpu->lr_used; left; left &= left - 1) {
		const unsigned n = (unsigned)__builtin_ctz(left);

		vgic_trace_lr(cpu, n, ich_read_lr(n));
	}
}
