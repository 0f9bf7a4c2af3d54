/*
 * Which VMs the debugger has, which of them run, and when a stop is told to it. On the server's CPU.
 */
#include "debug/server.h"

#include "hal/arm64.h"
#include "trace/format.h"
#include "vm/debug_hook.h"

static struct {
	bool awaiting; /* VMs run, or are about to stop: gdb_stopped() is to come */
	struct gdb_thread latest;
} control;

/* VMs the debugger has taken, whether they run or not. */
static struct debug_vm *next_attached(struct debug_vm *vm)
{
	for (vm = vm ? vm + 1 : debug_vms; vm < debug_vms + vm_count; vm++)
		if (vm->attached)
			return vm;
	return NULL;
}

/* `vm` is declared here. NOLINTBEGIN(bugprone-macro-parentheses) */
#define FOR_EACH_ATTACHED(vm) \
	for (struct debug_vm *vm = next_attached(NULL); vm; vm = next_attached(vm))
/* NOLINTEND(bugprone-macro-parentheses) */

static bool is_dead(const struct debug_vm *vm)
{
	return VM_PHASE(vm_phase_word(vm->vm)) == VM_DEAD;
}

/* It stops for the debugger, even if it stops, or goes by one instruction, only to take a vCPU over a breakpoint. */
static void stop_for(struct debug_vm *vm, const struct gdb_stop *why)
{
	if (!world_stop(vm, why) && (vm->reported || vm->over)) {
		vm->reported = false;
		vm->why = *why;
	}
	vm->over = NULL;
}

bool control_has_any(void)
{
	return next_attached(NULL);
}

void server_attach(struct debug_vm *vm)
{
	const struct gdb_stop why = {.thread = {debug_pid_of(vm), 1}, .signal = GDB_SIGNAL_INT};

	debug_engaged = true;
	vm->attached = true;
	debug_record(debug_vcpu_of(vm->vm->vcpu[0]), TRACE_DEBUG_ATTACH);
	vm->reported = false;
	control.awaiting = true;
	stop_for(vm, &why); /* model: attach */
}

/* "A debugger would want" the one that waits for it, else the first one that lives. */
static void attach_any(void)
{
	for (unsigned i = 0; i < vm_count && !next_attached(NULL); i++)
		if (!is_dead(&debug_vms[i]) && world_is_to_stop(&debug_vms[i]))
			server_attach(&debug_vms[i]);
	for (unsigned i = 0; i < vm_count && !next_attached(NULL); i++)
		if (!is_dead(&debug_vms[i]))
			server_attach(&debug_vms[i]);
}

void server_stop(void)
{
	const struct gdb_stop why = {.thread = control.latest, .signal = GDB_SIGNAL_INT};

	attach_any();
	control.awaiting = true;
	FOR_EACH_ATTACHED(vm)
	{
		const uint32_t pid = debug_pid_of(vm);
		struct gdb_stop own = why;

		if (own.thread.pid != pid)
			own.thread = (struct gdb_thread){pid, 1};
		stop_for(vm, &own); /* model: ctrl_c */
	}
}

static bool has_work(const struct debug_vm *vm)
{
	for (unsigned i = 0; i < vm->vm->vcpus; i++)
		if (debug_vcpu_of(vm->vm->vcpu[i])->action.kind != GDB_ACTION_STAY)
			return true;
	return false;
}

/* A VM that waits at its crash has nothing more to do than to end. */
static void go_on(struct debug_vm *vm)
{
	vm->reported = false;
	if (vm->crashed) {
		vm->vm->crashed = true;
		vm_stop(vm->vm, VM_CRASHING);
	}
	if (!over_resume(vm))
		world_resume(vm);
}

void server_resume(void)
{
	control.awaiting = true;
	FOR_EACH_ATTACHED(vm)
	if (has_work(vm))
		go_on(vm);
}

