/* The table of functions, what FEATURES makes of it, random numbers, text in registers. */
/* sources: src/core/smccc.c src/core/psci_state.c src/core/trng.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/psci.h"
#include "core/psci_state.h"
#include "core/trng.h"

#define NOT_SUPPORTED UINT64_MAX /* in all of x0 */

#define MIDR_A53      0x410fd034u
#define MIDR_A57      0x411fd070u
#define MIDR_A76      0x414fd0b1u
#define MIDR_OTHER_03 0x430fd030u /* A53's part number, another implementer */

static const struct {
	uint32_t id;
	const char *name, *forms, *answer;
	enum exit_reason reason;
} rows[] = {
#define FUNCTION(id, name, forms, answer, reason) {id, #name, #forms, #answer, EXIT_##reason},
#include "core/smccc_functions.def"
#undef FUNCTION
};

static uint64_t features(uint32_t function)
{
	uint64_t result;

	assert_true(smccc_answer(PSCI_FEATURES, function, &result));
	return result;
}

/* As a guest would see it: a call is there when it does not answer NOT_SUPPORTED. */
static bool is_there(uint32_t function)
{
	struct psci_domain machine;
	const uint64_t x[4] = {function};
	uint64_t result;

	if (smccc_answer(function, PSCI_VERSION, &result)) /* x1: for PSCI_FEATURES */
		return result != NOT_SUPPORTED;
	psci_init(&machine, 1, 0, 1 << 20, 1);
	psci_boot(&machine, 0, 0);
	psci_started(&machine, 0);

	const struct psci_outcome outcome = psci_call(&machine, 0, function, x, 0);

	return outcome.effect != PSCI_ANSWER || outcome.result != PSCI_NOT_SUPPORTED;
}

/* Every id of the range, both forms: PSCI_FEATURES says 0 exactly where a call does something. */
static void psci_features_tells_the_truth(void **state)
{
	unsigned there = 0;

	(void)state;
	for (uint32_t id = PSCI_FIRST_FUNCTION; id <= PSCI_LAST_FUNCTION; id++)
		for (unsigned wide = 0; wide < 2; wide++) {
			const uint32_t function = id | (wide ? SMCCC_64 : 0);

			assert_int_equal(features(function),
					 is_there(function) ? 0 : NOT_SUPPORTED);
			there += is_there(function);
		}
	assert_int_equal(there, 7 + 2 * 10); /* rows of W and of WX that are not NONE */
}

static void psci_features_is_about_psci(void **state)
{
	(void)state;
	assert_int_equal(features(SMCCC_VERSION), 0);
	assert_int_equal(features(SMCCC_ARCH_FEATURES), NOT_SUPPORTED);
	assert_int_equal(features(TRNG_VERSION), NOT_SUPPORTED);
	assert_int_equal(features(VENDOR_HYP_UID), NOT_SUPPORTED);
	assert_int_equal(features(0), NOT_SUPPORTED);
	assert_int_equal(features(UINT32_MAX), NOT_SUPPORTED);
}

static void psci_features_looks_at_w1(void **state)
{
	uint64_t result;

	(void)state;
	assert_true(smccc_answer(PSCI_FEATURES, UINT64_MAX << 32 | PSCI_CPU_ON, &result));
	assert_int_equal(result, 0);
}

static void every_row_means_what_it_says(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const bool w = strchr(rows[i].forms, 'W') != 0, x = strchr(rows[i].forms, 'X') != 0;
		const uint32_t form = w ? rows[i].id : rows[i].id | SMCCC_64;
		uint64_t result;

		assert_true(w || x);
		assert_int_equal(rows[i].id & SMCCC_64, 0);
		assert_int_equal(smccc_answer(form, 0, &result),
				 strcmp(rows[i].answer, "CORE") == 0);
		assert_int_equal(smccc_who_answers(form) == SMCCC_VMM,
				 strcmp(rows[i].answer, "VMM") == 0);
		assert_int_equal(psci_exit_reason(form), rows[i].reason);
		if (!w)
			assert_int_equal(smccc_who_answers(rows[i].id), SMCCC_NONE);
		if (!x)
			assert_int_equal(smccc_who_answers(rows[i].id | SMCCC_64), SMCCC_NONE);
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(rows[i].id, rows[j].id);
	}
}

