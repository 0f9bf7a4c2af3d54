/* EL2's own tables. They are never given back, so each test uses addresses of its own. */
/* sources: src/mm/el2_map.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fakes.h"
#include "lib/bits.h"
#include "mm/el2_map.h"
#include "mm/phys.h"
#include "mm/tlb.h"

/*
 * Arm ARM D8.3.2, stage-1 leaf of EL2: AttrIndx 4:2, AP[1] 6 (RES1), AP[2] 7 (read only), SH 9:8,
 * AF 10, XN 54.
 */
#define XN	    (UINT64_C(1) << 54)
#define CODE_BITS   (0x400u | 0x300u | 0x80u | 0x40u | 1u << 2)
#define RODATA_BITS (XN | CODE_BITS)
#define DATA_BITS   (XN | 0x400u | 0x300u | 0x40u | 1u << 2)
#define DEVICE_BITS (XN | 0x400u | 0x40u)
#define ADDRESS	    UINT64_C(0xfffffffff000)

struct found {
	uint64_t desc;
	unsigned level;
};

/* A walk of its own from TTBR0, as the hardware does it. */
static struct found walk(uint64_t va)
{
	struct el2_mmu mmu;
	uint64_t *table;

	el2_mmu_values(&mmu);
	table = (uint64_t *)(uintptr_t)mmu.ttbr0;
	for (unsigned level = 0;; level++) {
		const uint64_t desc = table[(va >> (39 - 9 * level)) & 511];

		if (level == 3 || (desc & 3) != 3)
			return (struct found){desc, level};
		table = (uint64_t *)(uintptr_t)(desc & ADDRESS);
	}
}

/* The leaf is identity mapped, at the level, with exactly these attributes. */
static void assert_leaf(uint64_t va, unsigned level, uint64_t bits)
{
	const struct found found = walk(va);
	const uint64_t bytes = UINT64_C(1) << (39 - 9 * level);

	assert_int_equal(found.level, level);
	assert_int_equal(found.desc, (va & ~(bytes - 1)) | bits | (level == 3 ? 3 : 1));
}

static void assert_hole(uint64_t va)
{
	assert_int_equal(walk(va).desc & 1, 0);
}

/* Arm ARM D19.2: TCR_EL2, MAIR_EL2, SCTLR_EL2 with HCR_EL2.E2H 0. */
static void control_registers_are_these(void **state)
{
	struct el2_mmu mmu;

	(void)state;
	el2_mmu_values(&mmu);
	assert_int_equal(mmu.ttbr0 & 4095, 0);
	/*
	 * RES1 31 and 23 | PS 48 bits (5, the host's answer) | 4K | inner shareable | WBWA | 48
	 * bits of VA
	 */
	assert_int_equal(mmu.tcr, 0x80800000u | 5u << 16 | 3u << 12 | 1u << 10 | 1u << 8 | 16u);
	assert_int_equal(mmu.mair, 0xff04);
	assert_int_equal(mmu.sctlr, 0x30c50830u | 1u << 19 | 1u << 12 | 1u << 3 | 1u << 2 | 1u);
}

/* The image first with its sections' rights, RAM over it afterwards, as main does at boot. */
static void ram_over_the_image_keeps_its_rights(void **state)
{
	const uint64_t ram = 0x40000000, image = ram + 0x200000 + 0x80000;

	(void)state;
	assert_int_equal(el2_map(image, 0x8000, EL2_CODE), VT_OK);
	assert_int_equal(el2_map(image + 0x8000, 0x4000, EL2_RODATA), VT_OK);
	assert_int_equal(el2_map(image + 0xc000, 0x14000, EL2_DATA), VT_OK);
	assert_hole(image - 1);
	assert_hole(image + 0x20000);
	assert_int_equal(el2_map(ram, 2 * GIB, EL2_DATA), VT_OK);

	assert_leaf(image, 3, CODE_BITS);
	assert_leaf(image + 0x7fff, 3, CODE_BITS);
	assert_leaf(image + 0x8000, 3, RODATA_BITS);
	assert_leaf(image + 0xc000, 3, DATA_BITS);
	assert_leaf(image - 1, 3, DATA_BITS);
	assert_leaf(image + 0x20000, 3, DATA_BITS);
	assert_leaf(ram, 2, DATA_BITS);
	assert_leaf(ram + GIB - 1, 2, DATA_BITS);
	assert_leaf(ram + GIB, 1, DATA_BITS);
	assert_hole(ram + 2 * GIB);
	assert_hole(ram - 1);
}

static void devices_are_ngnre_and_never_executable(void **state)
{
	(void)state;
	assert_int_equal(el2_map(0x09000000, 0x1000, EL2_DEVICE), VT_OK);
	assert_leaf(0x09000000, 3, DEVICE_BITS);
	assert_hole(0x09001000);
}

/* No attribute gives a page that may be written and executed. */
static void nothing_is_writable_and_executable(void **state)
{
	const uint64_t base = 0x0a000000;

	(void)state;
	for (unsigned attr = EL2_CODE; attr <= EL2_DEVICE; attr++) {
		assert_int_equal(el2_map(base + attr * 0x1000, 0x1000, (enum el2_attr)attr), VT_OK);

		const uint64_t desc = walk(base + attr * 0x1000).desc;

		assert_true((desc & 0x80) || (desc & XN));
	}
}

