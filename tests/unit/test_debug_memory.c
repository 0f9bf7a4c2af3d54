/* A debugger's look at a guest's memory: a page that it knows already is not walked to again, until anything on the way changes. */
/* sources: src/debug/memory.c src/debug/breaks.c src/vm/walk.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <vitrine/percpu.h>

#include "debug/memory.h"
#include "lib/bits.h"
#include "vm/guest_state.h"

#define PAGES	   16u
#define PAGE_WORDS 512u
#define RAM_IPA	   UINT64_C(0x40000000)
#define IPA(page)  (RAM_IPA + (page)*0x1000)
#define VA	   UINT64_C(0x12345678)
#define INDEX_1	   (VA >> 30 & 511)
#define INDEX_2	   (VA >> 21 & 511)
#define INDEX_3	   (VA >> 12 & 511)
#define TABLE	   UINT64_C(3)
#define SCTLR_M	   BIT(0)
#define SCTLR_EE   BIT(25)
#define T0SZ_39	   UINT64_C(25)

/* Guest-physical pages 0 to 15: tables of three levels are 1, 2, 3; what they lead to is 4. */
static _Alignas(4096) uint64_t ram[PAGES][PAGE_WORDS];
static struct percpu cpu;
static struct vm vm;
static struct vm_vcpu vcpu;
static struct debug_vm debug_vm;
static struct debug_vcpu debug;
static struct walk_regime regime;
static unsigned walks;

enum vt_err stage2_walk(struct stage2 *s2, uint64_t ipa, struct stage2_leaf *leaf)
{
	assert_ptr_equal(s2, &vm.stage2);
	walks++;
	if (ipa - RAM_IPA >= sizeof(ram))
		return VT_ENOENT;
	*leaf = (struct stage2_leaf){.pa = (uint64_t)(uintptr_t)ram + (ipa - RAM_IPA),
				     .bytes = 4096,
				     .attr = STAGE2_RWX};
	return VT_OK;
}

struct walk_regime guest_walk_regime(void)
{
	return regime;
}

static int set_up(void **state)
{
	static uint32_t id;

	(void)state;
	memset(ram, 0, sizeof(ram));
	ram[1][INDEX_1] = IPA(2) | TABLE;
	ram[2][INDEX_2] = IPA(3) | TABLE;
	ram[3][INDEX_3] = IPA(4) | TABLE;
	regime = (struct walk_regime){.sctlr = SCTLR_M, .tcr = T0SZ_39, .ttbr0 = IPA(1)};
	vcpu = (struct vm_vcpu){.vm = &vm};
	vcpu.core.cpu = &cpu;
	vcpu.core.id = id++ % DEBUG_VCPUS; /* what it knows is not forgotten from test to test */
	debug_vm.vm = &vm;
	debug.vcpu = &vcpu;
	debug.vm = &debug_vm;
	return 0;
}

/* The page that VA is in, by number; -1: none. And how often stage 2 was asked. */
static int found(unsigned *asked)
{
	uint64_t pa, count;
	const unsigned before = walks;
	const bool is = memory_find(&debug, VA, &pa, &count);

	*asked = walks - before;
	if (!is)
		return -1;
	assert_int_equal(pa % 4096, VA % 4096);
	assert_int_equal(count, 4096 - VA % 4096);
	return (int)((pa - (uint64_t)(uintptr_t)ram) / 4096);
}

static void finds(int page, bool anew)
{
	unsigned asked;

	assert_int_equal(found(&asked), page);
	assert_int_equal(asked != 0, anew);
}

static void knows(int page)
{
	finds(page, true);
	finds(page, false);
	finds(page, false);
}

static void a_page_is_walked_to_once(void **state)
{
	(void)state;
	knows(4);
}

static void a_change_on_the_way_is_seen(void **state)
{
	(void)state;
	knows(4);
	ram[3][INDEX_3] = IPA(5) | TABLE;
	knows(5);
	ram[6][INDEX_3] = IPA(7) | TABLE;
	ram[2][INDEX_2] = IPA(6) | TABLE;
	knows(7);
	ram[8][INDEX_2] = IPA(3) | TABLE;
	ram[1][INDEX_1] = IPA(8) | TABLE;
	knows(5);
	ram[3][INDEX_3] = 0;
	finds(-1, true);
	ram[3][INDEX_3] = IPA(5) | TABLE;
	finds(5, false); /* it is as it was */
}

static void a_change_of_registers_is_seen(void **state)
{
	(void)state;
	knows(4);
	ram[9][INDEX_1] = IPA(10) | TABLE;
	ram[10][INDEX_2] = IPA(11) | TABLE;
	ram[11][INDEX_3] = IPA(12) | TABLE;
	regime.ttbr0 = IPA(9);
	knows(12);
	regime.ttbr1 = IPA(1);
	knows(12);
	regime.tcr |= BIT(7); /* EPD0 */
	finds(-1, false);
	regime.tcr = T0SZ_39;
	finds(12, false);
	regime.sctlr = 0; /* the MMU is off, and no RAM at that address */
	finds(-1, true);
}

static void other_pages_have_places_of_their_own(void **state)
{
	uint64_t pa, count;

	(void)state;
	ram[3][INDEX_3 + 1] = IPA(5) | TABLE;
	ram[3][INDEX_3 + 4] = IPA(6) | TABLE; /* and one that shares VA's */
	knows(4);
	assert_true(memory_find(&debug, VA + 0x1000, &pa, &count));
	finds(4, false);
	assert_true(memory_find(&debug, VA + 0x4000, &pa, &count));
	knows(4);
}

static void in_no_hardware_it_is_walked_to_each_time(void **state)
{
	(void)state;
	knows(4);
	vcpu.core.cpu = NULL;
	vcpu.core.sysregs.SCTLR_EL1 = regime.sctlr;
	vcpu.core.sysregs.TCR_EL1 = regime.tcr;
	vcpu.core.sysregs.TTBR0_EL1 = regime.ttbr0;
	finds(4, true);
	finds(4, true);
}

static void big_endian_tables_are_walked_each_time(void **state)
{
	(void)state;
	ram[1][INDEX_1] = __builtin_bswap64(ram[1][INDEX_1]);
	ram[2][INDEX_2] = __builtin_bswap64(ram[2][INDEX_2]);
	ram[3][INDEX_3] = __builtin_bswap64(ram[3][INDEX_3]);
	regime.sctlr |= SCTLR_EE;
	finds(4, true);
	finds(4, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_page_is_walked_to_once, set_up),
		cmocka_unit_test_setup(a_change_on_the_way_is_seen, set_up),
		cmocka_unit_test_setup(a_change_of_registers_is_seen, set_up),
		cmocka_unit_test_setup(other_pages_have_places_of_their_own, set_up),
		cmocka_unit_test_setup(in_no_hardware_it_is_walked_to_each_time, set_up),
		cmocka_unit_test_setup(big_endian_tables_are_walked_each_time, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
