/* PSCI by the book: each function, each error code, and who wins when CPU_ON and CPU_OFF cross. */
/* sources: src/core/psci_state.c src/core/smccc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/psci.h"
#include "core/psci_state.h"

#define RAM_BASE  UINT64_C(0x40000000)
#define RAM_BYTES UINT64_C(0x10000000)
#define ENTRY	  (RAM_BASE + 0x80000)
#define HZ	  62500000u
#define JUNK	  UINT64_C(0xdead000000000000)

static struct psci_domain machine;

/* CPU 0 of four is on. */
static int set_up(void **state)
{
	(void)state;
	psci_init(&machine, 4, RAM_BASE, RAM_BYTES, HZ);
	psci_boot(&machine, ENTRY, 0x48000000);
	psci_started(&machine, 0);
	return 0;
}

static struct psci_outcome call_at(uint64_t now, unsigned self, uint32_t function, uint64_t x1,
				   uint64_t x2, uint64_t x3)
{
	const uint64_t x[4] = {function, x1, x2, x3};

	return psci_call(&machine, self, function, x, now);
}

static struct psci_outcome call(unsigned self, uint32_t function, uint64_t x1, uint64_t x2,
				uint64_t x3)
{
	return call_at(0, self, function, x1, x2, x3);
}

/* The result of a call that has no other effect. */
static int64_t ask(uint32_t function, uint64_t x1, uint64_t x2, uint64_t x3)
{
	const struct psci_outcome outcome = call(0, function, x1, x2, x3);

	assert_int_equal(outcome.effect, PSCI_ANSWER);
	return outcome.result;
}

static int64_t affinity_info(uint64_t mpidr)
{
	return ask(PSCI_AFFINITY_INFO | SMCCC_64, mpidr, 0, 0);
}

static void cpu_on(unsigned cpu)
{
	assert_int_equal(call(0, PSCI_CPU_ON | SMCCC_64, cpu, ENTRY, 7).effect, PSCI_START_CPU);
	psci_started(&machine, cpu);
}

