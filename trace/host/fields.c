/* See fields.h. */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "trace/host/fields.h"
#include "trace/host/names.h"

#define TEXT_LENGTH 0x7fu /* of a text's argument; the bit above says that the text goes on */

static struct event_fields table[256];
static char words[256][24], categories[256][12];

/* "VIRQ_INJECT" as "virq inject". */
static const char *in_words(const char *symbol, char *to, size_t bytes)
{
	size_t i;

	for (i = 0; symbol[i] && i + 1 < bytes; i++)
		to[i] = symbol[i] == '_' ? ' ' : (char)tolower((unsigned char)symbol[i]);
	to[i] = '\0';
	return to;
}

static void add_field(struct event_fields *fields, const struct event_field *field,
		      enum field_place place, uint32_t word)
{
	uint32_t i = 0;

	if (!field->name)
		return;
	while (fields->field[i].name)
		i++;
	fields->field[i] = (struct field){field->name, field->type, place, word};
}

static void make_fields(struct event_fields *fields, uint8_t event, const struct event_info *info)
{
	add_field(fields, &info->argument, IN_ARGUMENT, 0);
	for (uint32_t i = 0; i < info->words; i++) {
		const bool pair = info->word[i][1].name != NULL;

		add_field(fields, &info->word[i][0],
			  info->many ? IN_ALL_WORDS
			  : pair     ? IN_LOW_HALF
				     : IN_WORD,
			  i);
		add_field(fields, &info->word[i][1], IN_HIGH_HALF, i);
	}
	fields->category = in_words(event_class_name(info->class_bit), categories[event],
				    sizeof(categories[event]));
	fields->words = in_words(info->symbol, words[event], sizeof(words[event]));
}

const struct event_fields *event_fields(uint8_t event)
{
	const struct event_info *info = event_info(event);
	struct event_fields *fields = &table[event];

	if (!info->symbol)
		return NULL;
	if (!fields->words)
		make_fields(fields, event, info);
	return fields;
}

uint64_t field_value(const struct field *field, const struct record *record)
{
	const uint64_t word = field->word < record->values ? record->value[field->word] : 0;

	switch (field->place) {
	case IN_ARGUMENT:
		return record->arg;
	case IN_LOW_HALF:
		return (uint32_t)word;
	case IN_HIGH_HALF:
		return word >> 32;
	default:
		return word;
	}
}

bool field_is_hex(const struct field *field)
{
	return field->type == FIELD_HEX || field->type == FIELD_IPA || field->type == FIELD_VA;
}

bool field_is_decimal(const struct field *field)
{
	return field->type == FIELD_NUMBER || field->type == FIELD_BOOL ||
	       field->type == FIELD_TICKS || field->type == FIELD_BYTES ||
	       field->type == FIELD_INTID;
}

void record_string(const struct record *record, char *to, size_t bytes)
{
	size_t length = record->arg & TEXT_LENGTH, n = 0;

	if (length > record->values * 8u)
		length = record->values * 8u;
	for (size_t i = 0; i < length && n + 1 < bytes; i++) {
		const unsigned char c = (unsigned char)(record->value[i / 8] >> (i % 8 * 8));

		if (isprint(c) || c == '\t')
			to[n++] = c == '\t' ? ' ' : (char)c;
	}
	to[n] = '\0';
}

uint32_t same_vm_vcpu(const struct metadata *metadata, uint32_t vcpu, uint32_t local)
{
	uint32_t own;
	const struct vm_info *vm = metadata_vm_of(metadata, vcpu, &own);

	if (vm && local >= vm->vcpus)
		return TRACE_NO_VCPU;
	return (vm ? vm->first_vcpu : 0) + local;
}

/* Append, cutting what does not fit. */
__attribute__((format(printf, 3, 4))) static void append(char *to, size_t bytes, const char *format,
							 ...)
{
	const size_t used = strlen(to);
	va_list args;

	va_start(args, format);
	vsnprintf(to + used, bytes - used, format, args);
	va_end(args);
}

static void bits_text(const struct field *field, const struct record *record,
		      const struct metadata *metadata, char *to, size_t bytes)
{
	const uint64_t value = field_value(field, record);
	char who[NAME_BYTES + 16];

	*to = '\0';
	if (field->type == FIELD_CLASSES) {
		for (uint32_t i = 0; i < MAX_CLASSES; i++)
			if (value >> i & 1 && event_class_name(i))
				append(to, bytes, "%s%s", *to ? "," : "", event_class_name(i));
		return;
	}
	for (uint32_t i = 0; i < 64; i++)
		if (value >> i & 1) {
			vcpu_label(metadata, same_vm_vcpu(metadata, record->vcpu, i), who,
				   sizeof(who));
			append(to, bytes, "%s%s", *to ? "," : "", who);
		}
}

static const char *enum_text(const struct field *field, uint64_t value)
{
	const char *name = field->type == FIELD_STATE ? vcpu_state_text((uint8_t)value)
						      : event_value_name(field->type, value);

	return name ? name : "?";
}

void el2_text(const struct symbol_table *el2, uint64_t offset, char *to, size_t bytes)
{
	if (symbols_find(el2, offset))
		symbols_text(el2, offset, to, bytes);
	else
		snprintf(to, bytes, "image+0x%" PRIx64, offset);
}

static void stack_text(const struct record *record, const struct symbol_table *el2, char *to,
		       size_t bytes)
{
	char name[NAME_BYTES];

	*to = '\0';
	for (uint32_t i = 0; i < record->values; i++) {
		el2_text(el2, record->value[i], name, sizeof(name));
		append(to, bytes, "%s%s", *to ? "," : "", name);
	}
}

static void list_text(const struct field *field, const struct record *record, char *to,
		      size_t bytes)
{
	*to = '\0';
	for (uint32_t i = field->word; i < record->values; i++)
		append(to, bytes, field_is_hex(field) ? "%s0x%" PRIx64 : "%s%" PRIu64,
		       *to ? "," : "", record->value[i]);
}

void field_text(const struct field *field, const struct record *record,
		const struct metadata *metadata, const struct symbol_table *el2, char *to,
		size_t bytes)
{
	const uint64_t value = field_value(field, record);

	if (field->type == FIELD_TEXT)
		record_string(record, to, bytes);
	else if (field->type == FIELD_EL2)
		stack_text(record, el2, to, bytes);
	else if (field->place == IN_ALL_WORDS)
		list_text(field, record, to, bytes);
	else if (field_is_hex(field))
		snprintf(to, bytes, "0x%" PRIx64, value);
	else if (field_is_decimal(field))
		snprintf(to, bytes, "%" PRIu64, value);
	else if (field->type == FIELD_STATUS)
		snprintf(to, bytes, "%" PRId32, (int32_t)value);
	else if (field->type == FIELD_VCPU)
		vcpu_label(metadata, value < TRACE_NO_VCPU ? (uint32_t)value : TRACE_NO_VCPU, to,
			   bytes);
	else if (field->type == FIELD_REASON)
		reason_symbol((uint8_t)value, to, bytes);
	else if (field->type == FIELD_FUNCTION)
		function_name((uint32_t)value, to, bytes);
	else if (field->type == FIELD_VCPUS || field->type == FIELD_CLASSES)
		bits_text(field, record, metadata, to, bytes);
	else
		snprintf(to, bytes, "%s", enum_text(field, value));
}
