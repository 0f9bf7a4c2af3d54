/*
 * What the embedder supplies to the core, by name, at link time: no function pointer stands on the
 * exit path. libvcpu.a has a weak default of each, which is a machine without devices and without an
 * interrupt controller: what it cannot answer leaves vcpu_run(). And of what the core calls beside these:
 *
 *   void log_line(const char *format, ...)           a rare line for a person; default: nothing
 *   _Noreturn void panic(const char *format, ...)    EL2's own fault; default: stop this CPU
 *   memcpy, memmove, memset, ...                     src/lib/string.c
 *
 * Before anything else, on each CPU: percpu_enable(); once: capabilities_init().
 *
 * All are called at EL2 on the CPU where `vcpu` is loaded, interrupts masked, with guest FP/SIMD
 * state live. They must be short. A false answer sends the exit out of vcpu_run() to the caller.
 */
#ifndef VITRINE_EMBED_H
#define VITRINE_EMBED_H

#include <stdbool.h>
#include <stdint.h>

#include <vitrine/vcpu.h>

/**
 * What becomes of the guest after an exit. asm/vectors.S tests the bits: bit 0, more than a plain
 * return; bit 1, none at all.
 */
enum exit_action {
	EXIT_RESUME = 0,     /* x0..x18 and x30 may have changed */
	EXIT_RESUME_ALL = 1, /* any register may have changed */
	EXIT_LEAVE = 3,	     /* vcpu_run() returns */
};

/** A load: true and the zero-extended value, when a device answers at once. */
bool embed_mmio_read(struct vcpu *vcpu, const struct mmio_access *access, uint64_t *value);
/** A store: true when a device has taken it. */
bool embed_mmio_write(struct vcpu *vcpu, const struct mmio_access *access, uint64_t value);

/** A write to ICC_SGI1R_EL1. */
void embed_send_sgi(struct vcpu *vcpu, uint64_t value);

/**
 * The registers that core/trapped_regs.def leaves to the embedder: the physical timer, ICC_ASGI1R_EL1 and ICC_SGI0R_EL1. `key` is
 * SYSREG_KEY(op0, op1, CRn, CRm, op2) of core/esr.h. False: UNDEFINED.
 */
bool embed_sysreg_read(struct vcpu *vcpu, uint32_t key, uint64_t *value);
/** Likewise for a write. */
bool embed_sysreg_write(struct vcpu *vcpu, uint32_t key, uint64_t value);

/** The guest's PMU raises its overflow interrupt, or lowers it. The vCPU may be about to be put. */
void embed_pmu_line(struct vcpu *vcpu, bool level);

/** WFI or WFE: true when the vCPU has something pending and need not wait. */
bool embed_may_resume_from_wait(struct vcpu *vcpu);

/** What embed_interrupt() tells as INTID when it has not acknowledged the interrupt. */
#define EMBED_INTERRUPT_UNTAKEN UINT32_MAX

/**
 * A physical interrupt has stopped the guest: acknowledge and handle it. Sets *intid. EXIT_RESUME
 * goes straight back; EXIT_LEAVE makes vcpu_run() return with EXTERNAL_INTERRUPT, or with NOTHING when *intid is one of
 * the GIC's special numbers, 1020..1023. EMBED_INTERRUPT_UNTAKEN: it has not been acknowledged, the caller is to do it.
 */
enum exit_action embed_interrupt(struct vcpu *vcpu, uint32_t *intid);

/**
 * A physical interrupt has come in a window (irq_window_open(), vitrine/percpu.h): acknowledge and handle it. The vCPU that is
 * loaded, if any, is not to be put. Without windows it is never called.
 */
void embed_el2_interrupt(void);

/**
 * vcpu_inject_interrupt(): make `intid` pending in the guest's interrupt controller. Any CPU, any state of the
 * vCPU. VT_EINVAL for an interrupt that the guest does not have; VT_ENOSYS without a controller.
 */
enum vt_err embed_inject_interrupt(struct vcpu *vcpu, uint32_t intid);

#endif
