/* A guest's stage-1 tables, walked in software: every granule, both halves, blocks, and what must not be believed. */
/* sources: src/vm/walk.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vm/walk.h"
#include "lib/bits.h"

#define RAM_BASE  UINT64_C(0x40000000)
#define RAM_BYTES (16 * MIB)
#define ROOT	  (RAM_BASE + 0x100000)

#define SCTLR_M	   BIT(0)
#define SCTLR_EE   BIT(25)
#define TG0(value) ((uint64_t)(value) << 14)
#define TG1(value) ((uint64_t)(value) << 30)
#define TG0_4K	   TG0(0)
#define TG0_64K	   TG0(1)
#define TG0_16K	   TG0(2)
#define TG1_16K	   TG1(1)
#define TG1_4K	   TG1(2)
#define TG1_64K	   TG1(3)
#define T0SZ(bits) (uint64_t)(64 - (bits))
#define T1SZ(bits) ((uint64_t)(64 - (bits)) << 16)
#define TABLE	   UINT64_C(3)
#define PAGE	   UINT64_C(3)
#define BLOCK	   UINT64_C(1)

static uint64_t ram[RAM_BYTES / sizeof(uint64_t)];
static unsigned reads;

static bool read_ram(void *memory, uint64_t ipa, uint64_t *descriptor)
{
	assert_ptr_equal(memory, ram);
	assert_int_equal(ipa % 8, 0);
	reads++;
	if (ipa - RAM_BASE >= RAM_BYTES)
		return false;
	*descriptor = ram[(ipa - RAM_BASE) / 8];
	return true;
}

static void put(uint64_t table, uint64_t index, uint64_t descriptor)
{
	ram[(table - RAM_BASE) / 8 + index] = descriptor;
}

static enum vt_err walk(const struct walk_regime *regime, uint64_t va, struct walk *result)
{
	reads = 0;
	const enum vt_err err = walk_stage1(regime, va, read_ram, ram, result);

	assert_in_range(reads, 0, WALK_STEPS);
	return err;
}

static int fresh(void **state)
{
	(void)state;
	memset(ram, 0, sizeof(ram));
	return 0;
}

static void without_a_mmu_an_address_is_what_it_is(void **state)
{
	const struct walk_regime regime = {.ttbr0 = ROOT};
	struct walk result;

	(void)state;
	assert_int_equal(walk(&regime, 0x40080123, &result), VT_OK);
	assert_true(result.mmu_off);
	assert_int_equal(result.ipa, 0x40080123);
	assert_int_equal(walk(&regime, BIT(48), &result), VT_EINVAL);
}

/* 39 bits of address, 4 KiB: a walk from level 1, as Linux with CONFIG_ARM64_VA_BITS_39. */
static void four_kib_pages_from_level_one(void **state)
{
	const struct walk_regime regime = {
		.sctlr = SCTLR_M, .tcr = T0SZ(39) | TG0_4K, .ttbr0 = ROOT | UINT64_C(7) << 48};
	const uint64_t level2 = ROOT + 0x1000, level3 = ROOT + 0x2000;
	const uint64_t va = 5 * GIB + 17 * 2 * MIB + 300 * 4096 + 0x678;
	struct walk result;

	(void)state;
	put(ROOT, 5, level2 | TABLE);
	put(level2, 17, level3 | TABLE);
	put(level3, 300, 0x89abc000 | PAGE | BIT(54) | BIT(10));
	assert_int_equal(walk(&regime, va, &result), VT_OK);
	assert_int_equal(result.ipa, 0x89abc678);
	assert_int_equal(result.bytes, 4096);
	assert_int_equal(result.steps, 3);
	assert_int_equal(result.step[0].level, 1);
	assert_int_equal(walk(&regime, va + 4096, &result), VT_ENOENT);
	assert_int_equal(result.steps, 3);
	/* A "block" at level 3 is reserved. */
	put(level3, 300, 0x89abc000 | BLOCK);
	assert_int_equal(walk(&regime, va, &result), VT_ENOENT);
}

