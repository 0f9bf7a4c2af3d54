/*
 * HVC and SMC calls that the core has not answered: PSCI, our own range, random numbers, and SMCs
 * that the manifest lets through to EL3. docs/reference/hypercalls.md says what each does.
 *
 * Results go to x0-x3; all other registers stay as the guest left them, so that it may rely on
 * SMCCC 1.1 and later.
 */
#include "vm/hypercalls.h"

#include <vitrine/percpu.h>

#include "core/decode.h"
#include "core/psci.h"
#include "core/smc.h"
#include "core/trng.h"
#include "hal/arm64.h"
#include "lib/log.h"
#include "lib/string.h"
#include "trace/control.h"
#include "trace/writers.h"

#define SMCS_LOGGED	 8u
#define GUEST_LINES_KEPT 256u /* a guest may fill the log this far, and no further */

/* 41a4cb2b-00ce-42fe-8e97-a4fa0a565638: the CPU's RNDRRS. */
static const struct smccc_uuid trng_uuid = {{0x2bcba441, 0xfe42ce00, 0xfaa4978e, 0x3856560a}};

static int64_t give_uuid(struct vcpu *core, const struct smccc_uuid *uuid)
{
	for (unsigned i = 1; i < 4; i++)
		core->frame.x[i] = uuid->word[i];
	return uuid->word[0];
}

static int64_t arch_call(struct vcpu *core, uint32_t function)
{
	const struct smccc_cpu cpu = {READ_SYSREG(MIDR_EL1), READ_SYSREG(ID_AA64PFR0_EL1)};

	if (function == SMCCC_ARCH_FEATURES)
		return smccc_arch_features((uint32_t)core->frame.x[1], &cpu);
	/* A workaround that is not needed may be called, and does nothing. */
	return smccc_arch_features(function, &cpu) == SMCCC_NOT_SUPPORTED ? SMCCC_NOT_SUPPORTED
									  : SMCCC_SUCCESS;
}

static int64_t trng_call(struct vcpu *core, uint32_t function)
{
	uint64_t *x = core->frame.x;
	uint64_t entropy[TRNG_WORDS];

	switch (function & ~SMCCC_64) {
	case TRNG_VERSION:
		return TRNG_1_0;
	case TRNG_FEATURES:
		return trng_features((uint32_t)x[1]);
	case TRNG_GET_UUID:
		return give_uuid(core, &trng_uuid);
	default:
		trng_random(function, smccc_argument(function, x[1]),
			    trng_read(entropy) ? entropy : 0, x);
		return (int64_t)x[0];
	}
}

/* What one vCPU has cost so far: x1 exits, x2 ticks (0 unless traced). This call counts, too. */
static int64_t exit_count(struct vcpu *core)
{
	const uint64_t reason = core->frame.x[1];

	if (reason >= EXIT_REASONS)
		return PSCI_INVALID_PARAMETERS;
	core->frame.x[1] = core->exits[reason];
	core->frame.x[2] = core->ticks[reason];
	return SMCCC_SUCCESS;
}

static int64_t guest_log(struct vm_vcpu *vcpu)
{
	struct vm *vm = vcpu->vm;
	const uint32_t line = __atomic_fetch_add(&vm->guest_lines, 1, __ATOMIC_RELAXED);
	char text[VITRINE_LOG_BYTES + 1];

	if (line > GUEST_LINES_KEPT) {
		__atomic_store_n(&vm->guest_lines, GUEST_LINES_KEPT + 1, __ATOMIC_RELAXED);
		return PSCI_DENIED;
	}
	if (line == GUEST_LINES_KEPT) {
		log_line("vm %s: has logged %u lines; no more are taken", vm->config->name,
			 GUEST_LINES_KEPT);
		return PSCI_DENIED;
	}
	vitrine_log_text(vcpu->core.frame.x, text);
	log_line("vm %s vcpu %u says: %s", vm->config->name, vcpu->index, text);
	return SMCCC_SUCCESS;
}

static int64_t trace_text(struct vcpu *core)
{
	union {
		char text[VITRINE_LOG_BYTES + 1];
		uint64_t words[VITRINE_LOG_BYTES / 8 + 1];
	} mark = {{0}};

	vitrine_log_text(core->frame.x, mark.text);

	const unsigned bytes = (unsigned)strlen(mark.text);

	if (!bytes)
		return PSCI_INVALID_PARAMETERS;
	trace_MARK_TEXT(this_cpu()->ring, core->id, bytes, mark.words, (bytes + 7) / 8);
	return SMCCC_SUCCESS;
}

