/*
 * `vtrace convert`: a recording as a Perfetto trace.
 *
 * One pass over all records in order of time; each kind of event is shown by a part of its own: exits.c, instants.c,
 * interrupts.c, console.c, samples.c, tasks.c, counters.c.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "trace/host/commands.h"
#include "trace/host/conversion.h"
#include "trace/host/merge.h"
#include "trace/host/preamble.h"

static bool begin_conversion(struct conversion *c, const struct summary *summary,
			     const struct symbol_set *symbols, FILE *out)
{
	c->summary = summary;
	c->symbols = symbols;
	perfetto_begin(&c->perfetto, out);
	tasks_begin(&c->tasks, &c->perfetto);
	for (uint32_t i = 0; i < 256; i++) {
		c->tasks.task[i].tid = vcpu_tid(&summary->metadata, i);
		c->cpu_of_vcpu[i] = NO_CPU;
		c->vm_slot[i] = (uint8_t)vcpu_vm_slot(&summary->metadata, i);
	}
	counters_begin(c);
	return exits_begin(c) && labels_begin(&c->labels, &c->perfetto, &summary->metadata) &&
	       samples_begin(&c->samples);
}

static void end_conversion(struct conversion *c)
{
	intern_end(&c->strings);
	intern_end(&c->locations);
	labels_end(&c->labels);
	samples_end(&c->samples);
	free(c);
}

/* A change of who runs where. */
static void convert_sched(struct conversion *c, const struct record *record, uint64_t ns)
{
	const uint32_t cpu = c->tasks.task[record->vcpu].cpu;

	tasks_record(&c->tasks, tasks_of(&c->tracks, record->cpu), record, ns);
	counters_waiting(c, record->cpu, tasks_waiting(&c->tasks, record->cpu));
	if (cpu < MAX_CPUS && cpu != record->cpu)
		counters_waiting(c, cpu, tasks_waiting(&c->tasks, (uint16_t)cpu));
}

static void convert_event(struct conversion *c, const struct record *record, uint64_t ns)
{
	switch (record->event) {
	case TRACE_SCHED_IN:
	case TRACE_SCHED_OUT:
	case TRACE_VCPU_STATE:
		interrupts_settle(c, record->cpu);
		convert_sched(c, record, ns);
		starts_record(c, record, ns);
		break;
	case TRACE_VIRQ_INJECT:
	case TRACE_VIRQ_LOAD:
	case TRACE_VIRQ_ACK:
	case TRACE_VIRQ_EOI:
	case TRACE_IRQ:
	case TRACE_SGI_SEND:
		convert_interrupt(c, record, ns);
		break;
	case TRACE_PSCI_CALL:
		convert_psci_call(c, record, ns);
		break;
	case TRACE_CONSOLE:
		convert_console(c, record, ns);
		break;
	case TRACE_MARK:
	case TRACE_MARK_TEXT:
		convert_mark(c, record, ns);
		break;
	case TRACE_DEBUGGER:
		convert_debugger(c, record, ns);
		break;
	case TRACE_PC_SAMPLE:
		convert_sample(c, record, ns);
		break;
	case TRACE_PERF:
		c->perf[record->cpu] = *record;
		break;
	default:
		if (event_fields(record->event))
			convert_generic(c, record, ns, 0, 0);
	}
}

static void convert_record(struct conversion *c, const struct record *record, uint64_t ns)
{
	counters_advance(c, ns);
	if (record->vcpu != TRACE_NO_VCPU)
		c->cpu_of_vcpu[record->vcpu] = record->cpu;
	if (record->event != TRACE_EXIT) {
		convert_event(c, record, ns);
		return;
	}
	interrupts_settle(c, record->cpu);
	tasks_record(&c->tasks, tasks_of(&c->tracks, record->cpu), record, ns);
	convert_exit(c, record, ns);
}

static void restart_if_started(struct sequence *s)
{
	s->restart = s->started;
}

/* What was under way on a vCPU when records went missing ends there, and its sequences begin anew. */
static void lose_sight(struct conversion *c, uint32_t vcpu, uint64_t since_ns)
{
	interrupts_break(c, vcpu, since_ns, "lost sight of");
	console_break(c, vcpu, since_ns);
	restart_if_started(&c->tracks.exits[vcpu]);
	restart_if_started(&c->tracks.instants[vcpu]);
	restart_if_started(&c->tracks.debugger[vcpu]);
	restart_if_started(&c->tracks.samples[vcpu]);
	restart_if_started(&c->tracks.console[c->vm_slot[vcpu]]);
}

