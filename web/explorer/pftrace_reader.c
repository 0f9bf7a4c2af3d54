/*
 * A .pftrace that vtrace has written, back into records: each exit's slice becomes the record it was made of, as far as the slice
 * tells. Other slices and instants keep their names. Counters, samples and the CPUs' task states are left to Perfetto. See trace.h.
 *
 * Interned numbers mean the same on all sequences of such a file (trace/host/perfetto.c), so there is one table of each kind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/host/perfetto.h"
#include "trace/host/protobuf_read.h"
#include "trace/host/tracks.h"
#include "web/explorer/exit_names.h"
#include "web/explorer/index.h"
#include "web/explorer/trace.h"

#define SEQUENCES	 4096u
#define LARGEST_PACKET	 (1u << 20) /* none of ours comes near */
#define LARGEST_IID	 65536u
#define ATTRIBUTE_FIELD	 1u /* TraceAttributes.attribute */
#define ATTRIBUTE_KEY	 1u
#define ATTRIBUTE_STRING 3u
#define WORD_BYTES	 128u

/* What an exit's argument is: the names of EXIT_ARGUMENTS in trace/host/conversion.h. */
enum arg_meaning {
	ARG_OTHER,
	ARG_SYNDROME,
	ARG_PC,
	ARG_IPA,
	ARG_VALUE,
	ARG_RESULT,
	ARG_BECAME,
	ARG_FAR
};

struct syndrome_word {
	uint64_t ipa;
	uint32_t esr;
};

static struct {
	uint64_t last_ns[SEQUENCES];
	struct record open[256]; /* exits that have begun, by vCPU */
	bool is_open[256];
	char *name[LARGEST_IID];
	struct exit_kind kind[LARGEST_IID];	  /* of exits, by the name */
	struct syndrome_word string[LARGEST_IID]; /* of argument values */
	uint64_t location[LARGEST_IID];
	uint8_t arg[LARGEST_IID]; /* enum arg_meaning */
} pf;

bool pftrace_begin(void)
{
	for (uint32_t i = 0; i < LARGEST_IID; i++)
		free(pf.name[i]);
	memset(&pf, 0, sizeof(pf));
	return true;
}

const char *pftrace_name(uint64_t number)
{
	return number < LARGEST_IID && pf.name[number] ? pf.name[number] : "?";
}

static void copy_text(struct bytes from, char to[WORD_BYTES])
{
	size_t bytes = (size_t)(from.end - from.at);

	bytes = bytes < WORD_BYTES - 1 ? bytes : WORD_BYTES - 1;
	memcpy(to, from.at, bytes);
	to[bytes] = '\0';
}

/* The text of one field of a message; empty when it is not there. */
static void text_in(struct bytes message, uint32_t wanted, char to[WORD_BYTES])
{
	uint32_t field;
	uint64_t value;
	struct bytes body;

	*to = '\0';
	while (take_field(&message, &field, &value, &body))
		if (field == wanted) {
			copy_text(body, to);
			return;
		}
}

static enum arg_meaning arg_meaning(const char *name)
{
	static const struct {
		const char *name;
		enum arg_meaning meaning;
	} known[] = {
		{"access", ARG_SYNDROME}, {"esr", ARG_SYNDROME}, {"pc", ARG_PC},
		{"ipa", ARG_IPA},	  {"value", ARG_VALUE},	 {"result", ARG_RESULT},
		{"became", ARG_BECAME},	  {"far", ARG_FAR},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].meaning;
	return ARG_OTHER;
}

/* "ipa 0x9000000, esr 0x93800046 DABT ...", or "0x93800046 DABT ...". */
static struct syndrome_word parse_syndrome(const char *text)
{
	struct syndrome_word word = {0};
	const char *esr = strstr(text, "esr 0x");

	if (strncmp(text, "ipa ", 4) == 0)
		word.ipa = strtoull(text + 4, NULL, 0);
	word.esr = (uint32_t)strtoull(esr ? esr + 4 : text, NULL, 0);
	return word;
}

