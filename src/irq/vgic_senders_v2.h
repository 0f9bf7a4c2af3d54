/*
 * GICv2: an SGI comes from somebody, and the same SGI from two vCPUs is two interrupts. A list
 * register carries one sender; the others wait here for its end. While any waits, the bank's
 * pending bit of that SGI stays set.
 *
 * Included by irq/vgic_internal.h only; LOCK_VGIC is held. Source: IHI 0048 3.2.4, 4.3.15, 5.3.8.
 */
#ifndef IRQ_VGIC_SENDERS_V2_H
#define IRQ_VGIC_SENDERS_V2_H

#include "irq/gic.h"
#include "irq/ich.h"
#include "irq/vgic.h"

/* What a list register says of an SGI from this vCPU. */
static inline uint64_t vgic_sender_lr(unsigned sender)
{
	return FIELD_PREP(ICH_LR_CPUID, sender);
}

static inline void vgic_sender_add(struct vgic_cpu *cpu, unsigned intid, unsigned sender)
{
	cpu->sgi_senders[intid] |= (uint8_t)(1u << sender);
}

/* Must somebody's SGI wait for the end of the one that is in a list register? */
static inline bool vgic_sender_waits(const struct vgic_cpu *cpu, unsigned intid)
{
	return intid < INTID_SGIS && cpu->sgi_senders[intid];
}

/* Choose the sender that goes into a list register. It no longer waits. */
static inline uint64_t vgic_sender_place(struct vgic_cpu *cpu, unsigned intid, bool active)
{
	unsigned sender;

	if (intid >= INTID_SGIS)
		return 0;
	if (active)
		return vgic_sender_lr(cpu->sgi_active_sender[intid]);
	if (!cpu->sgi_senders[intid])
		return 0;
	sender = (unsigned)__builtin_ctz(cpu->sgi_senders[intid]);
	cpu->sgi_senders[intid] &= (uint8_t)(cpu->sgi_senders[intid] - 1);
	return vgic_sender_lr(sender);
}

/* Read back from a list register; `latched`: it is as pending as before. */
static inline void vgic_sender_take_back(struct vgic_cpu *cpu, unsigned intid, uint64_t lr,
					 bool latched)
{
	const unsigned sender = (unsigned)FIELD_GET(ICH_LR_CPUID, lr);

	if (intid >= INTID_SGIS)
		return;
	if (latched)
		vgic_sender_add(cpu, intid, sender);
	if (lr & ICH_LR_ACTIVE)
		cpu->sgi_active_sender[intid] = (uint8_t)sender;
}

#endif
