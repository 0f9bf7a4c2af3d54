/*
 * All vCPUs of a VM stop and go together; other VMs never notice.
 *
 * A VM's epoch says what its vCPUs are to do: odd, stand still; even, go on. Whoever wants it to stop makes the epoch odd and
 * kicks the home CPUs. Each home CPU compares the epoch with the one it has acted on (debug_vcpu.seen) whenever its scheduler
 * looks at its vCPUs, takes its vCPU out of the hardware and counts down `unparked`: once a vCPU and epoch, so no stop is
 * lost and none counts twice. The last one says so to the CPU that serves the debugger. To go on, that CPU makes the epoch
 * even; a vCPU with GDB_ACTION_STAY remains held, and is counted again at the next stop.
 *
 * Only the home CPU changes a vCPU's state, as everywhere (vm/vm.h).
 *
 * tests/model/stop_the_world.pml has it all, in every interleaving; "model:" says which step of it is which here.
 */
#include <vitrine/percpu.h>

#include "debug/state.h"
#include "hal/arm64.h"
#include "irq/gic.h"
#include "lib/log.h"
#include "trace/writers.h"
#include "vm/debug_hook.h"

struct debug_vcpu debug_vcpus[DEBUG_VCPUS];
struct debug_vm debug_vms[MANIFEST_MAX_VMS];
bool debug_engaged;

struct debug_vm *debug_vm_of(uint32_t pid)
{
	return pid >= 1 && pid <= vm_count ? &debug_vms[pid - 1] : NULL;
}

struct debug_vcpu *debug_vcpu_at(struct gdb_thread thread)
{
	struct debug_vm *vm = debug_vm_of(thread.pid);

	if (!vm || thread.tid < 1 || thread.tid > vm->vm->vcpus)
		return NULL;
	return debug_vcpu_of(vm->vm->vcpu[thread.tid - 1]);
}

struct gdb_thread debug_thread_of(const struct vm_vcpu *vcpu)
{
	const struct debug_vm *vm = debug_vcpu_of(vcpu)->vm;

	return (struct gdb_thread){.pid = debug_pid_of(vm), .tid = vcpu->index + 1};
}

void debug_record(const struct debug_vcpu *debug, unsigned kind)
{
	const struct vcpu *core = &debug->vcpu->core;

	trace_DEBUGGER(this_cpu()->ring, core->id, kind, core->frame.pc);
}

static uint32_t epoch_of(const struct debug_vm *vm)
{
	return __atomic_load_n(&vm->epoch, __ATOMIC_ACQUIRE);
}

static void kick_all(struct vm *vm)
{
	for (unsigned i = 0; i < vm->vcpus; i++)
		vm_request(vm->vcpu[i], REQUEST_INTERRUPT);
}

static bool begin_stop(struct debug_vm *vm, const struct gdb_stop *why, struct debug_vcpu *over)
{
	spin_lock(&vm->lock);
	const uint32_t epoch = epoch_of(vm);
	const bool first = !(epoch & 1);

	if (first) {
		vm->why = why ? *why : (struct gdb_stop){.signal = GDB_SIGNAL_NONE};
		if (over) {
			vm->over = over;
			vm->over_goes = false;
		}
		__atomic_store_n(&vm->unparked, vm->vm->vcpus, __ATOMIC_RELAXED);
		__atomic_store_n(&vm->epoch, epoch + 1, __ATOMIC_RELEASE);
	}
	spin_unlock(&vm->lock);
	if (first)
		kick_all(vm->vm);
	if (first && why && !over && !vm->attached)
		log_line("vm %s: waits for the debugger", vm->vm->config->name);
	return first;
}

bool world_stop(struct debug_vm *vm, const struct gdb_stop *why)
{
	return begin_stop(vm, why, NULL);
}

bool world_stop_over(struct debug_vcpu *debug, const struct gdb_stop *why)
{
	return begin_stop(debug->vm, why, debug);
}

