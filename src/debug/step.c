/*
 * Debug registers and single step: what is in hardware while a debugger holds a VM, and the exceptions that come of it. On
 * the vCPU's home CPU.
 *
 * While anything is inserted or stepped, MDCR_EL2.TDE brings debug exceptions to EL2, and the debug registers are ours. What
 * is not ours goes on to the guest: its own BRK above all. (Arm ARM D2.4.2, D2.12.)
 *
 * PSTATE.SS = 1 executes one instruction. An instruction that EL2 emulates counts as that one: vcpu_advance() clears SS, so
 * the next entry comes back at once, at the instruction behind.
 */
#include "debug/memory.h"
#include "debug/server.h"

#include "core/esr.h"
#include "core/guest_debug.h"
#include "core/traps.h"
#include "hal/arm64.h"
#include "lib/log.h"
#include "trace/format.h"
#include "vm/debug_hook.h"

#define MDCR_TDE  BIT(8)
#define MDSCR_SS  BIT(0)
#define MDSCR_MDE BIT(15)
#define PSTATE_I  BIT(7)

/* MSR and MRS of ICC_*_EL1: op0 3, op1 0, CRn 12. (Arm ARM C4.1.93.) */
#define INSN_ICC_MASK 0xffdff000u
#define INSN_ICC      0xd518c000u
/* Load-exclusive: LDXR, LDAXR and pairs: bits 29:24 001000, o2 = 0, L = 1. */
#define INSN_LOAD_EXCLUSIVE_MASK 0x3fc00000u
#define INSN_LOAD_EXCLUSIVE	 0x08400000u

static uint32_t instruction_at(const struct debug_vcpu *debug, uint64_t pc)
{
	uint32_t word = 0;

	memory_read(debug, pc, (uint8_t *)&word, sizeof(word));
	return word;
}

/*
 * A pending interrupt would take the place of the stepped instruction. But a handler, which has them masked, must be able to
 * talk to its CPU interface, which answers nothing while interrupts are withheld.
 */
static void withhold_interrupts(struct debug_vcpu *debug)
{
	const struct vcpu_frame *frame = &debug->vcpu->core.frame;
	const bool masked = frame->pstate & PSTATE_I;
	const bool talks = masked && (instruction_at(debug, frame->pc) & INSN_ICC_MASK) == INSN_ICC;

	vgic_withhold(&debug->vcpu->vgic, !debug->vm->step_interrupts && !talks);
}

void step_begin(struct debug_vcpu *debug)
{
	debug->vcpu->core.frame.pstate |= PSTATE_SS;
	withhold_interrupts(debug);
}

void step_finish(struct debug_vcpu *debug)
{
	debug->vcpu->core.frame.pstate &= ~PSTATE_SS;
	vgic_withhold(&debug->vcpu->vgic, false);
}

void step_end(struct debug_vcpu *debug)
{
	over_end(debug);
	if (debug->action.kind >= GDB_ACTION_STEP)
		step_finish(debug);
}

bool debug_steps(const struct vm_vcpu *vcpu)
{
	const struct debug_vcpu *debug = debug_vcpu_of(vcpu);

	return debug->action.kind >= GDB_ACTION_STEP || debug->over.active;
}

void debug_before_load(struct vm_vcpu *vcpu)
{
	guest_debug_hold(&vcpu->core.debug, debug_is_armed(debug_vcpu_of(vcpu)));
}

/* The breakpoint register that a vCPU is taken over: not on this CPU, not for this instruction. */
static void load_all_but(const struct breaks *breaks, uint64_t pc)
{
	struct guest_debug registers = breaks->registers;

	for (unsigned i = 0; i < GUEST_DEBUG_MOST; i++)
		if (registers.bvr[i] == pc)
			registers.bcr[i] = 0;
	guest_debug_load(&registers);
}

void debug_loaded(struct vm_vcpu *vcpu)
{
	struct debug_vcpu *debug = debug_vcpu_of(vcpu);

	points_loaded(debug);
	if (!debug_is_armed(debug))
		return;
	if (debug->over.active)
		load_all_but(&debug->vm->breaks, debug->over.pc);
	else
		guest_debug_load(&debug->vm->breaks.registers);
	WRITE_SYSREG(MDSCR_EL1, MDSCR_MDE | (debug_steps(vcpu) ? MDSCR_SS : 0));
	WRITE_SYSREG(MDCR_EL2, READ_SYSREG(MDCR_EL2) | MDCR_TDE);
}

/* Nothing of ours may be left in hardware, and the guest's own has its effect again. */
static void disarm(struct vcpu *core)
{
	guest_debug_put();
	WRITE_SYSREG(MDCR_EL2, READ_SYSREG(MDCR_EL2) & ~MDCR_TDE);
	if (core->debug.in_hardware)
		guest_debug_load(&core->debug);
}

void step_load(struct debug_vcpu *debug)
{
	struct vcpu *core = &debug->vcpu->core;

	if (!core->cpu)
		return;
	debug_before_load(debug->vcpu);
	if (debug_is_armed(debug))
		debug_loaded(debug->vcpu);
	else
		disarm(core);
}

void debug_before_put(struct vm_vcpu *vcpu)
{
	if (debug_is_armed(debug_vcpu_of(vcpu)))
		guest_debug_put();
}

