/*
 * What happens first after a guest has trapped: count it, answer it here when the answer is cheap,
 * else leave vcpu_run(). Called from asm/vectors.S with the guest's registers in vcpu->frame. Takes
 * no lock itself.
 *
 * The *_traced twins are called from the second vector table, and also write one trace record for
 * each exit.
 */
#include <vitrine/embed.h>
#include <vitrine/percpu.h>

#include "core/decode.h"
#include "core/dispatch.h"
#include "core/id_regs.h"
#include "core/psci.h"
#include "core/sysreg_trap.h"
#include "core/vcpu_internal.h"
#include "hal/arm64.h"
#include "trace/clock.h"
#include "trace/trace.h"

/* A handler's answer: what to do, and why the guest came: both in one register. */
#define ANSWER(reason, action) ((uint32_t)(reason) << 8 | (uint32_t)(action))
#define ANSWER_ACTION(answer)  ((enum exit_action)((answer)&0xff))
#define ANSWER_REASON(answer)  ((answer) >> 8)

/* The expensive exits: describe the exit in full for whoever called vcpu_run(). */
static uint32_t leave(struct vcpu *vcpu, uint64_t esr)
{
	vcpu->exit = exit_decode(esr, READ_SYSREG(FAR_EL2), READ_SYSREG(HPFAR_EL2), vcpu->frame.pc,
				 (uint32_t)vcpu->frame.x[0]);
	if (vcpu->exit.reason == EXIT_HYPERCALL)
		vcpu->exit.reason = psci_exit_reason(vcpu->exit.call.function);
	vcpu->note_address = vcpu->exit.far;
	return ANSWER(vcpu->exit.reason, EXIT_LEAVE);
}

static uint32_t call(struct vcpu *vcpu, uint64_t esr)
{
	const uint32_t function = (uint32_t)vcpu->frame.x[0];
	uint64_t result;

	if (__builtin_expect(!smccc_answer(function, vcpu->frame.x[1], &result), 0)) {
		const uint32_t answer = leave(vcpu, esr);

		vcpu->note_address = function;
		return answer;
	}
	vcpu->frame.x[0] = result;
	vcpu->note_address = function | result << 32;
	return ANSWER(EXIT_HYPERCALL, EXIT_RESUME);
}

static uint32_t on_hvc(struct vcpu *vcpu, uint64_t esr)
{
	return call(vcpu, esr);
}

/*
 * ELR points at a trapped SMC itself, behind an HVC. (Arm ARM D1.3.2: preferred exception return
 * address.)
 */
static uint32_t on_smc(struct vcpu *vcpu, uint64_t esr)
{
	vcpu_advance(vcpu);
	return call(vcpu, esr);
}

static uint32_t on_sysreg(struct vcpu *vcpu, uint64_t esr)
{
	const struct sysreg_access access = decode_sysreg(esr);

	if (access.write) {
		const uint64_t value = gpr(vcpu, access.reg);

		vcpu->note_address = value;
		if (is_sgi_register(access.key) && embed_send_sgi(vcpu, value)) {
			vcpu_advance(vcpu);
			return ANSWER(EXIT_SEND_IPI, EXIT_RESUME);
		}
		if (sysreg_write(vcpu, access.key, value))
			vcpu_advance(vcpu);
		else
			sysreg_undefined(vcpu, access);
		return ANSWER(EXIT_SYSREG_WRITE, EXIT_RESUME);
	}

	uint64_t value;

	if (__builtin_expect(is_id_reg(access.key), 1)) {
		value = id_reg_value(access.key);
	} else if (!sysreg_read(vcpu, access.key, &value)) {
		sysreg_undefined(vcpu, access);
		return ANSWER(EXIT_SYSREG_READ, EXIT_RESUME);
	}
	vcpu->note_address = value;
	vcpu_advance(vcpu);
	return ANSWER(EXIT_SYSREG_READ, set_gpr(vcpu, access.reg, value));
}

static uint32_t on_data_abort(struct vcpu *vcpu, uint64_t esr)
{
	if (__builtin_expect(!is_plain_access(esr), 0))
		return leave(vcpu, esr);

	const struct mmio_access access =
		decode_mmio(esr, READ_SYSREG(FAR_EL2), READ_SYSREG(HPFAR_EL2));
	uint64_t value;

	vcpu->note_address = access.ipa;
	if (access.write) {
		value = mmio_write_value(vcpu, &access);
		vcpu->note_value = value;
		if (__builtin_expect(!embed_mmio_write(vcpu, &access, value), 0))
			goto unanswered;
		vcpu_advance(vcpu);
		return ANSWER(EXIT_MMIO_WRITE, EXIT_RESUME);
	}
	if (__builtin_expect(!embed_mmio_read(vcpu, &access, &value), 0))
		goto unanswered;
	value = mmio_read_value(&access, value);
	vcpu->note_value = value;
	vcpu_advance(vcpu);
	return ANSWER(EXIT_MMIO_READ, set_gpr(vcpu, access.reg, value));

unanswered:;
	const uint32_t answer = leave(vcpu, esr);

	vcpu->note_address = access.ipa;
	return answer;
}

static uint32_t on_wait(struct vcpu *vcpu, uint64_t esr)
{
	vcpu_advance(vcpu);
	if (embed_may_resume_from_wait(vcpu)) {
		vcpu->note_address = 0;
		return ANSWER(EXIT_HALT, EXIT_RESUME);
	}

	const uint32_t answer = leave(vcpu, esr);

	vcpu->note_address = 0;
	return answer;
}

/*
 * Features that we hide (SVE, SME, ...) and instructions that EL1 cannot have meant: UNDEFINED, as
 * on a CPU without them.
 */