/* What is traced concerns all VMs: only one that the manifest trusts may say. */
static int64_t trace_control(struct vm_vcpu *vcpu)
{
	char line[VITRINE_LOG_BYTES + 1], answer[128];

	if (!vcpu->vm->config->trace_control)
		return PSCI_DENIED;
	vitrine_log_text(vcpu->core.frame.x, line);

	const bool understood = trace_command(line, answer, sizeof(answer));

	log_line("trace: vm %s: %s", vcpu->vm->config->name, answer);
	return understood ? SMCCC_SUCCESS : PSCI_INVALID_PARAMETERS;
}

static int64_t vendor_call(struct vm_vcpu *vcpu, uint32_t function)
{
	struct vcpu *core = &vcpu->core;

	switch (function & ~SMCCC_64) {
	case VENDOR_HYP_UID:
		return give_uuid(core, &vitrine_uuid);
	case VENDOR_HYP_REVISION:
		core->frame.x[1] = VITRINE_CALLS_MINOR;
		return VITRINE_CALLS_MAJOR;
	case VITRINE_FEATURES:
		return (int64_t)vitrine_features();
	case VITRINE_TRACE_MARK:
		trace_MARK(this_cpu()->ring, core->id, core->frame.x[1]);
		return SMCCC_SUCCESS;
	case VITRINE_TRACE_TEXT:
		return trace_text(core);
	case VITRINE_TRACE_CONTROL:
		return trace_control(vcpu);
	case VITRINE_LOG:
		return guest_log(vcpu);
	case VITRINE_EXIT_COUNT:
		return exit_count(core);
	default:
		return SMCCC_NOT_SUPPORTED;
	}
}

static bool is_allowed_smc(const struct vm_config *config, uint32_t function)
{
	for (unsigned i = 0; i < config->smcs_allowed; i++)
		if (config->smc_allowed[i] == function)
			return true;
	return false;
}

/* EL3 sees what the guest has in x1-x17, as it is. */
static int64_t forward_smc(struct vm_vcpu *vcpu, uint32_t function)
{
	struct vcpu *core = &vcpu->core;
	uint64_t x[SMC_REGISTERS];

	memcpy(x, core->frame.x, sizeof(x));
	x[0] = function;
	smc_call(x);
	trace_SMC_FORWARD(this_cpu()->ring, core->id, function, (uint32_t)x[0]);
	memcpy(core->frame.x, x, sizeof(x));
	return (int64_t)x[0];
}

static void log_smc(struct vm_vcpu *vcpu, uint32_t function, const char *what)
{
	struct vm *vm = vcpu->vm;
	const uint32_t before = __atomic_fetch_add(&vm->smcs_logged, 1, __ATOMIC_RELAXED);

	if (before < SMCS_LOGGED)
		log_line("vm %s vcpu %u: smc 0x%x at pc 0x%llx: %s%s", vm->config->name,
			 vcpu->index, function, (unsigned long long)vcpu->core.exit.pc, what,
			 before == SMCS_LOGGED - 1 ? "; no more of them are logged" : "");
	else
		__atomic_store_n(&vm->smcs_logged, SMCS_LOGGED, __ATOMIC_RELAXED);
}

/* A function that is nobody's here. By HVC it ends here; an SMC may be meant for EL3. */
static int64_t unknown_call(struct vm_vcpu *vcpu, uint32_t function)
{
	if (!vcpu->core.exit.call.smc)
		return SMCCC_NOT_SUPPORTED;
	if (!is_allowed_smc(vcpu->vm->config, function)) {
		log_smc(vcpu, function, "not supported");
		return SMCCC_NOT_SUPPORTED;
	}
	log_smc(vcpu, function, "passed to EL3");
	return forward_smc(vcpu, function);
}

static int64_t dispatch(struct vm_vcpu *vcpu, uint32_t function)
{
	if (smccc_who_answers(function) != SMCCC_VMM)
		return unknown_call(vcpu, function);

	switch (smccc_range(function)) {
	case SMCCC_RANGE_ARCH:
		return arch_call(&vcpu->core, function);
	case SMCCC_RANGE_PSCI:
		return vm_psci(vcpu);
	case SMCCC_RANGE_TRNG:
		return trng_is_in(READ_SYSREG(ID_AA64ISAR0_EL1)) ? trng_call(&vcpu->core, function)
								 : unknown_call(vcpu, function);
	default:
		return vendor_call(vcpu, function);
	}
}

void vm_hypercall(struct vm_vcpu *vcpu)
{
	struct vcpu *core = &vcpu->core;
	const uint32_t function = core->exit.call.function;
	const uint64_t result = (uint64_t)dispatch(vcpu, function);

	if ((int64_t)result < 0)
		vcpu_exit_result(core, TRACE_RESULT_REFUSED);
	core->frame.x[0] = result;
	core->note.address = function | result << 32; /* what the trace shows */
}
