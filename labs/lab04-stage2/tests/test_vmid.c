/* Spaces that live at once: QEMU's TLB is not tagged with the VMID, so no boot tells whether two VMs have the same one. */
/* sources: src/mm/stage2.c src/mm/page_pool.c src/mm/zero_pages.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fakes.h"
#include "mm/phys.h"
#include "mm/stage2.h"

static uint8_t memory[4][PAGE_BYTES] __attribute__((aligned(4096)));

static void each_space_has_the_vmid_that_it_was_given(void **state)
{
	static const unsigned vmids[] = {1, 2, 128, 255};
	struct page_pool pool;
	struct stage2 space;

	(void)state;
	page_pool_init(&pool, memory, 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(stage2_init(&space, &pool, 40, 44, vmids[i]), VT_OK);
		assert_int_equal(space.vttbr >> 48, vmids[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_space_has_the_vmid_that_it_was_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
