/*
 * Stops at what only a hypervisor sees. The exit is completed first: the guest stands behind the instruction that caused it, or where
 * an interrupt met it. On the vCPU's home CPU.
 */
#include <vitrine/percpu.h>

#include "core/dispatch.h"
#include "core/exit_answer.h"
#include "core/esr.h"
#include "debug/server.h"
#include "hal/arm64.h"
#include "irq/gic.h"
#include "lib/bits.h"
#include "trace/trace.h"
#include "vm/debug_hook.h"

extern const char el2_vectors_debugged[];
const void *points_exit(uint64_t answer, struct vcpu *core, bool irq);

#define CALL_64_BIT BIT(30) /* of a function id: its arguments are 64-bit */

static bool is_access(const struct point *point, const struct vcpu *core, enum exit_reason reason)
{
	return ((reason == EXIT_MMIO_READ && point->read) ||
		(reason == EXIT_MMIO_WRITE && point->write)) &&
	       core->note.address >= point->value && core->note.address < point->end;
}

static bool is_call(uint64_t function, const struct vcpu *core, enum exit_reason reason)
{
	return (reason == EXIT_HYPERCALL ||
		(reason >= EXIT_CPU_UP && reason <= EXIT_SYSTEM_RESET)) &&
	       (uint32_t)(core->note.address & ~CALL_64_BIT) == function;
}

static bool is_register(uint64_t key, enum exit_reason reason)
{
	const uint64_t esr = READ_SYSREG(ESR_EL2);

	return reason != EXIT_EXTERNAL_INTERRUPT && FIELD_GET(ESR_EC, esr) == EC_SYSREG &&
	       (esr & ISS_SYSREG_KEY) == key;
}

/* Pending, or with the guest, for the first time since it was neither. */
static bool is_new_interrupt(struct debug_vcpu *debug, const struct point *point)
{
	const struct vgic_cpu *cpu = &debug->vcpu->vgic;
	const unsigned intid = (unsigned)point->value;
	const struct vgic_bank *bank =
		intid < 32 ? &cpu->bank : &debug->vm->vm->vgic.spi[intid / 32 - 1];
	const bool there = (bank->in_lr | (bank->pending & bank->enabled)) >> intid % 32 & 1;
	const uint32_t bit = 1u << (point - debug->vm->points);
	const bool was = debug->interrupts_seen & bit;

	debug->interrupts_seen =
		there ? debug->interrupts_seen | bit : debug->interrupts_seen & ~bit;
	if (!there || was || debug->vcpu->core.frame.pc == debug->interrupted_pc)
		return false;
	debug->interrupted_pc = debug->vcpu->core.frame.pc;
	return true;
}

static bool is_met(struct debug_vcpu *debug, const struct point *point, enum exit_reason reason)
{
	const struct vcpu *core = &debug->vcpu->core;

	switch (point->kind) {
	case POINT_EXIT:
		return reason == point->value;
	case POINT_SYSREG:
		return is_register(point->value, reason);
	case POINT_PSCI:
		return is_call(point->value, core, reason);
	case POINT_IPA:
		return is_access(point, core, reason);
	case POINT_IRQ:
		return is_new_interrupt(debug, point);
	case POINT_EXEC: /* guards.c */
	case POINT_NONE:
		break;
	}
	return false;
}

static void look(struct vcpu *core, enum exit_reason reason)
{
	struct debug_vcpu *debug = debug_vcpu_of(vm_vcpu_of(core));
	const struct gdb_stop here = {.thread = debug_thread_of(debug->vcpu),
				      .signal = GDB_SIGNAL_TRAP};
	bool met = false;

	/* One that was stopped at is handed over anew when the guest goes on: it has not moved by then. */
	if (core->frame.pc != debug->interrupted_pc ||
	    (reason != EXIT_EXTERNAL_INTERRUPT && reason != EXIT_NOTHING))
		debug->interrupted_pc = UINT64_MAX;
	for (unsigned i = 0; i < debug->vm->points_used; i++)
		met |= is_met(debug, &debug->vm->points[i], reason);
	if (!met)
		return;
	world_stop(debug->vm, &here);
	/* An exit that goes straight back must come again at once. */
	gic_send_sgi(this_cpu()->mpidr, SGI_KICK);
}

/* asm/vectors.S: an exit has its answer. Returns what follows: what would have without us. */
const void *points_exit(uint64_t answer, struct vcpu *core, bool irq)
{
	const void *next = irq ? core->after_irq : core->after_sync;

	look(core, (enum exit_reason)ANSWER_REASON(answer));
	return core->ring && next ? next : after_exit;
}

void debug_vectors(const struct vm_vcpu *vcpu)
{
	const struct trace_ring *ring = this_cpu()->ring;
	const bool traced = ring && ring->level != TRACE_LEVEL_OFF;

	WRITE_SYSREG(VBAR_EL2, (uint64_t)(uintptr_t)(debug_vcpu_of(vcpu)->vm->points_used
							     ? el2_vectors_debugged
						     : traced ? el2_vectors_traced
							      : el2_vectors));
}

/* An interrupt that came while it was not loaded is seen at its first exit: let that be at once. */
void points_loaded(const struct debug_vcpu *debug)
{
	debug_vectors(debug->vcpu);
	for (unsigned i = 0; i < debug->vm->points_used; i++)
		if (debug->vm->points[i].kind == POINT_IRQ)
			gic_send_sgi(this_cpu()->mpidr, SGI_KICK);
}

void points_drop(struct debug_vm *vm, struct point *point)
{
	const bool guards = point->kind == POINT_EXEC || point->kind == POINT_IPA;

	point->kind = POINT_NONE;
	if (guards)
		guards_set(vm, point->value, point->end);
}

void points_drop_all(struct debug_vm *vm)
{
	for (unsigned i = 0; i < vm->points_used; i++)
		points_drop(vm, &vm->points[i]);
	vm->points_used = 0;
}
