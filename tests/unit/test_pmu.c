/* Claims about src/core/pmu.c: PMUv3's registers as the manual has them, whatever a guest does to them. */
/* sources: src/core/pmu.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/esr.h"
#include "core/pmu.h"

#define COUNTERS 4
#define CYCLES	 BIT(PMU_CYCLES)

#define TRAPPED(op0, op1, crn, crm, op2, name, read, write) \
	static const uint32_t name = SYSREG_KEY(op0, op1, crn, crm, op2);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-const-variable"
#pragma GCC diagnostic ignored "-Wunused-variable"
#include "core/trapped_regs.def"
#pragma GCC diagnostic pop
#undef TRAPPED

static const struct pmu_machine machine = {
	.there = true, .counters = COUNTERS, .id = 0x41010000, .events = {0x7fff0f1f, 0}};
static struct guest_pmu pmu;

static int fresh(void **state)
{
	(void)state;
	memset(&pmu, 0, sizeof(pmu));
	return 0;
}

static uint64_t get(uint32_t key)
{
	uint64_t value = 0x5a5a;

	assert_true(pmu_read(&pmu, &machine, key, &value));
	return value;
}

static void set(uint32_t key, uint64_t value)
{
	assert_true(pmu_write(&pmu, &machine, key, value, false));
}

static void pmcr_has_the_machines_identity_and_the_guests_number(void **state)
{
	(void)state;
	set(PMCR_EL0, UINT64_MAX);
	assert_int_equal(get(PMCR_EL0), 0x41010000 | COUNTERS << 11 | PMCR_E | PMCR_D | PMCR_X |
						PMCR_DP | PMCR_LC);
	set(PMCR_EL0, 0);
	assert_int_equal(get(PMCR_EL0), 0x41010000 | COUNTERS << 11);
	assert_int_equal(get(PMCEID0_EL0), 0x7fff0f1f);
}

static void set_and_clear_registers_know_only_counters_that_exist(void **state)
{
	const uint32_t pairs[][2] = {{PMCNTENSET_EL0, PMCNTENCLR_EL0},
				     {PMINTENSET_EL1, PMINTENCLR_EL1},
				     {PMOVSSET_EL0, PMOVSCLR_EL0}};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		set(pairs[i][0], UINT64_MAX);
		assert_int_equal(get(pairs[i][0]), CYCLES | 0xf);
		set(pairs[i][1], CYCLES | 2);
		assert_int_equal(get(pairs[i][0]), 0xd);
		assert_int_equal(get(pairs[i][1]), 0xd);
	}
}

static void numbered_registers_end_at_n(void **state)
{
	uint64_t value;

	(void)state;
	set(PMEVCNTR3_EL0, 0x123456789);
	assert_int_equal(get(PMEVCNTR3_EL0), 0x23456789);
	set(PMEVTYPER3_EL0, UINT64_MAX);
	assert_int_equal(get(PMEVTYPER3_EL0), 0xc00003ff); /* P, U, 10 bits of event */
	set(PMCCFILTR_EL0, UINT64_MAX);
	assert_int_equal(get(PMCCFILTR_EL0), 0xc0000000);
	assert_false(pmu_read(&pmu, &machine, PMEVCNTR4_EL0, &value));
	assert_false(pmu_write(&pmu, &machine, PMEVCNTR4_EL0, 1, false));
	assert_false(pmu_read(&pmu, &machine, PMEVTYPER30_EL0, &value));
	assert_false(pmu_write(&pmu, &machine, PMEVTYPER30_EL0, 1, false));
}

static void pmselr_selects(void **state)
{
	(void)state;
	set(PMSELR_EL0, 2);
	set(PMXEVTYPER_EL0, 0x11);
	set(PMXEVCNTR_EL0, 77);
	assert_int_equal(get(PMEVTYPER2_EL0), 0x11);
	assert_int_equal(get(PMEVCNTR2_EL0), 77);
	set(PMSELR_EL0, PMU_CYCLES);
	set(PMXEVTYPER_EL0, BIT(31));
	assert_int_equal(get(PMCCFILTR_EL0), BIT(31));
	assert_int_equal(get(PMXEVCNTR_EL0), 0);
	/* One that does not exist: reads as zero, writes vanish. (CONSTRAINED UNPREDICTABLE.) */
	set(PMSELR_EL0, COUNTERS);
	set(PMXEVTYPER_EL0, 1);
	set(PMXEVCNTR_EL0, 1);
	assert_int_equal(get(PMXEVTYPER_EL0) | get(PMXEVCNTR_EL0), 0);
}