/* Time that has passed while nobody ran is not the guest's. No vCPU is loaded. */
static void skip_time(struct debug_vm *vm)
{
	const uint64_t passed = READ_SYSREG(CNTPCT_EL0) - vm->stopped_ticks;

	for (unsigned i = 0; i < vm->vm->vcpus; i++)
		vm->vm->vcpu[i]->timer.offset_ticks += passed;
}

void world_resume(struct debug_vm *vm)
{
	if (!world_is_stopped(vm))
		return;
	if (!vm->time_runs)
		skip_time(vm);
	vm->stopped = false;
	__atomic_store_n(&vm->epoch, vm->epoch + 1, __ATOMIC_RELEASE);
	kick_all(vm->vm);
}

bool debug_is_to_stop(const struct vm_vcpu *vcpu)
{
	return world_is_to_stop(debug_vcpu_of(vcpu)->vm);
}

bool debug_must_park(const struct vm_vcpu *vcpu)
{
	const struct debug_vcpu *debug = debug_vcpu_of(vcpu);
	const uint32_t epoch = epoch_of(debug->vm); /* model: must_park */

	return epoch & 1 && debug->seen != epoch;
}

static void hold(struct debug_vcpu *debug)
{
	struct vcpu *core = &debug->vcpu->core;

	debug->waited = core->state == VCPU_BLOCKED;
	debug->registers_written = false;
	debug->held = true;
	debug_record(debug, TRACE_DEBUG_STOP);
	vcpu_pause(core); /* one that is off, or has crashed, stays what it is */
	step_end(debug);
}

/* It is in no hardware now. */
void debug_parked(struct vm_vcpu *vcpu)
{
	struct debug_vcpu *debug = debug_vcpu_of(vcpu);
	struct debug_vm *vm = debug->vm;

	debug->seen = epoch_of(vm); /* model: parked */
	if (!debug->held)
		hold(debug);
	else
		over_end(debug); /* it was to go over a breakpoint, and had no time to */
	if (__atomic_sub_fetch(&vm->unparked, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	vm->stopped_ticks = READ_SYSREG(CNTPCT_EL0);
	__atomic_store_n(&vm->stopped, true, __ATOMIC_RELEASE); /* model: last */
	gic_send_sgi(percpu_table[SERVER_CPU].mpidr, SGI_KICK);
}

/* A vCPU that slept by PSCI has more to do before it goes on; one whose registers have changed must not wait with them. */
static bool goes_on_waiting(const struct debug_vcpu *debug)
{
	const struct vm_vcpu *vcpu = debug->vcpu;

	if (!debug->waited)
		return false;
	return vcpu->vm->psci.cpu[vcpu->index].sleep != PSCI_AWAKE ||
	       (debug->action.kind == GDB_ACTION_RUN && !debug->registers_written);
}

static void release(struct debug_vcpu *debug)
{
	struct vcpu *core = &debug->vcpu->core;

	debug->held = false;
	debug_record(debug, TRACE_DEBUG_RESUME);
	if (core->state == VCPU_STOPPED)
		vcpu_set_state(core, goes_on_waiting(debug) ? VCPU_BLOCKED : VCPU_READY);
	else
		debug->action.kind = GDB_ACTION_RUN; /* one that is off has nothing to step over */
	if (debug->action.kind >= GDB_ACTION_STEP)
		step_begin(debug);
	debug->over.done = false;
}

bool debug_holds(struct vm_vcpu *vcpu)
{
	struct debug_vcpu *debug = debug_vcpu_of(vcpu);
	const uint32_t epoch = epoch_of(debug->vm); /* model: holds */

	if (!(epoch & 1) && debug->seen != epoch) {
		debug->seen = epoch;
		if (debug->action.kind != GDB_ACTION_STAY)
			release(debug);
	} else if (debug->held && vcpu->core.state == VCPU_READY) {
		hold(debug); /* switched on meanwhile: it begins its life stopped */
	}
	return debug->held; /* model: enter, if not */
}