static void versions(void **state)
{
	uint64_t result;

	(void)state;
	assert_true(smccc_answer(PSCI_VERSION, 0, &result));
	assert_int_equal(result, 0x10001);
	assert_true(smccc_answer(SMCCC_VERSION, 0, &result));
	assert_int_equal(result, 0x10002);
	assert_true(smccc_answer(PSCI_MIGRATE_INFO_TYPE, 0, &result));
	assert_int_equal(result, 2);
	assert_false(smccc_answer(PSCI_VERSION | SMCCC_64, 0, &result));
	assert_int_equal(psci_exit_reason(0x12345678), EXIT_HYPERCALL);
	assert_int_equal(psci_exit_reason(PSCI_CPU_OFF | SMCCC_64), EXIT_HYPERCALL);
}

static int64_t workaround(uint32_t function, uint64_t midr, uint64_t csv2)
{
	const struct smccc_cpu cpu = {midr, csv2 << 56};

	return smccc_arch_features(function, &cpu);
}

/* 1: not needed on this CPU; -1: we have none to offer. Never 0: we would have to do something. */
static void workarounds_are_what_the_cpu_says(void **state)
{
	(void)state;
	assert_int_equal(workaround(SMCCC_ARCH_WORKAROUND_1, MIDR_A57, 0), -1);
	assert_int_equal(workaround(SMCCC_ARCH_WORKAROUND_2, MIDR_A57, 0), -1);
	assert_int_equal(workaround(SMCCC_ARCH_WORKAROUND_3, MIDR_A57, 0), -1);
	for (unsigned n = 0; n < 3; n++) {
		static const uint32_t all[] = {SMCCC_ARCH_WORKAROUND_1, SMCCC_ARCH_WORKAROUND_2,
					       SMCCC_ARCH_WORKAROUND_3};

		assert_int_equal(workaround(all[n], MIDR_A53, 0), 1);
		assert_int_equal(workaround(all[n], MIDR_OTHER_03, 0), -1);
	}
	assert_int_equal(workaround(SMCCC_ARCH_WORKAROUND_1, MIDR_A76, 1), 1);
	assert_int_equal(workaround(SMCCC_ARCH_WORKAROUND_2, MIDR_A76, 3), -1);
	assert_int_equal(workaround(SMCCC_ARCH_WORKAROUND_3, MIDR_A76, 2), -1);
	assert_int_equal(workaround(SMCCC_ARCH_WORKAROUND_3, MIDR_A76, 3), 1);
	assert_int_equal(workaround(SMCCC_VERSION, MIDR_A57, 0), 0);
	assert_int_equal(workaround(SMCCC_ARCH_FEATURES, MIDR_A57, 0), 0);
	assert_int_equal(workaround(SMCCC_ARCH_SOC_ID, MIDR_A57, 0), -1);
	assert_int_equal(workaround(PSCI_VERSION, MIDR_A57, 0), -1);
}

