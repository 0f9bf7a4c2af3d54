/* What a leaf of each kind says besides its address. attributes() is static, and asked here before there is a table to put it in. */
/* sources: src/mm/stage2.c src/mm/page_pool.c src/mm/zero_pages.c */
#include LAB_FILE

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "fakes.h"

/* Arm ARM D8.3.2, stage-2 leaf: MemAttr 5:2, S2AP 7:6, SH 9:8, AF 10, XN 54. */
#define NORMAL	   (UINT64_C(0xf) << 2)
#define NGNRE	   (UINT64_C(1) << 2)
#define READ	   (UINT64_C(1) << 6)
#define WRITE	   (UINT64_C(2) << 6)
#define INNER	   (UINT64_C(3) << 8)
#define ACCESSED   (UINT64_C(1) << 10)
#define NO_EXECUTE (UINT64_C(1) << 54)

static void ram_is_normal_inner_shareable_memory(void **state)
{
	(void)state;
	assert_int_equal(attributes(STAGE2_RWX), ACCESSED | INNER | NORMAL | READ | WRITE);
}

static void read_only_ram_differs_in_s2ap_alone(void **state)
{
	(void)state;
	assert_int_equal(attributes(STAGE2_RO), ACCESSED | INNER | NORMAL | READ);
}

static void a_device_has_sh_0_and_is_never_executed(void **state)
{
	(void)state;
	assert_int_equal(attributes(STAGE2_DEVICE), NO_EXECUTE | ACCESSED | NGNRE | READ | WRITE);
}

static void an_attribute_that_is_none_has_no_bits(void **state)
{
	(void)state;
	assert_int_equal(attributes((enum stage2_attr)3), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ram_is_normal_inner_shareable_memory),
		cmocka_unit_test(read_only_ram_differs_in_s2ap_alone),
		cmocka_unit_test(a_device_has_sh_0_and_is_never_executed),
		cmocka_unit_test(an_attribute_that_is_none_has_no_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
