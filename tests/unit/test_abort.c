/* What a guest is told of an access that stage 2 has refused. */
/* sources: src/vm/abort.c src/vm/walk.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/esr.h"
#include "vm/abort.h"
#include "vm/guest_state.h"
#include "vm/vm.h"

#define VA     UINT64_C(0xffffff8012345678)
#define TABLE  0x3
#define LEVELS 4u
/* FSC of the stage-2 fault itself: must never be seen. */
#define STAGE2_TRANSLATION_2 0x06u
#define STAGE2_PERMISSION_3  0x0fu

static _Alignas(4096) uint64_t table[LEVELS][512];
static unsigned missing; /* the level of the table that stage 2 does not map */
static enum stage2_attr attr;
static struct walk_regime regime;
static struct vm vm;
static struct vm_vcpu vcpu;

struct walk_regime guest_walk_regime(void)
{
	return regime;
}

enum vt_err stage2_walk(struct stage2 *s2, uint64_t ipa, struct stage2_leaf *leaf)
{
	assert_ptr_equal(s2, &vm.stage2);
	if (missing < LEVELS && ipa / 4096 == (uintptr_t)table[missing] / 4096)
		return VT_ENOENT;
	*leaf = (struct stage2_leaf){.pa = ipa, .bytes = 4096, .attr = attr};
	return VT_OK;
}

/* 48 bits of 4 KiB pages: four levels, all entries alike. */
static int set_up(void **state)
{
	(void)state;
	attr = STAGE2_RWX;
	missing = LEVELS;
	vcpu.vm = &vm;
	for (unsigned level = 0; level < LEVELS; level++)
		for (unsigned i = 0; i < 512; i++)
			table[level][i] =
				(level < 3 ? (uintptr_t)table[level + 1] : 0x40000000) | TABLE;
	regime = (struct walk_regime){.sctlr = 1,
				      .tcr = 16 | 16 << 16 | UINT64_C(2) << 30,
				      .ttbr0 = (uintptr_t)table[0],
				      .ttbr1 = (uintptr_t)table[0]};
	return 0;
}

static uint32_t told(uint64_t ec, uint64_t iss)
{
	vcpu.core.exit =
		(struct vcpu_exit){.esr = FIELD_PREP(ESR_EC, ec) | ESR_IL | iss, .far = VA};
	return abort_iss(&vcpu);
}

static void the_access_itself_is_an_external_abort(void **state)
{
	(void)state;
	assert_int_equal(told(EC_DABT_LOWER, STAGE2_TRANSLATION_2), 0x10);
	assert_int_equal(told(EC_DABT_LOWER, STAGE2_PERMISSION_3), 0x10);
	assert_int_equal(told(EC_DABT_LOWER, ISS_ABT_WNR | STAGE2_TRANSLATION_2), 0x50);
	assert_int_equal(told(EC_DABT_LOWER, ISS_ABT_CM | ISS_ABT_WNR | STAGE2_PERMISSION_3),
			 0x150);
	/* What describes the instruction does not hold for EL1: ISV must be 0 there. */
	assert_int_equal(told(EC_DABT_LOWER,
			      ISS_ABT_ISV | ISS_ABT_SAS | ISS_ABT_SRT | STAGE2_TRANSLATION_2),
			 0x10);
	assert_int_equal(told(EC_IABT_LOWER, STAGE2_TRANSLATION_2), 0x10);
	assert_int_equal(told(EC_IABT_LOWER, ISS_ABT_WNR | ISS_ABT_CM | STAGE2_TRANSLATION_2),
			 0x10);
}

static void an_address_that_is_not_known_stays_so(void **state)
{
	(void)state;
	assert_int_equal(told(EC_DABT_LOWER, ISS_ABT_FNV | 0x10), 0x410);
	assert_int_equal(told(EC_IABT_LOWER, ISS_ABT_FNV | 0x10), 0x410);
}

static void a_walk_names_the_guests_own_level(void **state)
{
	(void)state;
	for (missing = 0; missing < LEVELS; missing++) {
		assert_int_equal(told(EC_DABT_LOWER, ISS_ABT_S1PTW | STAGE2_TRANSLATION_2),
				 0x14 + missing);
		assert_int_equal(told(EC_DABT_LOWER,
				      ISS_ABT_S1PTW | ISS_ABT_WNR | STAGE2_PERMISSION_3),
				 0x54 + missing);
		assert_int_equal(told(EC_IABT_LOWER, ISS_ABT_S1PTW | STAGE2_TRANSLATION_2),
				 0x14 + missing);
	}
}

static void tables_in_a_device_are_none(void **state)
{
	(void)state;
	attr = STAGE2_DEVICE;
	assert_int_equal(told(EC_DABT_LOWER, ISS_ABT_S1PTW | STAGE2_PERMISSION_3), 0x14);
}

static void a_table_that_is_there_by_now_has_no_level(void **state)
{
	(void)state;
	assert_int_equal(told(EC_DABT_LOWER, ISS_ABT_S1PTW | STAGE2_TRANSLATION_2), 0x10);
	regime.tcr = 0;
	assert_int_equal(told(EC_DABT_LOWER, ISS_ABT_S1PTW | STAGE2_TRANSLATION_2), 0x10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_access_itself_is_an_external_abort, set_up),
		cmocka_unit_test_setup(an_address_that_is_not_known_stays_so, set_up),
		cmocka_unit_test_setup(a_walk_names_the_guests_own_level, set_up),
		cmocka_unit_test_setup(tables_in_a_device_are_none, set_up),
		cmocka_unit_test_setup(a_table_that_is_there_by_now_has_no_level, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
