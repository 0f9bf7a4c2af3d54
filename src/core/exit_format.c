/*
 * An exit as one line for a person: crash records, the debugger, tests. Pure: the exit's values are
 * all that it looks at.
 */
#include <stdarg.h>

#include "core/decode.h"
#include "core/fault_codes.h"
#include "core/sysreg_names.h"
#include "lib/printf.h"

typedef unsigned long long ull;

/* A line that grows; text past the end is counted, not written. */
struct line {
	char *buffer;
	size_t size;
	size_t length;
};

static void __attribute__((format(printf, 2, 3))) add(struct line *line, const char *format, ...)
{
	const size_t used = MIN(line->length, line->size);
	va_list args;

	va_start(args, format);
	line->length += (size_t)vt_vsnprintf(line->size > used ? line->buffer + used : 0,
					     line->size - used, format, args);
	va_end(args);
}

/* Register 31 is the zero register wherever an exit names one. */
static void add_register(struct line *line, unsigned reg, bool is_64)
{
	if (reg == 31)
		add(line, "%czr", is_64 ? 'x' : 'w');
	else
		add(line, "%c%u", is_64 ? 'x' : 'w', reg);
}

static void add_code(struct line *line, struct fault_code code)
{
	add(line, "%s", fault_type_name(code.type));
	if (code.level != FAULT_NO_LEVEL)
		add(line, " level %d", code.level);
}

static void format_mmio(struct line *line, const struct vcpu_exit *exit)
{
	const struct mmio_access *access = &exit->mmio;

	add(line, "data abort: %s of %u byte%s at IPA 0x%llx %s ", access->write ? "write" : "read",
	    access->bytes, access->bytes == 1 ? "" : "s", (ull)access->ipa,
	    access->write ? "from" : "into");
	add_register(line, access->reg, access->reg_is_64);
	add(line, "%s, ", access->sign_extend ? " with sign" : "");
	add_code(line, fault_code_of(exit->esr));
}

static void format_fault(struct line *line, const struct vcpu_exit *exit)
{
	const struct fault *fault = &exit->fault;

	add(line, "%s: %s", fault->fetch ? "instruction abort" : "data abort",
	    fault->fetch	 ? "fetch"
	    : fault->maintenance ? "cache maintenance"
	    : fault->write	 ? "write"
				 : "read");
	if (fault->far_known)
		add(line, " at VA 0x%llx", (ull)exit->far);
	add(line, "%s", fault->table_walk ? ", table" : ",");
	if (fault->ipa_known)
		add(line, " at IPA 0x%llx, ", (ull)fault->ipa);
	else
		add(line, " at an unknown IPA, ");
	add_code(line, (struct fault_code){fault->type, fault->level});
	if (fault->needs_instruction)
		add(line, ", no syndrome");
}

static void format_sysreg(struct line *line, const struct sysreg_access *access)
{
	char name[SYSREG_NAME_BYTES];

	add(line, "%s of %s %s ", access->write ? "write" : "read", sysreg_name(access->key, name),
	    access->write ? "from" : "into");
	add_register(line, access->reg, true);
}

static void format_call(struct line *line, const struct vcpu_exit *exit)
{
	add(line, "%s #%u: function 0x%x", exit->call.smc ? "SMC" : "HVC", exit->call.immediate,
	    exit->call.function);
	if (exit->reason != EXIT_HYPERCALL)
		add(line, " (%s)", exit_reason_name(exit->reason));
}

static void format_wait(struct line *line, const struct vcpu_exit *exit)
{
	static const char *const names[] = {"WFI", "WFE", "WFIT", "WFET"};

	add(line, "%s", names[exit->halt.kind % ARRAY_SIZE(names)]);
	if (exit->halt.kind >= WAIT_WFIT) {
		add(line, " ");
		add_register(line, exit->halt.reg, true);
	}
}

static void format_debug(struct line *line, const struct vcpu_exit *exit)
{
	switch (exit->debug.kind) {
	case DEBUG_BREAKPOINT:
		add(line, "breakpoint");
		break;
	case DEBUG_STEP:
		add(line, "single step%s", exit->debug.exclusive ? " over a load-exclusive" : "");
		break;
	case DEBUG_WATCHPOINT:
		add(line, "watchpoint: %s at VA 0x%llx",
		    exit->debug.maintenance ? "cache maintenance"
		    : exit->debug.write	    ? "write"
					    : "read",
		    (ull)exit->far);
		break;
	case DEBUG_VECTOR_CATCH:
		add(line, "vector catch (AArch32)");
		break;
	case DEBUG_BRK:
		add(line, "BRK #0x%x", exit->debug.comment);
		break;
	default:
		add(line, "BKPT #0x%x (AArch32)", exit->debug.comment);
		break;
	}
	add(line, " at pc 0x%llx", (ull)exit->pc);
}

