/* The calls that smccc_answer() completes by itself. It needs nothing of the other tasks. */
/* sources: src/core/smccc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/psci.h"
#include "core/smccc.h"

#define UNTOUCHED UINT64_C(0x5afe5afe5afe5afe)

static uint64_t answer_to(uint32_t function)
{
	uint64_t result = UNTOUCHED;

	assert_true(smccc_answer(function, 0, &result));
	return result;
}

static void answers_are_those_of_the_specifications(void **state)
{
	(void)state;
	assert_int_equal(answer_to(PSCI_VERSION), 0x10001);
	assert_int_equal(answer_to(SMCCC_VERSION), 0x10002);
	assert_int_equal(answer_to(PSCI_MIGRATE_INFO_TYPE), 2);
}

/* What the embedder is to answer, and what nobody does: not here, and nothing is written. */
static void answers_to_others_are_left_alone(void **state)
{
	static const uint32_t others[] = {PSCI_CPU_ON,
					  PSCI_CPU_ON | SMCCC_64,
					  PSCI_SYSTEM_OFF,
					  SMCCC_ARCH_FEATURES,
					  TRNG_VERSION,
					  VITRINE_FEATURES,
					  PSCI_VERSION | SMCCC_64,
					  SMCCC_VERSION | SMCCC_64,
					  PSCI_MIGRATE_INFO_TYPE | SMCCC_64,
					  PSCI_FEATURES | SMCCC_64,
					  0,
					  0x12345678,
					  UINT32_MAX};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
		uint64_t result = UNTOUCHED;

		assert_false(smccc_answer(others[i], 0, &result));
		assert_int_equal(result, UNTOUCHED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_those_of_the_specifications),
		cmocka_unit_test(answers_to_others_are_left_alone),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
