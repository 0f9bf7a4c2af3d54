/* Stage-2 tables, one claim a test. Random sequences are in test_stage2_model.c. */
/* sources: src/mm/stage2.c src/mm/stage2_limit.c src/mm/page_pool.c src/mm/zero_pages.c */
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

#define POOL_PAGES 32
#define PA	   UINT64_C(0x80000000)
#define RAM	   UINT64_C(0x40000000)

static uint8_t memory[POOL_PAGES][PAGE_BYTES] __attribute__((aligned(4096)));
static struct page_pool pool;
static struct stage2 s2;

static void start(unsigned ipa_bits, unsigned pages)
{
	memset(memory, 0xa5, sizeof(memory)); /* pool pages are dirty: nobody may rely on zeroes */
	page_pool_init(&pool, memory, pages);
	tlb_fake = (struct tlb_fake){0};
	assert_int_equal(stage2_init(&s2, &pool, ipa_bits, 44, 5), VT_OK);
	tlb_fake = (struct tlb_fake){0};
}

static int setup(void **state)
{
	(void)state;
	start(40, POOL_PAGES);
	return 0;
}

static struct stage2_leaf leaf_at(uint64_t ipa)
{
	struct stage2_leaf leaf;

	assert_int_equal(stage2_walk(&s2, ipa, &leaf), VT_OK);
	return leaf;
}

static void assert_hole(uint64_t ipa)
{
	struct stage2_leaf leaf;

	assert_int_equal(stage2_walk(&s2, ipa, &leaf), VT_ENOENT);
}

static unsigned tables_in_use(void)
{
	return pool.total_pages - pool.free_pages;
}

/*
 * The control register values are spelled out here bit by bit: Arm ARM D19.2, VTCR_EL2 and
 * VTTBR_EL2.
 */
static void forty_bits_start_at_level_0(void **state)
{
	(void)state;
	/* RES1 | PS 44 bits (4) | TG0 4K | SH0 inner (3) | ORGN0 1 | IRGN0 1 | SL0 2 | T0SZ 24 */
	assert_int_equal(s2.vtcr,
			 0x80000000u | 4u << 16 | 3u << 12 | 1u << 10 | 1u << 8 | 2u << 6 | 24u);
	assert_int_equal(s2.vttbr, (uintptr_t)s2.root | UINT64_C(5) << 48);
	assert_int_equal(s2.start_level, 0);
	assert_int_equal(tables_in_use(), 1);
}

static void thirty_nine_bits_start_at_level_1(void **state)
{
	(void)state;
	start(39, 4);
	assert_int_equal(s2.vtcr,
			 0x80000000u | 4u << 16 | 3u << 12 | 1u << 10 | 1u << 8 | 1u << 6 | 25u);
	assert_int_equal(s2.start_level, 1);
	assert_int_equal(stage2_map(&s2, GIB, PA, GIB, STAGE2_RWX), VT_OK);
	assert_int_equal(s2.root[1] & 3, 1); /* a block, right in the root */
	assert_int_equal(tables_in_use(), 1);
}

static void init_refuses_what_the_machine_cannot_do(void **state)
{
	struct stage2 other;

	(void)state;
	assert_int_equal(stage2_init(&other, &pool, 31, 44, 1), VT_EINVAL);
	assert_int_equal(stage2_init(&other, &pool, 49, 48, 1), VT_EINVAL);
	assert_int_equal(stage2_init(&other, &pool, 44, 40, 1), VT_EINVAL);
	assert_int_equal(stage2_init(&other, &pool, 40, 41, 1), VT_EINVAL);
	assert_int_equal(stage2_init(&other, &pool, 40, 52, 1), VT_EINVAL);
	assert_int_equal(stage2_init(&other, &pool, 40, 44, 0), VT_EINVAL);
	assert_int_equal(stage2_init(&other, &pool, 40, 44, 256), VT_EINVAL);
	assert_int_equal(stage2_init(&other, &pool, 40, 40, 1), VT_ENOSYS);
	assert_int_equal(stage2_init(&other, &pool, 39, 40, 1), VT_OK);
	assert_int_equal(tables_in_use(), 2); /* the refused ones took nothing */
}

