/*
 * PMUv3 as a state and what MRS and MSR do with it. Pure: the machine's numbers are an argument, so unit tests hold it to the
 * manual on a host. PMUVer is shown as 1 (ARMv8.0): event counters of 32 bits, event numbers of 10.
 *
 * Source: Arm ARM DDI 0487, D12 (behaviour), D19.5 (registers).
 */
#include "core/pmu.h"

#include "core/esr.h"

#define PMCR_WRITABLE (PMCR_E | PMCR_D | PMCR_X | PMCR_DP | PMCR_LC)
#define FILTER_P      BIT(31) /* not at EL1 */
#define FILTER_U      BIT(30) /* not at EL0 */
#define FILTER	      (FILTER_P | FILTER_U)
#define TYPE_EVENT    GENMASK(9, 0)
#define SELECT	      GENMASK(4, 0)
#define USER	      GENMASK(3, 0) /* PMUSERENR_EL0: ER, CR, SW, EN */
#define EVENT_SW_INCR 0x00

#define PM0(crm, op2)  SYSREG_KEY(3, 3, 9, crm, op2)
#define KEY_PMINTENSET SYSREG_KEY(3, 0, 9, 14, 1)
#define KEY_PMINTENCLR SYSREG_KEY(3, 0, 9, 14, 2)
#define KEY_PMCR       PM0(12, 0)
#define KEY_PMCNTENSET PM0(12, 1)
#define KEY_PMCNTENCLR PM0(12, 2)
#define KEY_PMOVSCLR   PM0(12, 3)
#define KEY_PMSWINC    PM0(12, 4)
#define KEY_PMSELR     PM0(12, 5)
#define KEY_PMCEID0    PM0(12, 6)
#define KEY_PMCEID1    PM0(12, 7)
#define KEY_PMCCNTR    PM0(13, 0)
#define KEY_PMXEVTYPER PM0(13, 1)
#define KEY_PMXEVCNTR  PM0(13, 2)
#define KEY_PMUSERENR  PM0(14, 0)
#define KEY_PMOVSSET   PM0(14, 3)

/* PMEVCNTR<n>, PMEVTYPER<n>: (3, 3, 14, 8 | n[4:3], n[2:0]) and (3, 3, 14, 12 | n[4:3], n[2:0]). */
#define CRM_IS_TYPE BIT(2)
#define CRM_N_HIGH  GENMASK(1, 0)

static uint32_t *type_of(struct guest_pmu *pmu, const struct pmu_machine *machine, unsigned n)
{
	if (n == PMU_CYCLES)
		return &pmu->cycle_filter;
	return n < machine->counters ? &pmu->type[n] : 0;
}

static uint32_t *count_of(struct guest_pmu *pmu, const struct pmu_machine *machine, unsigned n)
{
	return n < machine->counters ? &pmu->count[n] : 0;
}

/* One of the numbered registers, NULL when the machine has not so many; sets *is_type. PMCCFILTR is PMEVTYPER31. */
static uint32_t *numbered(struct guest_pmu *pmu, const struct pmu_machine *machine, uint32_t key,
			  bool *is_type)
{
	const uint64_t crm = FIELD_GET(ISS_SYSREG_CRM, key);
	const unsigned n =
		(unsigned)(FIELD_GET(CRM_N_HIGH, crm) << 3 | FIELD_GET(ISS_SYSREG_OP2, key));

	*is_type = crm & CRM_IS_TYPE;
	return *is_type ? type_of(pmu, machine, n) : count_of(pmu, machine, n);
}

static void write_type(const struct guest_pmu *pmu, uint32_t *place, uint64_t value)
{
	*place = (uint32_t)(value & (FILTER | (place == &pmu->cycle_filter ? 0 : TYPE_EVENT)));
}