static void blocks_of_four_kib_tables(void **state)
{
	const struct walk_regime regime = {
		.sctlr = SCTLR_M, .tcr = T0SZ(48) | TG0_4K, .ttbr0 = ROOT};
	const uint64_t level1 = ROOT + 0x1000, level2 = ROOT + 0x2000;
	struct walk result;

	(void)state;
	put(ROOT, 0, level1 | TABLE);
	put(level1, 1, 0x80000000 | BLOCK);
	put(level1, 2, level2 | TABLE);
	put(level2, 3, 0x46600000 | BLOCK);
	assert_int_equal(walk(&regime, GIB + 0x1234567, &result), VT_OK);
	assert_int_equal(result.ipa, 0x81234567);
	assert_int_equal(result.bytes, GIB);
	assert_int_equal(walk(&regime, 2 * GIB + 3 * 2 * MIB + 0x12345, &result), VT_OK);
	assert_int_equal(result.ipa, 0x46612345);
	assert_int_equal(result.bytes, 2 * MIB);
	/* There are none at level 0. */
	put(ROOT, 0, 0x80000000 | BLOCK);
	assert_int_equal(walk(&regime, GIB, &result), VT_ENOENT);
}

/* The upper half has its own granule, numbered differently, and its own table. */
static void the_upper_half_with_sixteen_kib_pages(void **state)
{
	const struct walk_regime regime = {
		.sctlr = SCTLR_M, .tcr = T0SZ(39) | TG0_4K | T1SZ(47) | TG1_16K, .ttbr1 = ROOT};
	const uint64_t level2 = ROOT + 0x4000, level3 = ROOT + 0x8000;
	const uint64_t va = ~UINT64_C(0) << 47 | UINT64_C(3) << 36 | UINT64_C(2) << 25 |
			    UINT64_C(1) << 14 | 0x2345;
	struct walk result;

	(void)state;
	put(ROOT, 3, level2 | TABLE);
	put(level2, 2, level3 | TABLE);
	put(level3, 1, 0x50004000 | PAGE);
	assert_int_equal(walk(&regime, va, &result), VT_OK);
	assert_int_equal(result.ipa, 0x50006345);
	assert_int_equal(result.bytes, 16 * KIB);
	put(level2, 2, 0x52000000 | BLOCK);
	assert_int_equal(walk(&regime, va, &result), VT_OK);
	assert_int_equal(result.bytes, 32 * MIB);
	assert_int_equal(result.ipa, 0x52006345);
	put(ROOT, 3, 0x52000000 | BLOCK); /* not with this granule */
	assert_int_equal(walk(&regime, va, &result), VT_ENOENT);
}

static void sixty_four_kib_pages_and_blocks(void **state)
{
	const struct walk_regime regime = {.sctlr = SCTLR_M,
					   .tcr = T0SZ(42) | TG0_64K | T1SZ(42) | TG1_64K,
					   .ttbr0 = ROOT,
					   .ttbr1 = ROOT};
	const uint64_t level3 = ROOT + 0x10000;
	struct walk result;

	(void)state;
	put(ROOT, 1, level3 | TABLE);
	put(level3, 8191, 0x7fff0000 | PAGE);
	put(ROOT, 2, 0x60000000 | BLOCK);
	assert_int_equal(walk(&regime, UINT64_C(2) * 512 * MIB - 1, &result), VT_OK);
	assert_int_equal(result.ipa, 0x7fffffff);
	assert_int_equal(result.bytes, 64 * KIB);
	assert_int_equal(walk(&regime, ~UINT64_C(0) << 42 | (UINT64_C(2) << 29) | 5, &result),
			 VT_OK);
	assert_int_equal(result.ipa, 0x60000005);
	assert_int_equal(result.bytes, 512 * MIB);
}

