/* Splitting alone, without an unmap around it: the space says the same before and after. */
/* sources: src/mm/stage2.c src/mm/page_pool.c src/mm/zero_pages.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fakes.h"
#include "lib/bits.h"
#include "mm/descriptor.h"
#include "mm/phys.h"
#include "mm/stage2.h"
#include "mm/tlb.h"

#define POOL_PAGES 8
#define PA	   UINT64_C(0x80000000)
#define RAM	   UINT64_C(0x40000000)

static uint8_t memory[POOL_PAGES][PAGE_BYTES] __attribute__((aligned(4096)));
static struct page_pool pool;
static struct stage2 s2;

/* A space from level 1 on, with read-only RAM, so that a split that forgets the attributes is seen. */
static void start(unsigned pages, uint64_t bytes)
{
	memset(memory, 0xa5, sizeof(memory));
	page_pool_init(&pool, memory, pages);
	assert_int_equal(stage2_init(&s2, &pool, 39, 44, 5), VT_OK);
	assert_int_equal(stage2_map(&s2, RAM, PA, bytes, STAGE2_RO), VT_OK);
	tlb_fake = (struct tlb_fake){0};
}

static unsigned tables_in_use(void)
{
	return pool.total_pages - pool.free_pages;
}

static void assert_leaf(uint64_t ipa, uint64_t bytes)
{
	struct stage2_leaf leaf;

	assert_int_equal(stage2_walk(&s2, ipa, &leaf), VT_OK);
	assert_int_equal(leaf.pa, PA + (ipa - RAM));
	assert_int_equal(leaf.bytes, bytes);
	assert_int_equal(leaf.attr, STAGE2_RO);
}

/* Watches an invalidation: the entry must be a hole then, else it is not break before make. */
static void check_entry_is_broken(uint64_t ipa)
{
	unsigned level;

	assert_false(desc_valid(*stage2_entry(&s2, ipa, &level)));
}

static void a_block_of_2_mib_becomes_pages_that_say_the_same(void **state)
{
	(void)state;
	start(POOL_PAGES, 4 * MIB);
	assert_int_equal(stage2_split_at(&s2, RAM + 0x5000), VT_OK);
	for (uint64_t ipa = RAM; ipa < RAM + 2 * MIB; ipa += PAGE_BYTES)
		assert_leaf(ipa, PAGE_BYTES);
	assert_leaf(RAM + 2 * MIB, BLOCK_2M);
	assert_int_equal(tables_in_use(), 3);
}

static void a_block_of_1_gib_is_split_twice(void **state)
{
	(void)state;
	start(POOL_PAGES, GIB);
	assert_int_equal(stage2_split_at(&s2, RAM + 6 * MIB + 0x3000), VT_OK);
	assert_leaf(RAM + 6 * MIB - 1, BLOCK_2M);
	assert_leaf(RAM + 6 * MIB + 0x2fff, PAGE_BYTES);
	assert_leaf(RAM + 6 * MIB + 0x3000, PAGE_BYTES);
	assert_leaf(RAM + 8 * MIB, BLOCK_2M);
	assert_leaf(RAM + GIB - 1, BLOCK_2M);
	assert_int_equal(tables_in_use(), 3);
}

/* One entry was valid, whatever its size: one IPA is invalidated for it, under this VM's VMID. */
static void each_split_breaks_invalidates_and_only_then_makes(void **state)
{
	(void)state;
	start(POOL_PAGES, GIB);
	tlb_fake.on_guest_ipa = check_entry_is_broken;
	assert_int_equal(stage2_split_at(&s2, RAM + 0x3000), VT_OK);
	assert_int_equal(tlb_fake.guest_ipa, 2);
	assert_int_equal(tlb_fake.guest_s1, 2);
	assert_int_equal(tlb_fake.vttbr, s2.vttbr);
	assert_int_equal(tlb_fake.depth, 0);
}

static void where_no_block_lies_across_nothing_changes(void **state)
{
	(void)state;
	start(POOL_PAGES, 4 * MIB);
	assert_int_equal(stage2_split_at(&s2, RAM), VT_OK);
	assert_int_equal(stage2_split_at(&s2, RAM + 2 * MIB), VT_OK);
	assert_int_equal(stage2_split_at(&s2, RAM + 4 * MIB + PAGE_BYTES), VT_OK);
	assert_leaf(RAM, BLOCK_2M);
	assert_int_equal(tables_in_use(), 2);
	assert_int_equal(tlb_fake.guest_ipa + tlb_fake.guest_all, 0);
}

static void without_a_page_the_block_stays(void **state)
{
	(void)state;
	start(1, GIB);
	assert_int_equal(stage2_split_at(&s2, RAM + PAGE_BYTES), VT_ENOMEM);
	assert_leaf(RAM + PAGE_BYTES, BLOCK_1G);
	assert_int_equal(tlb_fake.guest_ipa, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_block_of_2_mib_becomes_pages_that_say_the_same),
		cmocka_unit_test(a_block_of_1_gib_is_split_twice),
		cmocka_unit_test(each_split_breaks_invalidates_and_only_then_makes),
		cmocka_unit_test(where_no_block_lies_across_nothing_changes),
		cmocka_unit_test(without_a_page_the_block_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
