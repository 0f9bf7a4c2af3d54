/*
 * Exits that the core does not answer itself: what our machine does about each. Nothing here can
 * stop EL2: the answer is emulation, an architectural exception into the guest, or the end of that
 * VM.
 */
#include <vitrine/percpu.h>

#include "core/decode.h"
#include "lib/log.h"
#include "trace/writers.h"
#include "vm/abort.h"
#include "vm/debug_hook.h"
#include "vm/emulate.h"
#include "vm/hypercalls.h"

#define ABORTS_LOGGED 8u

static const char NOTHING_THERE[] = "nothing there";

/*
 * Break-before-make on another CPU leaves a hole for a moment: if the page is there by now, the guest
 * only has to try again.
 */
static bool is_there_now(struct vm_vcpu *vcpu, uint64_t ipa)
{
	struct stage2_leaf leaf;

	return FIELD_GET(FSC_TYPE, vcpu->core.exit.esr) == FSC_TRANSLATION &&
	       stage2_walk(&vcpu->vm->stage2, ipa, &leaf) == VT_OK;
}

/*
 * As a bus would when nothing is there: an external abort, taken by the guest. `why` is for the
 * log.
 */
static void refuse_access(struct vm_vcpu *vcpu, const char *why)
{
	struct vcpu *core = &vcpu->core;
	const struct vcpu_exit *exit = &core->exit;
	const bool fetch = exit->reason == EXIT_NESTED_PAGE_FAULT && exit->fault.fetch;
	const uint32_t iss = abort_iss(vcpu);
	char what[160];
	enum vt_err err;

	vcpu_exit_result(core, TRACE_RESULT_INJECTED);
	err = fetch ? vcpu_inject_instruction_abort(core, exit->far, iss)
		    : vcpu_inject_data_abort(core, exit->far, iss);
	if (err != VT_OK) {
		vm_crash(vcpu, "its exception vectors can not be fetched");
		return;
	}
	if (vcpu->vm->aborts_logged++ >= ABORTS_LOGGED)
		return;
	exit_format(what, sizeof(what), exit);
	log_line("vm %s vcpu %u: %s, at pc 0x%llx: %s, abort injected", vcpu->vm->config->name,
		 vcpu->index, what, (unsigned long long)exit->pc, why);
}

/* A load or store that no device has answered. */
static void unanswered_access(struct vm_vcpu *vcpu)
{
	const uint64_t ipa = vcpu->core.exit.mmio.ipa;

	vcpu->core.note.address = ipa;
	if (!is_there_now(vcpu, ipa))
		refuse_access(vcpu, NOTHING_THERE);
}

static void stage2_fault(struct vm_vcpu *vcpu)
{
	struct vcpu *core = &vcpu->core;
	const struct fault *fault = &core->exit.fault;
	const char *why = NOTHING_THERE;

	core->note.address = fault->ipa;
	trace_STAGE2_FAULT(this_cpu()->ring, core->id,
			   (unsigned)FIELD_GET(ISS_ABT_FSC, core->exit.esr), fault->ipa);
	if (fault->ipa_known && is_there_now(vcpu, fault->ipa))
		return;
	if (fault->type == FAULT_TRANSLATION && fault->maintenance && !fault->table_walk) {
		vcpu_advance_pc(core); /* no cache holds anything of a device */
		return;
	}
	if (fault->needs_instruction)
		why = emulate_access(vcpu);
	else if (fault->type != FAULT_TRANSLATION)
		why = "not allowed";
	if (why)
		refuse_access(vcpu, why);
}

/* WFI, WFE. */
static void halt(struct vm_vcpu *vcpu)
{
	/* LAB 13.1 */
	const bool wfe = vcpu->core.exit.halt.wfe;

	if (!wfe)
		vcpu_exit_result(&vcpu->core, TRACE_RESULT_BLOCKED);
	/*
	 * WFE ends by another vCPU's SEV too, which nobody tells us: it only gives its turn away. A
	 * debugger's step ends with the instruction.
	 */
	vcpu_set_state(&vcpu->core, wfe || debug_steps(vcpu) ? VCPU_READY : VCPU_BLOCKED);
	/* END LAB */
}

void vm_handle_exit(struct vm_vcpu *vcpu)
{
	struct vcpu *core = &vcpu->core;
	const struct vcpu_exit *exit = &core->exit;

	if (debug_exit(vcpu))
		return;
	switch (exit->reason) {
	case EXIT_EXTERNAL_INTERRUPT:
	case EXIT_NOTHING:
		break;
	case EXIT_FAIL_ENTRY:
		vm_crash(vcpu, "it can not be entered");
		break;
	case EXIT_HALT:
		halt(vcpu);
		break;
	case EXIT_HYPERCALL:
	case EXIT_CPU_UP:
	case EXIT_CPU_DOWN:
	case EXIT_CPU_SUSPEND:
	case EXIT_SYSTEM_DOWN:
	case EXIT_SYSTEM_RESET:
		vm_hypercall(vcpu);
		break;
	case EXIT_MMIO_READ:
	case EXIT_MMIO_WRITE:
		unanswered_access(vcpu);
		break;
	case EXIT_NESTED_PAGE_FAULT:
		stage2_fault(vcpu);
		break;
	case EXIT_SERROR:
		vm_crash(vcpu, "SError");
		break;
	default:
		/*
		 * A trap that we have not asked for: the guest used what this CPU should not have.
		 */
		vcpu_exit_result(core, TRACE_RESULT_INJECTED);
		if (vcpu_inject_undefined(core) != VT_OK)
			vm_crash(vcpu,
				 exception_class_name((unsigned)FIELD_GET(ESR_EC, exit->esr)));
	}
}
