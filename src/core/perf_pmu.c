/*
 * The measuring itself: PERF builds only. Each CPU has statistics of its own, so nothing here locks. The linker drops all of
 * it from other builds but vcpu_perf(), which answers NULL there.
 *
 * Source: Arm ARM DDI 0487, D11 (Performance Monitors), D19.5 (PMU registers).
 */
#include <vitrine/percpu.h>
#include <vitrine/perf.h>

#include "core/perf_hook.h"
#include "hal/arm64.h"
#include "hal/hal.h"
#include "lib/bits.h"
#include "trace/writers.h"

#ifdef VT_PERF

#define EVENT_INST_RETIRED 0x08u
#define EVENT_CPU_CYCLES   0x11u

/* Which levels an event counter counts at. EL2 counts with NSH; P and U take EL1 and EL0 away. */
#define TYPER_P	  BIT(31)
#define TYPER_U	  BIT(30)
#define TYPER_NSH BIT(27)
#define AT_EL2	  (TYPER_P | TYPER_U | TYPER_NSH)
#define AT_EL1	  UINT64_C(0)

#define PMCR_E BIT(0)
#define PMCR_P BIT(1) /* reset the event counters */
#define PMCR_N GENMASK(15, 11)

#define DFR0_PMUVER GENMASK(11, 8)
#define COUNTERS    4u

/* In the order of enum perf_measure, from PERF_EL2_INSTRUCTIONS on. */
struct sample {
	uint32_t counter[COUNTERS]; /* 32 bits, they wrap */
};

static struct perf_stats stats[HAL_MAX_CPUS];
static struct sample last[HAL_MAX_CPUS];
static uint64_t begin_ticks[HAL_MAX_CPUS];
static bool counts[HAL_MAX_CPUS]; /* this CPU has a PMU with enough counters */

static struct sample take_sample(unsigned cpu)
{
	if (!counts[cpu])
		return (struct sample){{0}};
	return (struct sample){{
		(uint32_t)READ_SYSREG(PMEVCNTR0_EL0),
		(uint32_t)READ_SYSREG(PMEVCNTR1_EL0),
		(uint32_t)READ_SYSREG(PMEVCNTR2_EL0),
		(uint32_t)READ_SYSREG(PMEVCNTR3_EL0),
	}};
}

void perf_enable_cpu(void)
{
	const unsigned cpu = this_cpu()->index;
	const uint64_t version = FIELD_GET(DFR0_PMUVER, READ_SYSREG(ID_AA64DFR0_EL1));

	counts[cpu] = version != 0 && version != 0xf &&
		      FIELD_GET(PMCR_N, READ_SYSREG(PMCR_EL0)) >= COUNTERS;
	if (!counts[cpu])
		return;
	WRITE_SYSREG(PMEVTYPER0_EL0, AT_EL2 | EVENT_INST_RETIRED);
	WRITE_SYSREG(PMEVTYPER1_EL0, AT_EL2 | EVENT_CPU_CYCLES);
	WRITE_SYSREG(PMEVTYPER2_EL0, AT_EL1 | EVENT_INST_RETIRED);
	WRITE_SYSREG(PMEVTYPER3_EL0, AT_EL1 | EVENT_CPU_CYCLES);
	WRITE_SYSREG(PMCNTENSET_EL0, BIT(COUNTERS) - 1);
	WRITE_SYSREG(PMCR_EL0, PMCR_E | PMCR_P);
	isb();
}

/* What EL2 has done since the last exit was the scheduler's or another vCPU's: it belongs to no exit. */
void perf_run(void)
{
	const unsigned cpu = this_cpu()->index;

	stats[cpu].runs++;
	last[cpu] = take_sample(cpu);
}

void perf_exit_begin(struct vcpu *vcpu)
{
	begin_ticks[vcpu->cpu->index] = READ_SYSREG(CNTPCT_EL0);
}

void perf_exit_end(enum exit_reason reason)
{
	const unsigned cpu = this_cpu()->index;
	const struct sample now = take_sample(cpu);
	struct perf_histogram *histograms = stats[cpu].exits[reason];

	perf_add(&histograms[PERF_TICKS], READ_SYSREG(CNTPCT_EL0) - begin_ticks[cpu]);
	if (counts[cpu] && this_cpu()->current) {
		uint32_t spent[COUNTERS];

		for (unsigned i = 0; i < COUNTERS; i++)
			spent[i] = now.counter[i] - last[cpu].counter[i];

		/* Cycles, then instructions: the counters have them the other way round. */
		const uint64_t words[] = {(uint64_t)spent[3] << 32 | spent[1],
					  (uint64_t)spent[2] << 32 | spent[0]};

		trace_PERF(this_cpu()->ring, this_cpu()->current->id, reason, words,
			   ARRAY_SIZE(words));
	}
	for (unsigned i = 0; counts[cpu] && i < COUNTERS; i++)
		perf_add(&histograms[PERF_EL2_INSTRUCTIONS + i],
			 now.counter[i] - last[cpu].counter[i]);
	last[cpu] = take_sample(cpu); /* what this function costs belongs to no exit */
}

const struct perf_stats *vcpu_perf(unsigned cpu)
{
	return cpu < HAL_MAX_CPUS ? &stats[cpu] : 0;
}

#else

const struct perf_stats *vcpu_perf(unsigned cpu)
{
	(void)cpu;
	return 0;
}

#endif