static void init_without_pages_says_so(void **state)
{
	struct page_pool none;
	struct stage2 other;

	(void)state;
	page_pool_init(&none, memory, 0);
	assert_int_equal(stage2_init(&other, &none, 40, 44, 1), VT_ENOMEM);
}

/* A new VM may get an old VM's VMID: what the TLBs hold under it must go before the first use. */
static void init_cleans_the_vmid(void **state)
{
	struct stage2 other;

	(void)state;
	assert_int_equal(stage2_init(&other, &pool, 40, 44, 9), VT_OK);
	assert_int_equal(tlb_fake.guest_all, 1);
	assert_int_equal(tlb_fake.vttbr >> 48, 9);
}

static void largest_blocks_are_used(void **state)
{
	(void)state;
	/* 4 KiB + 2 MiB - 4 KiB pages, then blocks of 2 MiB, then one of 1 GiB */
	const uint64_t ipa = RAM + GIB - 4 * MIB, bytes = 4 * MIB + GIB + PAGE_BYTES;

	assert_int_equal(stage2_map(&s2, ipa, PA + GIB - 4 * MIB, bytes, STAGE2_RWX), VT_OK);
	assert_int_equal(leaf_at(ipa).bytes, BLOCK_2M);
	assert_int_equal(leaf_at(RAM + GIB).bytes, BLOCK_1G);
	assert_int_equal(leaf_at(RAM + 2 * GIB).bytes, PAGE_BYTES);
	assert_int_equal(leaf_at(RAM + GIB + 12345).pa, PA + GIB + 12345);
	assert_hole(ipa - 1);
	assert_hole(RAM + 2 * GIB + PAGE_BYTES);
}

/* A block needs IPA and PA to be aligned, not IPA alone. */
static void skewed_addresses_get_pages(void **state)
{
	(void)state;
	assert_int_equal(stage2_map(&s2, RAM, PA + PAGE_BYTES, 2 * MIB, STAGE2_RWX), VT_OK);
	assert_int_equal(leaf_at(RAM).bytes, PAGE_BYTES);
	assert_int_equal(leaf_at(RAM + 2 * MIB - 1).pa, PA + PAGE_BYTES + 2 * MIB - 1);
}

/* Arm ARM D8.3.2, stage-2 leaf: MemAttr 5:2, S2AP 7:6, SH 9:8, AF 10, XN 54. */
static void attributes_become_these_bits(void **state)
{
	unsigned level = 3;
	uint64_t *l1, *l2, *l3;

	(void)state;
	assert_int_equal(stage2_map(&s2, 0x1000, 0x5000, PAGE_BYTES, STAGE2_RWX), VT_OK);
	assert_int_equal(stage2_map(&s2, 0x2000, 0x6000, PAGE_BYTES, STAGE2_RO), VT_OK);
	assert_int_equal(stage2_map(&s2, 0x3000, 0x7000, PAGE_BYTES, STAGE2_DEVICE), VT_OK);
	l1 = desc_table(s2.root[0]);
	l2 = desc_table(l1[0]);
	l3 = desc_table(l2[0]);
	assert_true(desc_is_table(l2[0], level - 1));
	assert_int_equal(l3[1], 0x5000 | 0x400 | 0x300 | 0xc0 | 0x3c | 3);
	assert_int_equal(l3[2], 0x6000 | 0x400 | 0x300 | 0x40 | 0x3c | 3);
	assert_int_equal(l3[3], UINT64_C(1) << 54 | 0x7000 | 0x400 | 0xc0 | 0x04 | 3);
	assert_int_equal(leaf_at(0x1000).attr, STAGE2_RWX);
	assert_int_equal(leaf_at(0x2000).attr, STAGE2_RO);
	assert_int_equal(leaf_at(0x3000).attr, STAGE2_DEVICE);
}

static void mapping_needs_no_invalidation(void **state)
{
	(void)state;
	assert_int_equal(stage2_map(&s2, RAM, PA, 64 * MIB, STAGE2_RWX), VT_OK);
	assert_int_equal(tlb_fake.guest_ipa + tlb_fake.guest_all + tlb_fake.guest_s1, 0);
}

