/* The performance monitors: counters count, filters filter, an overflow is one interrupt. Figures are only compared, never judged. */
#include "guest.h"

#define PMCR_E	    1ul
#define PMCR_P	    2ul
#define PMCR_C	    4ul
#define PMCR_LC	    (1ul << 6)
#define CYCLES	    (1ul << 31)
#define NOT_AT_EL1  (1ul << 31)
#define SW_INCR	    0
#define PATIENCE_MS 20000
#define CPU_CYCLES  0x11

static volatile unsigned overflows, strange;
static volatile uint64_t overflowed;

static void on_irq(unsigned vcpu, unsigned intid)
{
	(void)vcpu;
	if (intid != INTID_PMU) {
		strange++;
		return;
	}
	overflows++;
	overflowed = MRS(pmovsset_el0);
	MSR(pmovsclr_el0, overflowed);
}

static void spin(void)
{
	for (volatile unsigned i = 0; i < 2000; i++)
		;
}

static uint64_t cycles_of_a_spin(uint64_t filter)
{
	uint64_t cycles;

	MSR(pmccfiltr_el0, filter);
	MSR(pmccntr_el0, 0);
	MSR(pmcntenset_el0, CYCLES);
	spin();
	MSR(pmcntenclr_el0, CYCLES);
	cycles = MRS(pmccntr_el0);
	spin();
	CHECK_EQUAL(MRS(pmccntr_el0), cycles, "a counter that is off stands still");
	return cycles;
}

static void cycle_counter(void)
{
	check(cycles_of_a_spin(0) > 0, "the cycle counter counts");
	CHECK_EQUAL(cycles_of_a_spin(NOT_AT_EL1), 0, "what is filtered is not counted");
	MSR(pmcr_el0, PMCR_LC);
	CHECK_EQUAL(cycles_of_a_spin(0), 0, "nothing counts while PMCR_EL0.E is 0");
	MSR(pmccntr_el0, 99);
	MSR(pmcr_el0, PMCR_E | PMCR_LC | PMCR_C);
	CHECK_EQUAL(MRS(pmccntr_el0), 0, "PMCR_EL0.C resets it");
}

static void event_counters(void)
{
	const unsigned n = (unsigned)(MRS(pmcr_el0) >> 11 & 0x1f);

	check(n >= 2 && n < 31, "there are event counters");
	check(FAULTS(MRS(pmevcntr30_el0)) == 1 && FAULT_CLASS() == CLASS_UNKNOWN,
	      "those beyond PMCR_EL0.N are UNDEFINED");
	MSR(pmevtyper0_el0, SW_INCR);
	MSR(pmselr_el0, 1);
	MSR(pmxevtyper_el0, CPU_CYCLES);
	CHECK_EQUAL(MRS(pmevtyper1_el0), CPU_CYCLES, "PMSELR_EL0 selects for PMXEVTYPER_EL0");
	MSR(pmcntenset_el0, 3);
	for (unsigned i = 0; i < 5; i++)
		MSR(pmswinc_el0, 3);
	spin();
	MSR(pmcntenclr_el0, 3);
	CHECK_EQUAL(MRS(pmevcntr0_el0), 5,
		    "software increments are counted, where they are selected");
	check(MRS(pmxevcntr_el0) > 0, "an event counter counts cycles");
	MSR(pmcr_el0, PMCR_E | PMCR_LC | PMCR_P);
	CHECK_EQUAL(MRS(pmevcntr0_el0) + MRS(pmevcntr1_el0), 0, "PMCR_EL0.P resets them");
}

static void overflow(void)
{
	const uint64_t end = ticks() + ticks_of_ms(PATIENCE_MS);

	MSR(pmccfiltr_el0, 0);
	MSR(pmccntr_el0, (uint64_t)-1000);
	MSR(pmintenset_el1, CYCLES | 1);
	MSR(pmcntenset_el0, CYCLES | 1);
	irq_unmask();
	while (!overflows && ticks() < end)
		;
	wait_ms(2);
	irq_mask();
	CHECK_EQUAL(overflows, 1, "the cycle counter's overflow is one interrupt");
	CHECK_EQUAL(overflowed, CYCLES, "PMOVSSET_EL0 says whose");

	MSR(pmevcntr0_el0, 0xffffffff);
	MSR(pmswinc_el0, 1);
	CHECK_EQUAL(MRS(pmevcntr0_el0), 0, "an event counter wraps at 32 bits");
	CHECK_EQUAL(MRS(pmovsset_el0), 1, "which is an overflow, too");
	MSR(pmovsclr_el0, 1);
	irq_unmask();
	wait_ms(2);
	irq_mask();
	CHECK_EQUAL(overflows, 1, "withdrawn before it is taken, it does not interrupt");
	MSR(pmovsset_el0, 1);
	irq_unmask();
	wait_ms(2);
	irq_mask();
	CHECK_EQUAL(overflows, 2, "an overflow set by software interrupts");
	CHECK_EQUAL(strange, 0, "no other interrupt");
}

/* 30 ms in which others run, some of them: their cycles and EL2's are not this guest's. */
static void with_others(void)
{
	const uint64_t begin = ticks();
	uint64_t cycles;

	MSR(pmcntenclr_el0, CYCLES | 1);
	MSR(pmccntr_el0, 0);
	MSR(pmevcntr0_el0, 0x1234);
	MSR(pmcntenset_el0, CYCLES | 1);
	wait_ms(30);
	CHECK_EQUAL(MRS(pmevcntr0_el0), 0x1234, "a counter is kept while others run");
	cycles = MRS(pmccntr_el0);
	check(cycles > 0, "and counts on afterwards");
	check(cycles <= (ticks() - begin) * 1000000000 / MRS(cntfrq_el0),
	      "it has not counted faster than this machine's clock");
	MSR(pmcntenclr_el0, CYCLES | 1);
}

void first(const void *device_tree)
{
	(void)device_tree;
	CHECK_EQUAL(MRS(id_aa64dfr0_el1) >> 8 & 0xf, 1, "ID_AA64DFR0_EL1 shows PMUv3");
	gic_on(0, on_irq);
	gic_enable(0, INTID_PMU);
	CHECK_EQUAL(MRS(pmcntenset_el0) | MRS(pmintenset_el1) | MRS(pmovsset_el0), 0,
		    "at reset nothing counts");
	MSR(pmcr_el0, PMCR_E | PMCR_LC | PMCR_C | PMCR_P);
	cycle_counter();
	event_counters();
	overflow();
	with_others();
	finish();
}
