/* See sysreg_names.h. Two tables: what traps, and the rest, which the trace knows too. */
#include "core/sysreg_names.h"

#include "core/esr.h"
#include "lib/printf.h"
#include "lib/words.h"

static const uint32_t keys[] = {
#define SYSREG(op0, op1, crn, crm, op2, name) (uint32_t) SYSREG_KEY(op0, op1, crn, crm, op2),
#include "trace/host/sysreg_names.def"
#undef SYSREG
#define TRAPPED(op0, op1, crn, crm, op2, name, read, write) \
	(uint32_t) SYSREG_KEY(op0, op1, crn, crm, op2),
#include "core/trapped_regs.def"
#undef TRAPPED
};

/* In the same order. */
static const char names[] =
#define SYSREG(op0, op1, crn, crm, op2, name) #name "\0"
#include "trace/host/sysreg_names.def"
#undef SYSREG
#define TRAPPED(op0, op1, crn, crm, op2, name, read, write) #name "\0"
#include "core/trapped_regs.def"
#undef TRAPPED
	;

const char *sysreg_name(uint32_t key, char buffer[SYSREG_NAME_BYTES])
{
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i] == (key & ISS_SYSREG_KEY)) {
			vt_snprintf(buffer, SYSREG_NAME_BYTES, "%s", word_at(names, i));
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

#ifdef VT_GDB
bool sysreg_key(const char *name, uint32_t *key)
{
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!is_same_word(word_at(names, i), name))
			continue;
		*key = keys[i];
		return true;
	}
	return false;
}
#endif
