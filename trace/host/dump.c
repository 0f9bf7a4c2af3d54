/* `vtrace dump`: a recording as text in order of time, one line an event, for grep and for scripts. */
#include <inttypes.h>
#include <stdlib.h>

#include "trace/host/commands.h"
#include "trace/host/merge.h"
#include "trace/host/names.h"

/* time, CPU, vCPU and event: the four columns that every line has. */
static void print_columns(FILE *out, const struct summary *summary, uint64_t ticks, uint32_t cpu,
			  uint32_t vcpu, const char *event)
{
	const uint64_t ns = ticks_to_ns(summary->cntfrq, ticks);
	char who[NAME_BYTES + 16];

	vcpu_label(&summary->metadata, vcpu, who, sizeof(who));
	fprintf(out, "%" PRIu64 ".%09" PRIu64 " cpu%" PRIu32 " %s %s", ns / 1000000000u,
		ns % 1000000000u, cpu, who, event);
}

static void print_value(FILE *out, enum value_meaning meaning, uint64_t value)
{
	switch (meaning) {
	case VALUE_NONE:
		break;
	case VALUE_IPA:
		fprintf(out, " ipa=0x%" PRIx64, value);
		break;
	case VALUE_DATA:
		fprintf(out, " value=0x%" PRIx64, value);
		break;
	case VALUE_INTID:
		fprintf(out, " intid=%" PRIu64, value);
		break;
	case VALUE_FUNCTION:
		fprintf(out, " function=0x%08" PRIx32 " result=0x%" PRIx32, (uint32_t)value,
			(uint32_t)(value >> 32));
		break;
	case VALUE_FAR:
		fprintf(out, " far=0x%" PRIx64, value);
		break;
	}
}

static void print_exit(FILE *out, const struct summary *summary, const struct record *exit)
{
	const uint64_t end = ticks_to_ns(summary->cntfrq, exit->end_ticks);
	const uint64_t begin_ticks =
		exit->end_ticks > exit->duration_ticks ? exit->end_ticks - exit->duration_ticks : 0;
	char name[EXIT_NAME_BYTES];
	char reason[32];

	reason_symbol(exit->arg, reason, sizeof(reason));
	exit_name(exit, name, sizeof(name));
	fprintf(out,
		" reason=%s class=%s dur_ns=%" PRIu64 " name=\"%s\" esr=0x%08" PRIx32
		" pc=0x%" PRIx64,
		reason, exit_category(exit->arg), end - ticks_to_ns(summary->cntfrq, begin_ticks),
		name, exit->esr, exit->pc);
	for (unsigned i = 0; i < exit->values; i++)
		print_value(out, exit_value_meaning(exit->arg, i), exit->value[i]);
}

static void print_record(FILE *out, const struct summary *summary, const struct record *record)
{
	const char *event = event_symbol(record->event);
	char name[32];

	print_columns(out, summary, record->end_ticks, record->cpu, record->vcpu,
		      event ? event : "UNKNOWN");
	switch (record->event) {
	case TRACE_EXIT:
		print_exit(out, summary, record);
		break;
	case TRACE_SCHED_OUT:
	case TRACE_VCPU_STATE:
		fprintf(out, " state=%s", vcpu_state_text(record->arg));
		break;
	case TRACE_VIRQ_INJECT:
		interrupt_name((uint32_t)record->value[0], name, sizeof(name));
		fprintf(out, " intid=%" PRIu32 " level=%u name=\"virq %s\"",
			(uint32_t)record->value[0], record->arg, name);
		break;
	case TRACE_MARK:
		fprintf(out, " value=0x%" PRIx64, record->value[0]);
		break;
	case TRACE_SCHED_IN:
		break;
	default:
		fprintf(out, " event=%u words=%u", record->event, record->words);
	}
	fputc('\n', out);
}

int dump_recording(const struct source *source, const struct summary *summary, FILE *out)
{
	struct merge *merge = merge_begin(source, summary);
	struct item item;

	if (!merge) {
		fprintf(stderr, "vtrace: out of memory\n");
		return EXIT_BAD_DATA;
	}
	for (uint32_t i = 0; i < summary->metadata.attributes; i++)
		fprintf(out, "# %s=%s\n", summary->metadata.attribute[i].key,
			summary->metadata.attribute[i].value);
	while (merge_next(merge, &item)) {
		if (!item.lost) {
			print_record(out, summary, &item.record);
			continue;
		}
		print_columns(out, summary, item.record.end_ticks, item.record.cpu, TRACE_NO_VCPU,
			      "LOST");
		fprintf(out, " records=%" PRIu64 "\n", item.lost);
	}
	merge_end(merge);
	return fflush(out) != 0 || ferror(out) ? EXIT_BAD_DATA : EXIT_DONE;
}
