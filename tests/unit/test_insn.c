/* Loads and stores decoded from their word: what they touch, with which registers' values. */
/* sources: src/core/insn.c src/core/insn_place.c src/core/decode.c src/core/fault_codes.c */
/*
 * That each encoding means what we say is tested against binutils: test_insn_objdump.py. The words
 * here are the assembler's (it stands beside each).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/bits.h"
#include "tests/unit/insn_claims.h"

#define ZVA_BYTES 64u
#define SP	  UINT64_C(0x8000)
#define PC	  UINT64_C(0x40080000)

/* Xn holds n * 0x1000. */
static uint64_t x[31];

static int set_up(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 31; i++)
		x[i] = i * UINT64_C(0x1000);
	return 0;
}

static struct insn_place place_of(uint32_t word, struct insn_access *access)
{
	const struct insn_registers registers = {.x = x, .sp = SP, .pc = PC};

	assert_int_equal(insn_decode(word, access), INSN_OK);
	return insn_resolve(access, &registers, ZVA_BYTES);
}

static void assert_place(uint32_t word, uint64_t address, uint32_t bytes)
{
	struct insn_access access;
	const struct insn_place place = place_of(word, &access);

	assert_int_equal(place.address, address);
	assert_int_equal(place.bytes, bytes);
	assert_false(access.write_back);
}

static void assert_write_back(uint32_t word, uint64_t address, uint64_t after)
{
	struct insn_access access;
	const struct insn_place place = place_of(word, &access);

	assert_int_equal(place.address, address);
	assert_true(access.write_back);
	assert_int_equal(place.write_back_value, after);
}

static void offsets_count_elements_or_bytes(void **state)
{
	(void)state;
	assert_place(0xb9400441, 0x2004, 4); /* ldr w1, [x2, #4] */
	assert_place(0xb85fc041, 0x1ffc, 4); /* ldur w1, [x2, #-4] */
	assert_place(0x29600c41, 0x1f00, 8); /* ldp w1, w3, [x2, #-256] */
}

static void base_31_is_the_stack_pointer(void **state)
{
	(void)state;
	assert_place(0xf94003e1, SP, 8);		 /* ldr x1, [sp] */
	assert_write_back(0xa9bf7bfd, SP - 16, SP - 16); /* stp x29, x30, [sp, #-16]! */
	assert_write_back(0xa8c17bfd, SP, SP + 16);	 /* ldp x29, x30, [sp], #16 */
}

static void post_index_uses_the_base_as_it_was_and_pre_index_as_it_will_be(void **state)
{
	(void)state;
	assert_write_back(0x384ff441, 0x2000, 0x20ff); /* ldrb w1, [x2], #255 */
	assert_write_back(0x78100c41, 0x1f00, 0x1f00); /* strh w1, [x2, #-256]! */
	assert_write_back(0x68df8c41, 0x2000, 0x20fc); /* ldpsw x1, x3, [x2], #252 */
}

static void an_index_is_extended_then_shifted(void **state)
{
	(void)state;
	x[3] = UINT64_C(0x1ffffffff);
	assert_place(0xb8637841, 0x2000 + (x[3] << 2), 4);	     /* ldr w1, [x2, x3, lsl #2] */
	assert_place(0xb863d841, 0x2000 - 4, 4);		     /* [x2, w3, sxtw #2] */
	assert_place(0xb8635841, 0x2000 + UINT64_C(0x3fffffffc), 4); /* [x2, w3, uxtw #2] */
}

static void index_31_is_the_zero_register(void **state)
{
	(void)state;
	assert_place(0xb87f6841, 0x2000, 4); /* ldr w1, [x2, xzr] */
}

static void a_literal_is_found_from_the_pc(void **state)
{
	(void)state;
	assert_place(0x58ffffc1, PC - 8, 8); /* ldr x1, .-8 */
}

static void dc_zva_zeroes_the_aligned_block(void **state)
{
	(void)state;
	x[5] = 0x5039;
	assert_place(0xd50b7425, 0x5000, ZVA_BYTES); /* dc zva, x5 */
	assert_place(0xd50b743f, 0, ZVA_BYTES);	     /* dc zva, xzr: not sp */
}

static void addresses_wrap(void **state)
{
	(void)state;
	x[2] = UINT64_MAX - 1;
	assert_place(0xb9400441, 2, 4); /* ldr w1, [x2, #4] */
}

/* ldp w1, w1: two values for one register. ldr x2, [x2], #8: so, too. Stores as well. */
static void two_values_for_one_register_are_refused(void **state)
{
	struct insn_access access;

	(void)state;
	assert_int_equal(insn_decode(0x29400441, &access), INSN_UNPREDICTABLE);
	assert_int_equal(insn_decode(0xf8408442, &access), INSN_UNPREDICTABLE);
	assert_int_equal(insn_decode(0xf8008c42, &access), INSN_UNPREDICTABLE);
	/* str xzr, [sp], #8: 31 is not the same register twice. */
	assert_int_equal(insn_decode(0xf80087ff, &access), INSN_OK);
}

static void every_status_has_a_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < INSN_STATUSES; i++)
		assert_non_null(insn_status_name(i));
	assert_string_equal(insn_status_name(INSN_STATUSES), "?");
}

static void any_word_has_a_valid_answer(void **state)
{
	struct insn_access access;
	unsigned emulated = 0;

	(void)state;
	for (uint64_t word = 0; word <= UINT32_MAX; word += 1021) {
		const enum insn_status status = insn_decode((uint32_t)word, &access);
		const char *broken = insn_claims(status, &access);

		if (broken)
			fail_msg("word 0x%08llx: not %s", (unsigned long long)word, broken);
		emulated += status == INSN_OK;
	}
	assert_in_range(emulated, 100000, 2000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(offsets_count_elements_or_bytes, set_up),
		cmocka_unit_test_setup(base_31_is_the_stack_pointer, set_up),
		cmocka_unit_test_setup(
			post_index_uses_the_base_as_it_was_and_pre_index_as_it_will_be, set_up),
		cmocka_unit_test_setup(an_index_is_extended_then_shifted, set_up),
		cmocka_unit_test_setup(index_31_is_the_zero_register, set_up),
		cmocka_unit_test_setup(a_literal_is_found_from_the_pc, set_up),
		cmocka_unit_test_setup(dc_zva_zeroes_the_aligned_block, set_up),
		cmocka_unit_test_setup(addresses_wrap, set_up),
		cmocka_unit_test_setup(two_values_for_one_register_are_refused, set_up),
		cmocka_unit_test(every_status_has_a_name),
		cmocka_unit_test(any_word_has_a_valid_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