static void random_bits_fill_registers_from_the_last(void **state)
{
	static const uint64_t entropy[3] = {0x1111222233334444, 0x5555666677778888,
					    0x9999aaaabbbbcccc};
	uint64_t x[4];

	(void)state;
	trng_random(TRNG_RND | SMCCC_64, 192, entropy, x);
	assert_int_equal(x[0], 0);
	assert_int_equal(x[1], entropy[2]);
	assert_int_equal(x[2], entropy[1]);
	assert_int_equal(x[3], entropy[0]);

	trng_random(TRNG_RND | SMCCC_64, 65, entropy, x);
	assert_int_equal(x[1], 0);
	assert_int_equal(x[2], 0);
	assert_int_equal(x[3], entropy[0]);
	trng_random(TRNG_RND | SMCCC_64, 68, entropy, x);
	assert_int_equal(x[2], 8);

	trng_random(TRNG_RND, 96, entropy, x);
	assert_int_equal(x[1], 0x77778888);
	assert_int_equal(x[2], 0x11112222);
	assert_int_equal(x[3], 0x33334444);
	trng_random(TRNG_RND, 1, entropy, x);
	assert_int_equal(x[1] | x[2], 0);
	assert_int_equal(x[3], 0);
	trng_random(TRNG_RND, 35, entropy, x);
	assert_int_equal(x[2], 2);
}

static void random_bits_are_refused_or_missing(void **state)
{
	static const uint64_t entropy[3] = {~0ull, ~0ull, ~0ull};
	uint64_t x[4] = {0};

	(void)state;
	trng_random(TRNG_RND, 97, entropy, x);
	assert_int_equal((int64_t)x[0], TRNG_INVALID_PARAMETERS);
	assert_int_equal(x[1] | x[2] | x[3], 0);
	trng_random(TRNG_RND, 0, entropy, x);
	assert_int_equal((int64_t)x[0], TRNG_INVALID_PARAMETERS);
	trng_random(TRNG_RND | SMCCC_64, 193, entropy, x);
	assert_int_equal((int64_t)x[0], TRNG_INVALID_PARAMETERS);
	trng_random(TRNG_RND, 8, 0, x);
	assert_int_equal((int64_t)x[0], TRNG_NO_ENTROPY);
	assert_int_equal(x[1] | x[2] | x[3], 0);
}

static void trng_features_knows_its_own(void **state)
{
	(void)state;
	assert_int_equal(trng_features(TRNG_VERSION), 0);
	assert_int_equal(trng_features(TRNG_FEATURES), 0);
	assert_int_equal(trng_features(TRNG_GET_UUID), 0);
	assert_int_equal(trng_features(TRNG_RND), 0);
	assert_int_equal(trng_features(TRNG_RND | SMCCC_64), 0);
	assert_int_equal(trng_features(TRNG_VERSION | SMCCC_64), TRNG_NOT_SUPPORTED);
	assert_int_equal(trng_features(PSCI_VERSION), TRNG_NOT_SUPPORTED);
	assert_true(trng_is_in(UINT64_C(1) << 60));
	assert_false(trng_is_in(~UINT64_C(0) >> 4));
}

static void vendor_features_name_the_vendor_functions(void **state)
{
	(void)state;
	assert_int_equal(vitrine_features(), 0x3f);
}

static void text_comes_in_registers(void **state)
{
	uint64_t x[8] = {0};
	char text[VITRINE_LOG_BYTES + 1];

	(void)state;
	memcpy(&x[1], "a guest's\ntext\x7f\x80", 16);
	vitrine_log_text(x, text);
	assert_string_equal(text, "a guest's?text??");

	memset(&x[1], 'x', 56);
	vitrine_log_text(x, text);
	assert_int_equal(strlen(text), VITRINE_LOG_BYTES);

	x[1] = 0;
	vitrine_log_text(x, text);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(psci_features_tells_the_truth),
		cmocka_unit_test(psci_features_is_about_psci),
		cmocka_unit_test(psci_features_looks_at_w1),
		cmocka_unit_test(every_row_means_what_it_says),
		cmocka_unit_test(versions),
		cmocka_unit_test(workarounds_are_what_the_cpu_says),
		cmocka_unit_test(random_bits_fill_registers_from_the_last),
		cmocka_unit_test(random_bits_are_refused_or_missing),
		cmocka_unit_test(trng_features_knows_its_own),
		cmocka_unit_test(vendor_features_name_the_vendor_functions),
		cmocka_unit_test(text_comes_in_registers),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
