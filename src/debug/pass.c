/*
 * A breakpoint that is met again and again while its condition is false: the exit does not leave vcpu_run(). What step.c and over.c
 * have found out at the first time holds until the VM stops next, as nobody changes breakpoints while it runs. On the vCPU's home
 * CPU.
 */
#include "core/dispatch.h"
#include "core/esr.h"
#include "debug/memory.h"
#include "debug/server.h"
#include "debug/simulate.h"
#include "trace/format.h"
#include "vm/guest_state.h"

static inline struct pass *place_of(struct debug_vcpu *debug, uint64_t pc)
{
	return &debug->pass[pc / sizeof(uint32_t) % PASSES];
}

void pass_learn(struct debug_vcpu *debug, uint64_t pc, bool hardware, uint64_t address)
{
	struct pass *pass = place_of(debug, pc);
	const struct software_break *patch;
	uint64_t pa, count;

	pass->epoch = 0;
	if (!memory_find(debug, pc, &pa, &count))
		return;
	patch = breaks_find_pa(&debug->vm->breaks, pa);
	/* Behind a breakpoint register no patch may lie, which has a condition of its own. */
	if (!patch == !hardware)
		return;
	*pass = (struct pass){.pc = pc,
			      .pa = pa,
			      .address = address,
			      .thread = debug_thread_of(debug->vcpu),
			      .epoch = debug->seen,
			      .word = patch ? patch->original : 0,
			      .hardware = hardware};
}

/* Is this what was learnt, and is the instruction still there? The one behind a breakpoint register may be another one by now. */
static bool is_known(const struct debug_vcpu *debug, const struct pass *pass, uint64_t esr)
{
	const bool hardware = FIELD_GET(ESR_EC, esr) == EC_BREAKPOINT;
	uint64_t pa, count;

	return pass->epoch && pass->epoch == debug->seen &&
	       pass->pc == debug->vcpu->core.frame.pc && pass->hardware == hardware &&
	       (hardware || FIELD_GET(ISS_BRK_COMMENT, esr) == BREAKS_COMMENT) &&
	       !debug->over.pages && !debug->over.active && debug->action.kind < GDB_ACTION_STEP &&
	       memory_find(debug, pass->pc, &pa, &count) && pa == pass->pa;
}

/* Called from core/dispatch.c. */
bool pass_break(struct vcpu *core, uint64_t esr)
{
	struct debug_vcpu *debug = debug_vcpu_of(vm_vcpu_of(core));
	const struct pass *pass = place_of(debug, core->frame.pc);

	if (!is_known(debug, pass, esr) ||
	    !server_goes_on(pass->thread, pass->hardware, pass->address))
		return false;
	debug_record(debug, TRACE_DEBUG_BREAKPOINT);
	return simulate(&core->frame, guest_sp(core),
			pass->hardware ? *(const volatile uint32_t *)(uintptr_t)pass->pa
				       : pass->word);
}