static void a_mapped_page_in_the_range_stops_the_mapping(void **state)
{
	(void)state;
	assert_int_equal(stage2_map(&s2, RAM + 10 * MIB, PA, PAGE_BYTES, STAGE2_RO), VT_OK);

	const unsigned before = tables_in_use();

	assert_int_equal(stage2_map(&s2, RAM, PA, 64 * MIB, STAGE2_RWX), VT_EEXIST);
	assert_int_equal(stage2_map(&s2, RAM + 10 * MIB, PA, PAGE_BYTES, STAGE2_RO), VT_EEXIST);
	assert_hole(RAM);
	assert_hole(RAM + 10 * MIB + PAGE_BYTES);
	assert_int_equal(leaf_at(RAM + 10 * MIB).attr, STAGE2_RO);
	assert_int_equal(tables_in_use(), before);
}

static void bad_arguments_change_nothing(void **state)
{
	const uint64_t end = UINT64_C(1) << 40, pa_end = UINT64_C(1) << 44;

	(void)state;
	assert_int_equal(stage2_map(&s2, RAM + 1, PA, PAGE_BYTES, STAGE2_RWX), VT_EINVAL);
	assert_int_equal(stage2_map(&s2, RAM, PA + 8, PAGE_BYTES, STAGE2_RWX), VT_EINVAL);
	assert_int_equal(stage2_map(&s2, RAM, PA, 100, STAGE2_RWX), VT_EINVAL);
	assert_int_equal(stage2_map(&s2, RAM, PA, 0, STAGE2_RWX), VT_EINVAL);
	assert_int_equal(stage2_map(&s2, end, PA, PAGE_BYTES, STAGE2_RWX), VT_EINVAL);
	assert_int_equal(stage2_map(&s2, end - PAGE_BYTES, PA, 2 * PAGE_BYTES, STAGE2_RWX),
			 VT_EINVAL);
	assert_int_equal(stage2_map(&s2, RAM, pa_end, PAGE_BYTES, STAGE2_RWX), VT_EINVAL);
	assert_int_equal(stage2_map(&s2, PAGE_BYTES, PA, ~UINT64_C(0) - 4095, STAGE2_RWX),
			 VT_EINVAL);
	assert_int_equal(stage2_map(&s2, RAM, PA, PAGE_BYTES, (enum stage2_attr)17), VT_EINVAL);
	assert_int_equal(stage2_unmap(&s2, RAM, 0), VT_EINVAL);
	assert_int_equal(stage2_unmap(&s2, RAM + 1, PAGE_BYTES), VT_EINVAL);
	assert_int_equal(stage2_unmap(&s2, end, PAGE_BYTES), VT_EINVAL);
	assert_int_equal(stage2_unmap(&s2, PAGE_BYTES, ~UINT64_C(0) - 4095), VT_EINVAL);
	assert_hole(end);
	assert_hole(~UINT64_C(0));
	assert_int_equal(tables_in_use(), 1);
	assert_int_equal(s2.lock.taken, 0); /* no error path keeps the lock */
}

static void the_last_page_of_the_space_can_be_mapped(void **state)
{
	const uint64_t last = (UINT64_C(1) << 40) - PAGE_BYTES;

	(void)state;
	assert_int_equal(stage2_map(&s2, last, PA, PAGE_BYTES, STAGE2_RWX), VT_OK);
	assert_int_equal(leaf_at(last + 4095).pa, PA + 4095);
	assert_int_equal(stage2_unmap(&s2, last, PAGE_BYTES), VT_OK);
	assert_hole(last);
}

/* An address is not to be taken for another one by what a table's index leaves of it. */
static void an_ipa_beyond_the_space_is_not_there(void **state)
{
	struct stage2_leaf leaf;

	(void)state;
	assert_int_equal(stage2_map(&s2, RAM, PA, GIB, STAGE2_RWX), VT_OK);
	assert_int_equal(stage2_walk(&s2, RAM + (UINT64_C(1) << 48), &leaf), VT_ENOENT);
	assert_int_equal(stage2_walk(&s2, UINT64_C(1) << 40, &leaf), VT_ENOENT);
}

/*
 * Watches every invalidation: at that moment the entry must be a hole, else it is not break before
 * make.
 */
