/*
 * GICv3: the physical CPU interface's three hot operations are system registers. Included by
 * irq/gic.h only.
 *
 * Source: IHI 0069 12.2 (AArch64 System register descriptions).
 */
#ifndef IRQ_GIC_CPUIF_V3_H
#define IRQ_GIC_CPUIF_V3_H

#include "hal/arm64.h"

static inline uint32_t gic_acknowledge(void)
{
	return (uint32_t)READ_SYSREG(ICC_IAR1_EL1);
}

static inline void gic_drop_priority(uint32_t intid)
{
	WRITE_SYSREG(ICC_EOIR1_EL1, intid);
}

static inline void gic_deactivate(uint32_t intid)
{
	WRITE_SYSREG(ICC_DIR_EL1, intid);
}

#endif
