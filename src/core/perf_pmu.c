/*
 * The measuring itself: PERF builds only. Each CPU has statistics of its own, so nothing here locks. The linker drops all of
 * it from other builds but vcpu_perf(), which answers NULL there.
 *
 * Source: Arm ARM DDI 0487, D11 (Performance Monitors), D19.5 (PMU registers).
 */
#include <vitrine/percpu.h>
#include <vitrine/perf.h>

#include "core/perf_hook.h"
#include "core/pmu.h"
#include "hal/arm64.h"
#include "hal/hal.h"
#include "lib/bits.h"
#include "trace/writers.h"

#ifdef VT_PERF

#define DFR0_PMUVER GENMASK(11, 8)

#define EVENT_INST_RETIRED 0x08u
#define EVENT_CPU_CYCLES   0x11u

/* Which levels an event counter counts at. EL2 counts with NSH; P and U take EL1 and EL0 away. */
#define TYPER_P	  BIT(31)
#define TYPER_U	  BIT(30)
#define TYPER_NSH BIT(27)
#define AT_EL2	  (TYPER_P | TYPER_U | TYPER_NSH)
#define AT_EL1	  UINT64_C(0)
#define AT_ALL	  TYPER_NSH

#define PMCR_P BIT(1) /* reset the event counters */

#define INSTRUCTIONS 0u
#define CYCLES	     1u
#define CHOSEN	     2u
#define MEASURES_MAX (CHOSEN + PERF_EVENTS)

#define COUNTERS_MAX  6u /* event counters that we use: as many as most CPUs have */
#define CYCLE_COUNTER COUNTERS_MAX

/*
 * What is counted, and by which counters. Two of them split it into EL2's and the guest's by
 * themselves. One counts at all levels, and is read when an exit begins, too: `el2` and `guest` are the same then.
 */
struct measure {
	uint32_t event;
	uint8_t el2, guest;
};
static struct measure measure[MEASURES_MAX] = {
	[INSTRUCTIONS] = {.event = EVENT_INST_RETIRED}, [CYCLES] = {.event = EVENT_CPU_CYCLES}};
static unsigned measures = CHOSEN;
static unsigned counters_used; /* event counters; 0: nobody has assigned them yet */
static bool any_single;

/* Event counters, then PMU_CYCLES: 32 bits, they wrap. */
struct sample {
	uint32_t counter[COUNTERS_MAX + 1];
};

/* A CPU's counters at the last exit's end, and when the hook of this one's beginning was entered and left. */
static struct {
	struct sample last, entered, left;
	uint64_t begin_ticks;
	bool counts; /* this CPU has a PMU with enough counters */
} cpus[HAL_MAX_CPUS];
static struct perf_stats stats[HAL_MAX_CPUS];

/*
 * In a row, without a loop: it stands in what it measures. Not inline: so each counter is read at the same distance
 * from the others every time.
 */
