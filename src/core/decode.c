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
	struct fault *fault = &exit->fault;

	exit->reason = EXIT_NESTED_PAGE_FAULT;
	*fault = (struct fault){
		.type = code.type,
		.level = code.level,
		.fetch = fetch,
		.table_walk = (exit->esr & ISS_ABT_S1PTW) != 0,
		.write = !fetch && (exit->esr & ISS_ABT_WNR) != 0,
		.maintenance = !fetch && (exit->esr & ISS_ABT_CM) != 0,
		.ipa_known = !(exit->hpfar & HPFAR_UNKNOWN),
		.far_known = !(exit->esr & ISS_ABT_FNV),
	};
	if (fault->ipa_known)
		fault->ipa = faulting_ipa(exit->hpfar, fault->table_walk ? 0 : exit->far);
	fault->needs_instruction = !fetch && !fault->table_walk && !fault->maintenance &&
				   fault->type == FAULT_TRANSLATION && fault->far_known &&
				   fault->ipa_known && !(exit->esr & ISS_ABT_ISV);
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
	const unsigned kind = FIELD_GET(ISS_WFX_TI, exit->esr);

	exit->reason = EXIT_HALT;
	exit->halt.kind = (uint8_t)kind;
	exit->halt.wfe = kind == WAIT_WFE || kind == WAIT_WFET;
	exit->halt.reg =
		exit->esr & ISS_WFX_RN_VALID ? (uint8_t)FIELD_GET(ISS_WFX_RN, exit->esr) : 31;
	/* END LAB */
}

static void decode_call(struct vcpu_exit *exit, uint32_t function)
{
	/* LAB 02.4 */
	exit->reason = EXIT_HYPERCALL;
	exit->call.function = function;
	exit->call.immediate = (uint16_t)FIELD_GET(ISS_IMMEDIATE, exit->esr);
	exit->call.smc = FIELD_GET(ESR_EC, exit->esr) == EC_SMC64;
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
	exit->serror.implementation_defined = (exit->esr & ISS_SERROR_IDS) != 0;
	exit->serror.external = (exit->esr & ISS_ABT_EA) != 0;
	exit->serror.severity = (uint8_t)FIELD_GET(ISS_SERROR_AET, exit->esr);
	exit->serror.code = (uint8_t)FIELD_GET(ISS_ABT_FSC, exit->esr);
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
