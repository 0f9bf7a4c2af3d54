/*
 * What gdbstub/ asks of its target, answered for VMs and vCPUs: registers, memory, breakpoints, threads, run control. Called
 * by the server's CPU while the VMs concerned are stopped.
 */
#include "debug/memory.h"
#include "debug/registers.h"
#include "debug/server.h"

#include "lib/bits.h"
#include "lib/printf.h"
#include "lib/string.h"

#define INSTRUCTION_BYTES 4u

static bool has_context(const struct debug_vcpu *debug)
{
	const enum vcpu_state state = debug->vcpu->core.state;

	return state != VCPU_OFF && state != VCPU_CREATED;
}

/* Through whose eyes memory is seen: one that is off has no translation, so anybody's who is on. */
static struct debug_vcpu *viewer(struct gdb_thread thread)
{
	struct debug_vcpu *debug = debug_vcpu_at(thread);
	const struct vm *vm = debug->vm->vm;

	for (unsigned i = 0; !has_context(debug) && i < vm->vcpus; i++)
		if (has_context(debug_vcpu_of(vm->vcpu[i])))
			return debug_vcpu_of(vm->vcpu[i]);
	return debug;
}

static size_t tx(void *target, const uint8_t *bytes, size_t count)
{
	(void)target;
	return server_send(bytes, count);
}

static size_t size_of_register(void *target, unsigned reg)
{
	(void)target;
	return register_bytes(reg);
}

static enum gdb_err read_register(void *target, struct gdb_thread thread, unsigned reg,
				  uint8_t *value)
{
	(void)target;
	return register_read(debug_vcpu_at(thread), reg, value);
}

static enum gdb_err write_register(void *target, struct gdb_thread thread, unsigned reg,
				   const uint8_t *value)
{
	(void)target;
	return register_write(debug_vcpu_at(thread), reg, value);
}

static size_t read_memory(void *target, struct gdb_thread thread, uint64_t address, uint8_t *bytes,
			  size_t count)
{
	(void)target;
	return server_settings.physical
		       ? memory_read_ipa(debug_vcpu_at(thread)->vm, address, bytes, count)
		       : memory_read(viewer(thread), address, bytes, count);
}

static enum gdb_err write_memory(void *target, struct gdb_thread thread, uint64_t address,
				 const uint8_t *bytes, size_t count)
{
	(void)target;

	const enum vt_err err =
		server_settings.physical
			? memory_write_ipa(debug_vcpu_at(thread)->vm, address, bytes, count)
			: memory_write(viewer(thread), address, bytes, count);

	return err == VT_OK ? GDB_OK : GDB_EFAULT;
}

/* Ordered by process, then thread; only those of VMs that the debugger has. */
static bool next_thread(void *target, struct gdb_thread *thread)
{
	uint32_t tid = thread->tid + 1;

	(void)target;
	for (uint32_t pid = MAX(thread->pid, 1u); pid <= vm_count; pid++, tid = 1) {
		const struct debug_vm *vm = debug_vm_of(pid);

		if (!vm->attached || tid > vm->vm->vcpus)
			continue;
		*thread = (struct gdb_thread){.pid = pid, .tid = tid};
		return true;
	}
	return false;
}

static enum gdb_err set_action(void *target, struct gdb_thread thread,
			       const struct gdb_action *action)
{
	(void)target;
	debug_vcpu_at(thread)->action = *action;
	return GDB_OK;
}

static enum gdb_err resume(void *target)
{
	(void)target;
	server_resume();
	return GDB_OK;
}

static void stop(void *target)
{
	(void)target;
	server_stop();
}

static void detach(void *target, uint32_t pid)
{
	(void)target;
	server_detach(debug_vm_of(pid));
}

static const uint8_t expedited[] = {REGISTER_FP, REGISTER_LR, REGISTER_SP, REGISTER_PC,
				    REGISTER_CPSR};

/* `g` is the core registers only: GDB asks for FP and the rest when somebody wants to see them. */
static const struct gdb_core_ops core_ops = {
	.g_registers = REGISTER_V0,
	.pc_register = REGISTER_PC,
	.expedited = expedited,
	.expedited_count = sizeof(expedited),
	.range_step = true,
	.tx = tx,
	.register_bytes = size_of_register,
	.read_register = read_register,
	.write_register = write_register,
	.read_memory = read_memory,
	.write_memory = write_memory,
	.next_thread = next_thread,
	.set_action = set_action,
	.resume = resume,
	.stop = stop,
	.detach = detach,
};

