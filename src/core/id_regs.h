/*
 * The ID registers that a guest reads (trapped by HCR_EL2.TID3): the machine's, cut down to what
 * Vitrine supports.
 */
#ifndef CORE_ID_REGS_H
#define CORE_ID_REGS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/esr.h"

/* op0 3, op1 0, CRn 0, CRm 1..7: index CRm << 3 | op2. */
#define ID_REG_INDEX(crm, op2) ((crm) << 3 | (op2))
#define ID_REGS		       64
#define ID_REG_SPACE	       SYSREG_KEY(3, 0, 0, 0, 0)

extern uint64_t id_regs[ID_REGS];

static inline bool is_id_reg(uint32_t key)
{
	return (key & ~(uint32_t)(ISS_SYSREG_CRM | ISS_SYSREG_OP2)) == ID_REG_SPACE;
}

static inline uint64_t id_reg_value(uint32_t key)
{
	return id_regs[FIELD_GET(ISS_SYSREG_CRM, key) << 3 | FIELD_GET(ISS_SYSREG_OP2, key)];
}

/* Read the machine's once, on the boot CPU, before the first guest. */
void id_regs_init(void);

bool cpu_has_pauth(void);

/* Traps for what this CPU has and no guest sees: bits that are RES0 on a CPU without it. */
struct hidden_traps {
	uint64_t hcr, cptr, mdcr;
};
struct hidden_traps cpu_hidden_traps(void);

/* As guests see them, and as the machine has them. */
unsigned cpu_breakpoints(void);
unsigned cpu_watchpoints(void);

/* Physical address bits that we use: PARange of this machine, at most 48. */
unsigned cpu_pa_bits(void);

#endif