static void resets_are_apart(void **state)
{
	(void)state;
	set(PMCCNTR_EL0, 1000);
	set(PMEVCNTR0_EL0, 5);
	set(PMCR_EL0, PMCR_P);
	assert_int_equal(get(PMEVCNTR0_EL0), 0);
	assert_int_equal(get(PMCCNTR_EL0), 1000);
	set(PMEVCNTR0_EL0, 5);
	set(PMCR_EL0, PMCR_C);
	assert_int_equal(get(PMEVCNTR0_EL0), 5);
	assert_int_equal(get(PMCCNTR_EL0), 0);
}

static void software_increments_obey_enable_event_and_filter(void **state)
{
	(void)state;
	set(PMEVTYPER1_EL0, 0x08);    /* another event */
	set(PMEVTYPER2_EL0, BIT(31)); /* not at EL1 */
	set(PMSWINC_EL0, 0xf);
	assert_int_equal(get(PMEVCNTR0_EL0), 0);
	set(PMCNTENSET_EL0, 0x7);
	set(PMSWINC_EL0, 0xf);
	assert_int_equal(get(PMEVCNTR0_EL0), 0); /* PMCR_EL0.E is 0 */
	set(PMCR_EL0, PMCR_E);
	set(PMSWINC_EL0, 0xf);
	assert_int_equal(get(PMEVCNTR0_EL0), 1);
	assert_int_equal(get(PMEVCNTR1_EL0), 0);
	assert_int_equal(get(PMEVCNTR2_EL0), 0);
	assert_int_equal(get(PMEVCNTR3_EL0), 0);
	assert_true(pmu_write(&pmu, &machine, PMSWINC_EL0, 0xf, true));
	assert_int_equal(get(PMEVCNTR0_EL0), 2);
	assert_int_equal(get(PMEVCNTR2_EL0), 1); /* at EL0 it counts */
}

static void the_line_needs_overflow_interrupt_and_enable(void **state)
{
	(void)state;
	set(PMEVCNTR0_EL0, UINT32_MAX);
	set(PMCNTENSET_EL0, 1);
	set(PMCR_EL0, PMCR_E);
	set(PMSWINC_EL0, 1);
	assert_int_equal(get(PMEVCNTR0_EL0), 0);
	assert_int_equal(get(PMOVSSET_EL0), 1);
	assert_false(pmu_line(&pmu));
	set(PMINTENSET_EL1, 3);
	assert_true(pmu_line(&pmu));
	set(PMCR_EL0, 0);
	assert_false(pmu_line(&pmu));
	set(PMCR_EL0, PMCR_E);
	set(PMOVSCLR_EL0, 1);
	assert_false(pmu_line(&pmu));
}

/* Every encoding that a trap can bring: what is no PMU register of ours is refused and changes nothing. */
static void other_registers_are_refused(void **state)
{
	unsigned there = 0;

	(void)state;
	for (uint32_t crm = 0; crm < 16; crm++)
		for (uint32_t op2 = 0; op2 < 8; op2++) {
			const uint32_t key = SYSREG_KEY(3, 3, 14, crm, op2);
			uint64_t value;

			if (crm >= 8)
				there += pmu_read(&pmu, &machine, key, &value);
		}
	assert_int_equal(there, 2 * COUNTERS + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(pmcr_has_the_machines_identity_and_the_guests_number, fresh),
		cmocka_unit_test_setup(set_and_clear_registers_know_only_counters_that_exist,
				       fresh),
		cmocka_unit_test_setup(numbered_registers_end_at_n, fresh),
		cmocka_unit_test_setup(pmselr_selects, fresh),
		cmocka_unit_test_setup(resets_are_apart, fresh),
		cmocka_unit_test_setup(software_increments_obey_enable_event_and_filter, fresh),
		cmocka_unit_test_setup(the_line_needs_overflow_interrupt_and_enable, fresh),
		cmocka_unit_test_setup(other_registers_are_refused, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
