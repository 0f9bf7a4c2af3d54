/*
 * GICv3: list registers and what belongs to them are system registers (ICH_*_EL2). Included by
 * irq/ich.h only.
 *
 * Source: IHI 0069 12.4 (ICH_* System registers).
 */
#ifndef IRQ_ICH_V3_H
#define IRQ_ICH_V3_H

#include <stdint.h>

#include "lib/bits.h"

/* ICH_LR<n>_EL2 */
#define ICH_LR_VINTID	GENMASK(31, 0)
#define ICH_LR_PINTID	GENMASK(44, 32)
#define ICH_LR_EOI	BIT(41) /* with HW = 0: maintenance interrupt when deactivated */
#define ICH_LR_PRIORITY GENMASK(55, 48)
#define ICH_LR_GROUP1	BIT(60)
#define ICH_LR_HW	BIT(61) /* the guest's deactivation also deactivates physical pINTID */
#define ICH_LR_PENDING	BIT(62)
#define ICH_LR_ACTIVE	BIT(63)

/* ICH_HCR_EL2 */
#define ICH_HCR_EN BIT(0)
#define ICH_HCR_UIE \
	BIT(1) /* underflow: maintenance interrupt while at most one list register is valid */
#define ICH_HCR_NPIE BIT(3) /* the same while no list register is pending */

/* ICH_VMCR_EL2 */
#define ICH_VMCR_VENG0 BIT(0)
#define ICH_VMCR_VENG1 BIT(1)
#define ICH_VMCR_VPMR  GENMASK(31, 24)

/* ICH_VTR_EL2 */
#define ICH_VTR_LISTREGS GENMASK(4, 0)	 /* number of list registers - 1 */
#define ICH_VTR_PREBITS	 GENMASK(28, 26) /* preemption bits - 1 */

#ifdef __aarch64__

#include "hal/arm64.h"

#define ICH_FOR_EACH_LR(DO) \
	DO(0)               \
	DO(1)               \
	DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15)

/* A system register's number is part of the instruction, so an index becomes a branch. LR0 is by
 * far the usual one. */
static inline void ich_write_lr(unsigned n, uint64_t value)
{
	if (__builtin_expect(n == 0, 1)) {
		WRITE_SYSREG(ICH_LR0_EL2, value);
		return;
	}
	switch (n) {
#define WRITE_LR(i)                                   \
	case i:                                       \
		WRITE_SYSREG(ICH_LR##i##_EL2, value); \
		break;
		ICH_FOR_EACH_LR(WRITE_LR)
#undef WRITE_LR
	}
}

static inline uint64_t ich_read_lr(unsigned n)
{
	switch (n) {
#define READ_LR(i) \
	case i:    \
		return READ_SYSREG(ICH_LR##i##_EL2);
		ICH_FOR_EACH_LR(READ_LR)
#undef READ_LR
	}
	return 0;
}

/*
 * One bit a list register: may be overwritten with nothing lost. The value lags behind writes to
 * list registers until a context synchronization event, hence the barrier.
 */
static inline uint32_t ich_empty_lrs(void)
{
	isb();
	return (uint32_t)READ_SYSREG(ICH_ELRSR_EL2);
}

static inline void ich_write_hcr(uint64_t value)
{
	WRITE_SYSREG(ICH_HCR_EL2, value);
}

static inline uint64_t ich_read_vmcr(void)
{
	return READ_SYSREG(ICH_VMCR_EL2);
}

static inline void ich_write_vmcr(uint64_t value)
{
	WRITE_SYSREG(ICH_VMCR_EL2, value);
}

/* Active priorities of group 0 and 1. gic_init_cpu() has refused CPUs whose interface has more than
 * one word of each. */
static inline uint64_t ich_read_ap0(void)
{
	return READ_SYSREG(ICH_AP0R0_EL2);
}

static inline void ich_write_ap0(uint64_t value)
{
	WRITE_SYSREG(ICH_AP0R0_EL2, value);
}

static inline uint64_t ich_read_ap1(void)
{
	return READ_SYSREG(ICH_AP1R0_EL2);
}

static inline void ich_write_ap1(uint64_t value)
{
	WRITE_SYSREG(ICH_AP1R0_EL2, value);
}

#endif

#endif
