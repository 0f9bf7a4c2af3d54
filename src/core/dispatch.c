/*
 * What happens first after a guest has trapped: count it, answer it here when the answer is cheap,
 * else leave vcpu_run(). Called from asm/vectors.S with the guest's registers in vcpu->frame. Takes
 * no lock itself.
 *
 * The vectors call exit_sync(), exit_irq() or exit_serror(); those of the second table, which is in
 * use while tracing, go on to exit_record() or count the exit: core/exit_trace.c.
 */
#include <vitrine/embed.h>
#include <vitrine/percpu.h>

#include "core/aarch32.h"
#include "core/decode.h"
#include "core/dispatch.h"
#include "core/exit_answer.h"
#include "core/fault_address.h"
#include "core/id_regs.h"
#include "core/perf_hook.h"
#include "core/psci.h"
#include "core/sysreg_trap.h"
#include "core/vcpu_internal.h"
#include "hal/arm64.h"

/* Out of line, and called last: then the function beside it needs no stack. */
#define APART __attribute__((noinline))
/* With all that it calls, across files: the way to a device register has no calls. */
#define FLATTENED __attribute__((flatten))

/*
 * A handler's answer, and what asm/vectors.S gets to see: what to do and why the guest came, in one
 * register. It is laid out as word 0 of the exit's trace record, so that recording has only the vCPU
 * and the time to fill in: the action stands where the vCPU's index will. Counts the exit, too.
 */
static inline uint64_t answer(struct vcpu *vcpu, enum exit_reason reason, enum exit_action action)
{
	const bool is_mmio = reason == EXIT_MMIO_READ || reason == EXIT_MMIO_WRITE;

	vcpu->exits[reason]++;
	return TRACE_WORD0(TRACE_EXIT, is_mmio ? 5 : 4, action, reason, 0);
}

static inline uint64_t answer_with(struct vcpu *vcpu, enum exit_reason reason,
				   enum trace_exit_result result)
{
	return answer(vcpu, reason, EXIT_RESUME) | (uint64_t)result << TRACE_EXIT_RESULT_SHIFT;
}

/* What a GIC answers when nothing is there to acknowledge: 1020..1023. (IHI 0069, 2.2.1.) */
#define INTID_SPECIAL  1020u
#define INTID_SPECIALS 4u

void vcpu_advance_aarch32(struct vcpu *vcpu)
{
	aarch32_advance(&vcpu->frame, READ_SYSREG(ESR_EL2));
}

/* The exit in full, for whoever called vcpu_run(). */
static void describe(struct vcpu *vcpu, uint64_t esr)
{
	const uint64_t far = READ_SYSREG(FAR_EL2);

	exit_decode(&vcpu->exit, esr, far, fault_hpfar(esr, far), vcpu->frame.pc,
		    (uint32_t)vcpu->frame.x[0]);
	vcpu->note.address = vcpu->exit.far;
}

/* The expensive exits. */
static APART uint64_t leave(struct vcpu *vcpu, uint64_t esr)
{
	describe(vcpu, esr);
	return answer(vcpu, vcpu->exit.reason, EXIT_LEAVE);
}

static APART uint64_t leave_call(struct vcpu *vcpu, uint64_t esr)
{
	describe(vcpu, esr);
	vcpu->exit.reason = psci_exit_reason(vcpu->exit.call.function);
	vcpu->note.address = vcpu->exit.call.function;
	return answer(vcpu, vcpu->exit.reason, EXIT_LEAVE);
}

static APART uint64_t leave_mmio(struct vcpu *vcpu, uint64_t esr)
{
	describe(vcpu, esr);
	vcpu->note.address = vcpu->exit.mmio.ipa;
	return answer(vcpu, vcpu->exit.reason, EXIT_LEAVE);
}

static APART uint64_t leave_wait(struct vcpu *vcpu, uint64_t esr)
{
	describe(vcpu, esr);
	vcpu->note.address = 0;
	return answer(vcpu, EXIT_HALT, EXIT_LEAVE);
}

/* With an immediate it is no call of the calling convention, and nobody else's either. (DEN0028, 2.9.) */
static APART uint64_t other_call(struct vcpu *vcpu, uint64_t esr)
{
	const uint32_t function = (uint32_t)vcpu->frame.x[0];
	uint64_t result = (uint64_t)PSCI_NOT_SUPPORTED;

	if (FIELD_GET(ISS_CALL_IMM, esr) == 0 && !smccc_answer(function, vcpu->frame.x[1], &result))
		return leave_call(vcpu, esr);
	vcpu->frame.x[0] = result;
	vcpu->note.address = function | result << 32;
	return answer(vcpu, EXIT_HYPERCALL, EXIT_RESUME);
}

