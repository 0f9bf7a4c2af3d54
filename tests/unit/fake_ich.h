/*
 * Physical CPUs as the virtual GIC sees them, for host tests: list registers with the guest's half
 * of the virtual CPU interface behind them (acknowledge, end of interrupt, maintenance conditions),
 * physical PPI 27 and the virtual timer's line. Written from IHI 0069 alone, so that it does not
 * repeat what irq/vgic.c assumes.
 *
 * A test includes this once. `here` is the CPU that executes; vgic_kick() only notes whom it was
 * for.
 */
#ifndef TESTS_UNIT_FAKE_ICH_H
#define TESTS_UNIT_FAKE_ICH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "irq/gic.h"
#include "irq/ich.h"
#include "irq/vgic.h"
#include "fake_trace.h"

#define FAKE_CPUS     8
#define FAKE_SPURIOUS 1023u
#define LR_STATE      (ICH_LR_PENDING | ICH_LR_ACTIVE)
#define VMCR_ALL_OPEN (ICH_VMCR_VENG0 | ICH_VMCR_VENG1 | ICH_VMCR_VPMR)

struct fake_pcpu {
	uint64_t lr[VGIC_MAX_LRS];
	uint64_t hcr, vmcr, ap0, ap1;
	unsigned eoi_count; /* ICH_HCR_EL2.EOIcount: ends that found no list register */
	bool timer_line;    /* the virtual timer's condition is met, and it is enabled */
	bool phys_active;   /* physical PPI 27 */
	unsigned lr_writes, lr_reads;
};

static struct fake_pcpu fake_pcpu[FAKE_CPUS];
static unsigned here;
static unsigned fake_lrs = 4;
static uint32_t kicked;			   /* one bit a vCPU */
static struct trace_ring *fake_trace_ring; /* NULL: nothing is recorded */

static inline struct fake_pcpu *fake(void)
{
	return &fake_pcpu[here];
}

static inline void fake_reset(void)
{
	memset(fake_pcpu, 0, sizeof(fake_pcpu));
	memset(&vgic_stats, 0, sizeof(vgic_stats));
	here = 0;
	fake_lrs = 4;
	kicked = 0;
	fake_trace_ring = NULL;
	fake_event_count = 0;
}

/* What irq/ich.h and irq/gic.h leave to a host build. */
void ich_write_lr(unsigned n, uint64_t value)
{
	assert_true(n < fake_lrs);
	if (value & ICH_LR_HW) /* "pending and active" is not for hardware interrupts */
		assert_true((value & LR_STATE) != LR_STATE);
	fake()->lr[n] = value;
	fake()->lr_writes++;
}

uint64_t ich_read_lr(unsigned n)
{
	assert_true(n < fake_lrs);
	fake()->lr_reads++;
	return fake()->lr[n];
}

static inline bool lr_reports_eoi(uint64_t lr)
{
	return !(lr & (LR_STATE | ICH_LR_HW)) && lr & ICH_LR_EOI;
}

uint32_t ich_empty_lrs(void)
{
	uint32_t empty = 0;

	for (unsigned n = 0; n < fake_lrs; n++)
		if (!(fake()->lr[n] & LR_STATE) && !lr_reports_eoi(fake()->lr[n]))
			empty |= 1u << n;
	return empty;
}

void ich_write_hcr(uint64_t value)
{
	fake()->hcr = value;
}
uint64_t ich_read_vmcr(void)
{
	return fake()->vmcr;
}
void ich_write_vmcr(uint64_t value)
{
	fake()->vmcr = value;
}
uint64_t ich_read_ap0(void)
{
	return fake()->ap0;
}
void ich_write_ap0(uint64_t value)
{
	fake()->ap0 = value;
}
uint64_t ich_read_ap1(void)
{
	return fake()->ap1;
}
void ich_write_ap1(uint64_t value)
{
	fake()->ap1 = value;
}
uint64_t ich_this_cpu(void)
{
	return here;
}
struct trace_ring *ich_trace_ring(void)
{
	return fake_trace_ring;
}

uint64_t ich_vtimer_deadline(void)
{
	return 1000;
}

bool ich_vtimer_line(void)
{
	return fake()->timer_line;
}
unsigned gic_list_registers(void)
{
	return fake_lrs;
}
void gic_set_vtimer_active(bool active)
{
	fake()->phys_active = active;
}
void vgic_kick(void *owner, unsigned vcpu)
{
	(void)owner;
	kicked |= 1u << vcpu;
}

