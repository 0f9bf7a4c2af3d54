/*
 * The decoder: see decode.h. Pure.
 */
#include "core/decode.h"

#include "core/fault_codes.h"
#include "lib/words.h"

static const uint8_t classes[] = {
#define CLASS(value, name, short_name) value,
#include "core/exception_classes.def"
#undef CLASS
};

static const char class_names[] =
#define CLASS(value, name, short_name) name "\0"
#include "core/exception_classes.def"
#undef CLASS
	;

const char *exception_class_name(unsigned ec)
{
	for (unsigned i = 0; i < ARRAY_SIZE(classes); i++)
		if (classes[i] == ec)
			return word_at(class_names, i);
	return "reserved";
}

static const char reason_names[] =
#define REASON(name, text) text "\0"
#include "core/exit_reasons.def"
#undef REASON
	;

const char *exit_reason_name(unsigned reason)
{
	return reason < EXIT_REASONS ? word_at(reason_names, reason) : "?";
}

/* Other than a plain load or store to nothing: core/decode.h. */
static void decode_fault(struct vcpu_exit *exit, bool fetch)
{
	/* LAB 02.4 */
	const struct fault_code code = fault_code_of(exit->esr);
	struct fault *f = &exit->fault;

	exit->reason = EXIT_NESTED_PAGE_FAULT;
	f->type = code.type;
	f->level = code.level;
	f->fetch = fetch;
	f->table_walk = !!(exit->esr & ISS_ABT_S1PTW);
	f->write = fetch ? false : !!(exit->esr & ISS_ABT_WNR);
	f->maintenance = fetch ? false : !!(exit->esr & ISS_ABT_CM);
	f->far_known = !(exit->esr & ISS_ABT_FNV);
	f->ipa_known = !(exit->hpfar & HPFAR_UNKNOWN);
	f->ipa = 0;
	if (f->ipa_known && f->table_walk)
		f->ipa = faulting_ipa(exit->hpfar, 0);
	else if (f->ipa_known)
		f->ipa = faulting_ipa(exit->hpfar, exit->far);

	f->needs_instruction = false;
	if (fetch || f->table_walk || f->maintenance || (exit->esr & ISS_ABT_ISV))
		return;
	if (f->type == FAULT_TRANSLATION && f->far_known && f->ipa_known)
		f->needs_instruction = true;
	/* END LAB */
}

static void decode_data_abort(struct vcpu_exit *exit)
{
	if (!is_plain_access(exit->esr)) {
		decode_fault(exit, false);
		return;
	}
	exit->mmio = decode_mmio(exit->esr, exit->far, exit->hpfar);
	exit->reason = exit->mmio.write ? EXIT_MMIO_WRITE : EXIT_MMIO_READ;
}

static void decode_wait(struct vcpu_exit *exit)
{
	/* LAB 02.4 */
	exit->reason = EXIT_HALT;
	exit->halt.kind = exit->esr & 3;
	exit->halt.wfe = exit->halt.kind & 1;
	exit->halt.reg = 31;
	if (exit->esr & ISS_WFX_RN_VALID)
		exit->halt.reg = (exit->esr >> 5) & 31;
	/* END LAB */
}

static void decode_call(struct vcpu_exit *exit, uint32_t function)
{
	/* LAB 02.4 */
	exit->call.smc = (exit->esr >> 26 & 0x3f) == 0x17;
	exit->call.immediate = (uint16_t)exit->esr;
	exit->call.function = function;
	exit->reason = EXIT_HYPERCALL;
	/* END LAB */
}

static void decode_debug(struct vcpu_exit *exit, enum debug_kind kind)
{
	const uint64_t esr = exit->esr;

	exit->reason = EXIT_DEBUG;
	exit->debug.kind = (uint8_t)kind;
	exit->debug.write = kind == DEBUG_WATCHPOINT && (esr & ISS_ABT_WNR);
	exit->debug.maintenance = kind == DEBUG_WATCHPOINT && (esr & ISS_ABT_CM);
	exit->debug.exclusive = kind == DEBUG_STEP && (esr & ISS_STEP_ISV) && (esr & ISS_STEP_EX);
	exit->debug.comment = kind == DEBUG_BRK || kind == DEBUG_BKPT
				      ? (uint16_t)FIELD_GET(ISS_BRK_COMMENT, esr)
				      : 0;
}

static void decode_serror(struct vcpu_exit *exit)
{
	/* LAB 02.4 */
	exit->reason = EXIT_SERROR;
	exit->serror.code = exit->esr & 0x3f;
	exit->serror.severity = (exit->esr >> 10) & 7;
	exit->serror.external = (exit->esr >> 9) & 1;
	exit->serror.implementation_defined = (exit->esr >> 24) & 1;
	/* END LAB */
}

