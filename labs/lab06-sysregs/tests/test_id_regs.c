/* What a guest is told of its CPU: only what we switch or need not switch, however much more a CPU has. */
/* sources: src/core/id_regs.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <vitrine/capabilities.h>

#include "core/id_regs.h"
#include "core/pmu.h"
#include "core/traps.h"
#include "tests/unit/cpu_models.h"
#include "tests/unit/fake_sysregs.h"

static bool pmu_there;

void pmu_init(void)
{
}

bool pmu_is_there(void)
{
	return pmu_there;
}

static const char *const registers[] = {"ID_AA64PFR0_EL1",  "ID_AA64PFR1_EL1",	"ID_AA64DFR0_EL1",
					"ID_AA64ISAR0_EL1", "ID_AA64ISAR1_EL1", "S3_0_C0_C6_2",
					"ID_AA64MMFR0_EL1", "ID_AA64MMFR1_EL1", "S3_0_C0_C7_2"};

/* A CPU with this in each of its ID registers. */
static void cpu_with_all(uint64_t value)
{
	fake_sysregs_reset();
	for (unsigned i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		fake_sysreg_write(registers[i], value);
	id_regs_init();
}

static uint64_t shown(unsigned crm, unsigned op2)
{
	return id_regs[ID_REG_INDEX(crm, op2)];
}

#define PFR0  shown(4, 0)
#define DFR0  shown(5, 0)
#define MMFR1 shown(7, 1)

static int set_up(void **state)
{
	(void)state;
	pmu_there = true;
	return 0;
}

/* A CPU that claims everything: EL0 both states, EL1 AArch64 only, no EL2, EL3; FP, AdvSIMD; GIC 1; DIT; CSV2 1; CSV3. */
static void pfr0_shows_what_is_listed(void **state)
{
	(void)state;
	cpu_with_all(UINT64_MAX);
	assert_int_equal(PFR0, UINT64_C(0xf10f000001ff0012));
	cpu_with_all(0);
	assert_int_equal(PFR0, 0);
}

/* Debug architecture 8 at most; PMUv3 when we have one to give; breakpoints and watchpoints as they are. */
static void dfr0_shows_what_is_listed(void **state)
{
	(void)state;
	cpu_with_all(UINT64_MAX);
	assert_int_equal(DFR0, 0xf0f0f108);
	pmu_there = false;
	cpu_with_all(UINT64_MAX);
	assert_int_equal(DFR0, 0xf0f0f008);
	cpu_with_all(0);
	assert_int_equal(DFR0, 0);
	pmu_there = true;
	cpu_with_all(0);
	assert_int_equal(DFR0, 0x100);
}

static void mmfr1_shows_what_is_listed(void **state)
{
	(void)state;
	cpu_with_all(UINT64_MAX);
	assert_int_equal(MMFR1, UINT64_C(0xf00ff0f00f));
	cpu_with_all(0);
	assert_int_equal(MMFR1, 0);
}

/* Smaller than the limit stays, larger becomes the limit, and no field touches another. */
static void a_field_is_no_larger_than_what_we_know(void **state)
{
	(void)state;
	for (uint64_t field = 0; field < 16; field++) {
		cpu_with_all(field);
		assert_int_equal(PFR0 & 0xf, field < 2 ? field : 2);
		assert_int_equal(DFR0 & 0xf, field < 8 ? field : 8);
		cpu_with_all(field << 4);
		assert_int_equal(PFR0, (field ? UINT64_C(1) : 0) << 4);
		cpu_with_all(field << 24);
		assert_int_equal(PFR0, (field ? UINT64_C(1) : 0) << 24);
		cpu_with_all(field << 56);
		assert_int_equal(PFR0, (field ? UINT64_C(1) : 0) << 56);
	}
}

/* 0xf in FP and AdvSIMD says "none": it must not become anything else, and what there is stays what it is. */
static void signed_fields_stay_as_they_are(void **state)
{
	(void)state;
	for (uint64_t field = 0; field < 16; field++) {
		cpu_with_all(field << 16);
		assert_int_equal(PFR0, field << 16);
		cpu_with_all(field << 20);
		assert_int_equal(PFR0, field << 20);
	}
}

/* QEMU's `max` has nearly everything. RAS, SVE, SME, MTE, SPE, trace, LORegions, VHE, nested virtualization: not for a guest. */
static void the_largest_cpu_shows_no_more_than_we_can_give(void **state)
{
	const struct id_values *max = NULL;

	(void)state;
	for (unsigned i = 0; i < sizeof(cpu_models) / sizeof(cpu_models[0]); i++)
		if (strcmp(cpu_models[i].name, "max") == 0)
			max = &cpu_models[i].values;
	assert_non_null(max);
	fake_sysregs_reset();
	fake_sysreg_write("ID_AA64PFR0_EL1", max->pfr0);
	fake_sysreg_write("ID_AA64DFR0_EL1", max->dfr0);
	fake_sysreg_write("ID_AA64MMFR1_EL1", max->mmfr1);
	id_regs_init();
	assert_int_equal(PFR0, UINT64_C(0x1101000001110012));
	assert_int_equal(DFR0, (max->dfr0 & 0xf0f0f000) | 0x108);
	assert_int_equal(MMFR1 & ~UINT64_C(0xf00ff0f00f), 0);
	assert_int_equal(MMFR1, max->mmfr1 & UINT64_C(0xf00ff0f00f));
}

static void assert_traps(const char *reg, unsigned shift, uint64_t hcr, uint64_t cptr,
			 uint64_t mdcr)
{
	for (uint64_t version = 0; version < 16; version++) {
		fake_sysregs_reset();
		fake_sysreg_write(reg, version << shift);
		id_regs_init();

		const struct hidden_traps traps = cpu_hidden_traps();

		assert_int_equal(traps.hcr, version ? hcr : 0);
		assert_int_equal(traps.cptr, version ? cptr : 0);
		assert_int_equal(traps.mdcr, version ? mdcr : 0);
	}
}

/* Hidden is not enough: what a CPU has all the same must trap. And only there, as elsewhere the bit is reserved. */
static void what_is_hidden_traps_where_it_exists(void **state)
{
	(void)state;
	assert_traps("ID_AA64MMFR1_EL1", 16, HCR_TLOR, 0, 0);
	assert_traps("ID_AA64PFR0_EL1", 28, HCR_TERR, 0, 0);
	assert_traps("ID_AA64PFR0_EL1", 44, 0, CPTR_TAM, 0);
	assert_traps("ID_AA64DFR0_EL1", 32, 0, 0, MDCR_TPMS);
	assert_traps("ID_AA64DFR0_EL1", 40, 0, 0, MDCR_TTRF);
	assert_traps("ID_AA64PFR0_EL1", 32, 0, 0, 0);
	assert_traps("ID_AA64DFR0_EL1", 12, 0, 0, 0);
}

static void all_at_once_trap_all(void **state)
{
	(void)state;
	cpu_with_all(UINT64_MAX);

	const struct hidden_traps traps = cpu_hidden_traps();

	assert_int_equal(traps.hcr, HCR_TLOR | HCR_TERR);
	assert_int_equal(traps.cptr, CPTR_TAM);
	assert_int_equal(traps.mdcr, MDCR_TPMS | MDCR_TTRF);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pfr0_shows_what_is_listed),
		TEST(dfr0_shows_what_is_listed),
		TEST(mmfr1_shows_what_is_listed),
		TEST(a_field_is_no_larger_than_what_we_know),
		TEST(signed_fields_stay_as_they_are),
		TEST(the_largest_cpu_shows_no_more_than_we_can_give),
		TEST(what_is_hidden_traps_where_it_exists),
		TEST(all_at_once_trap_all),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