/* PSCI_VERSION is what people measure a hypercall by. With the immediate above it, one comparison does for both. */
static uint64_t on_hvc(struct vcpu *vcpu, uint64_t esr)
{
	const uint64_t call = (uint32_t)vcpu->frame.x[0] | esr << (64 - ISS_CALL_IMM_BITS);

	if (__builtin_expect(call != PSCI_VERSION, 0))
		return other_call(vcpu, esr);
	vcpu->frame.x[0] = PSCI_1_1;
	vcpu->note.address = PSCI_VERSION | (uint64_t)PSCI_1_1 << 32;
	return answer(vcpu, EXIT_HYPERCALL, EXIT_RESUME);
}

/*
 * ELR points at a trapped SMC itself, behind an HVC. (Arm ARM D1.3.2: preferred exception return
 * address.)
 */
static uint64_t on_smc(struct vcpu *vcpu, uint64_t esr)
{
	vcpu_advance_aarch64(vcpu);
	return on_hvc(vcpu, esr);
}

static APART uint64_t undefined_sysreg(struct vcpu *vcpu, uint64_t esr)
{
	const struct sysreg_access access = decode_sysreg(esr);

	sysreg_undefined(vcpu, access);
	return answer_with(vcpu, access.write ? EXIT_SYSREG_WRITE : EXIT_SYSREG_READ,
			   TRACE_RESULT_INJECTED);
}

static uint64_t sysreg_is_read(struct vcpu *vcpu, unsigned reg, uint64_t value)
{
	vcpu->note.address = value;
	vcpu_advance_aarch64(vcpu);
	return answer(vcpu, EXIT_SYSREG_READ, set_gpr(vcpu, reg, value));
}

static APART uint64_t other_sysreg(struct vcpu *vcpu, uint64_t esr)
{
	const struct sysreg_access access = decode_sysreg(esr);
	uint64_t value;

	if (!access.write)
		return sysreg_read(vcpu, access.key, &value)
			       ? sysreg_is_read(vcpu, access.reg, value)
			       : undefined_sysreg(vcpu, esr);

	value = gpr(vcpu, access.reg);
	vcpu->note.address = value;
	if (!sysreg_write(vcpu, access.key, value))
		return undefined_sysreg(vcpu, esr);
	vcpu_advance_aarch64(vcpu);
	return answer(vcpu, EXIT_SYSREG_WRITE, EXIT_RESUME);
}

static APART uint64_t send_sgi(struct vcpu *vcpu, uint64_t esr)
{
	const uint64_t value = gpr(vcpu, decode_sysreg(esr).reg);

	vcpu->note.address = value;
	vcpu_advance_aarch64(vcpu);
	embed_send_sgi(vcpu, value);
	return answer(vcpu, EXIT_SEND_IPI, EXIT_RESUME);
}

/* ID registers and SGIs make up nearly all of them. */
static uint64_t on_sysreg(struct vcpu *vcpu, uint64_t esr)
{
	const struct sysreg_access access = decode_sysreg(esr);

	if (!access.write && is_id_reg(access.key))
		return sysreg_is_read(vcpu, access.reg, id_reg_value(access.key));
	return access.write && access.key == KEY_ICC_SGI1R ? send_sgi(vcpu, esr)
							   : other_sysreg(vcpu, esr);
}

static APART uint64_t mmio_store(struct vcpu *vcpu, uint64_t esr)
{
	const struct mmio_access access =
		decode_mmio(esr, READ_SYSREG(FAR_EL2), READ_SYSREG(HPFAR_EL2));
	const uint64_t value = mmio_write_value(vcpu, &access);

	vcpu->note.address = access.ipa;
	vcpu->note.value = value;
	if (__builtin_expect(!embed_mmio_write(vcpu, &access, value), 0))
		return leave_mmio(vcpu, esr);
	vcpu_advance(vcpu);
	return answer(vcpu, EXIT_MMIO_WRITE, EXIT_RESUME);
}

static APART FLATTENED uint64_t mmio_load(struct vcpu *vcpu, uint64_t esr)
{
	const struct mmio_access access =
		decode_mmio(esr, READ_SYSREG(FAR_EL2), READ_SYSREG(HPFAR_EL2));
	uint64_t value;

	vcpu->note.address = access.ipa;
	if (__builtin_expect(!embed_mmio_read(vcpu, &access, &value), 0))
		return leave_mmio(vcpu, esr);
	value = mmio_read_value(&access, value);
	vcpu->note.value = value;
	vcpu_advance(vcpu);
	return answer(vcpu, EXIT_MMIO_READ, set_gpr(vcpu, access.reg, value));
}

static uint64_t on_data_abort(struct vcpu *vcpu, uint64_t esr)
{
	if (__builtin_expect(!is_plain_access(esr), 0))
		return leave(vcpu, esr);
	return esr & ISS_ABT_WNR ? mmio_store(vcpu, esr) : mmio_load(vcpu, esr);
}

/* A 32-bit program's may be conditional; where its condition does not hold, some CPUs trap it all the same. */
static inline bool is_passed_over(const struct vcpu *vcpu, uint64_t esr)
{
	return __builtin_expect(vcpu->frame.pstate & PSTATE_AARCH32, 0) &&
	       !aarch32_condition_holds(esr, vcpu->frame.pstate);
}

