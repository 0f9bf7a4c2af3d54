/*
 * GICv2: list registers and what belongs to them are memory-mapped (GICH_*), banked by CPU. The
 * names are GICv3's, see irq/ich.h. Included by irq/ich.h only.
 *
 * Source: IHI 0048 5.3 (virtual interface control registers).
 */
#ifndef IRQ_ICH_V2_H
#define IRQ_ICH_V2_H

#include <stdint.h>

#include "lib/bits.h"

/*
 * GICH_LR<n>. The priority is the upper 5 bits of 8; the lower 3 fall on reserved bits and are 0
 * (VGIC_PRIORITY_MASK).
 */
#define ICH_LR_VINTID	GENMASK(9, 0)
#define ICH_LR_PINTID	GENMASK(19, 10) /* with HW = 1 */
#define ICH_LR_CPUID	GENMASK(12, 10) /* with HW = 0, of an SGI: who has sent it */
#define ICH_LR_EOI	BIT(19)		/* with HW = 0 */
#define ICH_LR_PRIORITY GENMASK(27, 20)
#define ICH_LR_PENDING	BIT(28)
#define ICH_LR_ACTIVE	BIT(29)
#define ICH_LR_GROUP1	BIT(30)
#define ICH_LR_HW	BIT(31)

/* GICH_HCR */
#define ICH_HCR_EN   BIT(0)
#define ICH_HCR_UIE  BIT(1)
#define ICH_HCR_NPIE BIT(3)

/* GICH_VMCR. Of the priority mask, too, the upper 5 bits are there. */
#define ICH_VMCR_VENG0 BIT(0)
#define ICH_VMCR_VENG1 BIT(1)
#define ICH_VMCR_VPMR  GENMASK(31, 24)

/* GICH_VTR */
#define ICH_VTR_LISTREGS GENMASK(5, 0)
#define ICH_VTR_PREBITS	 GENMASK(28, 26)

#ifdef __aarch64__

#include "hal/arm64.h"
#include "hal/hal.h"

enum {
	GICH_HCR = 0x000,
	GICH_VTR = 0x004,
	GICH_VMCR = 0x008,
	GICH_ELRSR0 = 0x030,
	GICH_APR = 0x0f0,
	GICH_LR0 = 0x100,
};

#define ICH_LRS_AT_MOST GENMASK(15, 0) /* gic_init_cpu() uses no more, even if there are */

static inline void ich_write_lr(unsigned n, uint64_t value)
{
	mmio_write32(hal.gich_base + GICH_LR0 + 4 * n, (uint32_t)value);
}

static inline uint64_t ich_read_lr(unsigned n)
{
	return mmio_read32(hal.gich_base + GICH_LR0 + 4 * n);
}

/* Accesses to one device stay in order (Device-nGnRE): no barrier. */
static inline uint32_t ich_empty_lrs(void)
{
	return mmio_read32(hal.gich_base + GICH_ELRSR0) & (uint32_t)ICH_LRS_AT_MOST;
}

static inline void ich_write_hcr(uint64_t value)
{
	mmio_write32(hal.gich_base + GICH_HCR, (uint32_t)value);
}

static inline uint64_t ich_read_vmcr(void)
{
	return mmio_read32(hal.gich_base + GICH_VMCR);
}

static inline void ich_write_vmcr(uint64_t value)
{
	mmio_write32(hal.gich_base + GICH_VMCR, (uint32_t)value);
}

/* One word of active priorities, for both groups: group 0's stands for it, group 1 has none. */
static inline uint64_t ich_read_ap0(void)
{
	return mmio_read32(hal.gich_base + GICH_APR);
}

static inline void ich_write_ap0(uint64_t value)
{
	mmio_write32(hal.gich_base + GICH_APR, (uint32_t)value);
}

static inline uint64_t ich_read_ap1(void)
{
	return 0;
}

static inline void ich_write_ap1(uint64_t value)
{
	(void)value;
}

#endif

#endif
