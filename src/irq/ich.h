/*
 * The virtualization half of the CPU interface: list registers and what belongs to them, together
 * with the few facts about the current CPU that the virtual GIC needs. On the target each function
 * is one or two instructions; on a host build they are supplied by tests/unit/fake_ich.h, so that
 * the whole virtual GIC runs under unit tests.
 *
 * GICv2 (GICH_*, memory-mapped) and GICv3 (ICH_*_EL2, system registers) differ in where a bit is
 * and how it is reached, not in what it does. So both have GICv3's names here.
 *
 * Source: IHI 0048 chapter 5 (GICv2); IHI 0069 12.4 (GICv3).
 */
#ifndef IRQ_ICH_H
#define IRQ_ICH_H

#include <stdbool.h>
#include <stdint.h>

#include "hal/hal.h"

struct trace_ring;

#if HAL_GIC_VERSION == 2
#include "irq/ich_v2.h"
#else
#include "irq/ich_v3.h"
#endif

#ifdef __aarch64__

#include <vitrine/percpu.h>

#include "hal/arm64.h"

/* Which physical CPU is this? Any value that no two CPUs share. */
static inline uint64_t ich_this_cpu(void)
{
	return READ_SYSREG(MPIDR_EL1);
}

/* Where this CPU records. NULL: there is no trace. */
static inline struct trace_ring *ich_trace_ring(void)
{
	return this_cpu()->ring;
}

/* When the guest's virtual timer, live in this CPU's registers, has expired: in CNTPCT_EL0. */
static inline uint64_t ich_vtimer_deadline(void)
{
	return READ_SYSREG(CNTV_CVAL_EL0) + READ_SYSREG(CNTVOFF_EL2);
}

/* Does the guest's virtual timer, live in this CPU's registers, assert its line? CNTV_CTL_EL0
 * {ISTATUS, IMASK, ENABLE}. */
static inline bool ich_vtimer_line(void)
{
	return (READ_SYSREG(CNTV_CTL_EL0) & 7) == 5;
}

#else /* a host build: supplied by the test */

void ich_write_lr(unsigned n, uint64_t value);
uint64_t ich_read_lr(unsigned n);
uint32_t ich_empty_lrs(void);
void ich_write_hcr(uint64_t value);
uint64_t ich_read_vmcr(void);
void ich_write_vmcr(uint64_t value);
uint64_t ich_read_ap0(void);
void ich_write_ap0(uint64_t value);
uint64_t ich_read_ap1(void);
void ich_write_ap1(uint64_t value);
uint64_t ich_this_cpu(void);
bool ich_vtimer_line(void);
struct trace_ring *ich_trace_ring(void);
uint64_t ich_vtimer_deadline(void);

#endif

#endif
