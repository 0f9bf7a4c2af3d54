/*
 * GICv2: the physical CPU interface's three hot operations are memory-mapped registers. Included by
 * irq/gic.h only.
 *
 * Source: IHI 0048 4.4 (CPU interface registers).
 */
#ifndef IRQ_GIC_CPUIF_V2_H
#define IRQ_GIC_CPUIF_V2_H

#include "hal/arm64.h"
#include "hal/hal.h"

#define GICC_IAR       0x00cu
#define GICC_EOIR      0x010u
#define GICC_IAR_INTID UINT32_C(0x3ff) /* above it, of an SGI: who has sent it */

static inline void gic_drop_priority(uint32_t intid)
{
	if (intid >= INTID_SGIS)
		mmio_write32(hal.gicc_base + GICC_EOIR, intid);
}

static inline void gic_deactivate(uint32_t intid)
{
	if (intid >= INTID_SGIS)
		mmio_write32(hal.gicc_dir, intid);
}

/*
 * The end of an SGI must name its sender, which nobody wants to carry around: an SGI of ours is
 * over as soon as it is acknowledged, and the two functions above have nothing left to do.
 */
static inline uint32_t gic_acknowledge(void)
{
	const uint32_t iar = mmio_read32(hal.gicc_base + GICC_IAR);
	const uint32_t intid = iar & GICC_IAR_INTID;

	if (intid < INTID_SGIS) {
		mmio_write32(hal.gicc_base + GICC_EOIR, iar);
		mmio_write32(hal.gicc_dir, iar);
	}
	return intid;
}

#endif
