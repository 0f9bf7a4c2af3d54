/* See names.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "trace/host/devices.h"
#include "trace/host/events.h"
#include "trace/host/names.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ESR_EL2 fields (Arm ARM, ESR_EL2). */
#define ESR_EC(esr)	     ((esr) >> 26)
#define EC_INSTRUCTION_ABORT 0x20u
#define ISS_WFX_TI(esr)	     ((esr)&3u)
#define ISS_ABORT_WNR	     (1u << 6)
#define ISS_SYSREG_OP0(esr)  ((esr) >> 20 & 3u)
#define ISS_SYSREG_OP2(esr)  ((esr) >> 17 & 7u)
#define ISS_SYSREG_OP1(esr)  ((esr) >> 14 & 7u)
#define ISS_SYSREG_CRN(esr)  ((esr) >> 10 & 15u)
#define ISS_SYSREG_CRM(esr)  ((esr) >> 1 & 15u)
#define ISS_SYSREG_ENCODING  0x3ffc1eu /* the five fields above where they stand in the ISS */
#define SYSREG_ENCODING(op0, op1, crn, crm, op2)                                 \
	((uint32_t)(op0) << 20 | (uint32_t)(op2) << 17 | (uint32_t)(op1) << 14 | \
	 (uint32_t)(crn) << 10 | (uint32_t)(crm) << 1)

#define SMCCC_SMC64	       (1u << 30)
#define ICC_SGI1R_INTID(value) ((uint32_t)((value) >> 24) & 15u)

static const struct {
	const char *symbol, *text;
} reasons[] = {
#define REASON(name, text) {#name, text},
#include "core/exit_reasons.def"
#undef REASON
};

static const char *const categories[REASON_COUNT] = {
	[REASON_NOTHING] = "other",
	[REASON_HYPERCALL] = "hypercall",
	[REASON_MMIO_READ] = "mmio",
	[REASON_MMIO_WRITE] = "mmio",
	[REASON_SYSREG_READ] = "sysreg",
	[REASON_SYSREG_WRITE] = "sysreg",
	[REASON_EXTERNAL_INTERRUPT] = "irq",
	[REASON_CPU_UP] = "psci",
	[REASON_CPU_DOWN] = "psci",
	[REASON_CPU_SUSPEND] = "psci",
	[REASON_SYSTEM_DOWN] = "psci",
	[REASON_SYSTEM_RESET] = "psci",
	[REASON_NESTED_PAGE_FAULT] = "fault",
	[REASON_HALT] = "idle",
	[REASON_SEND_IPI] = "sgi",
	[REASON_DEBUG] = "debug",
	[REASON_SERROR] = "fault",
	[REASON_FAIL_ENTRY] = "fault",
	[REASON_EXCEPTION] = "fault",
};

