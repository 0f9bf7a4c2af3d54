/* Stage 2 against a list of ranges and a fake TLB: random maps, unmaps, walks, 10^5 a seed. */
/* sources: src/mm/stage2.c src/mm/page_pool.c src/mm/zero_pages.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fakes.h"
#include "lib/bits.h"
#include "mm/phys.h"
#include "mm/stage2.h"
#include "mm/tlb.h"

#define OPERATIONS 100000
#define POOL_PAGES 192
#define PA_BITS	   44
#define RAM_WINDOW (UINT64_C(0x40000000) * 8)

static uint8_t memory[POOL_PAGES][PAGE_BYTES] __attribute__((aligned(4096)));
static struct page_pool pool;
static struct stage2 s2;
static struct fake_random rng;

/* ---- The model: sorted ranges that do not overlap; neighbours are not merged ---- */

#define MAX_RANGES 4096
struct range {
	uint64_t ipa, bytes, pa;
	enum stage2_attr attr;
};
static struct range model[MAX_RANGES];
static unsigned model_ranges;

/* The first range that ends above the address. */
static unsigned model_find(uint64_t ipa)
{
	unsigned low = 0, high = model_ranges;

	while (low < high) {
		const unsigned middle = (low + high) / 2;

		if (model[middle].ipa + model[middle].bytes <= ipa)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct range *model_at(uint64_t ipa)
{
	const unsigned i = model_find(ipa);

	return i < model_ranges && model[i].ipa <= ipa ? &model[i] : NULL;
}

static bool model_is_hole(uint64_t ipa, uint64_t bytes)
{
	const unsigned i = model_find(ipa);

	return i == model_ranges || model[i].ipa >= ipa + bytes;
}

static void model_insert(unsigned i, struct range range)
{
	assert_true(model_ranges < MAX_RANGES);
	memmove(&model[i + 1], &model[i], (model_ranges - i) * sizeof(model[0]));
	model[i] = range;
	model_ranges++;
}

static void model_unmap(uint64_t ipa, uint64_t bytes)
{
	const uint64_t end = ipa + bytes;
	unsigned i = model_find(ipa);

	while (i < model_ranges && model[i].ipa < end) {
		const struct range old = model[i];
		const uint64_t old_end = old.ipa + old.bytes;

		memmove(&model[i], &model[i + 1], (model_ranges - i - 1) * sizeof(model[0]));
		model_ranges--;
		if (old.ipa < ipa)
			model_insert(i++, (struct range){old.ipa, ipa - old.ipa, old.pa, old.attr});
		if (old_end > end)
			model_insert(i++, (struct range){end, old_end - end,
							 old.pa + (end - old.ipa), old.attr});
	}
}

/* ---- The fake hardware: a walker of its own, and a TLB that forgets only when told to ---- */

#define TLB_ENTRIES 64
struct tlb_entry {
	bool valid;
	unsigned levels; /* how many entries the walk read, and which */
	uint64_t *table[4];
	uint64_t ipa;
	uint64_t leaf; /* the last descriptor read */
};
static struct tlb_entry tlb[TLB_ENTRIES];

/*
 * Hardware also caches the way: "the table for this IPA at this level is here", though the table
 * may hold no leaf yet.
 */
struct way {
	uint64_t *table; /* NULL: unused */
	unsigned level;
	uint64_t ipa;
};
static struct way ways[TLB_ENTRIES];

static unsigned shift_of(unsigned level)
{
	return 39 - 9 * level;
}

/* Walk as hardware does. `walk->valid` is false when there is no translation. */
static void hardware_walk(uint64_t ipa, struct tlb_entry *walk)
{
	uint64_t *table = (uint64_t *)(uintptr_t)(s2.vttbr & 0xfffffffff000);

	*walk = (struct tlb_entry){.ipa = ipa};
	for (unsigned level = s2.start_level; level <= 3; level++) {
		const uint64_t desc = table[(ipa >> shift_of(level)) & 511];

		walk->table[level] = table;
		walk->levels = level;
		walk->leaf = desc;
		if (!(desc & 1))
			return;
		if (level == 3 || !(desc & 2)) {
			walk->valid = true;
			assert_int_not_equal(level, 0);
			assert_true(level < 3 || desc & 2);
			return;
		}
		table = (uint64_t *)(uintptr_t)(desc & 0xfffffffff000);
	}
}

static bool same_entry(uint64_t a, uint64_t b, unsigned level)
{
	return a >> shift_of(level) == b >> shift_of(level);
}

/* Drops what the architecture promises to drop and no more: the leaf's range, whatever its size. */
static void on_tlbi_ipa(uint64_t ipa)
{
	struct tlb_entry now;

	hardware_walk(ipa, &now);
	assert_false(now.valid); /* break before make */
	for (unsigned i = 0; i < TLB_ENTRIES; i++)
		if (tlb[i].valid && same_entry(tlb[i].ipa, ipa, tlb[i].levels))
			tlb[i].valid = false;
	for (unsigned i = 0; i < TLB_ENTRIES; i++)
		if (ways[i].table && same_entry(ways[i].ipa, ipa, ways[i].level - 1))
			ways[i].table = NULL;
}

static void on_tlbi_all(void)
{
	memset(tlb, 0, sizeof(tlb));
	memset(ways, 0, sizeof(ways));
}

static void remember(const struct tlb_entry *walk)
{
	if (walk->valid)
		tlb[fake_random_below(&rng, TLB_ENTRIES)] = *walk;
	if (walk->levels > s2.start_level)
		ways[fake_random_below(&rng, TLB_ENTRIES)] =
			(struct way){walk->table[walk->levels], walk->levels, walk->ipa};
}

/*
 * Nothing the TLB still holds may differ from the tables, not even in block size or in the tables
 * that led there: those may have been reused.
 */
static void check_tlb(void)
{
	struct tlb_entry now;

	for (unsigned i = 0; i < TLB_ENTRIES; i++) {
		if (!tlb[i].valid)
			continue;
		hardware_walk(tlb[i].ipa, &now);
		assert_true(now.valid);
		assert_int_equal(now.levels, tlb[i].levels);
		assert_true(now.leaf == tlb[i].leaf);
		assert_memory_equal(now.table, tlb[i].table, sizeof(now.table));
	}
	for (unsigned i = 0; i < TLB_ENTRIES; i++) {
		if (!ways[i].table)
			continue;
		hardware_walk(ways[i].ipa, &now);
		assert_ptr_equal(now.table[ways[i].level], ways[i].table);
	}
}

/* ---- Checks ---- */

static void check_ipa(uint64_t ipa)
{
	const struct range *expected = model_at(ipa);
	struct stage2_leaf leaf;
	struct tlb_entry walk;

	hardware_walk(ipa, &walk);
	remember(&walk);
	if (!expected) {
		assert_int_equal(stage2_walk(&s2, ipa, &leaf), VT_ENOENT);
		assert_false(walk.valid);
		return;
	}
	assert_int_equal(stage2_walk(&s2, ipa, &leaf), VT_OK);
	assert_true(leaf.pa == expected->pa + (ipa - expected->ipa));
	assert_int_equal(leaf.attr, expected->attr);
	assert_true(walk.valid);
	assert_true(leaf.bytes == UINT64_C(1) << shift_of(walk.levels));
	assert_true(leaf.pa == ((walk.leaf & 0xfffffffff000) | (ipa & (leaf.bytes - 1))));
}

/*
 * Count the tables and the bytes that can be reached: each page of the pool is free or in the tree
 * exactly once.
 */
static void check_tree(bool after_unmap)
{
	struct step {
		uint64_t *table;
		unsigned next, used;
	} path[4];
	unsigned level = s2.start_level, tables = 1;
	uint64_t mapped = 0, expected = 0;

	path[level] = (struct step){.table = s2.root};
	for (;;) {
		struct step *at = &path[level];

		if (at->next == 512) {
			if (level == s2.start_level)
				break;
			if (after_unmap)
				assert_true(at->used > 0); /* no empty table stays behind */
			level--;
			continue;
		}

		const uint64_t desc = at->table[at->next++];

		if (!(desc & 1))
			continue;
		at->used++;
		if (level == 3 || !(desc & 2)) {
			mapped += UINT64_C(1) << shift_of(level);
			continue;
		}
		tables++;
		path[++level] =
			(struct step){.table = (uint64_t *)(uintptr_t)(desc & 0xfffffffff000)};
	}
	for (unsigned i = 0; i < model_ranges; i++)
		expected += model[i].bytes;
	assert_true(mapped == expected);
	assert_int_equal(tables + pool.free_pages, pool.total_pages);
}

/* ---- Operations ---- */

/*
 * Sizes and places that meet often: a few windows, most steps in whole blocks, some off by a page.
 */
static uint64_t random_length(uint64_t unit_choice)
{
	static const uint64_t units[] = {PAGE_BYTES, PAGE_BYTES, BLOCK_2M, BLOCK_2M, BLOCK_1G};

	return units[unit_choice] * (1 + fake_random_below(&rng, 6));
}

static void random_range(uint64_t *ipa, uint64_t *bytes)
{
	const uint64_t windows[] = {0, RAM_WINDOW, (BIT(s2.ipa_bits) - 4 * GIB)};
	const uint64_t limit = BIT(s2.ipa_bits);
	const uint64_t choice = fake_random_below(&rng, 5);

	*bytes = random_length(choice);
	*ipa = windows[fake_random_below(&rng, ARRAY_SIZE(windows))];
	*ipa += fake_random_below(&rng, 4) * GIB;
	*ipa += fake_random_below(&rng, 8) * BLOCK_2M;
	if (choice < 2 || fake_random_below(&rng, 8) == 0)
		*ipa += fake_random_below(&rng, 64) * PAGE_BYTES;
	if (fake_random_below(&rng, 8) == 0)
		*bytes += fake_random_below(&rng, 3) * PAGE_BYTES;
	if (*ipa >= limit)
		*ipa = limit - PAGE_BYTES;
	*bytes = MIN(*bytes, limit - *ipa);
}

/*
 * On VT_ENOMEM the header promises that a part from the start is mapped; ask the tables how much it
 * is.
 */
static uint64_t mapped_part(uint64_t ipa, uint64_t bytes)
{
	struct stage2_leaf leaf;
	uint64_t done = 0;

	while (done < bytes && stage2_walk(&s2, ipa + done, &leaf) == VT_OK)
		done += leaf.bytes;
	return done;
}

struct counts {
	unsigned mapped, refused, unmapped, out_of_pages;
};

static void random_map(uint64_t ipa, uint64_t bytes, struct counts *counts)
{
	const enum stage2_attr attr = (enum stage2_attr)fake_random_below(&rng, 3);
	uint64_t pa = fake_random_below(&rng, BIT(PA_BITS - 31)) * GIB + ipa % GIB;

	if (fake_random_below(&rng, 4) == 0)
		pa += fake_random_below(&rng, 1024) * PAGE_BYTES;

	const enum vt_err err = stage2_map(&s2, ipa, pa, bytes, attr);

	if (!model_is_hole(ipa, bytes)) {
		assert_int_equal(err, VT_EEXIST);
		counts->refused++;
		return;
	}
	if (err == VT_ENOMEM) {
		assert_int_equal(pool.free_pages, 0);
		bytes = mapped_part(ipa, bytes);
		counts->out_of_pages++;
	} else {
		assert_int_equal(err, VT_OK);
		counts->mapped++;
	}
	if (bytes)
		model_insert(model_find(ipa), (struct range){ipa, bytes, pa, attr});
}

static void random_unmap(uint64_t ipa, uint64_t bytes, struct counts *counts)
{
	const enum vt_err err = stage2_unmap(&s2, ipa, bytes);

	if (err == VT_ENOMEM) {
		assert_int_equal(pool.free_pages, 0);
		counts->out_of_pages++;
		return;
	}
	assert_int_equal(err, VT_OK);
	model_unmap(ipa, bytes);
	counts->unmapped++;
}

static void run(uint64_t seed, unsigned ipa_bits, unsigned pages)
{
	struct counts counts = {0};

	memset(memory, 0x5a, sizeof(memory));
	on_tlbi_all();
	model_ranges = 0;
	rng = (struct fake_random){seed};
	tlb_fake = (struct tlb_fake){.on_guest_ipa = on_tlbi_ipa, .on_guest_all = on_tlbi_all};
	page_pool_init(&pool, memory, pages);
	assert_int_equal(stage2_init(&s2, &pool, ipa_bits, PA_BITS, 3), VT_OK);

	for (unsigned i = 0; i < OPERATIONS; i++) {
		uint64_t ipa, bytes;

		random_range(&ipa, &bytes);
		switch (fake_random_below(&rng, 5)) {
		case 0:
		case 1:
			random_map(ipa, bytes, &counts);
			break;
		case 2:
			random_unmap(ipa, bytes, &counts);
			break;
		}
		check_tlb();
		check_ipa(ipa);
		check_ipa(ipa + bytes - 1);
		check_ipa(ipa + fake_random_below(&rng, bytes));
		if (ipa)
			check_ipa(ipa - 1);
		if (ipa + bytes < BIT(ipa_bits))
			check_ipa(ipa + bytes);
		if (i % 64 == 0)
			check_tree(false);
		if (i % 8192 == 8191) { /* start anew now and then: crowded tables only refuse */
			random_unmap(0, BIT(ipa_bits), &counts);
			assert_int_equal(pool.free_pages, pool.total_pages - 1);
			check_tree(true);
		}
	}
	/* The run has been where it should: otherwise this test shows nothing. */
	assert_true(counts.mapped > OPERATIONS / 50);
	assert_true(counts.refused > OPERATIONS / 50);
	assert_true(counts.unmapped > OPERATIONS / 50);
	if (pages < 32)
		assert_true(counts.out_of_pages > OPERATIONS / 100);
	assert_int_equal(tlb_fake.depth, 0);
	assert_true(tlb_fake.guest_ipa > 1000);

	stage2_destroy(&s2);
	assert_int_equal(pool.free_pages, pool.total_pages);
}

static void starting_at_level_0(void **state)
{
	(void)state;
	run(1, 40, POOL_PAGES);
	run(2, 44, POOL_PAGES);
}

static void starting_at_level_1(void **state)
{
	(void)state;
	run(3, 39, POOL_PAGES);
	run(4, 36, POOL_PAGES);
}

/*
 * So few pages that mapping and splitting fail all the time: nothing leaks and nothing half done is
 * left.
 */
static void with_a_starved_pool(void **state)
{
	(void)state;
	run(5, 40, 12);
	run(6, 39, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starting_at_level_0),
		cmocka_unit_test(starting_at_level_1),
		cmocka_unit_test(with_a_starved_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