static enum gdb_err read_description(void *target, uint32_t pid, const char *annex, uint64_t offset,
				     uint8_t *bytes, size_t *count)
{
	(void)target;
	(void)pid;
	return description_read(annex, offset, bytes, count);
}

static const struct gdb_description_ops description_ops = {.read = read_description};

static void thread_name(void *target, struct gdb_thread thread, char *text, size_t room)
{
	(void)target;
	vt_snprintf(text, room, "%s.vcpu%u", debug_vm_of(thread.pid)->vm->config->name,
		    thread.tid - 1);
}

static void thread_state(void *target, struct gdb_thread thread, char *text, size_t room)
{
	static const char *const levels[] = {"EL0", "EL1"};
	const struct debug_vcpu *debug = debug_vcpu_at(thread);
	const struct vcpu *core = &debug->vcpu->core;

	(void)target;
	if (has_context(debug))
		vt_snprintf(text, room, "%s%s", levels[core->frame.pstate >> 2 & 1],
			    debug->waited ? ", waits for an interrupt" : "");
	else
		vt_snprintf(text, room, "off");
}

static int thread_core(void *target, struct gdb_thread thread)
{
	(void)target;
	return (int)debug_vcpu_at(thread)->vcpu->home;
}

static const struct gdb_thread_info_ops thread_info_ops = {
	.name = thread_name, .state = thread_state, .core = thread_core};

static enum gdb_err of_vt_err(enum vt_err err)
{
	switch (err) {
	case VT_OK:
		return GDB_OK;
	case VT_ENOMEM:
		return GDB_ENOMEM;
	default:
		return GDB_EINVAL;
	}
}

/* By physical page: whatever other addresses the guest has for it stop there, too. */
static enum gdb_err insert_software(struct debug_vcpu *debug, uint64_t va)
{
	struct breaks *breaks = &debug->vm->breaks;
	const struct software_break *there;
	uint64_t pa, count;
	uint32_t original;

	if (breaks_find(breaks, va))
		return GDB_OK;
	if (va % INSTRUCTION_BYTES)
		return GDB_EINVAL;
	if (!memory_find(debug, va, &pa, &count))
		return GDB_EFAULT;
	there = breaks_find_pa(breaks, pa);
	original = there ? there->original : *(const volatile uint32_t *)(uintptr_t)pa;
	if (breaks_add(breaks, va, pa, original) != VT_OK)
		return GDB_ENOMEM;
	if (!there)
		memory_patch(pa, BREAKS_INSTRUCTION);
	return GDB_OK;
}

/* The guest may have put something else there meanwhile (a module unloaded, a reset): that stays. */
static void remove_software(struct breaks *breaks, struct software_break *which)
{
	const struct software_break gone = *which;

	breaks_drop(breaks, which);
	if (!breaks_find_pa(breaks, gone.pa) &&
	    *(const volatile uint32_t *)(uintptr_t)gone.pa == BREAKS_INSTRUCTION)
		memory_patch(gone.pa, gone.original);
}

static enum gdb_err insert_breakpoint(void *target, struct gdb_thread thread, bool hardware,
				      uint64_t address, uint64_t kind)
{
	struct debug_vcpu *debug = viewer(thread);

	(void)target;
	if (kind != INSTRUCTION_BYTES)
		return GDB_EINVAL;
	return hardware ? of_vt_err(breaks_add_hardware(&debug->vm->breaks, address))
			: insert_software(debug, address);
}

static enum gdb_err remove_breakpoint(void *target, struct gdb_thread thread, bool hardware,
				      uint64_t address, uint64_t kind)
{
	struct breaks *breaks = &debug_vcpu_at(thread)->vm->breaks;
	struct software_break *software = breaks_find(breaks, address);

	(void)target;
	(void)kind;
	if (hardware)
		breaks_drop_hardware(breaks, address);
	else if (software)
		remove_software(breaks, software);
	return GDB_OK;
}

static void remove_all(struct debug_vm *vm)
{
	struct breaks *breaks = &vm->breaks;

	while (breaks->softwares)
		remove_software(breaks, &breaks->software[0]);
	for (unsigned i = 0; i < GUEST_DEBUG_MOST; i++)
		if (breaks->breakpoints & 1u << i)
			breaks_drop_hardware(breaks, breaks->registers.bvr[i]);
}