void server_detach(struct debug_vm *vm)
{
	for (unsigned i = 0; i < vm->vm->vcpus; i++)
		debug_vcpu_of(vm->vm->vcpu[i])->action =
			(struct gdb_action){.kind = GDB_ACTION_RUN};
	debug_record(debug_vcpu_of(vm->vm->vcpu[0]), TRACE_DEBUG_DETACH);
	points_drop_all(vm);
	vm->attached = false; /* model: detach */
	go_on(vm);
}

enum gdb_err server_reset(void)
{
	control.awaiting = true;
	for (unsigned i = 0; i < vm_count; i++) {
		debug_vms[i].attached |= debug_vms[i].killed;
		debug_vms[i].killed = false;
	}
	FOR_EACH_ATTACHED(vm)
	{
		target_remove_breaks(vm);
		vm->reported = false;
		vm->crashed = false;
		vm->over = NULL;
		vm->resetting = true;
		vm->why = (struct gdb_stop){.thread = {debug_pid_of(vm), 1},
					    .signal = GDB_SIGNAL_TRAP};
		vm_stop(vm->vm, VM_RESETTING);
	}
	return GDB_OK;
}

/* A reset is over when the first vCPU stands at its first instruction. */
static bool is_reset(struct debug_vm *vm)
{
	if (VM_PHASE(vm_phase_word(vm->vm)) != VM_RUNNING ||
	    __atomic_load_n(&vm->vm->vcpu[0]->core.state, __ATOMIC_ACQUIRE) != VCPU_STOPPED)
		return false;
	vm->resetting = false;
	vm->stopped_ticks = READ_SYSREG(CNTPCT_EL0);
	return true;
}

/* Does it stand still, or is it no more? */
static bool is_still(struct debug_vm *vm)
{
	return is_dead(vm) || (world_is_stopped(vm) && (!vm->resetting || is_reset(vm)));
}

static struct gdb_stop end_of(const struct debug_vm *vm)
{
	return (struct gdb_stop){
		.thread = {.pid = debug_pid_of(vm), .tid = 1},
		.reason = vm->vm->crashed ? GDB_STOP_KILLED : GDB_STOP_EXITED,
		.signal = GDB_SIGNAL_ABRT,
	};
}

/* A rule of its manifest guards memory of a VM that no debugger has yet. */
static void serve_alone(void)
{
	for (struct debug_vm *vm = debug_vms; vm < debug_vms + vm_count; vm++)
		if (!vm->attached && !is_dead(vm))
			over_serve(vm);
}

/* When one of the debugger's VMs stops they all do; when they stand still it is told, once. */
void control_look_for_stops(struct gdb_stub *stub)
{
	struct debug_vm *first = NULL;

	serve_alone();
	if (!control.awaiting)
		return;
	FOR_EACH_ATTACHED(vm)
	if (!first && !vm->reported && (is_dead(vm) || (!over_serve(vm) && world_is_to_stop(vm))))
		first = vm;
	if (!first)
		return;
	FOR_EACH_ATTACHED(vm)
	world_stop(vm, NULL);
	FOR_EACH_ATTACHED(vm)
	if (!is_still(vm))
		return;

	struct gdb_stop stop = first->why;

	FOR_EACH_ATTACHED(vm)
	{
		vm->reported = true;
		vm->over = NULL;
	}
	if (is_dead(first)) {
		stop = end_of(first);
		first->attached = false;
	}
	control.latest = stop.thread;
	control.awaiting = false;
	gdb_stopped(stub, &stop); /* model: report */
}

/* Nobody will run them anew. */
void control_end_killed(void)
{
	for (unsigned i = 0; i < vm_count; i++) {
		if (!debug_vms[i].killed)
			continue;
		debug_vms[i].killed = false;
		vm_stop(debug_vms[i].vm, VM_POWERING_OFF);
		server_detach(&debug_vms[i]);
	}
}

/* The debugger has gone, and what it has stopped is to go on. */
void control_release(void)
{
	FOR_EACH_ATTACHED(vm)
	{
		target_remove_breaks(vm);
		server_detach(vm);
	}
	control.awaiting = false;
}

bool control_is_resetting(void)
{
	FOR_EACH_ATTACHED(vm)
	if (vm->resetting && !is_dead(vm))
		return true;
	return false;
}