static void check_entry_is_broken(uint64_t ipa)
{
	uint64_t *table = s2.root;

	for (unsigned level = s2.start_level;; level++) {
		const uint64_t desc = *entry_at(table, level, ipa);

		if (!desc_valid(desc))
			return;
		assert_true(desc_is_table(desc, level));
		table = desc_table(desc);
	}
}

static void splitting_breaks_before_it_makes(void **state)
{
	(void)state;
	assert_int_equal(stage2_map(&s2, RAM, PA, GIB, STAGE2_RO), VT_OK);
	tlb_fake.on_guest_ipa = check_entry_is_broken;
	assert_int_equal(stage2_unmap(&s2, RAM + 6 * MIB + 0x3000, PAGE_BYTES), VT_OK);

	assert_int_equal(tlb_fake.guest_ipa, 3); /* the 1 GiB block, the 2 MiB block, the page */
	assert_int_equal(tlb_fake.guest_s1, 3);
	assert_int_equal(tlb_fake.vttbr, s2.vttbr);
	assert_int_equal(tlb_fake.depth, 0);

	assert_hole(RAM + 6 * MIB + 0x3000);
	assert_int_equal(leaf_at(RAM + 6 * MIB + 0x2fff).pa, PA + 6 * MIB + 0x2fff);
	assert_int_equal(leaf_at(RAM + 6 * MIB + 0x4000).pa, PA + 6 * MIB + 0x4000);
	assert_int_equal(leaf_at(RAM + 6 * MIB + 0x4000).bytes, PAGE_BYTES);
	assert_int_equal(leaf_at(RAM + 6 * MIB + 0x4000).attr, STAGE2_RO);
	assert_int_equal(leaf_at(RAM + 8 * MIB).bytes, BLOCK_2M);
	assert_int_equal(leaf_at(RAM + GIB - 1).pa, PA + GIB - 1);
}

/* The range lies inside one 2 MiB block: both edges split the same block once. */
static void both_edges_in_one_block(void **state)
{
	(void)state;
	assert_int_equal(stage2_map(&s2, RAM, PA, 2 * MIB, STAGE2_RWX), VT_OK);
	assert_int_equal(stage2_unmap(&s2, RAM + 0x10000, 0x8000), VT_OK);
	assert_int_equal(leaf_at(RAM + 0xffff).pa, PA + 0xffff);
	assert_hole(RAM + 0x10000);
	assert_hole(RAM + 0x17fff);
	assert_int_equal(leaf_at(RAM + 0x18000).pa, PA + 0x18000);
	assert_int_equal(tables_in_use(), 4);
}

static void unmapping_a_hole_is_fine_and_free(void **state)
{
	(void)state;
	assert_int_equal(stage2_unmap(&s2, 0, UINT64_C(1) << 40), VT_OK);
	assert_int_equal(tlb_fake.guest_ipa + tlb_fake.guest_all, 0);
}

static void a_large_unmap_drops_the_whole_vmid(void **state)
{
	(void)state;
	assert_int_equal(stage2_map(&s2, RAM, PA, 64 * MIB, STAGE2_RWX), VT_OK);
	assert_int_equal(stage2_unmap(&s2, RAM, 64 * MIB), VT_OK);
	assert_int_equal(tlb_fake.guest_all, 1);
	assert_int_equal(tlb_fake.guest_ipa, 0);
	assert_int_equal(tables_in_use(), 1);
}

static unsigned free_pages_at_invalidation;

static void note_free_pages(uint64_t ipa)
{
	(void)ipa;
	free_pages_at_invalidation = pool.free_pages;
}

/*
 * A walker may still read an unlinked table until the TLBs are clean: the pool must not have it
 * before.
 */
static void tables_return_after_the_invalidation(void **state)
{
	(void)state;
	assert_int_equal(stage2_map(&s2, RAM, PA, PAGE_BYTES, STAGE2_RWX), VT_OK);

	const unsigned free_before = pool.free_pages;

	tlb_fake.on_guest_ipa = note_free_pages;
	assert_int_equal(stage2_unmap(&s2, RAM, PAGE_BYTES), VT_OK);
	assert_true(tlb_fake.guest_ipa > 0);
	assert_int_equal(free_pages_at_invalidation, free_before);
	assert_int_equal(tables_in_use(), 1);
}