/* Would EL2 get physical PPI 27 now? */
static inline bool fake_timer_fires(void)
{
	return fake()->timer_line && !fake()->phys_active;
}

/* ICH_MISR_EL2 != 0: the maintenance interrupt is asserted. */
static inline bool fake_maintenance(void)
{
	unsigned valid = 0, pending = 0;
	bool eoi = false;

	for (unsigned n = 0; n < fake_lrs; n++) {
		const uint64_t lr = fake()->lr[n];

		valid += (lr & LR_STATE) != 0;
		pending += (lr & LR_STATE) == ICH_LR_PENDING;
		eoi |= lr_reports_eoi(lr);
	}
	return fake()->hcr & ICH_HCR_EN && (eoi || (fake()->hcr & ICH_HCR_UIE && valid <= 1) ||
					    (fake()->hcr & ICH_HCR_NPIE && !pending));
}

/*
 * Priorities of what is active and not yet dropped: one bit for each of the 32 preemption levels.
 */
static inline unsigned running_priority(void)
{
	const uint64_t active = fake()->ap0 | fake()->ap1;

	return active ? (unsigned)__builtin_ctzll(active) << 3 : 0x100;
}

static inline bool lr_group_enabled(uint64_t lr)
{
	return fake()->vmcr & (lr & ICH_LR_GROUP1 ? ICH_VMCR_VENG1 : ICH_VMCR_VENG0);
}

/* The list register that the guest would be interrupted for, or -1. */
static inline int fake_highest_pending(void)
{
	unsigned best_priority = (unsigned)FIELD_GET(ICH_VMCR_VPMR, fake()->vmcr);
	int best = -1;

	if (running_priority() < best_priority)
		best_priority = running_priority();
	if (!(fake()->hcr & ICH_HCR_EN))
		return -1;
	for (unsigned n = 0; n < fake_lrs; n++) {
		const uint64_t lr = fake()->lr[n];

		if ((lr & LR_STATE) != ICH_LR_PENDING || !lr_group_enabled(lr))
			continue;
		if (FIELD_GET(ICH_LR_PRIORITY, lr) < best_priority) {
			best_priority = (unsigned)FIELD_GET(ICH_LR_PRIORITY, lr);
			best = (int)n;
		}
	}
	return best;
}

/* The guest reads ICC_IAR1_EL1 (or IAR0: the fake does not ask which). */
static inline unsigned guest_acknowledges(void)
{
	const int n = fake_highest_pending();

	if (n < 0)
		return FAKE_SPURIOUS;

	uint64_t *lr = &fake()->lr[n];
	uint64_t *ap = *lr & ICH_LR_GROUP1 ? &fake()->ap1 : &fake()->ap0;

	*ap |= BIT(FIELD_GET(ICH_LR_PRIORITY, *lr) >> 3);
	*lr ^= LR_STATE;
	return (unsigned)FIELD_GET(ICH_LR_VINTID, *lr);
}

static inline void guest_drops_priority(void)
{
	uint64_t *ap = fake()->ap1 && (!fake()->ap0 ||
				       (fake()->ap1 & -fake()->ap1) < (fake()->ap0 & -fake()->ap0))
			       ? &fake()->ap1
			       : &fake()->ap0;

	*ap &= *ap - 1;
}

static inline void guest_deactivates(unsigned intid)
{
	for (unsigned n = 0; n < fake_lrs; n++) {
		uint64_t *lr = &fake()->lr[n];

		if (FIELD_GET(ICH_LR_VINTID, *lr) != intid || !(*lr & ICH_LR_ACTIVE))
			continue;
		*lr &= ~ICH_LR_ACTIVE;
		if (*lr & ICH_LR_HW) {
			assert_int_equal(FIELD_GET(ICH_LR_PINTID, *lr), INTID_VIRT_TIMER);
			fake()->phys_active = false;
		}
		return;
	}
	fake()->eoi_count++;
}

/* The guest writes ICC_EOIR1_EL1 with EOImode 0. */
static inline void guest_ends(unsigned intid)
{
	guest_drops_priority();
	guest_deactivates(intid);
}

/* The list register with this interrupt in it, or 0. */
static inline uint64_t lr_with(unsigned intid)
{
	for (unsigned n = 0; n < fake_lrs; n++)
		if (fake()->lr[n] & LR_STATE && FIELD_GET(ICH_LR_VINTID, fake()->lr[n]) == intid)
			return fake()->lr[n];
	return 0;
}

#endif
