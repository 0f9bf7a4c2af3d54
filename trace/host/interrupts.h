/*
 * What leads to what: a physical interrupt to a virtual one, that to the guest's handler; an inter-processor interrupt to
 * its receiver; PSCI CPU_ON to the first time that the vCPU runs. Part of `vtrace convert`.
 *
 * A flow in the trace has a number and at least two ends. So an event is held back until it is known whether something
 * follows from it, and a flow whose end was not recorded ends in an instant that says so.
 */
#ifndef TRACE_HOST_INTERRUPTS_H
#define TRACE_HOST_INTERRUPTS_H

#include "trace/host/reader.h"

#define FLOW_INTIDS 1024u /* SGIs, PPIs and SPIs. There are no LPIs in our guests. */

struct conversion;

struct held_event {
	bool held;
	uint64_t ns;
	struct record record;
};

struct vcpu_start {
	bool was_on; /* it has run since it was last off */
	bool held;   /* it ran at held_ns, and no CPU_ON for that was seen yet */
	uint64_t held_ns;
	uint64_t flow; /* CPU_ON was seen, it did not run yet; 0: neither */
};

struct interrupts {
	uint64_t flows; /* how many were numbered */
	uint64_t open[256]
		     [FLOW_INTIDS]; /* by vCPU and INTID: the flow of the one on its way; 0: none */
	uint32_t open_of_vcpu[256];
	struct held_event irq[MAX_CPUS];
	uint32_t cpu_on_target
		[MAX_CPUS]; /* vCPU + 1 of the CPU_ON that the CPU's exit in progress carried out */
	struct vcpu_start start[256];
};

/* An event of the class IRQ. */
void convert_interrupt(struct conversion *c, const struct record *record, uint64_t ns);

/* Nothing follows from the physical interrupt that `cpu` took last: write it. */
void interrupts_settle(struct conversion *c, uint32_t cpu);

/* Flows of `vcpu` that are under way end here; `why` is the instant's name. */
void interrupts_break(struct conversion *c, uint32_t vcpu, uint64_t ns, const char *why);

/* A PSCI_CALL record; the flow of the exit that carried it out (0: none), and whom it is about. */
void convert_psci_call(struct conversion *c, const struct record *record, uint64_t ns);
uint64_t cpu_on_flow(struct conversion *c, const struct record *exit, uint64_t begin_ns,
		     uint32_t *target);

/* SCHED_IN, SCHED_OUT, VCPU_STATE: does the vCPU run for the first time? */
void starts_record(struct conversion *c, const struct record *record, uint64_t ns);

/* The recording ends at `ns`. */
void interrupts_finish(struct conversion *c, uint64_t ns);

#endif