/* MCR, MRC and, in AArch32, VMRS. */
static void decode_coproc(struct vcpu_exit *exit, uint8_t coproc)
{
	exit->coproc = (struct coproc_access){
		.coproc = coproc,
		.opc1 = (uint8_t)FIELD_GET(ISS_CP_OPC1, exit->esr),
		.crn = (uint8_t)FIELD_GET(ISS_CP_CRN, exit->esr),
		.crm = (uint8_t)FIELD_GET(ISS_CP_CRM, exit->esr),
		.opc2 = (uint8_t)FIELD_GET(ISS_CP_OPC2, exit->esr),
		.reg = (uint8_t)FIELD_GET(ISS_CP_RT, exit->esr),
		.read = (exit->esr & ISS_CP_READ) != 0,
	};
}

static void decode_coproc_pair(struct vcpu_exit *exit, uint8_t coproc)
{
	exit->coproc = (struct coproc_access){
		.coproc = coproc,
		.opc1 = (uint8_t)FIELD_GET(ISS_CP_PAIR_OPC1, exit->esr),
		.crm = (uint8_t)FIELD_GET(ISS_CP_CRM, exit->esr),
		.reg = (uint8_t)FIELD_GET(ISS_CP_RT, exit->esr),
		.reg2 = (uint8_t)FIELD_GET(ISS_CP_PAIR_RT2, exit->esr),
		.read = (exit->esr & ISS_CP_READ) != 0,
		.pair = true,
	};
}

static void decode_coproc_memory(struct vcpu_exit *exit, uint8_t coproc)
{
	exit->coproc = (struct coproc_access){
		.coproc = coproc,
		.reg = (uint8_t)FIELD_GET(ISS_CP_RT, exit->esr),
		.read = (exit->esr & ISS_CP_READ) != 0,
		.memory = true,
	};
}

/* Classes that end as EXCEPTION; they say at most one small number. */
static void decode_trap(struct vcpu_exit *exit)
{
	switch (FIELD_GET(ESR_EC, exit->esr)) {
	case EC_SVC32:
	case EC_HVC32:
	case EC_SMC32:
	case EC_SVC64:
		exit->trap.detail = (uint16_t)FIELD_GET(ISS_IMMEDIATE, exit->esr);
		break;
	case EC_BTI:
		exit->trap.detail = (uint16_t)FIELD_GET(ISS_BTI_BTYPE, exit->esr);
		break;
	case EC_ERET:
		exit->trap.detail = (uint16_t)FIELD_GET(ISS_ERET_KIND, exit->esr);
		break;
	case EC_PAC_FAILURE:
		exit->trap.detail = (uint16_t)FIELD_GET(ISS_PAC_KEY, exit->esr);
		break;
	case EC_SME:
		exit->trap.detail = (uint16_t)FIELD_GET(ISS_SME_SMTC, exit->esr);
		break;
	default:
		exit->trap.detail = 0;
		break;
	}
}

void exit_decode(struct vcpu_exit *exit, uint64_t esr, uint64_t far, uint64_t hpfar, uint64_t pc,
		 uint32_t function)
{
	exit->reason = EXIT_EXCEPTION;
	exit->esr = esr;
	exit->far = far;
	exit->hpfar = hpfar;
	exit->pc = pc;

	switch (FIELD_GET(ESR_EC, esr)) {
	case EC_WFX:
		decode_wait(exit);
		break;
	case EC_HVC64:
	case EC_SMC64:
		decode_call(exit, function);
		break;
	case EC_SYSREG:
		exit->sysreg = decode_sysreg(esr);
		exit->reason = exit->sysreg.write ? EXIT_SYSREG_WRITE : EXIT_SYSREG_READ;
		break;
	case EC_DABT_LOWER:
		decode_data_abort(exit);
		break;
	case EC_IABT_LOWER:
		decode_fault(exit, true);
		break;
	case EC_SERROR:
		decode_serror(exit);
		break;
	case EC_BREAKPOINT:
		decode_debug(exit, DEBUG_BREAKPOINT);
		break;
	case EC_STEP:
		decode_debug(exit, DEBUG_STEP);
		break;
	case EC_WATCHPOINT:
		decode_debug(exit, DEBUG_WATCHPOINT);
		break;
	case EC_VECTOR_CATCH:
		decode_debug(exit, DEBUG_VECTOR_CATCH);
		break;
	case EC_BRK:
		decode_debug(exit, DEBUG_BRK);
		break;
	case EC_BKPT:
		decode_debug(exit, DEBUG_BKPT);
		break;
	case EC_CP15:
		decode_coproc(exit, 15);
		break;
	case EC_CP14:
		decode_coproc(exit, 14);
		break;
	case EC_VMRS:
		decode_coproc(exit, 10);
		break;
	case EC_CP15_PAIR:
		decode_coproc_pair(exit, 15);
		break;
	case EC_CP14_PAIR:
		decode_coproc_pair(exit, 14);
		break;
	case EC_CP14_MEMORY:
		decode_coproc_memory(exit, 14);
		break;
	default:
		decode_trap(exit);
		break;
	}
}
