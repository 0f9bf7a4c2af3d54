/* See values.h. The names are those of include/vitrine/exit.h, so that who has read one knows the other. */
#include <inttypes.h>
#include <stdio.h>

#include "core/decode.h"
#include "web/explorer/json.h"
#include "web/explorer/values.h"

static void value_text(const char *name, const char *text)
{
	json_list(NULL);
	json_text(NULL, name);
	json_text(NULL, text);
	json_close();
}

static void value_number(const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), number < 10 ? "%" PRIu64 : "0x%" PRIx64, number);
	value_text(name, text);
}

static void value_hex(const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, number);
	value_text(name, text);
}

static void value_decimal(const char *name, int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", number);
	value_text(name, text);
}

static void value_bool(const char *name, bool value)
{
	value_text(name, value ? "true" : "false");
}

static void mmio_values(const struct mmio_access *mmio)
{
	value_hex("mmio.ipa", mmio->ipa);
	value_decimal("mmio.bytes", mmio->bytes);
	value_decimal("mmio.reg", mmio->reg);
	value_bool("mmio.write", mmio->write);
	value_bool("mmio.sign_extend", mmio->sign_extend);
	value_bool("mmio.reg_is_64", mmio->reg_is_64);
}

static void fault_values(const struct fault *fault)
{
	value_text("fault.type", fault_type_name(fault->type));
	if (fault->level == FAULT_NO_LEVEL)
		value_text("fault.level", "none");
	else
		value_decimal("fault.level", fault->level);
	if (fault->ipa_known)
		value_hex("fault.ipa", fault->ipa);
	value_bool("fault.ipa_known", fault->ipa_known);
	value_bool("fault.far_known", fault->far_known);
	value_bool("fault.write", fault->write);
	value_bool("fault.fetch", fault->fetch);
	value_bool("fault.table_walk", fault->table_walk);
	value_bool("fault.maintenance", fault->maintenance);
	value_bool("fault.needs_instruction", fault->needs_instruction);
}

static void coproc_values(const struct coproc_access *coproc)
{
	value_decimal("coproc.coproc", coproc->coproc);
	value_decimal("coproc.opc1", coproc->opc1);
	value_decimal("coproc.crn", coproc->crn);
	value_decimal("coproc.crm", coproc->crm);
	value_decimal("coproc.opc2", coproc->opc2);
	value_decimal("coproc.reg", coproc->reg);
	value_decimal("coproc.reg2", coproc->reg2);
	value_bool("coproc.read", coproc->read);
	value_bool("coproc.pair", coproc->pair);
	value_bool("coproc.memory", coproc->memory);
}

static void debug_values(const struct vcpu_exit *exit)
{
	static const char *const kinds[] = {"DEBUG_BREAKPOINT",	  "DEBUG_STEP", "DEBUG_WATCHPOINT",
					    "DEBUG_VECTOR_CATCH", "DEBUG_BRK",	"DEBUG_BKPT"};

	value_text("debug.kind", kinds[exit->debug.kind % ARRAY_SIZE(kinds)]);
	value_bool("debug.write", exit->debug.write);
	value_bool("debug.maintenance", exit->debug.maintenance);
	value_bool("debug.exclusive", exit->debug.exclusive);
	value_hex("debug.comment", exit->debug.comment);
}

static void halt_values(const struct vcpu_exit *exit)
{
	static const char *const kinds[] = {"WAIT_WFI", "WAIT_WFE", "WAIT_WFIT", "WAIT_WFET"};

	value_text("halt.kind", kinds[exit->halt.kind % ARRAY_SIZE(kinds)]);
	value_bool("halt.wfe", exit->halt.wfe);
	value_decimal("halt.reg", exit->halt.reg);
}

static void exception_values(const struct vcpu_exit *exit)
{
	switch (FIELD_GET(ESR_EC, exit->esr)) {
	case EC_CP15:
	case EC_CP15_PAIR:
	case EC_CP14:
	case EC_CP14_PAIR:
	case EC_CP14_MEMORY:
	case EC_VMRS:
		coproc_values(&exit->coproc);
		break;
	default:
		value_number("trap.detail", exit->trap.detail);
		break;
	}
}

void json_values(const struct vcpu_exit *exit)
{
	json_list("values");
	switch (exit->reason) {
	case EXIT_MMIO_READ:
	case EXIT_MMIO_WRITE:
		mmio_values(&exit->mmio);
		break;
	case EXIT_NESTED_PAGE_FAULT:
		fault_values(&exit->fault);
		break;
	case EXIT_SYSREG_READ:
	case EXIT_SYSREG_WRITE:
		value_hex("sysreg.key", exit->sysreg.key);
		value_decimal("sysreg.reg", exit->sysreg.reg);
		value_bool("sysreg.write", exit->sysreg.write);
		break;
	case EXIT_HYPERCALL:
		value_hex("call.function", exit->call.function);
		value_number("call.immediate", exit->call.immediate);
		value_bool("call.smc", exit->call.smc);
		break;
	case EXIT_HALT:
		halt_values(exit);
		break;
	case EXIT_DEBUG:
		debug_values(exit);
		break;
	case EXIT_SERROR:
		value_bool("serror.implementation_defined", exit->serror.implementation_defined);
		value_bool("serror.external", exit->serror.external);
		value_decimal("serror.severity", exit->serror.severity);
		value_hex("serror.code", exit->serror.code);
		break;
	case EXIT_EXCEPTION:
		exception_values(exit);
		break;
	default:
		break;
	}
	json_close();
}