static void remove_all_watches(struct debug_vm *vm)
{
	struct breaks *breaks = &vm->breaks;

	while (breaks->watches)
		breaks_drop_watch(breaks, breaks->watch[0].kind, breaks->watch[0].address,
				  breaks->watch[0].bytes);
}

static void of_all_vms(uint32_t pid, void (*what)(struct debug_vm *vm))
{
	for (uint32_t i = 1; i <= vm_count; i++)
		if (!pid || pid == i)
			what(debug_vm_of(i));
}

static void remove_all_breakpoints(void *target, uint32_t pid)
{
	(void)target;
	of_all_vms(pid, remove_all);
}

static void remove_all_watchpoints(void *target, uint32_t pid)
{
	(void)target;
	of_all_vms(pid, remove_all_watches);
}

void target_remove_breaks(struct debug_vm *vm)
{
	remove_all(vm);
	remove_all_watches(vm);
}

static const struct gdb_breakpoint_ops breakpoint_ops = {.insert = insert_breakpoint,
							 .remove = remove_breakpoint,
							 .remove_all = remove_all_breakpoints};

static const enum watch_kind watch_kinds[] = {[GDB_WATCH_WRITE] = WATCH_WRITE,
					      [GDB_WATCH_READ] = WATCH_READ,
					      [GDB_WATCH_ACCESS] = WATCH_ACCESS};

static enum gdb_err insert_watchpoint(void *target, struct gdb_thread thread, enum gdb_watch watch,
				      uint64_t address, uint64_t bytes)
{
	(void)target;
	return of_vt_err(breaks_add_watch(&debug_vcpu_at(thread)->vm->breaks, watch_kinds[watch],
					  address, bytes));
}

static enum gdb_err remove_watchpoint(void *target, struct gdb_thread thread, enum gdb_watch watch,
				      uint64_t address, uint64_t bytes)
{
	(void)target;
	breaks_drop_watch(&debug_vcpu_at(thread)->vm->breaks, watch_kinds[watch], address, bytes);
	return GDB_OK;
}

static const struct gdb_watchpoint_ops watchpoint_ops = {.insert = insert_watchpoint,
							 .remove = remove_watchpoint,
							 .remove_all = remove_all_watchpoints};

static enum gdb_err reset(void *target)
{
	(void)target;
	return server_reset();
}

static const struct gdb_reset_ops reset_ops = {.reset = reset};

static enum gdb_err attach(void *target, uint32_t pid)
{
	struct debug_vm *vm = debug_vm_of(pid);

	(void)target;
	if (!vm || VM_PHASE(vm_phase_word(vm->vm)) == VM_DEAD)
		return GDB_ESRCH;
	server_attach(vm);
	return GDB_OK;
}

/* GDB's `run` is this, and then reset(). */
static enum gdb_err kill(void *target, uint32_t pid)
{
	struct debug_vm *vm = debug_vm_of(pid);

	(void)target;
	if (!vm || !vm->attached)
		return GDB_ESRCH;
	vm->killed = true;
	vm->attached = false;
	return GDB_OK;
}

static const struct gdb_process_ops process_ops = {.attach = attach, .kill = kill};

static enum gdb_err agent_register(void *target, struct gdb_thread thread, unsigned reg,
				   uint8_t *value)
{
	(void)target;
	return register_read_running(debug_vcpu_at(thread), reg, value);
}

static size_t agent_memory(void *target, struct gdb_thread thread, uint64_t address, uint8_t *bytes,
			   size_t count)
{
	(void)target;
	return memory_read(debug_vcpu_at(thread), address, bytes, count);
}

static const struct gdb_agent_ops agent_ops = {.read_register = agent_register,
					       .read_memory = agent_memory};

const struct gdb_ops target_ops = {
	.core = &core_ops,
	.description = &description_ops,
	.thread_info = &thread_info_ops,
	.breakpoints = &breakpoint_ops,
	.watchpoints = &watchpoint_ops,
	.monitor = &monitor_ops,
	.reset = &reset_ops,
	.processes = &process_ops,
	.exec_file = &exec_file_ops,
	.agent = &agent_ops,
};