static uint32_t on_hidden_feature(struct vcpu *vcpu, uint64_t esr)
{
	vcpu->note_address = esr;
	return vcpu_inject_undefined(vcpu) == VT_OK ? ANSWER(EXIT_EXCEPTION, EXIT_RESUME)
						    : leave(vcpu, esr);
}

/*
 * The one table on the exit path, by exception class. Everything that is not named leaves
 * vcpu_run().
 */
static uint32_t (*const handlers[64])(struct vcpu *vcpu, uint64_t esr) = {
	[0x00] = leave,
	[EC_WFX] = on_wait,
	[0x02 ... 0x06] = leave,
	[EC_FP] = on_hidden_feature,
	[0x08 ... 0x15] = leave,
	[EC_HVC64] = on_hvc,
	[EC_SMC64] = on_smc,
	[EC_SYSREG] = on_sysreg,
	[EC_SVE] = on_hidden_feature,
	[0x1a ... 0x1c] = leave,
	[EC_SME] = on_hidden_feature,
	[0x1e ... 0x23] = leave,
	[EC_DABT_LOWER] = on_data_abort,
	[0x25 ... 0x3f] = leave,
};

/* Every exit passes here first: remember it for crash records. */
static inline void remember(struct vcpu *vcpu, uint64_t esr)
{
	struct percpu *cpu = vcpu->cpu;
	struct exit_note *note = &cpu->history[cpu->exits++ % EXIT_HISTORY];

	note->esr = esr | (uint64_t)vcpu->id << 56;
	note->pc = vcpu->frame.pc;
}

static inline enum exit_action count(struct vcpu *vcpu, uint32_t answer)
{
	vcpu->exits[ANSWER_REASON(answer)]++;
	return ANSWER_ACTION(answer);
}

static inline uint32_t handle_sync(struct vcpu *vcpu, uint64_t esr)
{
	remember(vcpu, esr);
	return handlers[FIELD_GET(ESR_EC, esr)](vcpu, esr);
}

static inline uint32_t handle_irq(struct vcpu *vcpu)
{
	uint32_t intid;

	remember(vcpu, 0);

	const enum exit_action action = embed_interrupt(vcpu, &intid);

	vcpu->note_address = intid;
	if (action == EXIT_LEAVE)
		vcpu->exit = (struct vcpu_exit){.reason = EXIT_EXTERNAL_INTERRUPT,
						.pc = vcpu->frame.pc,
						.interrupt.intid = intid};
	return ANSWER(EXIT_EXTERNAL_INTERRUPT, action);
}

static inline uint32_t handle_serror(struct vcpu *vcpu, uint64_t esr)
{
	remember(vcpu, esr);

	const uint32_t answer = leave(vcpu, esr);

	vcpu->exit.reason = EXIT_SERROR;
	return ANSWER(EXIT_SERROR, ANSWER_ACTION(answer));
}

enum exit_action exit_sync(struct vcpu *vcpu, uint64_t esr)
{
	return count(vcpu, handle_sync(vcpu, esr));
}

enum exit_action exit_irq(struct vcpu *vcpu)
{
	return count(vcpu, handle_irq(vcpu));
}

enum exit_action exit_serror(struct vcpu *vcpu, uint64_t esr)
{
	return count(vcpu, handle_serror(vcpu, esr));
}

/*
 * An exit is over: one record. Or it goes on outside vcpu_run(): then vcpu_exit_done() writes the
 * record later.
 */
static inline enum exit_action record(struct vcpu *vcpu, uint32_t answer, uint64_t begin,
				      uint64_t esr, uint64_t pc)
{
	const enum exit_action action = count(vcpu, answer);
	const uint32_t reason = ANSWER_REASON(answer);

	if (__builtin_expect(action == EXIT_LEAVE, 0)) {
		vcpu->exit_begin_ticks = begin;
		vcpu->exit_esr = esr;
		vcpu->exit_pc = pc;
		vcpu->exit_reason = reason;
		return action;
	}

	const uint64_t now = trace_clock();

	vcpu->ticks[reason] += now - begin;
	trace_exit(vcpu->cpu->ring, vcpu->id, reason,
		   reason == EXIT_MMIO_READ || reason == EXIT_MMIO_WRITE, begin, now, esr, pc,
		   vcpu->note_address, vcpu->note_value);
	return action;
}

enum exit_action exit_sync_traced(struct vcpu *vcpu, uint64_t esr)
{
	const uint64_t begin = trace_clock();
	const uint64_t pc = vcpu->frame.pc;

	return record(vcpu, handle_sync(vcpu, esr), begin, esr, pc);
}

enum exit_action exit_irq_traced(struct vcpu *vcpu)
{
	const uint64_t begin = trace_clock();
	const uint64_t pc = vcpu->frame.pc;

	return record(vcpu, handle_irq(vcpu), begin, 0, pc);
}

enum exit_action exit_serror_traced(struct vcpu *vcpu, uint64_t esr)
{
	const uint64_t begin = trace_clock();
	const uint64_t pc = vcpu->frame.pc;

	return record(vcpu, handle_serror(vcpu, esr), begin, esr, pc);
}

void vcpu_exit_done(struct vcpu *vcpu)
{
	if (vcpu->exit_begin_ticks == 0)
		return;

	const uint64_t begin = vcpu->exit_begin_ticks;
	const uint64_t now = trace_clock();
	const uint32_t reason = vcpu->exit_reason;

	vcpu->exit_begin_ticks = 0;
	vcpu->ticks[reason] += now - begin;
	trace_exit(this_cpu()->ring, vcpu->id, reason,
		   reason == EXIT_MMIO_READ || reason == EXIT_MMIO_WRITE, begin, now,
		   vcpu->exit_esr, vcpu->exit_pc, vcpu->note_address, vcpu->note_value);
}
