/*
 * `vtrace convert`: a recording as a Perfetto trace.
 *
 * An exit is a BEGIN and an END on its vCPU's own sequence. What happens inside an exit (an interrupt injected, a
 * switch to another vCPU) is recorded before the exit itself, so it goes to other sequences, and every sequence stays
 * in order of time. Readers sort across sequences.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "trace/host/commands.h"
#include "trace/host/labels.h"
#include "trace/host/merge.h"
#include "trace/host/names.h"
#include "trace/host/preamble.h"
#include "trace/host/tasks.h"

struct conversion {
	const struct summary *summary;
	uint64_t overlaps; /* exits that began before the one before them ended: shortened */
	uint64_t lost_shown[MAX_CPUS];
	uint64_t last_ns[MAX_CPUS];
	uint16_t cpu_of_vcpu[256];
	struct tasks tasks;
	struct labels labels;
	struct perfetto perfetto;
	struct sequence exits[256];
	struct sequence instants[256];
	struct sequence cpu_tasks[MAX_CPUS];
	struct sequence cpu[MAX_CPUS];
};

static uint64_t to_ns(const struct conversion *c, uint64_t ticks)
{
	return ticks_to_ns(c->summary->cntfrq, ticks);
}

/* String 1 + EC is the name of that exception class. */
static void define_strings(struct perfetto *p)
{
	for (uint32_t ec = 0; ec < 64; ec++)
		p->string[ec + 1] = ec_text(ec << 26);
}

static void begin_conversion(struct conversion *c, const struct summary *summary, FILE *out)
{
	c->summary = summary;
	perfetto_begin(&c->perfetto, out);
	define_strings(&c->perfetto);
	labels_begin(&c->labels, &c->perfetto);
	tasks_begin(&c->tasks, &c->perfetto);
	for (uint32_t i = 0; i < 256; i++) {
		c->tasks.task[i].tid = vcpu_tid(&summary->metadata, i);
		c->cpu_of_vcpu[i] = NO_CPU;
	}
}

/*
 * Sequences get their identity when they are first asked for: most of the table is never touched, so it costs no
 * memory.
 */
static struct sequence *identified(struct sequence *s, uint32_t id, uint64_t track_uuid)
{
	s->id = id;
	s->track_uuid = track_uuid;
	return s;
}

static struct sequence *exits_of(struct conversion *c, uint32_t vcpu)
{
	return identified(&c->exits[vcpu], SEQUENCE_EXITS(vcpu), UUID_VCPU(vcpu));
}

static struct sequence *instants_of(struct conversion *c, uint32_t vcpu)
{
	return identified(&c->instants[vcpu], SEQUENCE_INSTANTS(vcpu), UUID_VCPU(vcpu));
}

static struct sequence *tasks_of(struct conversion *c, uint32_t cpu)
{
	return identified(&c->cpu_tasks[cpu], SEQUENCE_TASKS(cpu), 0);
}

static struct sequence *cpu_events_of(struct conversion *c, uint32_t cpu)
{
	return identified(&c->cpu[cpu], SEQUENCE_CPU(cpu), UUID_CPU(cpu));
}

static void write_value(struct perfetto *p, enum value_meaning meaning, uint64_t value)
{
	switch (meaning) {
	case VALUE_NONE:
		break;
	case VALUE_IPA:
		slice_arg(p, SLICE_ARG_ipa, ARG_POINTER, value);
		break;
	case VALUE_DATA:
		slice_arg(p, SLICE_ARG_value, ARG_POINTER, value);
		break;
	case VALUE_INTID:
		slice_arg(p, SLICE_ARG_intid, ARG_UINT, value);
		break;
	case VALUE_FUNCTION:
		slice_arg(p, SLICE_ARG_function, ARG_POINTER, (uint32_t)value);
		slice_arg(p, SLICE_ARG_result, ARG_POINTER, value >> 32);
		break;
	case VALUE_FAR:
		slice_arg(p, SLICE_ARG_far, ARG_POINTER, value);
		break;
	}
}

static void convert_exit(struct conversion *c, const struct record *exit, uint64_t end_ns)
{
	struct perfetto *p = &c->perfetto;
	struct sequence *s = exits_of(c, exit->vcpu);
	const struct label *label = label_of(&c->labels, exit);
	const bool sync = exit->arg != REASON_EXTERNAL_INTERRUPT; /* interrupts have no syndrome */
	uint64_t begin_ns = exit->end_ticks > exit->duration_ticks
				    ? to_ns(c, exit->end_ticks - exit->duration_ticks)
				    : 0;

	if (exit->duration_ticks > exit->end_ticks || begin_ns < s->last_ns) {
		c->overlaps++;
		begin_ns = s->last_ns < end_ns ? s->last_ns : end_ns;
	}
	slice_open(p, s, begin_ns, TYPE_BEGIN, label->name_iid, label->category_iid,
		   sync ? (exit->esr >> 26) + 1 : 0);
	if (sync) {
		slice_arg(p, SLICE_ARG_esr, ARG_POINTER, exit->esr);
		slice_arg(p, SLICE_ARG_ec, ARG_STRING_IID, (exit->esr >> 26) + 1);
	}
	slice_arg(p, SLICE_ARG_pc, ARG_POINTER, exit->pc);
	for (unsigned i = 0; i < exit->values; i++)
		write_value(p, exit_value_meaning(exit->arg, i), exit->value[i]);
	slice_close(p);
	slice_end(p, s, end_ns);
}