static void define(uint32_t kind, struct bytes entry)
{
	const uint64_t iid = number_in(entry, INTERNED_IID, 0);
	char text[WORD_BYTES];

	if (iid == 0 || iid >= LARGEST_IID)
		return;
	text_in(entry, INTERNED_TEXT, text);
	switch (kind) {
	case INTERNED_NAMES:
		free(pf.name[iid]);
		pf.name[iid] = strdup(text);
		pf.kind[iid] = exit_kind_of(text);
		break;
	case INTERNED_ARG_NAMES:
		pf.arg[iid] = (uint8_t)arg_meaning(text);
		break;
	case INTERNED_STRINGS:
		pf.string[iid] = parse_syndrome(text);
		break;
	case INTERNED_LOCATIONS: /* LOCATION_FILE is field 2, as a text's */
		pf.location[iid] = strtoull(text, NULL, 0);
		break;
	}
}

static void define_all(struct bytes interned)
{
	uint32_t kind;
	uint64_t value;
	struct bytes entry;

	while (take_field(&interned, &kind, &value, &entry))
		define(kind, entry);
}

/* The recording's own lines, which vtrace has kept. */
static void take_attributes(struct bytes attributes)
{
	char key[WORD_BYTES], text[WORD_BYTES], line[2 * WORD_BYTES + 2];
	uint32_t field;
	uint64_t value;
	struct bytes body;

	while (take_field(&attributes, &field, &value, &body)) {
		if (field != ATTRIBUTE_FIELD)
			continue;
		text_in(body, ATTRIBUTE_KEY, key);
		text_in(body, ATTRIBUTE_STRING, text);
		metadata_parse(&trace.summary.metadata, line,
			       (size_t)snprintf(line, sizeof(line), "%s=%s\n", key, text));
	}
}

static void take_argument(struct record *exit, struct bytes arg)
{
	const uint64_t name = number_in(arg, ARG_NAME_IID, 0);
	const uint64_t number = number_in(arg, ARG_POINTER, 0);
	const uint64_t string = number_in(arg, ARG_STRING_IID, 0);

	if (name >= LARGEST_IID || string >= LARGEST_IID)
		return;
	switch ((enum arg_meaning)pf.arg[name]) {
	case ARG_SYNDROME:
		exit->esr = string ? pf.string[string].esr : (uint32_t)number;
		if (string && is_mmio(exit->arg))
			exit->value[0] = pf.string[string].ipa;
		break;
	case ARG_PC:
		exit->pc = number;
		break;
	case ARG_IPA:
	case ARG_FAR:
		exit->value[0] = number;
		break;
	case ARG_VALUE:
		exit->value[is_mmio(exit->arg) ? 1 : 0] = number;
		break;
	case ARG_RESULT:
		exit->value[0] |= number << 32;
		break;
	case ARG_BECAME:
		exit->result = string && string < FIRST_STRING ? (uint8_t)(string - 1) : 0;
		break;
	case ARG_OTHER:
		break;
	}
}

static void begin_exit(uint32_t vcpu, uint64_t ns, struct bytes event)
{
	const uint64_t name = number_in(event, EVENT_NAME_IID, 0);
	const uint64_t location = number_in(event, EVENT_LOCATION_IID, 0);
	const struct exit_kind *kind = &pf.kind[name < LARGEST_IID ? name : 0];
	struct record *exit = &pf.open[vcpu];
	uint32_t field;
	uint64_t value;
	struct bytes body = {NULL, NULL};

	*exit = (struct record){.end_ticks = ns,
				.event = TRACE_EXIT,
				.vcpu = (uint8_t)vcpu,
				.arg = kind->reason,
				.values = is_mmio(kind->reason) ? 2 : 1};
	exit->value[0] = kind->value;
	exit->pc = location < LARGEST_IID ? pf.location[location] : 0;
	while (take_field(&event, &field, &value, &body))
		if (field == EVENT_ARGS)
			take_argument(exit, body);
	pf.is_open[vcpu] = true;
}

