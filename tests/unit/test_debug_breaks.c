/* Breakpoints and watchpoints of a debugger: tables, hiding, and how long ranges become registers. */
/* sources: src/debug/breaks.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "debug/breaks.h"
#include "lib/bits.h"

#define NOP UINT32_C(0xd503201f)

static struct breaks breaks;

static int fresh(void **state)
{
	(void)state;
	breaks_init(&breaks, 6, 4);
	return 0;
}

/* A read that begins or ends within a patched word sees the guest's bytes, and nothing beyond them is touched. */
static void patches_are_hidden_byte_by_byte(void **state)
{
	uint8_t memory[12], wanted[12];

	(void)state;
	memset(memory, 0xee, sizeof(memory));
	memcpy(wanted, memory, sizeof(memory));
	memcpy(memory + 4, &(uint32_t){BREAKS_INSTRUCTION}, 4);
	memcpy(wanted + 4, &(uint32_t){NOP}, 4);
	assert_int_equal(breaks_add(&breaks, 0xffff000000080004, 0x1004, NOP), VT_OK);
	for (unsigned from = 0; from < 12; from++)
		for (unsigned count = 1; from + count <= 12; count++) {
			uint8_t seen[12];

			memcpy(seen, memory, sizeof(seen));
			breaks_hide(&breaks, 0x1000 + from, seen + from, count);
			assert_memory_equal(seen + from, wanted + from, count);
			assert_memory_equal(seen, memory, from);
			assert_memory_equal(seen + from + count, memory + from + count,
					    12 - from - count);
		}
}

/* What is written over a patch comes to light when the patch is gone. */
static void writes_go_below_patches(void **state)
{
	uint8_t data[6] = {1, 2, 3, 4, 5, 6};
	uint32_t original;

	(void)state;
	assert_int_equal(breaks_add(&breaks, 0x80004, 0x1004, NOP), VT_OK);
	assert_int_equal(breaks_add(&breaks, 0xffff000000080004, 0x1004, NOP), VT_OK);
	breaks_write_below(&breaks, 0x1002, data, sizeof(data));
	assert_memory_equal(data, ((uint8_t[]){1, 2}), 2);
	assert_memory_equal(data + 2, &(uint32_t){BREAKS_INSTRUCTION}, 4);
	memcpy(&original, (uint8_t[]){3, 4, 5, 6}, 4);
	assert_int_equal(breaks.software[0].original, original);
	assert_int_equal(breaks.software[1].original, original);
}

static void a_full_table_says_so(void **state)
{
	(void)state;
	for (unsigned i = 0; i < BREAKS_SOFTWARE_MOST; i++)
		assert_int_equal(breaks_add(&breaks, 4 * i, 4 * i, NOP), VT_OK);
	assert_int_equal(breaks_add(&breaks, 0x80000, 0x80000, NOP), VT_ENOMEM);
	breaks_drop(&breaks, breaks_find(&breaks, 40));
	assert_null(breaks_find(&breaks, 40));
	assert_non_null(breaks_find(&breaks, 4 * (BREAKS_SOFTWARE_MOST - 1)));
	assert_int_equal(breaks_add(&breaks, 0x80000, 0x80000, NOP), VT_OK);
}

static void hardware_breakpoints_run_out_and_come_back(void **state)
{
	(void)state;
	assert_int_equal(breaks_add_hardware(&breaks, 2), VT_EINVAL);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(breaks_add_hardware(&breaks, 0x1000 + 4 * i), VT_OK);
		assert_int_equal(breaks_add_hardware(&breaks, 0x1000 + 4 * i), VT_OK);
	}
	assert_int_equal(breaks_add_hardware(&breaks, 0x2000), VT_ENOMEM);
	assert_int_equal(breaks.registers.bcr[0], 0x1e7); /* E, PMC 3, BAS 0xf */
	breaks_drop_hardware(&breaks, 0x1008);
	assert_int_equal(breaks.registers.bcr[2], 0);
	assert_false(breaks_has_hardware(&breaks, 0x1008));
	assert_int_equal(breaks_add_hardware(&breaks, 0x2000), VT_OK);
	assert_int_equal(breaks.registers.bvr[2], 0x2000);
	for (unsigned i = 0; i < 6; i++)
		breaks_drop_hardware(&breaks, breaks.registers.bvr[i]);
	assert_false(breaks_any(&breaks));
}

