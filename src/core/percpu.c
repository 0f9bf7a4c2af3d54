/*
 * Each CPU's EL2 set-up: vectors and the traps that hold whichever guest runs. And, in debug
 * builds, the lock order.
 */
#include <vitrine/percpu.h>

#include "core/dispatch.h"
#include "core/perf_hook.h"
#include "core/pmu.h"
#include "core/traps.h"
#include "hal/arm64.h"
#include "hal/hal.h"
#include "lib/log.h"
#include "lib/spinlock.h"

struct percpu percpu_table[HAL_MAX_CPUS];

static void save(struct percpu_saved *saved)
{
#define PERCPU_REGISTER(name) saved->name = READ_SYSREG(name);
#include "core/percpu_registers.def"
#undef PERCPU_REGISTER
}

enum percpu_register {
#define PERCPU_REGISTER(name) ROW_##name,
#include "core/percpu_registers.def"
#undef PERCPU_REGISTER
	PERCPU_REGISTERS,
};

/* MSR names its register in the instruction, so a row number needs a switch. */
static void restore(const struct percpu_saved *saved, enum percpu_register row)
{
	switch (row) {
#define PERCPU_REGISTER(name)                    \
	case ROW_##name:                         \
		WRITE_SYSREG(name, saved->name); \
		break;
#include "core/percpu_registers.def"
#undef PERCPU_REGISTER
	default:
		break;
	}
}

static void set_vectors(bool traced)
{
	WRITE_SYSREG(VBAR_EL2, (uint64_t)(uintptr_t)(traced ? el2_vectors_traced : el2_vectors));
}

enum vt_err percpu_enable(struct percpu *cpu, bool traced)
{
	if (READ_SYSREG(HCR_EL2) & HCR_E2H)
		return VT_ENOSYS;
	if (percpu_is_enabled(cpu)) {
		if (this_cpu() != cpu)
			return VT_ESTATE;
		set_vectors(traced);
		isb();
		return VT_OK;
	}

	save(&cpu->saved);
	cpu->current = 0;
	WRITE_SYSREG(TPIDR_EL2, (uint64_t)(uintptr_t)cpu);
	set_vectors(traced);
	WRITE_SYSREG(HCR_EL2, HCR_RW);
	WRITE_SYSREG(CPTR_EL2, CPTR_DEFAULT);
	cpu->event_counters = pmu_hpmn();
	WRITE_SYSREG(MDCR_EL2, MDCR_DEFAULT | cpu->event_counters);
	WRITE_SYSREG(MDSCR_EL1, 0); /* until a guest wants debug exceptions */
	WRITE_SYSREG(HSTR_EL2, 0);
	WRITE_SYSREG(CNTHCTL_EL2, CNTHCTL_DEFAULT);
	WRITE_SYSREG(VPIDR_EL2, READ_SYSREG(MIDR_EL1));
	WRITE_SYSREG(VTTBR_EL2, 0);
	/* The next exception must find these vectors, and the next C code these traps. */
	isb();
	perf_enable_cpu();
	__atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE);
	return VT_OK;
}

enum vt_err percpu_disable(struct percpu *cpu)
{
	if (!percpu_is_enabled(cpu) || this_cpu() != cpu || cpu->current)
		return VT_ESTATE;

	for (unsigned row = PERCPU_REGISTERS; row-- > 0;)
		restore(&cpu->saved, row);
	isb();
	__atomic_store_n(&cpu->online, false, __ATOMIC_RELEASE);
	return VT_OK;
}

bool percpu_is_enabled(const struct percpu *cpu)
{
	return __atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE);
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
