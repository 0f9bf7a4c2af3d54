/*
 * The decoder: see decode.h. Pure.
 */
#include "core/decode.h"

static const char *const class_names[64] = {
#define CLASS(value, name) [value] = (name),
#include "core/exception_classes.def"
#undef CLASS
};

const char *exception_class_name(unsigned ec)
{
	return ec < ARRAY_SIZE(class_names) && class_names[ec] ? class_names[ec] : "reserved";
}

static const char *const reason_names[EXIT_REASONS] = {
#define REASON(name, text) [EXIT_##name] = (text),
#include "core/exit_reasons.def"
#undef REASON
};

const char *exit_reason_name(unsigned reason)
{
	return reason < EXIT_REASONS ? reason_names[reason] : "?";
}

/*
 * An abort that no device can answer: unmapped memory, a table walk, a fetch, an access without a
 * usable syndrome.
 */
static void decode_fault(struct vcpu_exit *exit, bool fetch)
{
	exit->reason = EXIT_NESTED_PAGE_FAULT;
	exit->fault.ipa = faulting_ipa(exit->hpfar, exit->far);
	exit->fault.fetch = fetch;
	exit->fault.table_walk = (exit->esr & ISS_ABT_S1PTW) != 0;
	exit->fault.write = !fetch && (exit->esr & ISS_ABT_WNR) != 0;
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

struct vcpu_exit exit_decode(uint64_t esr, uint64_t far, uint64_t hpfar, uint64_t pc,
			     uint32_t function)
{
	struct vcpu_exit exit = {
		.reason = EXIT_EXCEPTION, .esr = esr, .far = far, .hpfar = hpfar, .pc = pc};

	switch (FIELD_GET(ESR_EC, esr)) {
	case EC_WFX:
		exit.reason = EXIT_HALT;
		exit.halt.wfe = (esr & 1) != 0;
		break;
	case EC_HVC64:
	case EC_SMC64:
		exit.reason = EXIT_HYPERCALL;
		exit.call.function = function;
		exit.call.smc = FIELD_GET(ESR_EC, esr) == EC_SMC64;
		break;
	case EC_SYSREG:
		exit.sysreg = decode_sysreg(esr);
		exit.reason = exit.sysreg.write ? EXIT_SYSREG_WRITE : EXIT_SYSREG_READ;
		break;
	case EC_DABT_LOWER:
		decode_data_abort(&exit);
		break;
	case EC_IABT_LOWER:
		decode_fault(&exit, true);
		break;
	case EC_SERROR:
		exit.reason = EXIT_SERROR;
		break;
	case 0x30: /* breakpoint */
	case 0x32: /* software step */
	case 0x34: /* watchpoint */
	case 0x3a: /* vector catch */
	case 0x3c: /* BRK */
		exit.reason = EXIT_DEBUG;
		break;
	default:
		break;
	}
	return exit;
}