static void mapping_without_pages_keeps_what_it_did(void **state)
{
	(void)state;
	start(40, 4); /* root, level 1, level 2, level 3: nothing left for the second level 3 */
	assert_int_equal(stage2_map(&s2, RAM, PA + PAGE_BYTES, 4 * MIB, STAGE2_RWX), VT_ENOMEM);
	assert_int_equal(leaf_at(RAM + 2 * MIB - 1).pa, PA + PAGE_BYTES + 2 * MIB - 1);
	assert_hole(RAM + 2 * MIB);
	assert_int_equal(stage2_unmap(&s2, RAM, 4 * MIB), VT_OK);
	assert_int_equal(tables_in_use(), 1);
}

/* A table that was added before the pool ran dry is empty, and unmapping around it finds it. */
static void an_empty_table_is_given_back(void **state)
{
	(void)state;
	start(40, 2);
	assert_int_equal(stage2_map(&s2, RAM, PA, PAGE_BYTES, STAGE2_RWX), VT_ENOMEM);
	assert_int_equal(tables_in_use(), 2);
	assert_int_equal(stage2_unmap(&s2, RAM, PAGE_BYTES), VT_OK);
	assert_int_equal(tables_in_use(), 1);
}

static void an_unmap_that_cannot_split_removes_nothing(void **state)
{
	(void)state;
	start(39, 2);
	assert_int_equal(stage2_map(&s2, 0, PA, GIB, STAGE2_RWX), VT_OK);
	assert_int_equal(stage2_unmap(&s2, PAGE_BYTES, PAGE_BYTES), VT_ENOMEM);
	assert_int_equal(leaf_at(PAGE_BYTES).pa, PA + PAGE_BYTES);
	assert_int_equal(leaf_at(GIB - 1).pa, PA + GIB - 1);
	assert_int_equal(stage2_unmap(&s2, 0, GIB), VT_OK);
	assert_int_equal(tables_in_use(), 1);
}

static void destroy_gives_every_page_back(void **state)
{
	(void)state;
	assert_int_equal(stage2_map(&s2, 0, PA, PAGE_BYTES, STAGE2_DEVICE), VT_OK);
	assert_int_equal(stage2_map(&s2, RAM, PA, GIB + 6 * MIB, STAGE2_RWX), VT_OK);
	stage2_destroy(&s2);
	assert_int_equal(pool.free_pages, pool.total_pages);
	assert_true(tlb_fake.guest_all > 0);
}

/*
 * The sizing rule holds for RAM that straddles as many tables as it can, with device windows far
 * apart and splits.
 */
static void the_sizing_rule_is_enough(void **state)
{
	(void)state;
	for (uint64_t gib = 1; gib <= 8; gib++) {
		const uint64_t base = 512 * GIB - 2 * MIB;
		const uint64_t ram_bytes = gib * GIB - 2 * MIB;

		start(40, stage2_pages_needed(ram_bytes));
		assert_int_equal(stage2_map(&s2, base, PA, ram_bytes, STAGE2_RWX), VT_OK);
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(stage2_map(&s2, 8 * MIB + i * GIB, PA, PAGE_BYTES,
						    STAGE2_DEVICE),
					 VT_OK);
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(stage2_unmap(&s2, base + i * 64 * MIB, PAGE_BYTES), VT_OK);
	}
}

/* S2AP and XN of the entry that answers for `ipa`. */
static unsigned rights_at(uint64_t ipa)
{
	unsigned level;
	const uint64_t desc = *stage2_entry(&s2, ipa, &level);

	return (unsigned)(desc >> 6 & 3) | (unsigned)(desc >> 54 & 1) << 2;
}