bool pmu_read(const struct guest_pmu *pmu, const struct pmu_machine *machine, uint32_t key,
	      uint64_t *value)
{
	/* The helpers hand out places to write to as well. */
	struct guest_pmu *state = (struct guest_pmu *)pmu;
	const uint32_t *place;
	bool is_type;

	switch (key) {
	case KEY_PMCR:
		*value = pmu->control | machine->id | FIELD_PREP(PMCR_N, machine->counters);
		return true;
	case KEY_PMCNTENSET:
	case KEY_PMCNTENCLR:
		*value = pmu->enabled;
		return true;
	case KEY_PMINTENSET:
	case KEY_PMINTENCLR:
		*value = pmu->interrupts;
		return true;
	case KEY_PMOVSSET:
	case KEY_PMOVSCLR:
		*value = pmu->overflowed;
		return true;
	case KEY_PMSELR:
		*value = pmu->select;
		return true;
	case KEY_PMCEID0:
		*value = machine->events[0];
		return true;
	case KEY_PMCEID1:
		*value = machine->events[1];
		return true;
	case KEY_PMCCNTR:
		*value = pmu->cycles;
		return true;
	case KEY_PMUSERENR:
		*value = pmu->user;
		return true;
	case KEY_PMXEVTYPER:
		place = type_of(state, machine, pmu->select);
		*value = place ? *place : 0;
		return true;
	case KEY_PMXEVCNTR:
		place = count_of(state, machine, pmu->select);
		*value = place ? *place : 0;
		return true;
	default:
		place = numbered(state, machine, key, &is_type);
		*value = place ? *place : 0;
		return place != 0;
	}
}

static void control(struct guest_pmu *pmu, const struct pmu_machine *machine, uint64_t value)
{
	pmu->control = (uint32_t)(value & PMCR_WRITABLE);
	if (value & PMCR_C)
		pmu->cycles = 0;
	if (value & PMCR_P)
		for (unsigned n = 0; n < machine->counters; n++)
			pmu->count[n] = 0;
}

/* Those that count the software's own increments, here and now. */
static void software_increment(struct guest_pmu *pmu, uint32_t counters, bool el0)
{
	for (counters &= pmu_counting(pmu); counters; counters &= counters - 1) {
		const unsigned n = (unsigned)__builtin_ctz(counters);

		if ((pmu->type[n] & TYPE_EVENT) == EVENT_SW_INCR &&
		    !(pmu->type[n] & (el0 ? FILTER_U : FILTER_P)) && ++pmu->count[n] == 0)
			pmu->overflowed |= (uint32_t)BIT(n);
	}
}

bool pmu_write(struct guest_pmu *pmu, const struct pmu_machine *machine, uint32_t key,
	       uint64_t value, bool el0)
{
	const uint32_t bits = (uint32_t)value & pmu_all(machine);
	uint32_t *place;
	bool is_type = false;

	switch (key) {
	case KEY_PMCR:
		control(pmu, machine, value);
		return true;
	case KEY_PMCNTENSET:
		pmu->enabled |= bits;
		return true;
	case KEY_PMCNTENCLR:
		pmu->enabled &= ~bits;
		return true;
	case KEY_PMINTENSET:
		pmu->interrupts |= bits;
		return true;
	case KEY_PMINTENCLR:
		pmu->interrupts &= ~bits;
		return true;
	case KEY_PMOVSSET:
		pmu->overflowed |= bits;
		return true;
	case KEY_PMOVSCLR:
		pmu->overflowed &= ~bits;
		return true;
	case KEY_PMSWINC:
		software_increment(pmu, bits & ~(uint32_t)BIT(PMU_CYCLES), el0);
		return true;
	case KEY_PMSELR:
		pmu->select = (uint32_t)(value & SELECT);
		return true;
	case KEY_PMCCNTR:
		pmu->cycles = value;
		return true;
	case KEY_PMUSERENR:
		pmu->user = (uint32_t)(value & USER);
		return true;
	case KEY_PMXEVTYPER:
		place = type_of(pmu, machine, pmu->select);
		if (place)
			write_type(pmu, place, value);
		return true;
	case KEY_PMXEVCNTR:
		place = count_of(pmu, machine, pmu->select);
		if (place)
			*place = (uint32_t)value;
		return true;
	default:
		place = numbered(pmu, machine, key, &is_type);
		if (place && is_type)
			write_type(pmu, place, value);
		else if (place)
			*place = (uint32_t)value;
		return place != 0;
	}
}