static void cpu_on_refuses_what_is_not_there(void **state)
{
	const uint32_t on = PSCI_CPU_ON | SMCCC_64;

	(void)state;
	assert_int_equal(ask(on, 4, ENTRY, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(ask(on, BIT(31) | 1, ENTRY, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(ask(on, BIT(32) | 1, ENTRY, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(ask(on, BIT(8), ENTRY, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(ask(on, UINT64_MAX, ENTRY, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(ask(on, 1, RAM_BASE - 4, 0), PSCI_INVALID_ADDRESS);
	assert_int_equal(ask(on, 1, RAM_BASE + RAM_BYTES, 0), PSCI_INVALID_ADDRESS);
	assert_int_equal(ask(on, 1, ENTRY + 2, 0), PSCI_INVALID_ADDRESS);
	assert_int_equal(ask(on, 1, JUNK | ENTRY, 0), PSCI_INVALID_ADDRESS);
	assert_int_equal(affinity_info(1), PSCI_CPU_IS_OFF);
}

static void cpu_on_takes_its_time(void **state)
{
	const struct psci_outcome outcome = call(0, PSCI_CPU_ON | SMCCC_64, 2, ENTRY, 0x1234);

	(void)state;
	assert_int_equal(outcome.effect, PSCI_START_CPU);
	assert_int_equal(outcome.target, 2);
	assert_int_equal(outcome.result, PSCI_SUCCESS);
	assert_int_equal(affinity_info(2), PSCI_CPU_IS_PENDING);
	assert_int_equal(ask(PSCI_CPU_ON, 2, ENTRY + 4, 9), PSCI_ON_PENDING);
	assert_int_equal(machine.cpu[2].entry, ENTRY);
	assert_int_equal(machine.cpu[2].context, 0x1234);

	psci_started(&machine, 2);
	assert_int_equal(affinity_info(2), PSCI_CPU_IS_ON);
	assert_int_equal(ask(PSCI_CPU_ON, 2, ENTRY, 0), PSCI_ALREADY_ON);
	assert_int_equal(ask(PSCI_CPU_ON, 0, ENTRY, 0), PSCI_ALREADY_ON);
}

/* w0-w3 are the arguments of a 32-bit call; the guest's compiler may leave anything above. */
static void calls_of_32_bits_have_arguments_of_32_bits(void **state)
{
	(void)state;
	assert_int_equal(call(0, PSCI_CPU_ON, JUNK | 3, JUNK | ENTRY, JUNK | 5).effect,
			 PSCI_START_CPU);
	assert_int_equal(machine.cpu[3].entry, ENTRY);
	assert_int_equal(machine.cpu[3].context, 5);
	assert_int_equal(ask(PSCI_AFFINITY_INFO, JUNK | 3, JUNK, 0), PSCI_CPU_IS_PENDING);
	assert_int_equal(ask(PSCI_AFFINITY_INFO | SMCCC_64, JUNK | 3, 0, 0),
			 PSCI_INVALID_PARAMETERS);
	assert_int_equal(ask(PSCI_AFFINITY_INFO | SMCCC_64, 3, JUNK, 0), PSCI_INVALID_PARAMETERS);
}

/* A function that has no 64-bit form is none in that form. */
static void there_is_no_form_that_the_table_does_not_name(void **state)
{
	(void)state;
	assert_int_equal(ask(PSCI_CPU_OFF | SMCCC_64, 0, 0, 0), PSCI_NOT_SUPPORTED);
	assert_int_equal(ask(PSCI_SYSTEM_OFF | SMCCC_64, 0, 0, 0), PSCI_NOT_SUPPORTED);
	assert_int_equal(ask(PSCI_SYSTEM_RESET | SMCCC_64, 0, 0, 0), PSCI_NOT_SUPPORTED);
	assert_int_equal(ask(PSCI_MEM_PROTECT | SMCCC_64, 1, 0, 0), PSCI_NOT_SUPPORTED);
	assert_int_equal(ask(PSCI_LAST_FUNCTION, 0, 0, 0), PSCI_NOT_SUPPORTED);
	assert_int_equal(ask(0, 0, 0, 0), PSCI_NOT_SUPPORTED);
}

/* CPU_ON while its target is on the way out: refused before, accepted after, never both. */
static void cpu_on_and_cpu_off_cross(void **state)
{
	(void)state;
	cpu_on(1);
	assert_int_equal(ask(PSCI_CPU_ON, 1, ENTRY, 0), PSCI_ALREADY_ON);
	assert_int_equal(call(1, PSCI_CPU_OFF, 0, 0, 0).effect, PSCI_STOP_SELF);
	assert_int_equal(affinity_info(1), PSCI_CPU_IS_OFF);
	assert_int_equal(call(0, PSCI_CPU_ON, 1, ENTRY, 0).effect, PSCI_START_CPU);
	assert_int_equal(ask(PSCI_CPU_ON, 1, ENTRY, 0), PSCI_ON_PENDING);
	psci_started(&machine, 1);
	assert_int_equal(affinity_info(1), PSCI_CPU_IS_ON);
}

static void the_last_cpu_off_is_told_apart(void **state)
{
	(void)state;
	assert_int_equal(call(0, PSCI_CPU_ON, 1, ENTRY, 0).effect, PSCI_START_CPU);
	/* CPU 1 is only pending: it will run, and may switch CPU 0 on again. */
	assert_int_equal(call(0, PSCI_CPU_OFF, 0, 0, 0).effect, PSCI_STOP_SELF);
	psci_started(&machine, 1);
	assert_int_equal(call(1, PSCI_CPU_OFF, 0, 0, 0).effect, PSCI_STOP_LAST);
}

static void affinity_info_knows_cpus_only(void **state)
{
	(void)state;
	assert_int_equal(affinity_info(0), PSCI_CPU_IS_ON);
	assert_int_equal(affinity_info(3), PSCI_CPU_IS_OFF);
	assert_int_equal(affinity_info(4), PSCI_INVALID_PARAMETERS);
	assert_int_equal(ask(PSCI_AFFINITY_INFO, 0, 1, 0), PSCI_INVALID_PARAMETERS);
}

static void suspend_knows_two_states(void **state)
{
	const uint32_t suspend = PSCI_CPU_SUSPEND | SMCCC_64;

	(void)state;
	assert_int_equal(ask(suspend, BIT(24), ENTRY, 0), PSCI_INVALID_PARAMETERS); /* a cluster */
	assert_int_equal(ask(suspend, BIT(17), ENTRY, 0), PSCI_INVALID_PARAMETERS); /* reserved */
	assert_int_equal(ask(suspend, BIT(31), ENTRY, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(ask(suspend, 1, ENTRY, 0), PSCI_INVALID_PARAMETERS); /* a state id */
	assert_int_equal(ask(suspend, PSCI_STATE_POWER_DOWN, 0, 0), PSCI_INVALID_ADDRESS);
	assert_int_equal(ask(suspend, PSCI_STATE_POWER_DOWN, ENTRY + 1, 0), PSCI_INVALID_ADDRESS);
	/* Standby goes on behind the call: neither the address nor power_state's upper half counts. */
	assert_int_equal(call(0, suspend, JUNK | PSCI_STATE_STANDBY, 1, 0).effect, PSCI_SLEEP);
}

static void standby_goes_on_behind_the_call(void **state)
{
	(void)state;
	assert_int_equal(call(0, PSCI_CPU_SUSPEND, PSCI_STATE_STANDBY, 0, 0).effect, PSCI_SLEEP);
	assert_int_equal(affinity_info(0), PSCI_CPU_IS_ON);
	assert_int_equal(ask(PSCI_NODE_HW_STATE, 0, 0, 0), 2);
	assert_false(psci_wake(&machine, 0, 0));
	assert_int_equal(ask(PSCI_NODE_HW_STATE, 0, 0, 0), 0);
}

static void power_down_enters_anew(void **state)
{
	(void)state;
	assert_int_equal(
		call(0, PSCI_CPU_SUSPEND | SMCCC_64, PSCI_STATE_POWER_DOWN, ENTRY + 8, 99).effect,
		PSCI_SLEEP);
	assert_int_equal(ask(PSCI_NODE_HW_STATE, 0, 0, 0), 1);
	assert_true(psci_wake(&machine, 0, 0));
	assert_int_equal(machine.cpu[0].entry, ENTRY + 8);
	assert_int_equal(machine.cpu[0].context, 99);
	assert_false(psci_wake(&machine, 0, 0));

	assert_int_equal(call(0, PSCI_CPU_DEFAULT_SUSPEND, ENTRY + 12, 98, 0).effect, PSCI_SLEEP);
	assert_true(psci_wake(&machine, 0, 0));
	assert_int_equal(machine.cpu[0].entry, ENTRY + 12);
	assert_int_equal(ask(PSCI_CPU_DEFAULT_SUSPEND, 0, 0, 0), PSCI_INVALID_ADDRESS);
}

static void system_suspend_is_for_the_last_cpu(void **state)
{
	const uint32_t suspend = PSCI_SYSTEM_SUSPEND | SMCCC_64;

	(void)state;
	assert_int_equal(call(0, PSCI_CPU_ON, 1, ENTRY, 0).effect, PSCI_START_CPU);
	assert_int_equal(ask(suspend, ENTRY, 5, 0), PSCI_DENIED);
	psci_started(&machine, 1);
	assert_int_equal(ask(suspend, ENTRY, 5, 0), PSCI_DENIED);
	call(1, PSCI_CPU_OFF, 0, 0, 0);
	assert_int_equal(ask(suspend, 0, 5, 0), PSCI_INVALID_ADDRESS);
	assert_int_equal(call(0, suspend, ENTRY, 5, 0).effect, PSCI_SLEEP);
	assert_true(psci_wake(&machine, 0, 0));
	assert_int_equal(machine.cpu[0].context, 5);
}

static void statistics_count_naps(void **state)
{
	const uint32_t residency = PSCI_STAT_RESIDENCY | SMCCC_64;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		call_at(1000, 0, PSCI_CPU_SUSPEND, PSCI_STATE_STANDBY, 0, 0);
		psci_wake(&machine, 0, 1000 + HZ);
	}
	assert_int_equal(ask(PSCI_STAT_COUNT, 0, PSCI_STATE_STANDBY, 0), 3);
	assert_int_equal(ask(residency, 0, PSCI_STATE_STANDBY, 0), 3000000);
	assert_int_equal(ask(PSCI_STAT_COUNT, 0, PSCI_STATE_POWER_DOWN, 0), 0);
	assert_int_equal(ask(PSCI_STAT_COUNT, 1, PSCI_STATE_STANDBY, 0), 0);
	assert_int_equal(ask(PSCI_STAT_COUNT, 9, PSCI_STATE_STANDBY, 0), 0);
	assert_int_equal(ask(PSCI_STAT_COUNT, 0, 7, 0), 0);

	/* 100 years: no overflow on the way, and the 32-bit form gives the low half. */
	call_at(0, 0, PSCI_CPU_SUSPEND, PSCI_STATE_STANDBY, 0, 0);
	psci_wake(&machine, 0, UINT64_C(3155760000) * HZ);
	assert_int_equal(ask(residency, 0, PSCI_STATE_STANDBY, 0), UINT64_C(3155760003) * 1000000);
	assert_int_equal(ask(PSCI_STAT_RESIDENCY, 0, PSCI_STATE_STANDBY, 0),
			 (uint32_t)(UINT64_C(3155760003) * 1000000));
}

static void memory_is_protected_until_a_warm_reset(void **state)
{
	(void)state;
	assert_int_equal(ask(PSCI_MEM_PROTECT, 1, 0, 0), 0);
	assert_int_equal(ask(PSCI_MEM_PROTECT, 1, 0, 0), 1);
	assert_int_equal(call(0, PSCI_SYSTEM_RESET2, 0, 0, 0).effect, PSCI_WARM_RESET);
	assert_int_equal(ask(PSCI_MEM_PROTECT, 0, 0, 0), 0);
}

static void check_range_knows_the_ram(void **state)
{
	const uint32_t check = PSCI_MEM_PROTECT_CHECK_RANGE | SMCCC_64;

	(void)state;
	assert_int_equal(ask(check, RAM_BASE, RAM_BYTES, 0), PSCI_SUCCESS);
	assert_int_equal(ask(check, RAM_BASE + RAM_BYTES - 1, 1, 0), PSCI_SUCCESS);
	assert_int_equal(ask(check, RAM_BASE, RAM_BYTES + 1, 0), PSCI_DENIED);
	assert_int_equal(ask(check, RAM_BASE - 1, 2, 0), PSCI_DENIED);
	assert_int_equal(ask(check, RAM_BASE, 0, 0), PSCI_DENIED);
	assert_int_equal(ask(check, RAM_BASE + 1, UINT64_MAX, 0), PSCI_DENIED);
	assert_int_equal(ask(PSCI_MEM_PROTECT_CHECK_RANGE, JUNK | RAM_BASE, JUNK | 1, 0),
			 PSCI_SUCCESS);
}

static void the_machine_ends_as_asked(void **state)
{
	(void)state;
	assert_int_equal(call(0, PSCI_SYSTEM_OFF, 0, 0, 0).effect, PSCI_OFF);
	assert_int_equal(call(0, PSCI_SYSTEM_RESET, 0, 0, 0).effect, PSCI_RESET);
	assert_int_equal(call(0, PSCI_SYSTEM_RESET2, JUNK, 0, 0).effect, PSCI_WARM_RESET);
	assert_int_equal(ask(PSCI_SYSTEM_RESET2, 1, 0, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(ask(PSCI_SYSTEM_RESET2, BIT(31), 0, 0), PSCI_NOT_SUPPORTED);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cpu_on_refuses_what_is_not_there),
		TEST(cpu_on_takes_its_time),
		TEST(calls_of_32_bits_have_arguments_of_32_bits),
		TEST(there_is_no_form_that_the_table_does_not_name),
		TEST(cpu_on_and_cpu_off_cross),
		TEST(the_last_cpu_off_is_told_apart),
		TEST(affinity_info_knows_cpus_only),
		TEST(suspend_knows_two_states),
		TEST(standby_goes_on_behind_the_call),
		TEST(power_down_enters_anew),
		TEST(system_suspend_is_for_the_last_cpu),
		TEST(statistics_count_naps),
		TEST(memory_is_protected_until_a_warm_reset),
		TEST(check_range_knows_the_ram),
		TEST(the_machine_ends_as_asked),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
