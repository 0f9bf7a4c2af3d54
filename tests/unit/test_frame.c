/* The trap frame: registers by index, arguments and results, and the frame for a person. */
/* sources: src/core/frame.c src/lib/printf.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <vitrine/frame.h>

static struct vcpu_frame numbered(void)
{
	struct vcpu_frame frame;

	vcpu_frame_reset(&frame);
	for (unsigned i = 0; i < 31; i++)
		frame.x[i] = 0x1000 + i;
	return frame;
}

/* A guest begins as after a reset: EL1 on SP_EL1, everything masked. */
static void reset_is_el1h_with_all_masked(void **state)
{
	struct vcpu_frame frame;

	(void)state;
	memset(&frame, 0xff, sizeof(frame));
	vcpu_frame_reset(&frame);
	assert_int_equal(frame.pstate, 0x3c5);
	assert_int_equal(frame.pc, 0);
	for (unsigned i = 0; i < 31; i++)
		assert_int_equal(frame.x[i], 0);
}

static void register_31_reads_zero_and_ignores_writes(void **state)
{
	struct vcpu_frame frame = numbered();
	const struct vcpu_frame before = frame;
	uint64_t value = 7;

	(void)state;
	assert_int_equal(vcpu_frame_get_gpr(&frame, 31, &value), VT_OK);
	assert_int_equal(value, 0);
	assert_int_equal(vcpu_frame_set_gpr(&frame, 31, ~UINT64_C(0)), VT_OK);
	assert_memory_equal(&frame, &before, sizeof(frame));
}

static void registers_0_to_30_are_themselves(void **state)
{
	struct vcpu_frame frame = numbered();

	(void)state;
	for (unsigned i = 0; i < 31; i++) {
		uint64_t value;

		assert_int_equal(vcpu_frame_set_gpr(&frame, i, UINT64_C(0xfedcba9876543200) + i),
				 VT_OK);
		assert_int_equal(vcpu_frame_get_gpr(&frame, i, &value), VT_OK);
		assert_true(value == UINT64_C(0xfedcba9876543200) + i);
		assert_true(frame.x[i] == value);
	}
}

static void a_larger_index_is_an_error_and_changes_nothing(void **state)
{
	static const unsigned wrong[] = {32, 33, 64, 255, ~0u};
	struct vcpu_frame frame = numbered();
	const struct vcpu_frame before = frame;
	uint64_t value = 7;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(vcpu_frame_get_gpr(&frame, wrong[i], &value), VT_EINVAL);
		assert_int_equal(vcpu_frame_set_gpr(&frame, wrong[i], 1), VT_EINVAL);
	}
	assert_int_equal(value, 7);
	assert_memory_equal(&frame, &before, sizeof(frame));
}

/* SMCCC: x0..x17, and x18 is not an argument. */
static void arguments_are_x0_to_x17(void **state)
{
	struct vcpu_frame frame = numbered();
	uint64_t value;

	(void)state;
	assert_int_equal(vcpu_frame_get_argument(&frame, 17, &value), VT_OK);
	assert_int_equal(value, 0x1000 + 17);
	assert_int_equal(vcpu_frame_set_argument(&frame, 17, 5), VT_OK);
	assert_int_equal(frame.x[17], 5);
	assert_int_equal(vcpu_frame_get_argument(&frame, 18, &value), VT_EINVAL);
	assert_int_equal(vcpu_frame_set_argument(&frame, 18, 5), VT_EINVAL);
	assert_int_equal(frame.x[18], 0x1000 + 18);
}

/* What a call does not answer with keeps its value. */
static void results_touch_no_other_register(void **state)
{
	static const uint64_t values[18] = {~UINT64_C(0), 1, 2, 3};
	struct vcpu_frame frame = numbered();

	(void)state;
	assert_int_equal(vcpu_frame_set_results(&frame, values, 4), VT_OK);
	assert_true(frame.x[0] == ~UINT64_C(0));
	assert_int_equal(frame.x[3], 3);
	for (unsigned i = 4; i < 31; i++)
		assert_int_equal(frame.x[i], 0x1000 + i);

	assert_int_equal(vcpu_frame_set_results(&frame, values, 19), VT_EINVAL);
	assert_int_equal(frame.x[18], 0x1000 + 18);
	assert_int_equal(vcpu_frame_set_results(&frame, values, 18), VT_OK);
	assert_int_equal(frame.x[17], 0);
	assert_int_equal(frame.x[18], 0x1000 + 18);
}