/* Does any register in use watch this byte? (Arm ARM D2.10.) */
static bool is_watched(uint64_t address)
{
	for (unsigned i = 0; i < 4; i++) {
		const uint64_t wcr = breaks.registers.wcr[i];
		const unsigned mask = (unsigned)(wcr >> 24 & 31);
		const uint64_t ignored = mask ? BIT(mask) - 1 : 7;

		if (!(wcr & 1) || (address & ~ignored) != (breaks.registers.wvr[i] & ~ignored))
			continue;
		assert_int_equal(breaks.registers.wvr[i] & ignored, 0);
		if (mask ? (wcr >> 5 & 0xff) == 0xff : wcr >> (5 + address % 8) & 1)
			return true;
	}
	return false;
}

/* Every alignment, every length: exactly these bytes, or an error that leaves nothing behind. */
static void watches_cover_what_was_asked_for(void **state)
{
	unsigned covered = 0;

	(void)state;
	for (uint64_t address = 0x10000; address < 0x10000 + 64; address++) {
		for (uint64_t bytes = 1; bytes <= 80; bytes++) {
			const enum vt_err err =
				breaks_add_watch(&breaks, WATCH_WRITE, address, bytes);

			if (err == VT_OK) {
				covered++;
				for (uint64_t at = address - 16; at < address + bytes + 16; at++)
					assert_int_equal(is_watched(at),
							 at >= address && at < address + bytes);
				breaks_drop_watch(&breaks, WATCH_WRITE, address, bytes);
			} else {
				assert_int_equal(err, VT_ENOMEM);
			}
			assert_false(breaks_any(&breaks));
			for (unsigned i = 0; i < 4; i++)
				assert_int_equal(breaks.registers.wcr[i], 0);
		}
	}
	assert_in_range(covered, 3000, 64 * 80);
}

static void kinds_of_access_have_their_bits(void **state)
{
	(void)state;
	assert_int_equal(breaks_add_watch(&breaks, WATCH_WRITE, 8, 4), VT_OK);
	assert_int_equal(breaks_add_watch(&breaks, WATCH_READ, 8, 4), VT_OK);
	assert_int_equal(breaks_add_watch(&breaks, WATCH_ACCESS, 8, 4), VT_OK);
	assert_int_equal(breaks.registers.wcr[0] >> 3 & 3, 2);
	assert_int_equal(breaks.registers.wcr[1] >> 3 & 3, 1);
	assert_int_equal(breaks.registers.wcr[2] >> 3 & 3, 3);
	assert_int_equal(breaks_add_watch(&breaks, WATCH_READ, 8, 4), VT_OK);
	assert_int_equal(breaks.watches, 3);
	assert_int_equal(breaks_add_watch(&breaks, WATCH_READ, 8, 0), VT_EINVAL);
	assert_int_equal(breaks_add_watch(&breaks, WATCH_READ, ~UINT64_C(0), 2), VT_EINVAL);
}

/* A CPU may report the start of an access that only ends in what is watched. */
static void a_hit_finds_its_watch(void **state)
{
	(void)state;
	assert_int_equal(breaks_add_watch(&breaks, WATCH_WRITE, 0x1003, 1), VT_OK);
	assert_int_equal(breaks_add_watch(&breaks, WATCH_READ, 0x1020, 16), VT_OK);
	assert_int_equal(breaks_watch_at(&breaks, 0x1003)->address, 0x1003);
	assert_int_equal(breaks_watch_at(&breaks, 0x1000)->address, 0x1003);
	assert_int_equal(breaks_watch_at(&breaks, 0x102f)->address, 0x1020);
	assert_int_equal(breaks_watch_at(&breaks, 0x1018)->address, 0x1020);
	assert_null(breaks_watch_at(&breaks, 0x1030));
	assert_null(breaks_watch_at(&breaks, 0x800));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(patches_are_hidden_byte_by_byte, fresh),
		cmocka_unit_test_setup(writes_go_below_patches, fresh),
		cmocka_unit_test_setup(a_full_table_says_so, fresh),
		cmocka_unit_test_setup(hardware_breakpoints_run_out_and_come_back, fresh),
		cmocka_unit_test_setup(watches_cover_what_was_asked_for, fresh),
		cmocka_unit_test_setup(kinds_of_access_have_their_bits, fresh),
		cmocka_unit_test_setup(a_hit_finds_its_watch, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
