/*
 * `vtrace dump`: a recording as text in order of time, one line an event, for grep and for scripts. The fields of each event are
 * those of trace/events.def.
 *
 * With --no-time it is what must not change from run to run: each vCPU's events in order, without times, without CPUs, and without
 * what only time decides. Two runs that do the same give the same text.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "trace/host/commands.h"
#include "trace/host/events.h"
#include "trace/host/fields.h"
#include "trace/host/merge.h"
#include "trace/host/names.h"
#include "trace/host/perf.h"

struct dump {
	FILE *out;
	const struct summary *summary;
	const struct symbol_table *el2; /* NULL: none was given */
	bool no_time;
};

/* time, CPU, vCPU and event: the four columns that every line has; without time, only the last two. */
static void print_columns(const struct dump *d, uint64_t ticks, uint32_t cpu, uint32_t vcpu,
			  const char *event)
{
	const uint64_t ns = ticks_to_ns(d->summary->cntfrq, ticks);
	char who[NAME_BYTES + 16];

	vcpu_label(&d->summary->metadata, vcpu, who, sizeof(who));
	if (!d->no_time)
		fprintf(d->out, "%" PRIu64 ".%09" PRIu64 " cpu%" PRIu32 " ", ns / 1000000000u,
			ns % 1000000000u, cpu);
	fprintf(d->out, "%s %s", who, event);
}

static void print_exit_value(const struct dump *d, enum value_meaning meaning, uint64_t value)
{
	switch (meaning) {
	case VALUE_NONE:
		break;
	case VALUE_IPA:
		fprintf(d->out, " ipa=0x%" PRIx64, value);
		break;
	case VALUE_DATA:
		fprintf(d->out, " value=0x%" PRIx64, value);
		break;
	case VALUE_INTID:
		fprintf(d->out, " intid=%" PRIu64, value);
		break;
	case VALUE_FUNCTION:
		fprintf(d->out, " function=0x%08" PRIx32 " result=0x%" PRIx32, (uint32_t)value,
			(uint32_t)(value >> 32));
		break;
	case VALUE_FAR:
		fprintf(d->out, " far=0x%" PRIx64, value);
		break;
	}
}

/* Where an interrupt finds the guest is a matter of time, and so is what a counter reads. */
static bool pc_is_timing(uint8_t reason)
{
	return reason == REASON_EXTERNAL_INTERRUPT || reason == REASON_SERROR;
}

static bool value_is_timing(const char *name)
{
	return strstr(name, "CNTP") || strstr(name, "CNTV") || strstr(name, "PMCCNTR") ||
	       strstr(name, "PMEVCNTR");
}

static void print_exit(const struct dump *d, const struct record *exit)
{
	const uint64_t end = ticks_to_ns(d->summary->cntfrq, exit->end_ticks);
	const uint64_t begin_ticks =
		exit->end_ticks > exit->duration_ticks ? exit->end_ticks - exit->duration_ticks : 0;
	char name[EXIT_NAME_BYTES];
	char reason[32];
	uint32_t local;

	reason_symbol(exit->arg, reason, sizeof(reason));
	exit_name(metadata_vm_of(&d->summary->metadata, exit->vcpu, &local), exit, TRACE_NO_VCPU,
		  name, sizeof(name));
	fprintf(d->out, " reason=%s class=%s", reason, exit_category(exit->arg));
	if (!d->no_time)
		fprintf(d->out, " dur_ns=%" PRIu64,
			end - ticks_to_ns(d->summary->cntfrq, begin_ticks));
	fprintf(d->out, " name=\"%s\" esr=0x%08" PRIx32, name, exit->esr);
	if (exit->result)
		fprintf(d->out, " became=%s", event_result_name(exit->result));
	if (!d->no_time || !pc_is_timing(exit->arg))
		fprintf(d->out, " pc=0x%" PRIx64, exit->pc);
	for (unsigned i = 0; i < exit->values; i++)
		if (!d->no_time || !value_is_timing(name))
			print_exit_value(d, exit_value_meaning(exit->arg, i), exit->value[i]);
}

/* Bytes in order of memory. Anyone's: what does not print is shown as its number. */
static void print_text(const struct dump *d, const struct record *record)
{
	uint32_t bytes = record->arg & 0x7fu; /* bit 7 of CONSOLE's: the line goes on */

	fputs(" text=\"", d->out);
	for (uint32_t i = 0; i < bytes && i < record->values * 8u; i++) {
		const unsigned char c = (unsigned char)(record->value[i / 8] >> i % 8 * 8);

		if (c == '"' || c == '\\')
			fprintf(d->out, "\\%c", c);
		else if (isprint(c))
			fputc(c, d->out);
		else
			fprintf(d->out, "\\x%02x", c);
	}
	fputc('"', d->out);
}

static void print_classes(const struct dump *d, const char *name, uint64_t classes)
{
	const char *comma = "";

	fprintf(d->out, " %s=", name);
	for (uint32_t bit = 0; bit < MAX_CLASSES; bit++)
		if (classes >> bit & 1 && event_class_name(bit)) {
			fprintf(d->out, "%s%s", comma, event_class_name(bit));
			comma = ",";
		}
}

