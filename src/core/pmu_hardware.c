/*
 * A guest's counters in the machine's: in while the loaded vCPU counts, out before anybody looks at them.
 *
 * Overflow flags go out too and are cleared in hardware, so that the physical interrupt's line drops at once; the guest's
 * line is computed from its own flags. Counter registers are reached through PMSELR_EL0, which is never the guest's.
 *
 * Source: Arm ARM DDI 0487, D12.
 */
#include "core/pmu.h"

#include <vitrine/embed.h>

#include "core/esr.h"
#include "core/perf_hook.h"
#include "hal/arm64.h"

#define DFR0_PMUVER	GENMASK(11, 8)
#define PMUVER_NOT_ARCH 0xfu

static struct pmu_machine machine;

static bool cpu_has_pmu(void)
{
	const uint64_t version = FIELD_GET(DFR0_PMUVER, READ_SYSREG(ID_AA64DFR0_EL1));

	return version != 0 && version != PMUVER_NOT_ARCH;
}

unsigned pmu_hpmn(void)
{
	return cpu_has_pmu() ? (unsigned)FIELD_GET(PMCR_N, READ_SYSREG(PMCR_EL0)) : 0;
}

void pmu_init(void)
{
	if (PERF_KEEPS_PMU || !cpu_has_pmu())
		return;
	machine = (struct pmu_machine){
		.there = true,
		.counters = pmu_hpmn(),
		.id = (uint32_t)(READ_SYSREG(PMCR_EL0) & PMCR_ID),
		.events = {(uint32_t)READ_SYSREG(PMCEID0_EL0), (uint32_t)READ_SYSREG(PMCEID1_EL0)},
	};
}

bool pmu_is_there(void)
{
	return machine.there;
}

static void select(unsigned n)
{
	WRITE_SYSREG(PMSELR_EL0, n);
	isb(); /* before PMXEV* are accessed */
}

static void start(struct guest_pmu *pmu)
{
	const uint32_t counters = pmu_counting(pmu);

	pmu->counting = counters != 0;
	if (!counters)
		return;
	for (uint32_t left = counters & ~(uint32_t)BIT(PMU_CYCLES); left; left &= left - 1) {
		const unsigned n = (unsigned)__builtin_ctz(left);

		select(n);
		WRITE_SYSREG(PMXEVTYPER_EL0, pmu->type[n]); /* NSH = 0: not at EL2 */
		WRITE_SYSREG(PMXEVCNTR_EL0, pmu->count[n]);
	}
	if (counters & BIT(PMU_CYCLES)) {
		WRITE_SYSREG(PMCCFILTR_EL0, pmu->cycle_filter);
		WRITE_SYSREG(PMCCNTR_EL0, pmu->cycles);
	}
	WRITE_SYSREG(PMINTENSET_EL1, pmu->interrupts & counters);
	WRITE_SYSREG(PMCR_EL0, pmu->control & (PMCR_E | PMCR_D | PMCR_DP | PMCR_LC));
	WRITE_SYSREG(PMCNTENSET_EL0, counters);
}

static void stop(struct guest_pmu *pmu)
{
	const uint32_t counters = pmu_counting(pmu);

	if (!pmu->counting)
		return;
	WRITE_SYSREG(PMCNTENCLR_EL0, counters);
	isb();
	for (uint32_t left = counters & ~(uint32_t)BIT(PMU_CYCLES); left; left &= left - 1) {
		const unsigned n = (unsigned)__builtin_ctz(left);

		select(n);
		pmu->count[n] = (uint32_t)READ_SYSREG(PMXEVCNTR_EL0);
	}
	if (counters & BIT(PMU_CYCLES))
		pmu->cycles = READ_SYSREG(PMCCNTR_EL0);

	const uint32_t overflowed = (uint32_t)READ_SYSREG(PMOVSCLR_EL0) & counters;

	WRITE_SYSREG(PMOVSCLR_EL0, overflowed);
	WRITE_SYSREG(PMINTENCLR_EL1, counters);
	isb(); /* the interrupt's line must have dropped before it is deactivated */
	pmu->overflowed |= overflowed;
	pmu->counting = false;
}

static void report_line(struct vcpu *vcpu)
{
	const bool line = pmu_line(&vcpu->pmu);

	if (line == vcpu->pmu.line)
		return;
	vcpu->pmu.line = line;
	embed_pmu_line(vcpu, line);
}

void guest_pmu_load(struct guest_pmu *pmu)
{
	WRITE_SYSREG(PMUSERENR_EL0, pmu->user);
	start(pmu);
}

void guest_pmu_put(struct vcpu *vcpu)
{
	WRITE_SYSREG(PMUSERENR_EL0, 0);
	stop(&vcpu->pmu);
	report_line(vcpu);
}

void vcpu_pmu_interrupt(struct vcpu *vcpu)
{
	stop(&vcpu->pmu);
	start(&vcpu->pmu);
	report_line(vcpu);
}

bool guest_pmu_read(struct vcpu *vcpu, uint32_t key, uint64_t *value)
{
	if (!machine.there)
		return false;
	stop(&vcpu->pmu);

	const bool exists = pmu_read(&vcpu->pmu, &machine, key, value);

	start(&vcpu->pmu);
	report_line(vcpu);
	return exists;
}

bool guest_pmu_write(struct vcpu *vcpu, uint32_t key, uint64_t value)
{
	const bool el0 = (vcpu->frame.pstate & PSTATE_MODE) == PSTATE_EL0;

	if (!machine.there)
		return false;
	stop(&vcpu->pmu);

	const bool exists = pmu_write(&vcpu->pmu, &machine, key, value, el0);

	guest_pmu_load(&vcpu->pmu);
	report_line(vcpu);
	return exists;
}
