/*
 * The physical interrupt controller as EL2 uses it, in EOImode 1 (priority drop and deactivation
 * apart, so that a guest can deactivate a hardware-mapped interrupt). The image has one of two
 * drivers, see HAL_GIC_VERSION: irq/gicv3.c (system-register CPU interface, Group 1 non-secure) or
 * irq/gicv2.c (memory-mapped).
 *
 * Source: GIC architecture specification IHI 0069 (GICv3), IHI 0048 (GICv2). All functions act on,
 * or are called on, the current CPU unless said.
 */
#ifndef IRQ_GIC_H
#define IRQ_GIC_H

#include <stdbool.h>
#include <stdint.h>

#include <vitrine/err.h>

#include "hal/hal.h"

#define INTID_SGIS	16u
#define INTID_FIRST_SPI 32u
#define INTID_SPURIOUS	1023u
#define INTID_SPECIAL	1020u /* 1020..1023 are no interrupts */

#define INTID_PMU	     23u
#define INTID_MAINTENANCE    25u
#define INTID_EL2_PHYS_TIMER 26u
#define INTID_VIRT_TIMER     27u
#define INTID_EL1_PHYS_TIMER 30u

/* SGIs between our own CPUs. */
#define SGI_KICK 1u /* look at your requests: pending virtual interrupts, rescheduling */
#define SGI_STOP 2u /* another CPU has panicked: halt */

/* Once, by the boot CPU: distributor on, all SPIs disabled, priority default. */
enum vt_err gic_init(void);
/* On each CPU: its redistributor (GICv3) and CPU interface, SGIs and the PPIs 23, 25, 26, 27 enabled,
 * ICH_* or GICH_* reset. */
enum vt_err gic_init_cpu(void);

/* Number of list registers (1..16). Valid after gic_init_cpu(). */
unsigned gic_list_registers(void);

/*
 * Make physical PPI 27 (the virtual timer) active or inactive on this CPU, whatever it was. Active
 * masks it. For a vCPU that is loaded or put while its guest has not yet ended the timer interrupt.
 */
void gic_set_vtimer_active(bool active);

#ifdef __aarch64__
/* Acknowledge: the INTID, or >= INTID_SPECIAL for none. */
static inline uint32_t gic_acknowledge(void);
/* Drop the running priority (EOIR); the interrupt stays active. */
static inline void gic_drop_priority(uint32_t intid);
/* Deactivate (DIR). EL2's own interrupts do both. */
static inline void gic_deactivate(uint32_t intid);
/* The three above: they stand on the hot path. */
#if HAL_GIC_VERSION == 2
#include "irq/gic_cpuif_v2.h"
#else
#include "irq/gic_cpuif_v3.h"
#endif
#else /* a host build: supplied by the test */
uint32_t gic_acknowledge(void);
void gic_drop_priority(uint32_t intid);
void gic_deactivate(uint32_t intid);
#endif

/* Enable an SPI, route it to the calling CPU, level-triggered. */
void gic_enable_spi(uint32_t intid);
void gic_disable_spi(uint32_t intid);

/* Send SGI_* to the CPU with this MPIDR affinity; to all others. Orders earlier memory writes
 * before the interrupt. */
void gic_send_sgi(uint64_t mpidr, uint32_t sgi);
void gic_send_sgi_others(uint32_t sgi);

#endif
