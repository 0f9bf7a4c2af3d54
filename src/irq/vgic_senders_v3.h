/* GICv3: an SGI does not say who has sent it. The counterpart of irq/vgic_senders_v2.h. */
#ifndef IRQ_VGIC_SENDERS_V3_H
#define IRQ_VGIC_SENDERS_V3_H

#include "irq/vgic.h"

static inline bool vgic_sender_waits(const struct vgic_cpu *cpu, unsigned intid)
{
	(void)cpu, (void)intid;
	return false;
}

static inline uint64_t vgic_sender_place(struct vgic_cpu *cpu, unsigned intid, bool active)
{
	(void)cpu, (void)intid, (void)active;
	return 0;
}

static inline void vgic_sender_take_back(struct vgic_cpu *cpu, unsigned intid, uint64_t lr,
					 bool latched)
{
	(void)cpu, (void)intid, (void)lr, (void)latched;
}

#endif
