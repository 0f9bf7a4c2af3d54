/*
 * Stops at what only a hypervisor sees. The exit is completed first: the guest stands behind the instruction that caused it,
 * or where an interrupt met it. On the vCPU's home CPU but for the command itself.
 */
#include <vitrine/percpu.h>

#include "core/debug_hook.h"
#include "debug/monitor.h"
#include "irq/gic.h"
#include "lib/log.h"
#include "lib/string.h"
#include "vm/debug_hook.h"

/* As people type them: the enumerators' names in lower case. */
static const char *const reasons[EXIT_REASONS] = {
#define REASON(name, text) #name,
#include "core/exit_reasons.def"
#undef REASON
};

static bool is_same_word(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if ((*a | ('a' ^ 'A')) != (*b | ('a' ^ 'A')))
			return false;
	return !*a && !*b;
}

static void list(const struct debug_vm *vm)
{
	for (unsigned i = 0; i < EXIT_REASONS; i++)
		if (vm->break_exits & UINT64_C(1) << i)
			monitor_say("break exit %s\n", reasons[i]);
	if (!vm->break_exits)
		monitor_say("none\n");
}

void monitor_break(struct debug_vcpu *debug, const char *rest)
{
	struct debug_vm *vm = debug->vm;

	if (strcmp(rest, "off") == 0) {
		vm->break_exits = 0;
	} else if (strncmp(rest, "exit ", 5) == 0) {
		for (unsigned i = 0; i < EXIT_REASONS; i++) {
			if (!is_same_word(rest + 5, reasons[i]))
				continue;
			vm->break_exits |= UINT64_C(1) << i;
			list(vm);
			return;
		}
		monitor_say("%.40s: no exit reason; there are:", rest + 5);
		for (unsigned i = 0; i < EXIT_REASONS; i++)
			monitor_say(" %s", reasons[i]);
		monitor_say("\n");
	} else {
		list(vm);
	}
}

void core_debug_exit(struct vcpu *core, enum exit_reason reason)
{
	struct debug_vcpu *debug = debug_vcpu_of(vm_vcpu_of(core));
	const struct gdb_stop why = {.thread = {0, 0}, .signal = GDB_SIGNAL_TRAP};
	struct gdb_stop here = why;

	if (!(debug->vm->break_exits & UINT64_C(1) << reason))
		return;
	here.thread = debug_thread_of(debug->vcpu);
	world_stop(debug->vm, &here);
	/* An exit that goes straight back must come again at once. */
	gic_send_sgi(this_cpu()->mpidr, SGI_KICK);
}
