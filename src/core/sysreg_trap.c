/*
 * What a guest finds behind a trapped system register. Cold compared with the ID registers and
 * SGIs, which core/dispatch.c answers before it comes here.
 */
#include "core/sysreg_trap.h"

#include "lib/log.h"

#define KEY_MDSCR	  SYSREG_KEY(2, 0, 0, 2, 2)
#define KEY_OSLSR	  SYSREG_KEY(2, 0, 1, 1, 4)
#define OSLSR_IMPLEMENTED BIT(3) /* OSLM = 0b10, unlocked */
#define KEY_ACTLR	  SYSREG_KEY(3, 0, 1, 0, 1)

#define OP0_OF(key) FIELD_GET(ISS_SYSREG_OP0, key)
#define OP1_OF(key) FIELD_GET(ISS_SYSREG_OP1, key)
#define CRN_OF(key) FIELD_GET(ISS_SYSREG_CRN, key)
#define CRM_OF(key) FIELD_GET(ISS_SYSREG_CRM, key)
#define OP2_OF(key) FIELD_GET(ISS_SYSREG_OP2, key)

/*
 * Debug registers (op0 2, op1 0 or 3): breakpoints, watchpoints, OS lock, claim tags. EL2 keeps the
 * hardware's; a guest finds ones that hold nothing. MDSCR_EL1 alone is remembered, as kernels read
 * back what they wrote.
 */
static bool is_debug_register(uint32_t key)
{
	return OP0_OF(key) == 2 && (OP1_OF(key) == 0 || OP1_OF(key) == 3);
}

bool sysreg_read(struct vcpu *vcpu, uint32_t key, uint64_t *value)
{
	*value = 0;
	if (key == KEY_MDSCR)
		*value = vcpu->mdscr;
	else if (key == KEY_OSLSR)
		*value = OSLSR_IMPLEMENTED;
	else
		return key == KEY_ACTLR || is_debug_register(key);
	return true;
}

bool sysreg_write(struct vcpu *vcpu, uint32_t key, uint64_t value)
{
	if (key == KEY_MDSCR) {
		vcpu->mdscr = value;
		return true;
	}
	return key == KEY_ACTLR || is_debug_register(key);
}

/* Is this the first time? Later ones, and those beyond the table's end, are not worth a line. */
static bool is_news(uint32_t key)
{
	static uint32_t named[16]; /* atomic, filled from the front; 0: free. No key is 0. */

	for (unsigned i = 0; i < ARRAY_SIZE(named); i++) {
		uint32_t found = 0;

		/* Two CPUs may want the same free place: one gets it, the other looks on. */
		if (__atomic_compare_exchange_n(&named[i], &found, key, false, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED))
			return true;
		if (found == key)
			return false;
	}
	return false;
}

void sysreg_undefined(struct vcpu *vcpu, struct sysreg_access access)
{
	const uint32_t key = access.key | access.write;

	if (is_news(key))
		log_line("vcpu %u: %s of S%u_%u_C%u_C%u_%u at pc 0x%llx: no such register here, "
			 "UNDEFINED",
			 vcpu->id, access.write ? "write" : "read", (unsigned)OP0_OF(key),
			 (unsigned)OP1_OF(key), (unsigned)CRN_OF(key), (unsigned)CRM_OF(key),
			 (unsigned)OP2_OF(key), (unsigned long long)vcpu->frame.pc);
	vcpu_inject_undefined(vcpu);
}
