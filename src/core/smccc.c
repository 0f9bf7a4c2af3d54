/*
 * SMCCC: see smccc.h. Pure.
 */
#include "core/smccc.h"

#include "core/psci.h"
#include "lib/bits.h"

#define RESULT(status) ((uint64_t)(int64_t)(status))

#define FORMS_W	 1u
#define FORMS_X	 2u
#define FORMS_WX 3u

static const struct function {
	uint32_t id;
	uint8_t forms, answer, reason;
} functions[] = {
#define FUNCTION(id, name, forms, answer, reason) \
	{id, FORMS_##forms, SMCCC_##answer, EXIT_##reason},
#include "core/smccc_functions.def"
#undef FUNCTION
};

/* NULL when there is none, or not in this form. The rows stand in the order of their ids. */
static const struct function *find(uint32_t function)
{
	/* LAB 05.2 */
	const unsigned form = function & SMCCC_64 ? FORMS_X : FORMS_W;
	const uint32_t id = function & ~SMCCC_64;
	unsigned first = 0, end = ARRAY_SIZE(functions);

	while (end - first > 1) {
		const unsigned middle = (first + end) / 2;

		if (functions[middle].id <= id)
			first = middle;
		else
			end = middle;
	}
	return functions[first].id == id && functions[first].forms & form ? &functions[first] : 0;
	/* END LAB */
}

enum smccc_answer smccc_who_answers(uint32_t function)
{
	const struct function *row = find(function);

	return row ? (enum smccc_answer)row->answer : SMCCC_NONE;
}

enum smccc_range smccc_range(uint32_t function)
{
	const uint32_t id = function & ~SMCCC_64;

	if (id >= PSCI_FIRST_FUNCTION && id <= PSCI_LAST_FUNCTION)
		return SMCCC_RANGE_PSCI;
	if (id >= TRNG_VERSION && id <= TRNG_RND)
		return SMCCC_RANGE_TRNG;
	switch (id & ~SMCCC_NUMBER) {
	case SMCCC_VERSION & ~SMCCC_NUMBER:
		return SMCCC_RANGE_ARCH;
	case VITRINE_FEATURES & ~SMCCC_NUMBER:
		return SMCCC_RANGE_VENDOR;
	default:
		return SMCCC_RANGE_OTHER;
	}
}

/*
 * DEN0022, PSCI_FEATURES: about PSCI functions and SMCCC_VERSION. 0 is also the set of CPU_SUSPEND's flags:
 * original format of power_state, no OS-initiated mode.
 */
static int64_t psci_features(uint32_t function)
{
	/* LAB 05.2 */
	if (smccc_range(function) != SMCCC_RANGE_PSCI && function != SMCCC_VERSION)
		return PSCI_NOT_SUPPORTED;
	return smccc_who_answers(function) == SMCCC_NONE ? PSCI_NOT_SUPPORTED : PSCI_SUCCESS;
	/* END LAB */
}

bool smccc_answer(uint32_t function, uint64_t x1, uint64_t *result)
{
	/* LAB 05.1 */
	switch (function) {
	case PSCI_VERSION:
		*result = PSCI_1_1;
		return true;
	case PSCI_FEATURES:
		*result = RESULT(psci_features((uint32_t)x1));
		return true;
	case PSCI_MIGRATE_INFO_TYPE:
		*result = PSCI_TOS_NOT_PRESENT;
		return true;
	case SMCCC_VERSION:
		*result = SMCCC_1_2;
		return true;
	default:
		return false;
	}
	/* END LAB */
}

enum exit_reason psci_exit_reason(uint32_t function)
{
	const struct function *row = find(function);

	return row ? (enum exit_reason)row->reason : EXIT_HYPERCALL;
}

#define MIDR_IMPLEMENTER GENMASK(31, 24)
#define MIDR_PART	 GENMASK(15, 4)
#define IMPLEMENTER_ARM	 0x41u
#define PFR0_CSV2	 GENMASK(59, 56)
#define CSV2_BRANCHES	 1u /* predictions of another context are not used: no CVE-2017-5715 */
#define CSV2_HISTORY	 3u /* nor its branch history: no CVE-2022-23960 */

/*
 * Arm's in-order cores do not run ahead far enough for any of the three. (Arm, "Vulnerability of
 * Speculative Processors to Cache Timing Side-Channel Mechanism" and its updates.)
 */
static bool is_in_order(uint64_t midr)
{
	static const uint16_t parts[] = {0xd03 /* A53 */, 0xd04 /* A35 */, 0xd05 /* A55 */};

	if (FIELD_GET(MIDR_IMPLEMENTER, midr) != IMPLEMENTER_ARM)
		return false;
	for (unsigned i = 0; i < ARRAY_SIZE(parts); i++)
		if (FIELD_GET(MIDR_PART, midr) == parts[i])
			return true;
	return false;
}

/* No firmware stands behind us that would do it, so: not needed, or not to be had. */
static int64_t workaround(bool is_needed)
{
	return is_needed ? SMCCC_NOT_SUPPORTED : SMCCC_NOT_REQUIRED;
}

int64_t smccc_arch_features(uint32_t function, const struct smccc_cpu *cpu)
{
	const uint64_t csv2 = FIELD_GET(PFR0_CSV2, cpu->pfr0);

	switch (function) {
	case SMCCC_VERSION:
	case SMCCC_ARCH_FEATURES:
		return SMCCC_SUCCESS;
	case SMCCC_ARCH_WORKAROUND_1:
		return workaround(csv2 < CSV2_BRANCHES && !is_in_order(cpu->midr));
	case SMCCC_ARCH_WORKAROUND_2: /* a CPU with SSBS lets its guest see to it */
		return workaround(!is_in_order(cpu->midr));
	case SMCCC_ARCH_WORKAROUND_3:
		return workaround(csv2 < CSV2_HISTORY && !is_in_order(cpu->midr));
	default:
		return SMCCC_NOT_SUPPORTED;
	}
}

const struct smccc_uuid vitrine_uuid = {{0xa2cae4c0, 0x114e12ab, 0xe6e708a8, 0x9ced9625}};

uint64_t vitrine_features(void)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(functions); i++)
		if (smccc_range(functions[i].id) == SMCCC_RANGE_VENDOR &&
		    (functions[i].id & SMCCC_NUMBER) < 32)
			bits |= BIT(functions[i].id & SMCCC_NUMBER);
	return bits;
}

void vitrine_log_text(const uint64_t x[static 8], char text[static VITRINE_LOG_BYTES + 1])
{
	unsigned length;

	for (length = 0; length < VITRINE_LOG_BYTES; length++) {
		const char c = (char)(x[1 + length / 8] >> length % 8 * 8);

		if (!c)
			break;
		text[length] = c < ' ' || c > '~' ? '?' : c;
	}
	text[length] = '\0';
}