/* Show a gap as a slice on the CPU's track, from the last thing known to the first known again. */
static void convert_loss(struct conversion *c, uint16_t cpu, uint64_t records, uint64_t since_ns,
			 uint64_t until_ns)
{
	struct sequence *s = cpu_events_of(&c->tracks, cpu);
	struct event event;
	char name[48];

	c->lost_shown[cpu] += records;
	counters_lost(c, records, since_ns);
	interrupts_settle(c, cpu);
	c->interrupts.cpu_on_target[cpu] = 0;
	c->perf[cpu].event = 0;
	for (uint32_t vcpu = 0; vcpu < MAX_VCPUS; vcpu++)
		if (c->cpu_of_vcpu[vcpu] == cpu)
			lose_sight(c, vcpu, since_ns);
	restart_if_started(s);
	restart_if_started(&c->tracks.irqs[cpu]);
	restart_if_started(&c->tracks.tasks[cpu]);
	tasks_lost(&c->tasks, tasks_of(&c->tracks, cpu), cpu, since_ns);

	snprintf(name, sizeof(name), "LOST %" PRIu64 " records", records);
	event_begin(&event, TYPE_BEGIN);
	event.name = name;
	event.category_iid = perfetto_category(&c->perfetto, "lost");
	event_arg(&event, c->arg.records, ARG_UINT, records);
	event_write(&c->perfetto, s, since_ns, &event);
	slice_end(&c->perfetto, s, until_ns);
}

/* Losses after a CPU's last page are known only from the final counts. */
static void convert_last_losses(struct conversion *c, uint64_t end_ns)
{
	for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++) {
		const uint64_t lost = summary_lost(c->summary, cpu);

		if (lost > c->lost_shown[cpu])
			convert_loss(c, (uint16_t)cpu, lost - c->lost_shown[cpu], c->last_ns[cpu],
				     end_ns);
	}
}

static void convert_all(struct conversion *c, struct merge *merge)
{
	const uint64_t end_ns = to_ns(c, c->summary->last_ticks);
	struct item item;

	while (merge_next(merge, &item)) {
		const uint16_t cpu = item.record.cpu;
		const uint64_t ns = to_ns(c, item.record.end_ticks);

		if (item.lost)
			convert_loss(c, cpu, item.lost, to_ns(c, item.lost_since_ticks), ns);
		else
			convert_record(c, &item.record, ns);
		c->last_ns[cpu] = ns;
	}
	convert_last_losses(c, end_ns);
	interrupts_finish(c, end_ns);
	for (uint32_t vcpu = 0; vcpu < MAX_VCPUS; vcpu++)
		console_break(c, vcpu, end_ns);
	counters_finish(c, end_ns);
}

static void warn(const struct conversion *c, const struct source *source)
{
	if (c->overlaps)
		fprintf(stderr,
			"vtrace: %s: warning: %" PRIu64
			" exit(s) began before the one before ended: shortened\n",
			source->name, c->overlaps);
	if (c->samples.left_out)
		fprintf(stderr,
			"vtrace: %s: warning: %" PRIu64
			" PC sample(s) left out: too many different stacks\n",
			source->name, c->samples.left_out);
}

int convert_recording(const struct source *source, const struct summary *summary,
		      const struct symbol_set *symbols, FILE *out, const char *out_name)
{
	struct conversion *c = calloc(1, sizeof(*c));
	struct merge *merge = merge_begin(source, summary);
	bool written = false;

	if (!c || !merge || !begin_conversion(c, summary, symbols, out)) {
		fprintf(stderr, "vtrace: out of memory\n");
	} else {
		write_preamble(&c->perfetto, summary, source->bytes);
		convert_all(c, merge);
		write_stats(&c->perfetto, summary, c->cpu_of_vcpu);
		written = perfetto_end(&c->perfetto);
		if (!written)
			fprintf(stderr, "vtrace: %s: cannot write all of it\n", out_name);
		warn(c, source);
	}
	if (merge)
		merge_end(merge);
	if (c)
		end_conversion(c);
	return written ? EXIT_DONE : EXIT_BAD_DATA;
}