static const struct {
	uint32_t encoding;
	const char *name;
} sysregs[] = {
#define SYSREG(op0, op1, crn, crm, op2, name) {SYSREG_ENCODING(op0, op1, crn, crm, op2), #name},
#include "trace/host/sysreg_names.def"
#undef SYSREG
#define TRAPPED(op0, op1, crn, crm, op2, name, read, write) \
	{SYSREG_ENCODING(op0, op1, crn, crm, op2), #name},
#include "core/trapped_regs.def"
#undef TRAPPED
};

static const struct {
	uint32_t id;
	const char *name;
} functions[] = {
#define FUNCTION(id, name, forms, answer, reason) {id, #name},
#include "core/smccc_functions.def"
#undef FUNCTION
};

static const char *const ecs[64] = {
#define CLASS(value, name, short_name) [value] = short_name,
#include "core/exception_classes.def"
#undef CLASS
};

void reason_symbol(uint8_t reason, char *to, size_t bytes)
{
	if (reason < REASON_COUNT)
		snprintf(to, bytes, "%s", reasons[reason].symbol);
	else
		snprintf(to, bytes, "REASON_%u", (unsigned)reason);
}

void reason_text(uint8_t reason, char *to, size_t bytes)
{
	if (reason < REASON_COUNT)
		snprintf(to, bytes, "%s", reasons[reason].text);
	else
		snprintf(to, bytes, "exit %u", (unsigned)reason);
}

const char *event_symbol(uint8_t event)
{
	return event_info(event)->symbol;
}

const char *ec_text(uint32_t esr)
{
	const char *text = ecs[ESR_EC(esr)];

	return text ? text : "reserved class";
}

const char *exit_category(uint8_t reason)
{
	return reason < REASON_COUNT ? categories[reason] : "other";
}

const char *vcpu_state_text(uint8_t state)
{
	static const char *const states[] = {"CREATED", "READY",   "RUNNING", "BLOCKED",
					     "OFF",	"STOPPED", "CRASHED"};

	return state < ARRAY_SIZE(states) ? states[state] : "?";
}

void sysreg_name(uint32_t esr, char *to, size_t bytes)
{
	const uint32_t encoding = esr & ISS_SYSREG_ENCODING;

	for (size_t i = 0; i < ARRAY_SIZE(sysregs); i++)
		if (sysregs[i].encoding == encoding) {
			snprintf(to, bytes, "%s", sysregs[i].name);
			return;
		}
	snprintf(to, bytes, "S%" PRIu32 "_%" PRIu32 "_C%" PRIu32 "_C%" PRIu32 "_%" PRIu32,
		 ISS_SYSREG_OP0(esr), ISS_SYSREG_OP1(esr), ISS_SYSREG_CRN(esr), ISS_SYSREG_CRM(esr),
		 ISS_SYSREG_OP2(esr));
}

void function_name(uint32_t id, char *to, size_t bytes)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (functions[i].id == (id & ~SMCCC_SMC64)) {
			snprintf(to, bytes, "%s", functions[i].name);
			return;
		}
	snprintf(to, bytes, "0x%08" PRIx32, id);
}