static void a_limit_is_of_its_pages_and_can_be_lifted(void **state)
{
	(void)state;
	assert_int_equal(stage2_map(&s2, RAM, PA, 4 * MIB, STAGE2_RWX), VT_OK);
	assert_int_equal(stage2_limit(&s2, RAM + 0x5000, 2 * PAGE_BYTES, STAGE2_NO_EXECUTE), VT_OK);
	assert_int_equal(rights_at(RAM + 0x4000), 3);
	assert_int_equal(rights_at(RAM + 0x5000), 7);
	assert_int_equal(rights_at(RAM + 0x6000), 7);
	assert_int_equal(rights_at(RAM + 0x7000), 3);
	assert_int_equal(leaf_at(RAM + 0x6123).pa, PA + 0x6123);
	assert_int_equal(stage2_limit(&s2, RAM + 0x6000, PAGE_BYTES, STAGE2_NO_WRITE), VT_OK);
	assert_int_equal(rights_at(RAM + 0x6000), 1);
	assert_int_equal(stage2_limit(&s2, RAM + 0x6000, PAGE_BYTES, STAGE2_NO_READ), VT_OK);
	assert_int_equal(rights_at(RAM + 0x6000), 2);
	tlb_fake = (struct tlb_fake){0};
	assert_int_equal(stage2_limit(&s2, RAM, 4 * MIB, 0), VT_OK);
	assert_int_equal(rights_at(RAM + 0x5000), 3);
	assert_int_equal(rights_at(RAM + 0x6000), 3);
	assert_int_equal(rights_at(RAM + 2 * MIB), 3);
	assert_true(tlb_fake.guest_ipa > 2);
}

static void a_limit_gives_nothing_that_was_not_there(void **state)
{
	(void)state;
	assert_int_equal(stage2_map(&s2, 0, PA, PAGE_BYTES, STAGE2_DEVICE), VT_OK);
	assert_int_equal(stage2_map(&s2, RAM, PA, PAGE_BYTES, STAGE2_RO), VT_OK);
	assert_int_equal(stage2_limit(&s2, 0, 2 * PAGE_BYTES, 0), VT_OK);
	assert_int_equal(stage2_limit(&s2, RAM, 2 * PAGE_BYTES, 0), VT_OK);
	assert_int_equal(leaf_at(0).attr, STAGE2_DEVICE);
	assert_int_equal(rights_at(0), 7);
	assert_int_equal(leaf_at(RAM).attr, STAGE2_RO);
	assert_hole(RAM + PAGE_BYTES);
	assert_int_equal(stage2_limit(&s2, RAM + 1, PAGE_BYTES, 0), VT_EINVAL);
	assert_int_equal(stage2_limit(&s2, BIT(40), PAGE_BYTES, 0), VT_EINVAL);
	assert_int_equal(stage2_limit(&s2, RAM, 0, 0), VT_EINVAL);
}

static void a_limit_that_cannot_split_changes_nothing(void **state)
{
	(void)state;
	start(39, 2);
	assert_int_equal(stage2_map(&s2, RAM, PA, GIB, STAGE2_RWX), VT_OK);
	assert_int_equal(stage2_limit(&s2, RAM + PAGE_BYTES, PAGE_BYTES, STAGE2_NO_READ),
			 VT_ENOMEM);
	assert_int_equal(rights_at(RAM + PAGE_BYTES), 3);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(forty_bits_start_at_level_0),
		TEST(thirty_nine_bits_start_at_level_1),
		TEST(init_refuses_what_the_machine_cannot_do),
		TEST(init_without_pages_says_so),
		TEST(init_cleans_the_vmid),
		TEST(largest_blocks_are_used),
		TEST(skewed_addresses_get_pages),
		TEST(attributes_become_these_bits),
		TEST(mapping_needs_no_invalidation),
		TEST(a_mapped_page_in_the_range_stops_the_mapping),
		TEST(bad_arguments_change_nothing),
		TEST(the_last_page_of_the_space_can_be_mapped),
		TEST(an_ipa_beyond_the_space_is_not_there),
		TEST(splitting_breaks_before_it_makes),
		TEST(both_edges_in_one_block),
		TEST(unmapping_a_hole_is_fine_and_free),
		TEST(a_large_unmap_drops_the_whole_vmid),
		TEST(tables_return_after_the_invalidation),
		TEST(mapping_without_pages_keeps_what_it_did),
		TEST(an_empty_table_is_given_back),
		TEST(an_unmap_that_cannot_split_removes_nothing),
		TEST(destroy_gives_every_page_back),
		TEST(the_sizing_rule_is_enough),
		TEST(a_limit_is_of_its_pages_and_can_be_lifted),
		TEST(a_limit_gives_nothing_that_was_not_there),
		TEST(a_limit_that_cannot_split_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
