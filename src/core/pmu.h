/*
 * The guest's performance monitors: see include/vitrine/guest_pmu.h. core/pmu.c works on the state and is pure;
 * core/pmu_hardware.c moves it to the machine's counters and back.
 */
#ifndef CORE_PMU_H
#define CORE_PMU_H

#include <vitrine/vcpu.h>

#include "lib/bits.h"

#define PMCR_E	   BIT(0)
#define PMCR_P	   BIT(1)
#define PMCR_C	   BIT(2)
#define PMCR_D	   BIT(3)
#define PMCR_X	   BIT(4)
#define PMCR_DP	   BIT(5)
#define PMCR_LC	   BIT(6)
#define PMCR_N	   GENMASK(15, 11)
#define PMCR_ID	   GENMASK(31, 16) /* IMP, IDCODE */
#define PMU_CYCLES 31u		   /* the cycle counter's bit */

/* What the machine has, as guests see it. */
struct pmu_machine {
	unsigned counters; /* event counters of guests; 0 with `there` false, too */
	bool there;
	uint32_t id;	    /* PMCR_EL0's read-only fields but N */
	uint32_t events[2]; /* PMCEID0_EL0, PMCEID1_EL0: the common events 0..63 */
};

/* One bit a counter that exists. */
static inline uint32_t pmu_all(const struct pmu_machine *machine)
{
	return (uint32_t)(BIT(PMU_CYCLES) | (BIT(machine->counters) - 1));
}

/* Pure, while nothing of it is in hardware. False: there is no such register. `el0`: PMSWINC came from there. */
bool pmu_read(const struct guest_pmu *pmu, const struct pmu_machine *machine, uint32_t key,
	      uint64_t *value);
bool pmu_write(struct guest_pmu *pmu, const struct pmu_machine *machine, uint32_t key,
	       uint64_t value, bool el0);

/* Which counters count; is the overflow interrupt's line high? */
static inline uint32_t pmu_counting(const struct guest_pmu *pmu)
{
	return pmu->control & PMCR_E ? pmu->enabled : 0;
}

static inline bool pmu_line(const struct guest_pmu *pmu)
{
	return (pmu->control & PMCR_E) && (pmu->overflowed & pmu->interrupts);
}

/* Once, on the boot CPU. */
void pmu_init(void);
bool pmu_is_there(void);
/* MDCR_EL2.HPMN, how many of this CPU's event counters are not EL2's alone: all. */
unsigned pmu_hpmn(void);

/* A trapped access by the vCPU that is loaded here. */
bool guest_pmu_read(struct vcpu *vcpu, uint32_t key, uint64_t *value);
bool guest_pmu_write(struct vcpu *vcpu, uint32_t key, uint64_t value);

/* With vcpu_load() and vcpu_put(), only when guest_pmu_is_used(). */
void guest_pmu_load(struct guest_pmu *pmu);
void guest_pmu_put(struct vcpu *vcpu);

static inline bool guest_pmu_is_used(const struct guest_pmu *pmu)
{
	return pmu_counting(pmu) || pmu->user;
}

#endif