static void a_guard_page_splits_only_what_it_must(void **state)
{
	const uint64_t ram = UINT64_C(0x200000000), guard = ram + 0x412000;

	(void)state;
	assert_int_equal(el2_map(ram, GIB, EL2_DATA), VT_OK);
	assert_leaf(ram, 1, DATA_BITS);

	const unsigned used = el2_table_pages_used(), maintained = tlb_fake.el2;

	assert_int_equal(el2_unmap_page(guard), VT_OK);
	assert_int_equal(el2_table_pages_used(), used + 2);
	assert_int_equal(tlb_fake.el2,
			 maintained + 3); /* two splits and the hole, each by break-before-make */
	assert_hole(guard);
	assert_hole(guard + 4095);
	assert_leaf(guard - 1, 3, DATA_BITS);
	assert_leaf(guard + 4096, 3, DATA_BITS);
	assert_leaf(ram, 2, DATA_BITS);
	assert_leaf(ram + GIB - 1, 2, DATA_BITS);

	assert_int_equal(el2_unmap_page(guard), VT_ENOENT);
	assert_int_equal(el2_unmap_page(guard + 0x4000), VT_OK);
	assert_int_equal(el2_table_pages_used(), used + 2);
}

static void bad_arguments_are_refused(void **state)
{
	const uint64_t end = UINT64_C(1) << 48;
	const unsigned used = el2_table_pages_used();

	(void)state;
	assert_int_equal(el2_map(0x1001, 0x1000, EL2_DATA), VT_EINVAL);
	assert_int_equal(el2_map(0x1000, 0x10, EL2_DATA), VT_EINVAL);
	assert_int_equal(el2_map(0x1000, 0, EL2_DATA), VT_EINVAL);
	assert_int_equal(el2_map(end, 0x1000, EL2_DATA), VT_EINVAL);
	assert_int_equal(el2_map(end - 0x1000, 0x2000, EL2_DATA), VT_EINVAL);
	assert_int_equal(el2_map(0x2000, ~UINT64_C(0) - 0xfff, EL2_DATA), VT_EINVAL);
	assert_int_equal(el2_map(0x1000, 0x1000, (enum el2_attr)9), VT_EINVAL);
	assert_int_equal(el2_unmap_page(0x1001), VT_EINVAL);
	assert_int_equal(el2_unmap_page(end), VT_EINVAL);
	assert_int_equal(el2_unmap_page(UINT64_C(0x700000000000)), VT_ENOENT);
	assert_int_equal(el2_table_pages_used(), used);
}

/*
 * QEMU virt with 5 GiB and 8 CPUs' guard pages: with what the tests above took, it still fits in
 * the static tables.
 */
static void the_machine_fits(void **state)
{
	const uint64_t ram = UINT64_C(0x10000000000); /* like 0x40000000, in a part of its own */

	(void)state;
	assert_int_equal(el2_map(0x08000000, 0x10000, EL2_DEVICE), VT_OK);
	assert_int_equal(el2_map(0x080a0000, 0xf60000, EL2_DEVICE), VT_OK);
	assert_int_equal(el2_map(ram + 0x280000, 0x40000, EL2_CODE), VT_OK);
	assert_int_equal(el2_map(ram, 5 * GIB, EL2_DATA), VT_OK);
	for (uint64_t cpu = 0; cpu < 8; cpu++)
		assert_int_equal(el2_unmap_page(ram + 0x400000 + cpu * 0x5000), VT_OK);
	assert_true(el2_table_pages_used() <= EL2_TABLE_PAGES);
}

/* Last: it uses the table pages up. */
static void running_out_of_tables_is_an_error(void **state)
{
	uint64_t pa = UINT64_C(0x20000000000);
	enum vt_err err;

	(void)state;
	do {
		pa += GIB;
		err = el2_map(pa, 0x1000, EL2_DATA);
	} while (err == VT_OK);

	assert_int_equal(err, VT_ENOMEM);
	assert_hole(pa);
	assert_leaf(pa - GIB, 3, DATA_BITS);
	assert_int_equal(el2_table_pages_used(), EL2_TABLE_PAGES);

	assert_leaf(0x60000000, 2, DATA_BITS); /* from the first test */
	assert_int_equal(el2_unmap_page(0x60000000), VT_ENOMEM);
	assert_leaf(0x60000000, 2, DATA_BITS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_registers_are_these),
		cmocka_unit_test(ram_over_the_image_keeps_its_rights),
		cmocka_unit_test(devices_are_ngnre_and_never_executable),
		cmocka_unit_test(nothing_is_writable_and_executable),
		cmocka_unit_test(a_guard_page_splits_only_what_it_must),
		cmocka_unit_test(bad_arguments_are_refused),
		cmocka_unit_test(the_machine_fits),
		cmocka_unit_test(running_out_of_tables_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
