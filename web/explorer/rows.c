/* The list of events: which are shown, in order of time, and what stands in a row. See answers.h. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "trace/host/events.h"
#include "trace/host/names.h"
#include "web/explorer/answers.h"
#include "web/explorer/index.h"
#include "web/explorer/json.h"
#include "web/explorer/labels.h"
#include "web/explorer/trace.h"

#define MAX_WORDS 16u

/* What is looked for: lower-case words, and their numbers where they are some. */
static struct {
	char text[QUERY_BYTES];
	const char *word[MAX_WORDS];
	uint64_t number[MAX_WORDS];
	bool is_number[MAX_WORDS];
	uint32_t words;
	/* By label number: does it have all words? 0: not looked at yet. */
	uint8_t label_has[MAX_LABELS];
} query;

enum { HAS_NOT = 1, HAS = 2 };

/* Record numbers; while everything is shown there is no list, and the order of time is it. */
static uint32_t *shown;
static uint32_t shown_count;
static bool is_filtered;

char *trace_query(void)
{
	return query.text;
}

static void split_query(void)
{
	char *at = query.text, *end;

	query.text[QUERY_BYTES - 1] = '\0';
	query.words = 0;
	memset(query.label_has, 0, sizeof(query.label_has));
	for (char *c = query.text; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	while (query.words < MAX_WORDS && *(at += strspn(at, " \t"))) {
		const uint32_t word = query.words++;

		query.word[word] = at;
		query.number[word] = strtoull(at, &end, 16);
		at += strcspn(at, " \t");
		query.is_number[word] = end == at && strncmp(query.word[word], "0x", 2) == 0;
		if (*at)
			*at++ = '\0';
	}
}

static bool has_word(const char *label, const char *word)
{
	const size_t length = strlen(word);

	for (; *label; label++) {
		size_t i = 0;

		while (i < length && tolower((unsigned char)label[i]) == word[i])
			i++;
		if (i == length)
			return true;
	}
	return length == 0;
}

static bool has_number(const struct record *record, uint64_t number)
{
	if (record->event == EVENT_NAMED)
		return false;
	if (record->pc == number || record->esr == number)
		return true;
	for (uint32_t i = 0; i < record->values; i++)
		if (record->value[i] == number)
			return true;
	return false;
}

static bool has_all_words(const struct record *record)
{
	char buffer[LABEL_BYTES];
	const uint32_t number = label_number(record);
	const char *label;
	bool only_label = true, all = true;

	if (number && query.label_has[number])
		return query.label_has[number] == HAS;
	label = label_text(record, buffer);
	for (uint32_t i = 0; i < query.words && all; i++) {
		all = has_word(label, query.word[i]);
		if (!all && query.is_number[i]) {
			only_label = false;
			all = has_number(record, query.number[i]);
		}
	}
	if (number && only_label)
		query.label_has[number] = all ? HAS : HAS_NOT;
	return all;
}

static bool is_wanted(uint32_t number, uint32_t reason, uint32_t vcpu)
{
	struct record record;

	if (reason != ALL_REASONS && index_event(number) != TRACE_EXIT)
		return false;
	record = index_record(number);
	return (reason == ALL_REASONS || record.arg == reason) &&
	       (vcpu == ALL_VCPUS || record.vcpu == vcpu) &&
	       (query.words == 0 || has_all_words(&record));
}

uint32_t trace_search(uint32_t reason, uint32_t vcpu)
{
	const uint32_t count = index_count();

	split_query();
	free(shown);
	shown = NULL;
	shown_count = count;
	is_filtered = reason != ALL_REASONS || vcpu != ALL_VCPUS || query.words;
	if (!is_filtered)
		return count;
	shown = malloc((count + 1) * sizeof(*shown));
	shown_count = 0;
	for (uint32_t n = 0; shown && n < count; n++)
		if (is_wanted(index_in_time(n), reason, vcpu))
			shown[shown_count++] = index_in_time(n);
	return shown_count;
}

static uint32_t row_event(uint32_t row)
{
	return is_filtered ? shown[row] : index_in_time(row);
}

/* What a row and the whole event both tell. */
static void json_common(uint32_t number, const struct record *record)
{
	char buffer[LABEL_BYTES], vcpu[NAME_BYTES + 16];

	vcpu_label(&trace.summary.metadata, record->vcpu, vcpu, sizeof(vcpu));
	json_number("event", number);
	json_number("ns", trace_ns(index_begin_ticks(number)));
	json_number("end_ns", trace_ns(record->end_ticks));
	json_text("vcpu", vcpu);
	json_text("label", label_text(record, buffer));
	json_bool("exit", record->event == TRACE_EXIT);
	if (record->event != TRACE_EXIT)
		return;
	json_number("reason", record->arg);
	json_number("duration_ns", ticks_to_ns(trace.summary.cntfrq, record->duration_ticks));
	json_hex("pc", record->pc);
}

const char *trace_rows(uint32_t first, uint32_t count)
{
	json_begin();
	json_list(NULL);
	for (uint32_t row = first; row < shown_count && row - first < count; row++) {
		const uint32_t number = row_event(row);
		const struct record record = index_record(number);

		json_object(NULL);
		json_number("row", row);
		json_common(number, &record);
		json_close();
	}
	json_close();
	return json_end();
}

uint32_t trace_row_of(uint32_t event)
{
	const uint64_t ticks = event < index_count() ? index_end_ticks(event) : 0;
	uint32_t low = 0, high = shown_count;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (index_end_ticks(row_event(middle)) < ticks)
			low = middle + 1;
		else
			high = middle;
	}
	for (uint32_t row = low; row < shown_count; row++) {
		if (index_end_ticks(row_event(row)) != ticks)
			break;
		if (row_event(row) == event)
			return row;
	}
	return low;
}

/* An exit's registers as far as its record has them, for explore_exit(). */
static void json_exit(const struct record *exit)
{
	uint64_t ipa = 0, far = 0, function = 0;
	const uint64_t value = exit->values ? exit->value[0] : 0;

	switch (exit_value_meaning(exit->arg, 0)) {
	case VALUE_IPA:
		ipa = value;
		break;
	case VALUE_FAR:
		far = value;
		break;
	case VALUE_FUNCTION:
		function = (uint32_t)value;
		json_hex("function", function);
		json_hex("result", value >> 32);
		break;
	case VALUE_INTID:
		json_number("intid", (uint32_t)value);
		break;
	case VALUE_DATA:
		json_hex("value", value);
		break;
	case VALUE_NONE:
		break;
	}
	if (exit->values > 1 && exit_value_meaning(exit->arg, 1) == VALUE_DATA)
		json_hex("value", exit->value[1]);
	if (ipa)
		json_hex("ipa", ipa);
	json_text("became", event_result_name(exit->result));
	if (exit->arg == REASON_EXTERNAL_INTERRUPT) /* no syndrome */
		return;
	json_object("registers");
	json_hex("esr", exit->esr);
	/* Of the virtual address the record of a stage-2 fault has the offset alone: that of the physical one. */
	json_hex("far", far ? far : ipa & 0xfff);
	json_hex("hpfar", ipa >> 12 << 4);
	json_hex("pc", exit->pc);
	json_hex("function", function);
	json_close();
}

const char *trace_event(uint32_t event)
{
	struct record record;

	json_begin();
	if (event >= index_count())
		return "null";
	record = index_record(event);
	json_object(NULL);
	json_common(event, &record);
	if (!trace.is_pftrace)
		json_number("cpu", record.cpu);
	if (record.event == TRACE_EXIT)
		json_exit(&record);
	json_close();
	return json_end();
}