static bool end_exit(uint32_t sequence, uint32_t vcpu, uint64_t ns)
{
	struct record *exit = &pf.open[vcpu];

	if (!pf.is_open[vcpu])
		return true;
	pf.is_open[vcpu] = false;
	exit->duration_ticks = ns - exit->end_ticks;
	exit->end_ticks = ns;
	return trace_add(sequence, exit);
}

/* Whose sequence it is. */
static uint32_t vcpu_of(uint32_t sequence)
{
	static const uint32_t first[] = {SEQUENCE_INSTANTS(0), SEQUENCE_STARTS(0),
					 SEQUENCE_DEBUGGER(0), SEQUENCE_SAMPLES(0)};

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		if (sequence >= first[i] && sequence < first[i] + MAX_VCPUS)
			return sequence - first[i];
	return TRACE_NO_VCPU;
}

static bool take_event(uint32_t sequence, uint64_t ns, struct bytes event)
{
	const uint64_t type = number_in(event, EVENT_TYPE, 0);
	const uint64_t name = number_in(event, EVENT_NAME_IID, 0);
	struct record named = {.end_ticks = ns, .event = EVENT_NAMED, .values = 1};

	if (sequence >= SEQUENCE_EXITS(0) && sequence < SEQUENCE_EXITS(MAX_VCPUS)) {
		if (type == TYPE_BEGIN)
			begin_exit(sequence - SEQUENCE_EXITS(0), ns, event);
		return type != TYPE_END || end_exit(sequence, sequence - SEQUENCE_EXITS(0), ns);
	}
	if ((type != TYPE_BEGIN && type != TYPE_INSTANT) || !name)
		return true;
	named.vcpu = (uint8_t)vcpu_of(sequence);
	named.value[0] = name;
	return trace_add(sequence, &named);
}

static const char *take_packet(struct bytes packet)
{
	const uint64_t sequence = number_in(packet, PACKET_SEQUENCE_ID, 0);
	const uint64_t timestamp = number_in(packet, PACKET_TIMESTAMP, 0);
	struct bytes parts = packet, body = {NULL, NULL};
	uint64_t value;
	uint32_t field;

	if (sequence >= SEQUENCES)
		return "a packet of no sequence of ours";
	if (number_in(packet, PACKET_CLOCK_ID, 0) == CLOCK_BOOTTIME)
		pf.last_ns[sequence] = timestamp;
	else
		pf.last_ns[sequence] += timestamp;
	while (take_field(&parts, &field, &value, &body)) {
		if (field == PACKET_INTERNED_DATA)
			define_all(body);
		else if (field == PACKET_TRACE_ATTRIBUTES)
			take_attributes(body);
	}
	while (take_field(&packet, &field, &value, &body))
		if (field == PACKET_TRACK_EVENT &&
		    !take_event((uint32_t)sequence, pf.last_ns[sequence], body))
			return "too much for this browser's memory";
	return NULL;
}

size_t pftrace_read(const uint8_t *at, size_t bytes, uint64_t offset)
{
	const struct bytes all = {at, at + bytes};
	struct bytes rest = all;

	while (rest.at < rest.end && !trace.fault) {
		struct bytes left = rest;
		uint64_t tag, length;
		const char *why = NULL;

		if (!take_varint(&left, &tag) || !take_varint(&left, &length))
			break;
		if (tag != (TRACE_PACKET << 3 | PB_LENGTH) || length > LARGEST_PACKET)
			why = "no trace packet of ours begins here";
		else if (length > (uint64_t)(left.end - left.at))
			break;
		else
			why = take_packet((struct bytes){left.at, left.at + length});
		if (why) {
			trace.fault = why;
			trace.fault_offset = offset + (uint64_t)(rest.at - all.at);
			break;
		}
		rest.at = left.at + length;
	}
	return (size_t)(rest.at - all.at);
}
