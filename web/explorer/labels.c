/* See labels.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/host/fields.h"
#include "trace/host/intern.h"
#include "trace/host/symbols.h"
#include "web/explorer/index.h"
#include "web/explorer/labels.h"
#include "web/explorer/trace.h"

static struct {
	struct intern keys;
	char *text[MAX_LABELS];
} labels;

bool labels_reset(void)
{
	for (uint32_t i = 0; i < MAX_LABELS; i++)
		free(labels.text[i]);
	intern_end(&labels.keys);
	memset(&labels, 0, sizeof(labels));
	return intern_begin(&labels.keys, 1, MAX_LABELS);
}

static const struct vm_info *vm_of(const struct record *record)
{
	uint32_t local;

	return metadata_vm_of(&trace.summary.metadata, record->vcpu, &local);
}

uint32_t label_number(const struct record *record)
{
	const struct vm_info *vm = vm_of(record);
	char name[EXIT_NAME_BYTES];
	uint32_t number;
	bool fresh;

	if (record->event != TRACE_EXIT || !labels.keys.slot)
		return 0;
	number = intern(&labels.keys, exit_name_key(vm, record, TRACE_NO_VCPU), (uintptr_t)vm,
			&fresh);
	if (number && fresh) {
		exit_name(vm, record, TRACE_NO_VCPU, name, sizeof(name));
		labels.text[number] = strdup(name);
	}
	return number;
}

/* Names of the hypervisor's own code are in its ELF file, which a page has not: addresses stay numbers. */
const struct symbol *symbols_find(const struct symbol_table *table, uint64_t address)
{
	(void)table;
	(void)address;
	return NULL;
}

void symbols_text(const struct symbol_table *table, uint64_t address, char *to, size_t bytes)
{
	(void)table;
	snprintf(to, bytes, "0x%llx", (unsigned long long)address);
}

/* "virq inject intid=27 level=1". */
static void describe(const struct record *record, char to[LABEL_BYTES])
{
	const struct event_fields *fields = event_fields(record->event);
	char text[FIELD_TEXT_BYTES];
	size_t used;

	if (!fields) {
		snprintf(to, LABEL_BYTES, "unknown event %u", record->event);
		return;
	}
	snprintf(to, LABEL_BYTES, "%s", fields->words);
	for (const struct field *field = fields->field; field->name; field++) {
		field_text(field, record, &trace.summary.metadata, NULL, text, sizeof(text));
		used = strlen(to);
		snprintf(to + used, LABEL_BYTES - used, " %s=%s", field->name, text);
	}
}

const char *label_text(const struct record *record, char buffer[LABEL_BYTES])
{
	const uint32_t number = label_number(record);

	if (number && labels.text[number])
		return labels.text[number];
	if (record->event == EVENT_NAMED)
		return pftrace_name(record->value[0]);
	if (record->event == TRACE_EXIT)
		exit_name(vm_of(record), record, TRACE_NO_VCPU, buffer, EXIT_NAME_BYTES);
	else
		describe(record, buffer);
	return buffer;
}
