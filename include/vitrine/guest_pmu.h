/*
 * A guest's performance monitors (PMUv3): what a vCPU keeps of them.
 *
 * Every access traps and works on this state; only the counting is the hardware's. While the vCPU is loaded and counts,
 * its enabled counters are in the machine's, which do not count at EL2.
 *
 * Source: Arm ARM DDI 0487, D12 (the performance monitors).
 */
#ifndef VITRINE_GUEST_PMU_H
#define VITRINE_GUEST_PMU_H

#include <stdbool.h>
#include <stdint.h>

#define GUEST_PMU_MOST 31u /* event counters that the architecture has at most */

/** A guest's performance monitors. */
struct guest_pmu {
	uint64_t cycles;				      /* PMCCNTR_EL0 */
	uint32_t count[GUEST_PMU_MOST], type[GUEST_PMU_MOST]; /* PMEVCNTR<n>, PMEVTYPER<n> */
	uint32_t control;				      /* PMCR_EL0 */
	uint32_t cycle_filter;				      /* PMCCFILTR_EL0 */
	/* PMCNTENSET, PMINTENSET, PMOVSSET: one bit a counter, bit 31 the cycle counter. */
	uint32_t enabled, interrupts, overflowed;
	uint32_t select; /* PMSELR_EL0 */
	uint32_t user;	 /* PMUSERENR_EL0 */
	bool counting;	 /* in hardware, now */
	bool line;	 /* of the overflow interrupt, as last reported */
};

#endif
