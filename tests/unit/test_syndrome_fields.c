/* The table of registers' fields, core/syndrome_fields.def, is sound and says what the decoder reads. */
/* sources: src/core/decode.c src/core/fault_codes.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/decode.h"

enum { ROW_LAYOUT, ROW_FIELD, ROW_VALUE };

static const struct row {
	int kind;
	unsigned high, low;
	uint64_t value;
	const char *name;
} rows[] = {
#define LAYOUT(name, title, section)		 {ROW_LAYOUT, 64, 64, 0, #name},
#define FIELD(high, low, name, text)		 {ROW_FIELD, high, low, 0, #name},
#define FIELD_IF(bit, is, high, low, name, text) {ROW_FIELD, high, low, 0, #name},
#define VALUE(value, text)			 {ROW_VALUE, 0, 0, value, NULL},
#include "core/syndrome_fields.def"
};

static const struct {
	unsigned first, last;
	const char *layout;
} classes[] = {
#define ISS(first, last, layout) {first, last, #layout},
#include "core/syndrome_fields.def"
};

#define FOR_EACH_ROW(row) for (const struct row *row = rows; row < rows + ARRAY_SIZE(rows); row++)

/* Highest bit first, none in two fields, each value within its field. */
static void fields_are_in_order(void **state)
{
	const struct row *last = NULL;

	(void)state;
	FOR_EACH_ROW(row)
	{
		if (row->kind == ROW_VALUE) {
			assert_true(row->value >> (last->high - last->low) <= 1);
			continue;
		}
		if (row->kind == ROW_FIELD) {
			assert_true(row->high >= row->low);
			assert_true(row->high < last->low);
		}
		last = row;
	}
}

static const struct row *layout_of(const char *name)
{
	FOR_EACH_ROW(row)
	if (row->kind == ROW_LAYOUT && strcmp(row->name, name) == 0)
		return row;
	return NULL;
}

/* The layout has exactly this field. */
static bool has_field(const char *layout, uint64_t mask)
{
	const struct row *row = layout_of(layout);

	for (row++; row < rows + ARRAY_SIZE(rows) && row->kind != ROW_LAYOUT; row++)
		if (row->kind == ROW_FIELD && GENMASK(row->high, row->low) == mask)
			return true;
	return false;
}

static void the_decoder_reads_fields_of_the_table(void **state)
{
	static const struct {
		const char *layout;
		uint64_t mask;
	} read[] = {
		{"ESR", ESR_EC},
		{"ESR", ESR_IL},
		{"HPFAR", HPFAR_FIPA},
		{"HPFAR", HPFAR_UNKNOWN},
		{"ISS_WFX", ISS_WFX_TI},
		{"ISS_WFX", ISS_WFX_RN},
		{"ISS_WFX", ISS_WFX_RN_VALID},
		{"ISS_CALL", ISS_IMMEDIATE},
		{"ISS_SMC64", ISS_IMMEDIATE},
		{"ISS_SYSREG", ISS_SYSREG_OP0},
		{"ISS_SYSREG", ISS_SYSREG_OP1},
		{"ISS_SYSREG", ISS_SYSREG_OP2},
		{"ISS_SYSREG", ISS_SYSREG_CRN},
		{"ISS_SYSREG", ISS_SYSREG_CRM},
		{"ISS_SYSREG", ISS_SYSREG_RT},
		{"ISS_SYSREG", ISS_SYSREG_READ},
		{"ISS_DABT", ISS_ABT_ISV},
		{"ISS_DABT", ISS_ABT_SAS},
		{"ISS_DABT", ISS_ABT_SSE},
		{"ISS_DABT", ISS_ABT_SRT},
		{"ISS_DABT", ISS_ABT_SF},
		{"ISS_DABT", ISS_ABT_FNV},
		{"ISS_DABT", ISS_ABT_EA},
		{"ISS_DABT", ISS_ABT_CM},
		{"ISS_DABT", ISS_ABT_S1PTW},
		{"ISS_DABT", ISS_ABT_WNR},
		{"ISS_DABT", ISS_ABT_FSC},
		{"ISS_IABT", ISS_ABT_FNV},
		{"ISS_IABT", ISS_ABT_S1PTW},
		{"ISS_IABT", ISS_ABT_FSC},
		{"ISS_WATCHPOINT", ISS_ABT_WNR},
		{"ISS_WATCHPOINT", ISS_ABT_CM},
		{"ISS_STEP", ISS_STEP_ISV},
		{"ISS_STEP", ISS_STEP_EX},
		{"ISS_BRK", ISS_BRK_COMMENT},
		{"ISS_SERROR", ISS_SERROR_IDS},
		{"ISS_SERROR", ISS_SERROR_AET},
		{"ISS_SERROR", ISS_ABT_EA},
		{"ISS_CP", ISS_CP_OPC1},
		{"ISS_CP", ISS_CP_OPC2},
		{"ISS_CP", ISS_CP_CRN},
		{"ISS_CP", ISS_CP_CRM},
		{"ISS_CP", ISS_CP_RT},
		{"ISS_CP", ISS_CP_READ},
		{"ISS_CP_PAIR", ISS_CP_PAIR_OPC1},
		{"ISS_CP_PAIR", ISS_CP_PAIR_RT2},
		{"ISS_BTI", ISS_BTI_BTYPE},
		{"ISS_SME", ISS_SME_SMTC},
		{"SPSR64", PSTATE_MODE},
		{"SPSR64", PSTATE_AARCH32},
		{"SPSR64", PSTATE_SS},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(read); i++)
		if (!has_field(read[i].layout, read[i].mask))
			fail_msg("%s has no field of mask 0x%llx", read[i].layout,
				 (unsigned long long)read[i].mask);
}

/* A class has one layout, which exists; the architecture defines the class. */
static void classes_have_one_layout(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		assert_non_null(layout_of(classes[i].layout));
		assert_true(classes[i].first <= classes[i].last);
		assert_true(i == 0 || classes[i].first > classes[i - 1].last);
		for (unsigned ec = classes[i].first; ec <= classes[i].last; ec++)
			assert_string_not_equal(exception_class_name(ec), "reserved");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_in_order),
		cmocka_unit_test(the_decoder_reads_fields_of_the_table),
		cmocka_unit_test(classes_have_one_layout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