static __attribute__((noinline)) void take_sample(struct sample *to)
{
	to->counter[CYCLE_COUNTER] = (uint32_t)READ_SYSREG(PMCCNTR_EL0);
#define TAKE(n)                \
	if (counters_used > n) \
		to->counter[n] = (uint32_t)READ_SYSREG(PMEVCNTR##n##_EL0);
	TAKE(0) TAKE(1) TAKE(2) TAKE(3) TAKE(4) TAKE(5)
#undef TAKE
}

static unsigned event_counters(void)
{
	const uint64_t version = FIELD_GET(DFR0_PMUVER, READ_SYSREG(ID_AA64DFR0_EL1));

	if (version == 0 || version == 0xf)
		return 0;
	return MIN((unsigned)FIELD_GET(PMCR_N, READ_SYSREG(PMCR_EL0)), COUNTERS_MAX);
}

/* A pair of counters for each, from the first on, as long as those that come after it have one left. */
static void assign(unsigned counters)
{
	unsigned next = 0;

	any_single = false;
	for (unsigned i = 0; i < measures; i++) {
		const unsigned after = measures - MAX(i, CYCLES) - 1;

		measure[i].el2 = (uint8_t)(i == CYCLES ? CYCLE_COUNTER : next++);
		measure[i].guest = next + after < counters ? (uint8_t)next++ : measure[i].el2;
		any_single |= measure[i].guest == measure[i].el2;
	}
	counters_used = next;
}

static void set_counter(unsigned counter, uint64_t type)
{
	if (counter == CYCLE_COUNTER) {
		WRITE_SYSREG(PMCCFILTR_EL0, type & ~(uint64_t)EVENT_CPU_CYCLES);
		WRITE_SYSREG(PMCNTENSET_EL0, BIT(PMU_CYCLES));
		return;
	}
	WRITE_SYSREG(PMSELR_EL0, counter);
	isb(); /* before PMXEVTYPER is accessed */
	WRITE_SYSREG(PMXEVTYPER_EL0, type);
	WRITE_SYSREG(PMCNTENSET_EL0, BIT(counter));
}

void perf_enable_cpu(void)
{
	const unsigned cpu = this_cpu()->index, counters = event_counters();

	if (!counters_used)
		assign(counters);
	cpus[cpu].counts = counters >= counters_used;
	if (!cpus[cpu].counts)
		return;
	WRITE_SYSREG(PMCNTENCLR_EL0, UINT32_MAX);
	for (unsigned i = 0; i < measures; i++) {
		const bool single = measure[i].guest == measure[i].el2;

		set_counter(measure[i].el2, (single ? AT_ALL : AT_EL2) | measure[i].event);
		if (!single)
			set_counter(measure[i].guest, AT_EL1 | measure[i].event);
	}
	WRITE_SYSREG(PMCR_EL0, PMCR_E | PMCR_P);
	isb();
}

/* The first 64 common events are told of; of the rest only the machine's manual knows. (D19.5, PMCEID0_EL0.) */
static bool is_counted(uint32_t event)
{
	const uint64_t common = (READ_SYSREG(PMCEID0_EL0) & UINT32_MAX) | READ_SYSREG(PMCEID1_EL0)
										  << 32;

	return event < 64 ? common >> event & 1 : event <= UINT16_MAX;
}

enum vt_err perf_choose(const uint32_t *events, unsigned count)
{
	if (!event_counters())
		return VT_ENOSYS;
	if (count > PERF_EVENTS || event_counters() < 1 + count)
		return VT_ENOMEM;
	for (unsigned i = 0; i < count; i++)
		if (!is_counted(events[i]))
			return VT_EINVAL;
	for (unsigned i = 0; i < count; i++)
		measure[CHOSEN + i].event = events[i];
	measures = CHOSEN + count;
	assign(event_counters());
	perf_enable_cpu();
	return VT_OK;
}

bool perf_chosen(unsigned n, uint32_t *event, bool *by_pmu)
{
	/* As in the record: cycles first. */
	const struct measure *of = &measure[n < CHOSEN ? CYCLES - n : n];

	*event = of->event;
	*by_pmu = of->guest != of->el2;
	return n < measures;
}

/* What EL2 has done since the last exit was the scheduler's or another vCPU's: it belongs to no exit. */
void perf_run(void)
{
	const unsigned cpu = this_cpu()->index;

	stats[cpu].runs++;
	if (cpus[cpu].counts)
		take_sample(&cpus[cpu].last);
}

void perf_exit_begin(struct vcpu *vcpu)
{
	const unsigned cpu = vcpu->cpu->index;

	cpus[cpu].begin_ticks = READ_SYSREG(CNTPCT_EL0);
	if (!any_single || !cpus[cpu].counts)
		return;
	take_sample(&cpus[cpu].entered);
	take_sample(&cpus[cpu].left);
}

struct spent {
	uint32_t el2, guest;
};

/* By one measure since the last exit was counted, without what the first hook cost. */
static struct spent spent_on(const struct measure *of, const struct sample *now, unsigned cpu)
{
	const uint32_t *last = cpus[cpu].last.counter, *entered = cpus[cpu].entered.counter,
		       *left = cpus[cpu].left.counter, *end = now->counter;
	const uint8_t el2 = of->el2, guest = of->guest;

	if (el2 == guest)
		return (struct spent){end[el2] - left[el2], entered[el2] - last[el2]};
	return (struct spent){end[el2] - last[el2] - (left[el2] - entered[el2]),
			      end[guest] - last[guest]};
}

static void record(enum exit_reason reason, const struct spent *spent)
{
	uint64_t words[MEASURES_MAX];

	for (unsigned i = 0; i < measures; i++) {
		/* Cycles, then instructions: here they are the other way round. */
		const struct spent *from = &spent[i < CHOSEN ? CYCLES - i : i];

		words[i] = (uint64_t)from->guest << 32 | from->el2;
	}
	trace_PERF(this_cpu()->ring, this_cpu()->current->id, reason, words, measures);
}

void perf_exit_end(enum exit_reason reason)
{
	const unsigned cpu = this_cpu()->index;
	struct perf_histogram *histograms = stats[cpu].exits[reason];
	struct spent spent[MEASURES_MAX];
	struct sample now;

	if (cpus[cpu].counts)
		take_sample(&now);
	perf_add(&histograms[PERF_TICKS], READ_SYSREG(CNTPCT_EL0) - cpus[cpu].begin_ticks);
	if (!cpus[cpu].counts)
		return;
	for (unsigned i = 0; i < measures; i++)
		spent[i] = spent_on(&measure[i], &now, cpu);
	if (this_cpu()->current)
		record(reason, spent);
	perf_add(&histograms[PERF_EL2_INSTRUCTIONS], spent[INSTRUCTIONS].el2);
	perf_add(&histograms[PERF_EL2_CYCLES], spent[CYCLES].el2);
	perf_add(&histograms[PERF_EL1_INSTRUCTIONS], spent[INSTRUCTIONS].guest);
	perf_add(&histograms[PERF_EL1_CYCLES], spent[CYCLES].guest);
	take_sample(&cpus[cpu].last); /* what this function costs belongs to no exit */
}

const struct perf_stats *vcpu_perf(unsigned cpu)
{
	return cpu < HAL_MAX_CPUS ? &stats[cpu] : 0;
}

#else

enum vt_err perf_choose(const uint32_t *events, unsigned count)
{
	(void)events;
	(void)count;
	return VT_ENOSYS;
}

const struct perf_stats *vcpu_perf(unsigned cpu)
{
	(void)cpu;
	return 0;
}

#endif
