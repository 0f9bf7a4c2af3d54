/*
 * Each CPU's EL2 set-up: vectors and the traps that hold whichever guest runs. And, in debug
 * builds, the lock order.
 */
#include <vitrine/percpu.h>

#include "core/dispatch.h"
#include "core/esr.h"
#include "hal/arm64.h"
#include "hal/hal.h"
#include "lib/log.h"
#include "lib/spinlock.h"

struct percpu percpu_table[HAL_MAX_CPUS];

#define CPTR_RES1 \
	UINT64_C(0x32ff) /* E2H = 0 layout; TFP (bit 10) stays 0: FP belongs to the guest */
#define CPTR_TTA BIT(20) /* trace registers */
#define CPTR_TZ	 BIT(8)	 /* SVE */
#define CPTR_TSM BIT(12) /* SME, else RES1 */

#define MDCR_HPMN  GENMASK(4, 0) /* kept: how many counters are the guest's */
#define MDCR_TPMCR BIT(5)
#define MDCR_TPM   BIT(6)
#define MDCR_TDA   BIT(9)
#define MDCR_TDOSA BIT(10)
#define MDCR_TDRA  BIT(11)

#define CNTHCTL_EL1PCTEN \
	BIT(0) /* the physical counter may be read; the physical timer (EL1PCEN, bit 1) traps */

void percpu_enable(struct percpu *cpu, bool traced)
{
	WRITE_SYSREG(TPIDR_EL2, (uint64_t)(uintptr_t)cpu);
	WRITE_SYSREG(VBAR_EL2, (uint64_t)(uintptr_t)(traced ? el2_vectors_traced : el2_vectors));
	WRITE_SYSREG(CPTR_EL2, CPTR_RES1 | CPTR_TZ | CPTR_TSM | CPTR_TTA);
	WRITE_SYSREG(MDCR_EL2, (READ_SYSREG(MDCR_EL2) & MDCR_HPMN) | MDCR_TPMCR | MDCR_TPM |
				       MDCR_TDA | MDCR_TDOSA | MDCR_TDRA);
	WRITE_SYSREG(HSTR_EL2, 0);
	WRITE_SYSREG(CNTHCTL_EL2, CNTHCTL_EL1PCTEN);
	WRITE_SYSREG(VPIDR_EL2, READ_SYSREG(MIDR_EL1));
	WRITE_SYSREG(VTTBR_EL2, 0);
	isb();
	cpu->current = 0;
	cpu->online = true;
}

#ifdef VT_DEBUG
void lock_order_enter(uint32_t rank)
{
	struct percpu *cpu = this_cpu();

	if (cpu->locks_held >> rank)
		panic("lock order: taking rank %u while holding 0x%x", rank, cpu->locks_held);
	cpu->locks_held |= 1u << rank;
}

void lock_order_leave(uint32_t rank)
{
	this_cpu()->locks_held &= ~(1u << rank);
}
#endif