static void print_field(const struct dump *d, const struct event_field *field, uint64_t value)
{
	const char *word = event_value_name(field->type, value);
	char text[NAME_BYTES + 16];

	if (!field->name || (d->no_time && field->type == FIELD_TICKS))
		return;
	switch (field->type) {
	case FIELD_STATE:
		word = vcpu_state_text((uint8_t)value);
		break;
	case FIELD_REASON:
		reason_symbol((uint8_t)value, text, sizeof(text));
		word = text;
		break;
	case FIELD_VCPU:
		vcpu_label(&d->summary->metadata, (uint32_t)value, text, sizeof(text));
		word = text;
		break;
	case FIELD_CLASSES:
		print_classes(d, field->name, value);
		return;
	case FIELD_HEX:
	case FIELD_IPA:
	case FIELD_VA:
	case FIELD_VCPUS:
		fprintf(d->out, " %s=0x%" PRIx64, field->name, value);
		return;
	case FIELD_EL2:
		el2_text(d->el2, value, text, sizeof(text));
		fprintf(d->out, " %s=%s", field->name, text);
		return;
	case FIELD_FUNCTION:
		fprintf(d->out, " %s=0x%08" PRIx64, field->name, value);
		return;
	case FIELD_STATUS:
		fprintf(d->out, " %s=%" PRId32, field->name, (int32_t)(uint32_t)value);
		return;
	case FIELD_INTID:
		interrupt_name((uint32_t)value, text, sizeof(text));
		fprintf(d->out, " %s=%" PRIu32 " name=\"%s\"", field->name, (uint32_t)value, text);
		return;
	default:
		break;
	}
	if (word)
		fprintf(d->out, " %s=%s", field->name, word);
	else
		fprintf(d->out, " %s=%" PRIu64, field->name, value);
}

/* By name, with underscores for its blanks: one word a count. */
static void print_counts(const struct dump *d, const struct record *record)
{
	char name[PERF_NAME_BYTES];

	for (uint32_t i = 0; i < record->values; i++)
		for (enum perf_side side = 0; side < PERF_SIDES; side++) {
			perf_name(&d->summary->metadata, i, side, name, sizeof(name));
			for (char *c = name; *c; c++)
				if (*c == ' ')
					*c = '_';
			fprintf(d->out, " %s=%" PRIu32, name, perf_count(record->value[i], side));
		}
}

static void print_fields(const struct dump *d, const struct record *record)
{
	const struct event_info *info = event_info(record->event);
	const bool text = info->many && info->word[0][0].type == FIELD_TEXT;
	const struct event_field *pair;

	if (text)
		print_text(d, record);
	else if (record->event == TRACE_PERF)
		print_counts(d, record);
	for (uint32_t i = 0; !text && record->event != TRACE_PERF && i < record->values; i++) {
		pair = info->word[info->many ? 0 : i];
		if (!info->many && i >= info->words)
			break;
		if (pair[1].name) {
			print_field(d, &pair[0], (uint32_t)record->value[i]);
			print_field(d, &pair[1], record->value[i] >> 32);
		} else {
			print_field(d, &pair[0], record->value[i]);
		}
	}
	if (!text)
		print_field(d, &info->argument, record->arg);
	else if (record->arg & 0x80)
		fputs(" more=1", d->out);
}

static void print_record(const struct dump *d, const struct record *record)
{
	const char *event = event_info(record->event)->symbol;

	print_columns(d, record->end_ticks, record->cpu, record->vcpu, event ? event : "UNKNOWN");
	if (record->event == TRACE_EXIT)
		print_exit(d, record);
	else if (event)
		print_fields(d, record);
	else
		fprintf(d->out, " event=%u words=%u", record->event, record->words);
	fputc('\n', d->out);
}

/* What comes by the clock and not by what the guest does. */
static bool is_timing(const struct record *record)
{
	const uint32_t class = 1u << event_info(record->event)->class_bit;

	return class & (TRACE_CLASS_SAMPLE | TRACE_CLASS_CLOCK | TRACE_CLASS_PERF);
}

static void print_item(const struct dump *d, const struct item *item)
{
	if (!item->lost) {
		print_record(d, &item->record);
		return;
	}
	print_columns(d, item->record.end_ticks, item->record.cpu, TRACE_NO_VCPU, "LOST");
	fprintf(d->out, " records=%" PRIu64 "\n", item->lost);
}

/* Of one vCPU when that is below 256. */
static bool print_items(const struct dump *d, const struct source *source, uint32_t vcpu)
{
	struct merge *merge = merge_begin(source, d->summary);
	struct item item;

	if (!merge) {
		fprintf(stderr, "vtrace: out of memory\n");
		return false;
	}
	while (merge_next(merge, &item))
		if (vcpu > TRACE_NO_VCPU || (item.record.vcpu == vcpu && !is_timing(&item.record)))
			print_item(d, &item);
	merge_end(merge);
	return true;
}

int dump_recording(const struct source *source, const struct summary *summary,
		   const struct symbol_set *symbols, FILE *out)
{
	const struct dump d = {out, summary, symbols->hypervisor, false};

	for (uint32_t i = 0; i < summary->metadata.attributes; i++)
		fprintf(out, "# %s=%s\n", summary->metadata.attribute[i].key,
			summary->metadata.attribute[i].value);
	return print_items(&d, source, 256) ? finish_output(out) : EXIT_BAD_DATA;
}

int dump_without_time(const struct source *source, const struct summary *summary, FILE *out)
{
	const struct dump d = {out, summary, NULL, true};

	/* One pass a vCPU: for runs that are worth comparing line by line. */
	for (uint32_t vcpu = 0; vcpu < TRACE_NO_VCPU; vcpu++)
		if (summary->vcpu_seen[vcpu] && !print_items(&d, source, vcpu))
			return EXIT_BAD_DATA;
	if (summary_lost_everywhere(summary) && !print_items(&d, source, TRACE_NO_VCPU))
		return EXIT_BAD_DATA;
	return finish_output(out);
}