static void format_serror(struct line *line, const struct vcpu_exit *exit)
{
	add(line, "SError");
	if (exit->serror.implementation_defined)
		add(line, ": implementation defined, ISS 0x%llx",
		    (ull)FIELD_GET(ESR_ISS, exit->esr));
	else
		add(line, ": severity %u, code 0x%x%s", exit->serror.severity, exit->serror.code,
		    exit->serror.external ? ", external" : "");
}

static void format_coproc(struct line *line, const struct coproc_access *access)
{
	if (access->memory)
		add(line, "%s of coprocessor %u (AArch32)", access->read ? "LDC" : "STC",
		    access->coproc);
	else if (access->pair)
		add(line, "%s p%u, %u, r%u, r%u, c%u (AArch32)", access->read ? "MRRC" : "MCRR",
		    access->coproc, access->opc1, access->reg, access->reg2, access->crm);
	else
		add(line, "%s p%u, %u, r%u, c%u, c%u, %u (AArch32)", access->read ? "MRC" : "MCR",
		    access->coproc, access->opc1, access->reg, access->crn, access->crm,
		    access->opc2);
}

static void format_exception(struct line *line, const struct vcpu_exit *exit)
{
	static const char *const keys[] = {"IA", "IB", "DA", "DB"};
	static const char *const returns[] = {"ERET", "ERET", "ERETAA", "ERETAB"};
	const unsigned ec = FIELD_GET(ESR_EC, exit->esr);
	const unsigned detail = exit->trap.detail;

	switch (ec) {
	case EC_CP15:
	case EC_CP15_PAIR:
	case EC_CP14:
	case EC_CP14_PAIR:
	case EC_CP14_MEMORY:
	case EC_VMRS:
		format_coproc(line, &exit->coproc);
		return;
	case EC_SVC32:
	case EC_HVC32:
	case EC_SMC32:
	case EC_SVC64:
		add(line, "%s #%u", exception_class_name(ec), detail);
		break;
	case EC_PAC_FAILURE:
		add(line, "%s, key %s", exception_class_name(ec), keys[detail % ARRAY_SIZE(keys)]);
		break;
	case EC_ERET:
		add(line, "%s", returns[detail % ARRAY_SIZE(returns)]);
		break;
	case EC_BTI:
		add(line, "%s, BTYPE %u", exception_class_name(ec), detail);
		break;
	case EC_SME:
		add(line, "%s, SMTC %u", exception_class_name(ec), detail);
		break;
	case EC_PC_ALIGNMENT:
		add(line, "%s, target 0x%llx", exception_class_name(ec), (ull)exit->far);
		break;
	default:
		add(line, "%s (class 0x%02x)", exception_class_name(ec), ec);
		break;
	}
	add(line, " at pc 0x%llx", (ull)exit->pc);
}

static void format_fail_entry(struct line *line, const struct vcpu_exit *exit)
{
	static const char *const reasons[] = {
		[ENTRY_NO_STAGE2] = "VMID 0 in VTTBR",
		[ENTRY_MODE] = "PSTATE has no mode of a guest",
		[ENTRY_NO_AARCH32] = "no AArch32 on this CPU",
	};
	const unsigned why = exit->fail_entry.why;

	add(line, "entry refused at pc 0x%llx: %s", (ull)exit->pc,
	    why < ARRAY_SIZE(reasons) ? reasons[why] : "?");
}

int exit_format(char *buffer, size_t size, const struct vcpu_exit *exit)
{
	struct line line = {.buffer = buffer, .size = size};

	switch (exit->reason) {
	case EXIT_MMIO_READ:
	case EXIT_MMIO_WRITE:
		format_mmio(&line, exit);
		break;
	case EXIT_NESTED_PAGE_FAULT:
		format_fault(&line, exit);
		break;
	case EXIT_SYSREG_READ:
	case EXIT_SYSREG_WRITE:
	case EXIT_SEND_IPI:
		format_sysreg(&line, &exit->sysreg);
		break;
	case EXIT_HYPERCALL:
	case EXIT_CPU_UP:
	case EXIT_CPU_DOWN:
	case EXIT_CPU_SUSPEND:
	case EXIT_SYSTEM_DOWN:
	case EXIT_SYSTEM_RESET:
		format_call(&line, exit);
		break;
	case EXIT_HALT:
		format_wait(&line, exit);
		break;
	case EXIT_EXTERNAL_INTERRUPT:
		add(&line, "interrupt %u", exit->interrupt.intid);
		break;
	case EXIT_FAIL_ENTRY:
		format_fail_entry(&line, exit);
		break;
	case EXIT_DEBUG:
		format_debug(&line, exit);
		break;
	case EXIT_SERROR:
		format_serror(&line, exit);
		break;
	case EXIT_EXCEPTION:
		format_exception(&line, exit);
		break;
	default:
		add(&line, "%s", exit_reason_name(exit->reason));
		break;
	}
	return (int)line.length;
}