static uint64_t on_wait(struct vcpu *vcpu, uint64_t esr)
{
	const bool passed_over = is_passed_over(vcpu, esr);

	vcpu_advance(vcpu);
	if (passed_over)
		return answer(vcpu, EXIT_HALT, EXIT_RESUME);
	if (!embed_may_resume_from_wait(vcpu))
		return leave_wait(vcpu, esr);
	vcpu->note.address = 0;
	return answer(vcpu, EXIT_HALT, EXIT_RESUME);
}

/*
 * Features that we hide (SVE, SME, ...) and instructions that EL1 cannot have meant: UNDEFINED, as
 * on a CPU without them.
 */
static uint64_t on_hidden_feature(struct vcpu *vcpu, uint64_t esr)
{
	vcpu->note.address = esr;
	return vcpu_inject_undefined(vcpu) == VT_OK
		       ? answer_with(vcpu, EXIT_EXCEPTION, TRACE_RESULT_INJECTED)
		       : leave(vcpu, esr);
}

/* A 32-bit program's way to a system register. What it may not have is UNDEFINED. */
static APART uint64_t on_coproc(struct vcpu *vcpu, uint64_t esr)
{
	if (!is_passed_over(vcpu, esr) && !sysreg_coproc(vcpu, esr))
		return on_hidden_feature(vcpu, esr);
	vcpu->note.address = esr;
	vcpu_advance(vcpu);
	return answer(vcpu, EXIT_EXCEPTION, EXIT_RESUME);
}

#ifdef VT_GDB
/* A breakpoint of a debugger that does not stop here concerns nobody else. */
static uint64_t on_break(struct vcpu *vcpu, uint64_t esr)
{
	if (!pass_break(vcpu, esr))
		return leave(vcpu, esr);
	vcpu->note.address = 0;
	return answer(vcpu, EXIT_DEBUG, EXIT_RESUME_ALL);
}
#define ON_BREAK on_break
#else
#define ON_BREAK leave
#endif

/*
 * The one table on the exit path, by exception class. Everything that is not named leaves
 * vcpu_run().
 */
static uint64_t (*const handlers[64])(struct vcpu *vcpu, uint64_t esr) = {
	[0x00] = leave,
	[EC_WFX] = on_wait,
	[0x02] = leave,
	[EC_CP15... EC_CP14] = on_coproc,
	[EC_CP14_MEMORY] = leave,
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
	[0x25 ... 0x2f] = leave,
	[EC_BREAKPOINT] = ON_BREAK,
	[0x31 ... 0x3b] = leave,
	[EC_BRK] = ON_BREAK,
	[0x3d ... 0x3f] = leave,
};

/* Every exit passes here first: remember it for crash records. */
static inline void remember(struct vcpu *vcpu, uint64_t esr)
{
	struct percpu *cpu = vcpu->cpu;
	const uint64_t pc = vcpu->frame.pc;
	struct exit_note *note = &cpu->history[cpu->exits++ % EXIT_HISTORY];

	note->esr = esr | (uint64_t)vcpu->id << 56;
	note->pc = pc;
	/* LAB 13.3 */
	perf_exit_begin(vcpu);
	/* END LAB */
}

/* The last step of every exit: its answer goes to the vectors. */
static inline uint64_t ended(uint64_t answer)
{
	/* LAB 13.3 */
	perf_exit_end((enum exit_reason)ANSWER_REASON(answer));
	return answer;
	/* END LAB */
}

uint64_t exit_sync(struct vcpu *vcpu, uint64_t esr)
{
	remember(vcpu, esr);
	return ended(handlers[FIELD_GET(ESR_EC, esr)](vcpu, esr));
}

static APART uint64_t leave_interrupt(struct vcpu *vcpu, uint32_t intid)
{
	const enum exit_reason reason =
		intid - INTID_SPECIAL < INTID_SPECIALS ? EXIT_NOTHING : EXIT_EXTERNAL_INTERRUPT;

	vcpu->exit.reason = reason;
	vcpu->exit.esr = 0;
	vcpu->exit.pc = vcpu->frame.pc;
	vcpu->exit.interrupt.intid = intid;
	return answer(vcpu, reason, EXIT_LEAVE);
}

uint64_t exit_irq(struct vcpu *vcpu)
{
	uint32_t intid;

	remember(vcpu, 0);

	const enum exit_action action = embed_interrupt(vcpu, &intid);

	vcpu->note.address = intid;
	return ended(__builtin_expect(action == EXIT_LEAVE, 0)
			     ? leave_interrupt(vcpu, intid)
			     : answer(vcpu, EXIT_EXTERNAL_INTERRUPT, action));
}

uint64_t exit_serror(struct vcpu *vcpu, uint64_t esr)
{
	remember(vcpu, esr);
	describe(vcpu, esr);
	vcpu->exit.reason = EXIT_SERROR;
	return ended(answer(vcpu, EXIT_SERROR, EXIT_LEAVE));
}
