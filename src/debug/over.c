/*
 * Steps over a breakpoint that GDB is not told of: its condition is false, or it has been met by another name of its page, which
 * GDB cannot step over as it knows of no breakpoint there.
 *
 * What only computes or branches is simulated (simulate.h). For the rest a breakpoint register is switched off on the one CPU, for
 * the one instruction. A patched word is in everybody's memory: while it is lifted no other vCPU of the VM may run, or it would
 * run past; and so with a page that is guarded (guards.c). Where others are on, the VM stops as for GDB, the one instruction is
 * executed, and all go on; the debugger's CPU sees to it between two looks at its port.
 */
#include "debug/memory.h"
#include "debug/server.h"
#include "debug/simulate.h"

#include "hal/arm64.h"
#include "irq/vgic.h"
#include "vm/debug_hook.h"
#include "vm/guest_state.h"

void over_begin(struct debug_vcpu *debug)
{
	const struct software_break *patch = breaks_find_pa(&debug->vm->breaks, debug->over.pa);

	if (patch)
		memory_patch(debug->over.pa, patch->original);
	guards_open(debug);
	debug->over.active = true;
	step_begin(debug);
	step_load(debug);
}

bool over_end(struct debug_vcpu *debug)
{
	if (!debug->over.active)
		return false;
	debug->over.active = false;
	if (breaks_find_pa(&debug->vm->breaks, debug->over.pa))
		memory_patch(debug->over.pa, BREAKS_INSTRUCTION);
	guards_close(debug);
	if (debug->action.kind >= GDB_ACTION_STEP)
		return true;
	step_finish(debug);
	step_load(debug);
	return true;
}

/* One that is off is switched on by another, and that one only steps. */
static bool is_alone(const struct debug_vcpu *debug)
{
	const struct vm *vm = debug->vm->vm;

	for (unsigned i = 0; i < vm->vcpus; i++) {
		const struct debug_vcpu *other = debug_vcpu_of(vm->vcpu[i]);
		const enum vcpu_state state = other->vcpu->core.state;

		if (other != debug && state != VCPU_OFF && state != VCPU_CREATED &&
		    !(other->held && other->action.kind == GDB_ACTION_STAY))
			return false;
	}
	return true;
}

void over_at(struct debug_vcpu *debug)
{
	const uint64_t pc = debug->vcpu->core.frame.pc;

	if (debug->over.pc == pc)
		return;
	debug->over.pc = pc;
	debug->over.pa = 0;
	debug->over.pages = 0;
}

void over_add(struct debug_vcpu *debug, uint64_t page)
{
	over_at(debug);
	for (unsigned i = 0; i < debug->over.pages; i++)
		if (debug->over.page[i] == page)
			return;
	if (debug->over.pages < OVER_PAGES)
		debug->over.page[debug->over.pages++] = page;
}

/*
 * Most instructions need no lifting and no step: one exit, and the others run on. Not where a patched word lies behind a breakpoint
 * register: it has yet to be asked.
 */
static bool is_simulated(const struct debug_vcpu *debug, uint64_t pa)
{
	struct vcpu *core = &debug->vcpu->core;
	struct breaks *breaks = &debug->vm->breaks;
	uint64_t at = pa, count;
	const struct software_break *patch;

	if (debug_steps(debug->vcpu) || debug->over.pages ||
	    (!pa && !memory_find(debug, core->frame.pc, &at, &count)))
		return false;
	patch = breaks_find_pa(breaks, at);
	if (!patch != !pa)
		return false;
	return simulate(&core->frame, guest_sp(core),
			patch ? patch->original : *(const volatile uint32_t *)(uintptr_t)at);
}

bool over(struct debug_vcpu *debug, uint64_t pa)
{
	const struct gdb_stop quiet = {.thread = debug_thread_of(debug->vcpu),
				       .signal = GDB_SIGNAL_TRAP};

	over_at(debug);
	if (is_simulated(debug, pa))
		return true;
	debug->over.pa = pa;
	if ((!pa && !debug->over.pages) || is_alone(debug))
		over_begin(debug);
	else
		/* If it stops already, it is met again. model: over_stop */
		world_stop_over(debug, &quiet);
	return false;
}

/* All stand still: only this one goes on, by one instruction. */
static void let_one_go(struct debug_vm *vm)
{
	for (unsigned i = 0; i < vm->vm->vcpus; i++) {
		struct debug_vcpu *each = debug_vcpu_of(vm->vm->vcpu[i]);

		each->later = each->action;
		each->action = (struct gdb_action){.kind = each == vm->over ? GDB_ACTION_STEP
									    : GDB_ACTION_STAY};
	}
	vm->over_goes = true; /* model: one_goes */
	over_begin(vm->over);
	world_resume(vm);
}

/* The instruction was its CPU_OFF: no step comes to an end. */
static bool has_left(const struct debug_vcpu *one)
{
	return __atomic_load_n(&one->vcpu->core.state, __ATOMIC_ACQUIRE) == VCPU_OFF;
}

/* It has gone: all go on as they were. True: it was to stop here anyhow, or something else has stopped it. */
static bool let_all_go(struct debug_vm *vm)
{
	const struct debug_vcpu *one = vm->over;

	for (unsigned i = 0; i < vm->vm->vcpus; i++) {
		struct debug_vcpu *each = debug_vcpu_of(vm->vm->vcpu[i]);

		each->action = each->later;
	}
	vm->over = NULL; /* model: all_go */
	if (one->action.kind >= GDB_ACTION_STEP || (!one->over.done && !has_left(one)))
		return true;
	world_resume(vm);
	return false;
}

bool over_serve(struct debug_vm *vm)
{
	if (!vm->over)
		return false;
	if (!world_is_stopped(vm)) {
		if (vm->over_goes && has_left(vm->over))
			world_stop(vm, NULL); /* model: has_left */
		return true;
	}
	if (vm->over_goes)
		return !let_all_go(vm);
	let_one_go(vm);
	return true;
}

bool over_resume(struct debug_vm *vm)
{
	for (unsigned i = 0; i < vm->vm->vcpus; i++) {
		struct debug_vcpu *each = debug_vcpu_of(vm->vm->vcpu[i]);
		const uint64_t pc = each->vcpu->core.frame.pc;
		uint64_t pa, count;

		if (!each->passes || each->action.kind == GDB_ACTION_STAY)
			continue;
		each->passes = false;
		over_at(each);
		each->over.pa =
			memory_find(each, pc, &pa, &count) && breaks_find_pa(&vm->breaks, pa) ? pa
											      : 0;
		if (!each->over.pa && !each->over.pages)
			continue;
		vm->over = each;
		vm->over_goes = false;
		let_one_go(vm);
		return true;
	}
	return false;
}