static void pc_is_elr(void **state)
{
	struct vcpu_frame frame = numbered();

	(void)state;
	vcpu_frame_set_pc(&frame, UINT64_C(0xffff800010000004));
	assert_true(frame.pc == UINT64_C(0xffff800010000004));
	assert_true(vcpu_frame_pc(&frame) == frame.pc);
}

static void the_text_has_every_register(void **state)
{
	struct vcpu_frame frame = numbered();
	char text[VCPU_FRAME_TEXT_BYTES];
	int length;

	(void)state;
	frame.pc = UINT64_C(0xffff800010000004);
	frame.pstate = 0x602003c5; /* Z, C, SS; EL1h, DAIF */
	length = vcpu_frame_format(text, sizeof(text), &frame);
	assert_int_equal(length, strlen(text));
	for (unsigned i = 0; i < 31; i++) {
		char wanted[32];

		snprintf(wanted, sizeof(wanted), "x%-2u %016x", i, 0x1000 + i);
		if (!strstr(text, wanted))
			fail_msg("no \"%s\" in:\n%s", wanted, text);
	}
	assert_non_null(strstr(text, "pc  ffff800010000004  pstate 602003c5\n"));
	assert_non_null(strstr(text, "pstate: EL1h nZCv DAIF single-step\n"));
}

static void pstate_names_the_mode(void **state)
{
	static const struct {
		uint64_t pstate;
		const char *text;
	} rows[] = {
		{0x0, "EL0 nzcv daif\n"},	  {0x4, "EL1t nzcv daif\n"},
		{0x5, "EL1h nzcv daif\n"},	  {0x10, "AArch32 nzcv daif\n"},
		{0x9, "no mode of a guest nzcv"}, {0xf0000140, "EL0 NZCV dAiF\n"},
	};
	struct vcpu_frame frame = numbered();
	char text[VCPU_FRAME_TEXT_BYTES];

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		frame.pstate = rows[i].pstate;
		vcpu_frame_format(text, sizeof(text), &frame);
		if (!strstr(text, rows[i].text))
			fail_msg("no \"%s\" in:\n%s", rows[i].text, text);
	}
}

/* Cut at any length, never past the end. */
static void the_text_fits_any_buffer(void **state)
{
	struct vcpu_frame frame;
	char whole[VCPU_FRAME_TEXT_BYTES], text[VCPU_FRAME_TEXT_BYTES];

	(void)state;
	memset(&frame, 0xff, sizeof(frame)); /* the longest there is */

	const int length = vcpu_frame_format(whole, sizeof(whole), &frame);

	assert_true((unsigned)length < VCPU_FRAME_TEXT_BYTES);
	for (size_t size = 0; size < sizeof(text); size++) {
		memset(text, '#', sizeof(text));
		assert_int_equal(vcpu_frame_format(text, size, &frame), length);
		for (size_t i = size; i < sizeof(text); i++)
			assert_int_equal(text[i], '#');
		if (size)
			assert_memory_equal(text, whole,
					    size - 1 < (size_t)length ? size - 1 : (size_t)length);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reset_is_el1h_with_all_masked),
		cmocka_unit_test(register_31_reads_zero_and_ignores_writes),
		cmocka_unit_test(registers_0_to_30_are_themselves),
		cmocka_unit_test(a_larger_index_is_an_error_and_changes_nothing),
		cmocka_unit_test(arguments_are_x0_to_x17),
		cmocka_unit_test(results_touch_no_other_register),
		cmocka_unit_test(pc_is_elr),
		cmocka_unit_test(the_text_has_every_register),
		cmocka_unit_test(pstate_names_the_mode),
		cmocka_unit_test(the_text_fits_any_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