/* The INTIDs that are fixed for our guests and for QEMU's virt board (BSA, Arm DEN 0094, table of PPIs). */
void interrupt_name(uint32_t intid, char *to, size_t bytes)
{
	static const struct {
		uint32_t intid;
		const char *name;
	} fixed[] = {
		{23, "pmu"},	{25, "gic maintenance"}, {26, "hyp timer"}, {27, "vtimer"},
		{29, "stimer"}, {30, "ptimer"},		 {33, "uart"},	    {1023, "spurious"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		if (fixed[i].intid == intid) {
			snprintf(to, bytes, "%" PRIu32 " %s", intid, fixed[i].name);
			return;
		}
	snprintf(to, bytes, intid < 16 ? "%" PRIu32 " sgi" : "%" PRIu32, intid);
}

/* reason in the top byte, what else the name depends on below it. */
uint64_t exit_name_key(const struct vm_info *vm, const struct record *exit, uint32_t target)
{
	uint64_t detail = 0;

	switch (exit->arg) {
	case REASON_MMIO_READ:
	case REASON_MMIO_WRITE:
		detail = address_key(vm, exit->value[0]);
		break;
	case REASON_SYSREG_READ:
	case REASON_SYSREG_WRITE:
		detail = exit->esr & ISS_SYSREG_ENCODING;
		break;
	case REASON_HYPERCALL:
	case REASON_EXTERNAL_INTERRUPT:
		detail = (uint32_t)exit->value[0];
		break;
	case REASON_SEND_IPI:
		detail = ICC_SGI1R_INTID(exit->value[0]);
		break;
	case REASON_HALT:
		detail = ISS_WFX_TI(exit->esr);
		break;
	case REASON_NESTED_PAGE_FAULT:
		detail = ESR_EC(exit->esr) << 8 | (exit->esr & ISS_ABORT_WNR);
		break;
	case REASON_EXCEPTION:
	case REASON_DEBUG:
		detail = ESR_EC(exit->esr);
		break;
	case REASON_CPU_UP:
		detail = target;
		break;
	}
	return (uint64_t)exit->arg << 56 | (detail & 0x00ffffffffffffffull);
}

static const char *fault_access(uint32_t esr)
{
	if (ESR_EC(esr) == EC_INSTRUCTION_ABORT)
		return "fetch";
	return esr & ISS_ABORT_WNR ? "write" : "read";
}

void exit_name(const struct vm_info *vm, const struct record *exit, uint32_t target, char *to,
	       size_t bytes)
{
	static const char *const wait_names[] = {"WFI", "WFE", "WFIT", "WFET"};
	char detail[EXIT_NAME_BYTES - 24];
	char reason[24];

	reason_text(exit->arg, reason, sizeof(reason));
	switch (exit->arg) {
	case REASON_MMIO_READ:
	case REASON_MMIO_WRITE:
		address_name(vm, exit->value[0], detail, sizeof(detail));
		snprintf(to, bytes, "%s %s", reason, detail);
		break;
	case REASON_SYSREG_READ:
	case REASON_SYSREG_WRITE:
		sysreg_name(exit->esr, detail, sizeof(detail));
		snprintf(to, bytes, "sysreg %s %s", detail,
			 exit->arg == REASON_SYSREG_READ ? "read" : "write");
		break;
	case REASON_HYPERCALL:
		function_name((uint32_t)exit->value[0], detail, sizeof(detail));
		snprintf(to, bytes, "hypercall %s", detail);
		break;
	case REASON_EXTERNAL_INTERRUPT:
		interrupt_name((uint32_t)exit->value[0], detail, sizeof(detail));
		snprintf(to, bytes, "irq %s", detail);
		break;
	case REASON_SEND_IPI:
		snprintf(to, bytes, "SGI %" PRIu32 " sent", ICC_SGI1R_INTID(exit->value[0]));
		break;
	case REASON_HALT:
		snprintf(to, bytes, "%s", wait_names[ISS_WFX_TI(exit->esr)]);
		break;
	case REASON_NESTED_PAGE_FAULT:
		snprintf(to, bytes, "%s %s", reason, fault_access(exit->esr));
		break;
	case REASON_EXCEPTION:
	case REASON_DEBUG:
		snprintf(to, bytes, "%s %s", exit->arg == REASON_DEBUG ? "debug" : "exception",
			 ec_text(exit->esr));
		break;
	case REASON_CPU_UP:
		if (target == TRACE_NO_VCPU)
			snprintf(to, bytes, "%s", reason);
		else
			snprintf(to, bytes, "%s vcpu%" PRIu32, reason,
				 target - (vm ? vm->first_vcpu : 0));
		break;
	default:
		snprintf(to, bytes, "%s", reason);
	}
}

enum value_meaning exit_value_meaning(uint8_t reason, unsigned which)
{
	if (which == 1)
		return is_mmio(reason) ? VALUE_DATA : VALUE_NONE;
	switch (reason) {
	case REASON_MMIO_READ:
	case REASON_MMIO_WRITE:
	case REASON_NESTED_PAGE_FAULT:
		return VALUE_IPA;
	case REASON_SYSREG_READ:
	case REASON_SYSREG_WRITE:
	case REASON_SEND_IPI:
		return VALUE_DATA;
	case REASON_HYPERCALL:
	case REASON_CPU_UP:
	case REASON_CPU_DOWN:
	case REASON_CPU_SUSPEND:
	case REASON_SYSTEM_DOWN:
	case REASON_SYSTEM_RESET:
		return VALUE_FUNCTION;
	case REASON_EXTERNAL_INTERRUPT:
		return VALUE_INTID;
	case REASON_HALT:
		return VALUE_NONE;
	default:
		return VALUE_FAR;
	}
}
