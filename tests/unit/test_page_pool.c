/* What stage 2 is given: pages of a pool, a VMID, and the machine's physical address size. */
/* sources: src/mm/page_pool.c src/mm/zero_pages.c src/mm/vmid.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fakes.h"
#include "lib/bits.h"
#include "mm/page_pool.h"
#include "mm/pa_range.h"
#include "mm/phys.h"
#include "mm/vmid.h"

static uint8_t memory[3][PAGE_BYTES] __attribute__((aligned(4096)));
static struct page_pool pool;

static void pool_pages_are_zeroed_and_counted(void **state)
{
	static const uint8_t zeroes[PAGE_BYTES];
	void *pages[3];

	(void)state;
	memset(memory, 0xff, sizeof(memory));
	page_pool_init(&pool, memory, 3);
	for (unsigned i = 0; i < 3; i++) {
		pages[i] = page_pool_take(&pool);
		assert_ptr_equal(pages[i], memory[i]);
		assert_memory_equal(pages[i], zeroes, PAGE_BYTES);
		memset(pages[i], 0xee, PAGE_BYTES);
	}
	assert_null(page_pool_take(&pool));
	page_pool_give(&pool, pages[1]);
	assert_ptr_equal(page_pool_take(&pool), pages[1]);
	assert_memory_equal(pages[1], zeroes, PAGE_BYTES);
	assert_int_equal(pool.free_pages, 0);
}

static void pool_misuse_panics(void **state)
{
	(void)state;
	page_pool_init(&pool, memory, 2);
	assert_true(PANICS(page_pool_give(&pool, memory[0])));
	page_pool_init(&pool, memory, 2);
	assert_true(PANICS(page_pool_give(&pool, memory[0] + 8)));
	assert_true(PANICS(page_pool_init(&pool, memory[0] + 8, 1)));
}

static void all_vmids_but_0_are_handed_out_once(void **state)
{
	bool seen[256] = {false};

	(void)state;
	for (unsigned i = 1; i < 256; i++) {
		const unsigned vmid = vmid_take();

		assert_in_range(vmid, 1, 255);
		assert_false(seen[vmid]);
		seen[vmid] = true;
	}
	assert_int_equal(vmid_take(), 0);
	vmid_give(200);
	assert_int_equal(vmid_take(), 200);
	for (unsigned i = 1; i < 256; i++)
		vmid_give(i);
	assert_true(PANICS(vmid_give(7)));
	assert_true(PANICS(vmid_give(0)));
	assert_true(PANICS(vmid_give(256)));
}

static void pa_range_follows_the_id_register(void **state)
{
	(void)state;
	assert_int_equal(pa_range_decode(0xfffffffffffffff0), 32);
	assert_int_equal(pa_range_decode(2), 40);
	assert_int_equal(pa_range_decode(4), 44);
	assert_int_equal(pa_range_decode(5), 48);
	assert_int_equal(pa_range_decode(6), 48); /* 52 bits, QEMU's "max" */
	assert_int_equal(pa_range_decode(15), 48);
	for (uint64_t range = 0; range <= 5; range++)
		assert_int_equal(pa_range_encode(pa_range_decode(range)), range);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pool_pages_are_zeroed_and_counted),
		cmocka_unit_test(pool_misuse_panics),
		cmocka_unit_test(all_vmids_but_0_are_handed_out_once),
		cmocka_unit_test(pa_range_follows_the_id_register),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
