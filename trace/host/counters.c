/* See counters.h. */
#include "trace/host/conversion.h"
#include "trace/host/names.h"

#define MOST_BINS    500u
#define LEAST_BIN_NS 1000000u
#define NS_A_SECOND  1000000000u

/* 1, 2 or 5 times a power of ten: at most MOST_BINS of them in the recording. */
static uint64_t bin_for(uint64_t span_ns)
{
	static const uint64_t steps[] = {2, 5, 10};
	uint64_t decade = LEAST_BIN_NS, bin = LEAST_BIN_NS;

	for (unsigned i = 0; span_ns / bin >= MOST_BINS; i = (i + 1) % 3) {
		bin = decade * steps[i];
		if (i == 2)
			decade = bin;
	}
	return bin;
}

void counters_begin(struct conversion *c)
{
	const struct summary *s = c->summary;
	const uint64_t first = to_ns(c, s->first_ticks == UINT64_MAX ? 0 : s->first_ticks);

	c->counters.bin_ns = bin_for(to_ns(c, s->last_ticks) - first);
	c->counters.bin_begin_ns = first;
	c->counters.perf_words = perf_words(&s->metadata);
	for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++)
		if (s->cpu[cpu].pages)
			c->counters.cpus = cpu + 1;
}

/* Only changes are written: a counter keeps its value until the next. */
static void tell(struct conversion *c, uint64_t track, uint64_t *told, uint64_t value)
{
	if (*told == value)
		return;
	counter_write(&c->perfetto, counters_of(&c->tracks), c->counters.bin_begin_ns, track,
		      value);
	*told = value;
	c->counters.dirty = true;
}

/* Of all CPUs together, a second. */
static void write_perf(struct conversion *c)
{
	struct counters *n = &c->counters;

	for (uint32_t i = 0; i < n->perf_words; i++)
		for (uint32_t side = 0; side < PERF_SIDES; side++) {
			tell(c, UUID_PERF(i, side), &n->told_perf[i][side],
			     n->perf[i][side] * (NS_A_SECOND / 1000) / (n->bin_ns / 1000));
			n->dirty |= n->perf[i][side] != 0;
			n->perf[i][side] = 0;
		}
}

static void write_bin(struct conversion *c)
{
	struct counters *n = &c->counters;

	n->dirty = false;
	for (uint32_t i = 0; i < COUNTER_REASONS; i++) {
		tell(c, UUID_EXIT_RATE(i), &n->told_exits[i],
		     n->exits[i] * NS_A_SECOND / n->bin_ns);
		n->dirty |= n->exits[i] != 0;
		n->exits[i] = 0;
	}
	tell(c, UUID_FAULTS, &n->told_faults, n->faults * NS_A_SECOND / n->bin_ns);
	n->dirty |= n->faults != 0;
	n->faults = 0;
	write_perf(c);
	for (uint32_t cpu = 0; cpu < n->cpus; cpu++) {
		const uint64_t share = n->el2_ns[cpu] * 100 / n->bin_ns;

		tell(c, UUID_EL2_SHARE(cpu), &n->told_share[cpu], share < 100 ? share : 100);
		tell(c, UUID_RUN_QUEUE(cpu), &n->told_waiting[cpu], n->most_waiting[cpu]);
		n->el2_ns[cpu] = 0;
		n->dirty |= n->most_waiting[cpu] != n->waiting[cpu];
		n->most_waiting[cpu] = n->waiting[cpu];
	}
}

void counters_advance(struct conversion *c, uint64_t ns)
{
	struct counters *n = &c->counters;

	if (ns < n->bin_begin_ns + n->bin_ns)
		return;
	do {
		write_bin(c);
		n->bin_begin_ns += n->bin_ns;
	} while (n->dirty && ns >= n->bin_begin_ns + n->bin_ns);
	if (ns >= n->bin_begin_ns) /* nothing happened for long */
		n->bin_begin_ns += (ns - n->bin_begin_ns) / n->bin_ns * n->bin_ns;
}

/* While a vCPU sleeps or another has its CPU, its exit goes on, but not at EL2's expense. */
static bool is_el2_time(const struct record *exit)
{
	return exit->arg != REASON_HALT && exit->result != TRACE_RESULT_BLOCKED &&
	       exit->result != TRACE_RESULT_SWITCHED;
}

void counters_exit(struct conversion *c, const struct record *exit, uint64_t begin_ns,
		   uint64_t end_ns)
{
	struct counters *n = &c->counters;

	n->exits[exit->arg % COUNTER_REASONS]++;
	n->dirty = true;
	if (exit->arg == REASON_NESTED_PAGE_FAULT)
		n->faults++;
	if (is_el2_time(exit))
		n->el2_ns[exit->cpu] += end_ns - begin_ns;
}

void counters_waiting(struct conversion *c, uint32_t cpu, uint32_t vcpus)
{
	struct counters *n = &c->counters;

	n->waiting[cpu] = vcpus;
	n->dirty = true;
	if (vcpus > n->most_waiting[cpu])
		n->most_waiting[cpu] = vcpus;
}

void counters_lost(struct conversion *c, uint64_t records, uint64_t ns)
{
	struct sequence *s = counters_of(&c->tracks);

	c->counters.lost += records;
	counter_write(&c->perfetto, s, ns > s->last_ns ? ns : s->last_ns, UUID_LOST,
		      c->counters.lost);
}

void counters_finish(struct conversion *c, uint64_t ns)
{
	counters_advance(c, ns);
	write_bin(c);
}
