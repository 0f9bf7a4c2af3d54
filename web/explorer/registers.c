/* See registers.h. Pure but for the answer that it adds to. */
#include <stdio.h>
#include <string.h>

#include "core/decode.h"
#include "core/fault_codes.h"
#include "web/explorer/json.h"
#include "web/explorer/registers.h"

#define ALWAYS	   0xff
#define TEXT_BYTES 96

enum layout_id {
#define LAYOUT(name, title, section) LAYOUT_##name,
#include "core/syndrome_fields.def"
	LAYOUTS
};

enum values_kind { KIND_CLASS, KIND_FAULT, KIND_REGISTER };

enum row_kind { ROW_LAYOUT, ROW_FIELD, ROW_VALUE, ROW_VALUES };

/* The table as it stands, row by row. */
static const struct row {
	uint8_t kind;
	uint8_t high, low;     /* FIELD */
	uint8_t when, when_is; /* FIELD: only while that bit has that value; ALWAYS */
	uint32_t value;	       /* VALUE, or a values_kind */
	const char *name, *text, *section;
} rows[] = {
#define LAYOUT(name, title, section) {ROW_LAYOUT, 0, 0, 0, 0, 0, #name, title, section},
#define FIELD(high, low, name, text) {ROW_FIELD, high, low, ALWAYS, 0, 0, #name, text, NULL},
#define FIELD_IF(bit, is, high, low, name, text) \
	{ROW_FIELD, high, low, bit, is, 0, #name, text, NULL},
#define VALUE(value, text) {ROW_VALUE, 0, 0, 0, 0, value, NULL, text, NULL},
#define VALUES(kind)	   {ROW_VALUES, 0, 0, 0, 0, KIND_##kind, NULL, NULL, NULL},
#include "core/syndrome_fields.def"
};

static const struct {
	uint8_t first, last, layout;
} iss_of_class[] = {
#define ISS(first, last, layout) {first, last, LAYOUT_##layout},
#include "core/syndrome_fields.def"
};

static enum layout_id iss_layout(uint64_t esr)
{
	const unsigned ec = (unsigned)FIELD_GET(ESR_EC, esr);

	for (size_t i = 0; i < ARRAY_SIZE(iss_of_class); i++)
		if (ec >= iss_of_class[i].first && ec <= iss_of_class[i].last)
			return iss_of_class[i].layout;
	return LAYOUT_ISS_OTHER;
}

static void say_by_table(enum values_kind kind, uint64_t value, char to[TEXT_BYTES])
{
	const struct fault_code code = fault_code_of(value);

	switch (kind) {
	case KIND_CLASS:
		snprintf(to, TEXT_BYTES, "%s", exception_class_name((unsigned)value));
		break;
	case KIND_FAULT:
		if (code.level == FAULT_NO_LEVEL)
			snprintf(to, TEXT_BYTES, "%s", fault_type_name(code.type));
		else
			snprintf(to, TEXT_BYTES, "%s, level %d", fault_type_name(code.type),
				 code.level);
		break;
	case KIND_REGISTER:
		if (value == 31)
			snprintf(to, TEXT_BYTES, "the zero register");
		else
			snprintf(to, TEXT_BYTES, "register %u", (unsigned)value);
		break;
	}
}

/* What a field's value means, by the rows after the field's. Nothing when none of them has it. */
static void say_value(const struct row *field, uint64_t value, char to[TEXT_BYTES])
{
	const struct row *const end = rows + ARRAY_SIZE(rows);

	*to = '\0';
	for (const struct row *row = field + 1; row < end && row->kind >= ROW_VALUE; row++) {
		if (row->kind == ROW_VALUES)
			say_by_table((enum values_kind)row->value, value, to);
		else if (row->value == value)
			snprintf(to, TEXT_BYTES, "%s", row->text);
	}
}

static void json_field(const struct row *field, uint64_t word)
{
	const uint64_t value = FIELD_GET(GENMASK(field->high, field->low), word);
	char says[TEXT_BYTES];

	say_value(field, value, says);
	json_object(NULL);
	json_number("high", field->high);
	json_number("low", field->low);
	json_text("name", field->name);
	json_hex("value", value);
	json_text("says", says);
	json_text("text", field->text);
	json_bool("valid", field->when == ALWAYS || (word >> field->when & 1) == field->when_is);
	json_close();
}

static void json_layout(enum layout_id layout, uint64_t word)
{
	const struct row *const end = rows + ARRAY_SIZE(rows);
	const struct row *row = rows;

	for (unsigned seen = 0; row->kind != ROW_LAYOUT || seen++ != layout; row++)
		;
	json_object(NULL);
	json_text("title", row->text);
	json_text("section", row->section);
	json_list("fields");
	for (row++; row < end && row->kind != ROW_LAYOUT; row++)
		if (row->kind == ROW_FIELD)
			json_field(row, word);
	json_close();
	json_close();
}

static void json_register(const char *name, uint64_t word, enum layout_id layout,
			  enum layout_id second)
{
	json_object(NULL);
	json_text("name", name);
	json_hex("value", word);
	json_list("layouts");
	json_layout(layout, word);
	if (second != LAYOUTS)
		json_layout(second, word);
	json_close();
	json_close();
}

void json_registers(uint64_t esr, uint64_t hpfar, uint64_t far, uint64_t spsr)
{
	json_list("registers");
	json_register("ESR_EL2", esr, LAYOUT_ESR, iss_layout(esr));
	json_register("HPFAR_EL2", hpfar, LAYOUT_HPFAR, LAYOUTS);
	json_register("FAR_EL2", far, LAYOUT_FAR, LAYOUTS);
	json_register("SPSR_EL2", spsr, spsr & PSTATE_AARCH32 ? LAYOUT_SPSR32 : LAYOUT_SPSR64,
		      LAYOUTS);
	json_close();
}