static void a_tag_is_ignored_only_where_the_guest_says_so(void **state)
{
	struct walk_regime regime = {.sctlr = SCTLR_M, .tcr = T0SZ(39) | TG0_4K, .ttbr0 = ROOT};
	const uint64_t tagged = UINT64_C(0xa5) << 56 | 0x1000;
	struct walk result;

	(void)state;
	put(ROOT, 0, 0x40000000 | BLOCK);
	assert_int_equal(walk(&regime, tagged, &result), VT_EINVAL);
	regime.tcr |= BIT(37); /* TBI0 */
	assert_int_equal(walk(&regime, tagged, &result), VT_OK);
	assert_int_equal(result.ipa, 0x40001000);
	/* Between the tag and the range nothing may be set. */
	assert_int_equal(walk(&regime, BIT(40), &result), VT_EINVAL);
	assert_int_equal(walk(&regime, BIT(55), &result), VT_EINVAL);
}

static void what_is_disabled_or_reserved_has_no_translation(void **state)
{
	struct walk_regime regime = {
		.sctlr = SCTLR_M, .tcr = T0SZ(39) | TG0_4K | BIT(7), .ttbr0 = ROOT};
	struct walk result;

	(void)state;
	put(ROOT, 0, 0x40000000 | BLOCK);
	assert_int_equal(walk(&regime, 0x1000, &result), VT_ENOENT);
	regime.tcr = T0SZ(39) | TG0(3);
	assert_int_equal(walk(&regime, 0x1000, &result), VT_EINVAL);
	regime.tcr = TG0_4K; /* T0SZ = 0: 64 bits */
	assert_int_equal(walk(&regime, 0x1000, &result), VT_EINVAL);
	regime.tcr = T0SZ(39) | T1SZ(39) | TG1(0);
	assert_int_equal(walk(&regime, ~UINT64_C(0), &result), VT_EINVAL);
}

static void tables_elsewhere_than_in_memory_end_the_walk(void **state)
{
	struct walk_regime regime = {.sctlr = SCTLR_M, .tcr = T0SZ(48) | TG0_4K, .ttbr0 = ROOT};
	struct walk result;

	(void)state;
	put(ROOT, 0, 0x09000000 | TABLE); /* a device */
	assert_int_equal(walk(&regime, 0x1000, &result), VT_EIO);
	assert_int_equal(result.steps, 1);
	put(ROOT, 0, ROOT | TABLE); /* itself: four steps, and no more */
	assert_int_equal(walk(&regime, 0, &result), VT_OK);
	assert_int_equal(result.steps, 4);
	assert_int_equal(result.ipa, ROOT);
}

static void big_endian_tables(void **state)
{
	const struct walk_regime regime = {
		.sctlr = SCTLR_M | SCTLR_EE, .tcr = T0SZ(39) | TG0_4K, .ttbr0 = ROOT};
	struct walk result;

	(void)state;
	put(ROOT, 1, __builtin_bswap64(0x80000000 | BLOCK));
	assert_int_equal(walk(&regime, GIB + 5, &result), VT_OK);
	assert_int_equal(result.ipa, 0x80000005);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(without_a_mmu_an_address_is_what_it_is, fresh),
		cmocka_unit_test_setup(four_kib_pages_from_level_one, fresh),
		cmocka_unit_test_setup(blocks_of_four_kib_tables, fresh),
		cmocka_unit_test_setup(the_upper_half_with_sixteen_kib_pages, fresh),
		cmocka_unit_test_setup(sixty_four_kib_pages_and_blocks, fresh),
		cmocka_unit_test_setup(a_tag_is_ignored_only_where_the_guest_says_so, fresh),
		cmocka_unit_test_setup(what_is_disabled_or_reserved_has_no_translation, fresh),
		cmocka_unit_test_setup(tables_elsewhere_than_in_memory_end_the_walk, fresh),
		cmocka_unit_test_setup(big_endian_tables, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
