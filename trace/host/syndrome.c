/* See syndrome.h. Source: Arm ARM DDI 0487, D19.2, ESR_EL2, one ISS encoding a class. */
#include <inttypes.h>
#include <stdio.h>

#include "trace/host/names.h"
#include "trace/host/syndrome.h"

#define FIELD(esr, high, low) ((esr) >> (low) & ((1u << ((high) - (low) + 1)) - 1))

enum {
	EC_WFX = 0x01,
	EC_SVC64 = 0x15,
	EC_HVC64 = 0x16,
	EC_SMC64 = 0x17,
	EC_SYSREG = 0x18,
	EC_IABT = 0x20,
	EC_IABT_SAME = 0x21,
	EC_DABT = 0x24,
	EC_DABT_SAME = 0x25,
	EC_BRK = 0x3c
};

/* DFSC or IFSC, without its level: what the architecture calls the fault. */
static void fault_status(uint32_t status, char *to, size_t bytes)
{
	static const char *const kinds[] = {"address size", "translation", "access flag",
					    "permission"};

	if (status < 16)
		snprintf(to, bytes, "%s, level %" PRIu32, kinds[status / 4], status % 4);
	else if (status == 0x10)
		snprintf(to, bytes, "external");
	else if (status == 0x21)
		snprintf(to, bytes, "alignment");
	else
		snprintf(to, bytes, "0x%02" PRIx32, status);
}

static void data_abort(uint32_t esr, char *to, size_t bytes)
{
	static const char *const sizes[] = {"byte", "halfword", "word", "doubleword"};
	char status[32];
	int used = snprintf(to, bytes, "DABT %s ", FIELD(esr, 6, 6) ? "write" : "read");

	if (FIELD(esr, 24, 24))
		used += snprintf(to + used, bytes - (size_t)used,
				 "ISV=1 SAS=%s SSE=%" PRIu32 " SRT=%c%" PRIu32 " ",
				 sizes[FIELD(esr, 23, 22)], FIELD(esr, 21, 21),
				 FIELD(esr, 15, 15) ? 'x' : 'w', FIELD(esr, 20, 16));
	else
		used += snprintf(to + used, bytes - (size_t)used, "ISV=0 ");
	fault_status(FIELD(esr, 5, 0), status, sizeof(status));
	snprintf(to + used, bytes - (size_t)used, "%sDFSC=(%s)", FIELD(esr, 7, 7) ? "S1PTW=1 " : "",
		 status);
}

static void iss_text(uint32_t esr, char *to, size_t bytes)
{
	static const char *const waits[] = {"WFI", "WFE", "WFIT", "WFET"};
	char detail[64];

	switch (esr >> 26) {
	case EC_WFX:
		snprintf(to, bytes, "WFx TI=%s", waits[FIELD(esr, 1, 0)]);
		break;
	case EC_SVC64:
	case EC_HVC64:
	case EC_SMC64:
	case EC_BRK:
		snprintf(to, bytes, "%s imm16=0x%" PRIx32, ec_text(esr), FIELD(esr, 15, 0));
		break;
	case EC_SYSREG:
		sysreg_name(esr, detail, sizeof(detail));
		snprintf(to, bytes,
			 "%s %s Rt=x%" PRIu32 " (S%" PRIu32 "_%" PRIu32 "_C%" PRIu32 "_C%" PRIu32
			 "_%" PRIu32 ")",
			 FIELD(esr, 0, 0) ? "MRS" : "MSR", detail, FIELD(esr, 9, 5),
			 FIELD(esr, 21, 20), FIELD(esr, 16, 14), FIELD(esr, 13, 10),
			 FIELD(esr, 4, 1), FIELD(esr, 19, 17));
		break;
	case EC_IABT:
	case EC_IABT_SAME:
		fault_status(FIELD(esr, 5, 0), detail, sizeof(detail));
		snprintf(to, bytes, "IABT %sIFSC=(%s)", FIELD(esr, 7, 7) ? "S1PTW=1 " : "", detail);
		break;
	case EC_DABT:
	case EC_DABT_SAME:
		data_abort(esr, to, bytes);
		break;
	default:
		snprintf(to, bytes, "%s ISS=0x%" PRIx32, ec_text(esr), FIELD(esr, 24, 0));
	}
}

void syndrome_text(uint32_t esr, char *to, size_t bytes)
{
	char iss[SYNDROME_TEXT_BYTES - 16];

	iss_text(esr, iss, sizeof(iss));
	snprintf(to, bytes, "0x%08" PRIx32 " %s", esr, iss);
}