bool step_stop(struct debug_vcpu *debug, enum gdb_stop_reason reason, uint64_t address)
{
	const struct gdb_stop why = {.thread = debug_thread_of(debug->vcpu),
				     .reason = reason,
				     .signal = GDB_SIGNAL_TRAP,
				     .address = address};

	return world_stop(debug->vm, &why);
}

/*
 * A range is stepped through here, not over the wire. It ends before a load-exclusive, too: each exception takes the
 * exclusive away, so a stepped loop would never end, and the debugger knows how to run to the store's other side.
 */
static void on_step(struct debug_vcpu *debug)
{
	struct vcpu_frame *frame = &debug->vcpu->core.frame;
	const struct gdb_action *action = &debug->action;

	if (action->kind == GDB_ACTION_RANGE && frame->pc >= action->begin &&
	    frame->pc < action->end &&
	    (instruction_at(debug, frame->pc) & INSN_LOAD_EXCLUSIVE_MASK) != INSN_LOAD_EXCLUSIVE)
		step_begin(debug);
	else
		step_stop(debug, GDB_STOP_SIGNAL, 0); /* model: step */
}

/* It has met a breakpoint of GDB's: its condition is asked here, on the vCPU's own CPU. */
static void on_hit(struct debug_vcpu *debug, bool hardware, uint64_t address, uint64_t pa)
{
	debug_record(debug, TRACE_DEBUG_BREAKPOINT);

	const uint64_t pc = debug->vcpu->core.frame.pc;
	const bool alias = address != pc;

	if (!server_is_hit(debug_thread_of(debug->vcpu), hardware, address)) {
		if (over(debug, pa))
			pass_learn(debug, pc, hardware, address);
		return;
	}
	over_at(debug);
	debug->passes = step_stop(debug,
				  alias	     ? GDB_STOP_SIGNAL
				  : hardware ? GDB_STOP_HWBREAK
					     : GDB_STOP_SWBREAK,
				  0) && /* model: brk */
			(alias || debug->over.pages);
}

static bool on_brk(struct debug_vcpu *debug)
{
	const struct vcpu *core = &debug->vcpu->core;
	struct breaks *breaks = &debug->vm->breaks;
	const struct software_break *patch = breaks_find(breaks, core->frame.pc);
	uint64_t pa, count;

	if (core->exit.debug.comment != BREAKS_COMMENT ||
	    !memory_find(debug, core->frame.pc, &pa, &count))
		return false;
	/* The same word by another name? */
	if (!patch || patch->pa != pa)
		patch = breaks_find_pa(breaks, pa);
	if (patch)
		on_hit(debug, false, patch->va, pa);
	/* GDB has removed it since: that it was there is what counts. */
	return patch || instruction_at(debug, core->frame.pc) != BREAKS_INSTRUCTION;
}

static bool on_watchpoint(struct debug_vcpu *debug)
{
	static const enum gdb_stop_reason reasons[] = {[WATCH_WRITE] = GDB_STOP_WATCH,
						       [WATCH_READ] = GDB_STOP_RWATCH,
						       [WATCH_ACCESS] = GDB_STOP_AWATCH};
	const uint64_t far = debug->vcpu->core.exit.far;
	const struct watch *watch = breaks_watch_at(&debug->vm->breaks, far);

	if (!watch)
		return false;
	debug_record(debug, TRACE_DEBUG_WATCHPOINT);
	step_stop(debug, reasons[watch->kind],
		  far - watch->address < watch->bytes ? far : watch->address);
	return true;
}

/* True: it was ours. */
static bool on_debug_exception(struct debug_vcpu *debug)
{
	const struct vcpu *core = &debug->vcpu->core;

	switch (core->exit.debug.kind) {
	case DEBUG_STEP:
		if (!debug_steps(debug->vcpu))
			return false;
		debug_record(debug, TRACE_DEBUG_STEP);
		debug->over.done = over_end(debug);
		debug->over.pages = 0;
		if (debug->action.kind >= GDB_ACTION_STEP)
			on_step(debug);
		return true;
	case DEBUG_BRK:
		return on_brk(debug);
	case DEBUG_BREAKPOINT:
		if (!breaks_has_hardware(&debug->vm->breaks, core->frame.pc))
			return false;
		on_hit(debug, true, core->frame.pc, 0);
		return true;
	case DEBUG_WATCHPOINT:
		return on_watchpoint(debug);
	default:
		return false;
	}
}

bool debug_own_exit(struct vm_vcpu *vcpu)
{
	struct vcpu *core = &vcpu->core;

	if (core->exit.reason != EXIT_DEBUG)
		return guards_fault(debug_vcpu_of(vcpu));
	if (!on_debug_exception(debug_vcpu_of(vcpu)) &&
	    vcpu_inject_debug(core, core->exit.esr, core->exit.far) != VT_OK)
		vm_crash(vcpu, "its exception vectors can not be fetched");
	return true;
}

bool debug_crashed(struct vm_vcpu *vcpu, const char *why)
{
	struct debug_vcpu *debug = debug_vcpu_of(vcpu);
	const struct gdb_stop stop_here = {.thread = debug_thread_of(vcpu),
					   .reason = GDB_STOP_SIGNAL,
					   .signal = GDB_SIGNAL_ABRT};

	if (!(debug->vm->attached || debug->vm->crash_stays) || debug->vm->crash_ends ||
	    debug->vm->crashed)
		return false;
	log_line("vm %s: stops at its crash: %s", vcpu->vm->config->name, why);
	debug->vm->crashed = true;
	world_stop(debug->vm, &stop_here);
	return true;
}
