/* See sysreg_names.h. Two tables: what traps, and the rest, which the trace knows too. */
#include "core/sysreg_names.h"

#include "core/esr.h"
#include "lib/printf.h"

/* The text stands in the row: a pointer would also cost a relocation at boot. */
static const struct {
	uint32_t key;
	char name[SYSREG_NAME_BYTES];
} registers[] = {
#define SYSREG(op0, op1, crn, crm, op2, name) \
	{(uint32_t)SYSREG_KEY(op0, op1, crn, crm, op2), #name},
#include "trace/host/sysreg_names.def"
#undef SYSREG
#define TRAPPED(op0, op1, crn, crm, op2, name, read, write) \
	{(uint32_t)SYSREG_KEY(op0, op1, crn, crm, op2), #name},
#include "core/trapped_regs.def"
#undef TRAPPED
};

const char *sysreg_name(uint32_t key, char buffer[SYSREG_NAME_BYTES])
{
	for (size_t i = 0; i < ARRAY_SIZE(registers); i++)
		if (registers[i].key == (key & ISS_SYSREG_KEY)) {
			vt_snprintf(buffer, SYSREG_NAME_BYTES, "%s", registers[i].name);
			return buffer;
		}
	vt_snprintf(buffer, SYSREG_NAME_BYTES, "S%u_%u_C%u_C%u_%u",
		    (unsigned)FIELD_GET(ISS_SYSREG_OP0, key),
		    (unsigned)FIELD_GET(ISS_SYSREG_OP1, key),
		    (unsigned)FIELD_GET(ISS_SYSREG_CRN, key),
		    (unsigned)FIELD_GET(ISS_SYSREG_CRM, key),
		    (unsigned)FIELD_GET(ISS_SYSREG_OP2, key));
	return buffer;
}