static void convert_instant(struct conversion *c, const struct record *record, uint64_t ns)
{
	struct perfetto *p = &c->perfetto;
	const bool on_vcpu = record->vcpu != TRACE_NO_VCPU;
	struct sequence *s = on_vcpu ? instants_of(c, record->vcpu) : cpu_events_of(c, record->cpu);
	const struct label *label = label_of(&c->labels, record);

	slice_open(p, s, ns, TYPE_INSTANT, label->name_iid, label->category_iid, 0);
	if (record->event == TRACE_VIRQ_INJECT) {
		slice_arg(p, SLICE_ARG_intid, ARG_UINT, (uint32_t)record->value[0]);
		slice_arg(p, SLICE_ARG_level, ARG_UINT, record->arg);
	} else {
		slice_arg(p, SLICE_ARG_value, ARG_POINTER, record->value[0]);
	}
	slice_close(p);
}

static void convert_record(struct conversion *c, const struct record *record, uint64_t ns)
{
	if (record->vcpu != TRACE_NO_VCPU)
		c->cpu_of_vcpu[record->vcpu] = record->cpu;
	tasks_record(&c->tasks, tasks_of(c, record->cpu), record, ns);
	if (record->event == TRACE_EXIT)
		convert_exit(c, record, ns);
	else if (record->event == TRACE_VIRQ_INJECT || record->event == TRACE_MARK)
		convert_instant(c, record, ns);
}

static void restart_if_started(struct sequence *s)
{
	s->restart = s->started;
}

/*
 * Show a gap: an instant on the CPU's track where its records begin to be missing, and fresh state on each sequence
 * that may miss some. No slice is ever open here, since an exit is written whole.
 */
static void convert_loss(struct conversion *c, uint16_t cpu, uint64_t records, uint64_t since_ns)
{
	struct perfetto *p = &c->perfetto;
	struct sequence *s = cpu_events_of(c, cpu);
	char name[48];

	c->lost_shown[cpu] += records;
	restart_if_started(s);
	restart_if_started(&c->cpu_tasks[cpu]);
	for (uint32_t vcpu = 0; vcpu < MAX_VCPUS; vcpu++)
		if (c->cpu_of_vcpu[vcpu] == cpu) {
			restart_if_started(&c->exits[vcpu]);
			restart_if_started(&c->instants[vcpu]);
		}
	tasks_lost(&c->tasks, tasks_of(c, cpu), cpu, since_ns);

	snprintf(name, sizeof(name), "LOST %" PRIu64 " records", records);
	packet_open(p, s, since_ns);
	p->event = pb_open(&p->pb, PACKET_TRACK_EVENT);
	pb_uint(&p->pb, EVENT_TYPE, TYPE_INSTANT);
	pb_string(&p->pb, EVENT_NAME, name);
	slice_arg(p, SLICE_ARG_records, ARG_UINT, records);
	slice_close(p);
}

/* Losses after a CPU's last page are known only from the final counts. */
static void convert_last_losses(struct conversion *c)
{
	for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++) {
		const uint64_t lost = summary_lost(c->summary, cpu);

		if (lost > c->lost_shown[cpu])
			convert_loss(c, (uint16_t)cpu, lost - c->lost_shown[cpu], c->last_ns[cpu]);
	}
}

int convert_recording(const struct source *source, const struct summary *summary, FILE *out,
		      const char *out_name)
{
	struct conversion *c = calloc(1, sizeof(*c));
	struct merge *merge = merge_begin(source, summary);
	struct item item;
	bool written;

	if (!c || !merge) {
		fprintf(stderr, "vtrace: out of memory\n");
		if (merge)
			merge_end(merge);
		free(c);
		return EXIT_BAD_DATA;
	}
	begin_conversion(c, summary, out);
	write_preamble(&c->perfetto, summary, source->bytes);
	while (merge_next(merge, &item)) {
		const uint16_t cpu = item.record.cpu;
		const uint64_t ns = to_ns(c, item.record.end_ticks);

		if (item.lost)
			convert_loss(c, cpu, item.lost, to_ns(c, item.lost_since_ticks));
		else
			convert_record(c, &item.record, ns);
		c->last_ns[cpu] = ns;
	}
	convert_last_losses(c);
	write_stats(&c->perfetto, summary, c->cpu_of_vcpu);
	written = perfetto_end(&c->perfetto);
	if (!written)
		fprintf(stderr, "vtrace: %s: cannot write all of it\n", out_name);
	if (c->overlaps)
		fprintf(stderr,
			"vtrace: %s: warning: %" PRIu64
			" exit(s) began before the one before ended: shortened\n",
			source->name, c->overlaps);
	merge_end(merge);
	free(c);
	return written ? EXIT_DONE : EXIT_BAD_DATA;
}
