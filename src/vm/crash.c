/*
 * The record of a guest that could not go on: what a person needs to see why. To the log, line by
 * line.
 */
#include <vitrine/percpu.h>

#include "core/decode.h"
#include "hal/arm64.h"
#include "lib/log.h"
#include "vm/debug_hook.h"
#include "vm/vm.h"

typedef unsigned long long ull;

void crash_log_history(const struct percpu *cpu)
{
	const uint64_t count = MIN(cpu->exits, (uint64_t)EXIT_HISTORY);

	log_line("last %llu exits of cpu %u, oldest first:", (ull)count, cpu->index);
	for (uint64_t i = cpu->exits - count; i < cpu->exits; i++) {
		const struct exit_note *note = &cpu->history[i % EXIT_HISTORY];
		const uint64_t esr = note->esr & GENMASK(36, 0);

		log_line("  #%llu vcpu %u pc 0x%016llx esr 0x%010llx %s", (ull)i,
			 (unsigned)(note->esr >> 56), (ull)note->pc, (ull)esr,
			 esr ? exception_class_name((unsigned)FIELD_GET(ESR_EC, esr))
			     : "interrupt");
	}
}

static void log_registers(const struct vcpu *vcpu)
{
	for (unsigned i = 0; i < 30; i += 3)
		log_line("  x%-2u %016llx  x%-2u %016llx  x%-2u %016llx", i, (ull)vcpu->frame.x[i],
			 i + 1, (ull)vcpu->frame.x[i + 1], i + 2, (ull)vcpu->frame.x[i + 2]);
	log_line("  x30 %016llx  pc  %016llx  pstate %llx", (ull)vcpu->frame.x[30],
		 (ull)vcpu->exit.pc, (ull)vcpu->frame.pstate);
	/* The vCPU is loaded: its EL1 registers are the hardware's. */
	log_line("  vbar_el1 %016llx  sctlr_el1 %llx  ttbr0_el1 %llx  ttbr1_el1 %llx",
		 (ull)READ_SYSREG(VBAR_EL1), (ull)READ_SYSREG(SCTLR_EL1),
		 (ull)READ_SYSREG(TTBR0_EL1), (ull)READ_SYSREG(TTBR1_EL1));
	log_line("  elr_el1 %016llx  esr_el1 %llx  far_el1 %llx  spsr_el1 %llx",
		 (ull)READ_SYSREG(ELR_EL1), (ull)READ_SYSREG(ESR_EL1), (ull)READ_SYSREG(FAR_EL1),
		 (ull)READ_SYSREG(SPSR_EL1));
}

void vm_crash(struct vm_vcpu *vcpu, const char *why)
{
	const struct vcpu_exit *exit = &vcpu->core.exit;
	char what[160];

	exit_format(what, sizeof(what), exit);
	log_line("crash: vm %s vcpu %u: %s", vcpu->vm->config->name, vcpu->index, why);
	log_line("  exit: %s, esr 0x%llx (%s), far 0x%llx, hpfar 0x%llx",
		 exit_reason_name(exit->reason), (ull)exit->esr,
		 exception_class_name((unsigned)FIELD_GET(ESR_EC, exit->esr)), (ull)exit->far,
		 (ull)exit->hpfar);
	log_line("  %s", what);
	log_registers(&vcpu->core);
	crash_log_history(this_cpu());
	if (debug_crashed(vcpu, why))
		return;
	vcpu->vm->crashed = true;
	vm_stop(vcpu->vm, VM_CRASHING);
}
