/*
 * PSCI and SMCCC calls that are answered on the spot. Pure.
 */
#include "core/psci.h"

#define RESULT(status) ((uint64_t)(int64_t)(status))

/*
 * DEN0022, 5.1.14: 0 or feature flags for a function that is implemented. CPU_SUSPEND: original
 * format, no OS-initiated mode.
 */
static int64_t psci_features(uint32_t function)
{
	switch (function) {
	case PSCI_VERSION:
	case PSCI_CPU_SUSPEND_32:
	case PSCI_CPU_SUSPEND_64:
	case PSCI_CPU_OFF:
	case PSCI_CPU_ON_32:
	case PSCI_CPU_ON_64:
	case PSCI_AFFINITY_INFO_32:
	case PSCI_AFFINITY_INFO_64:
	case PSCI_MIGRATE_INFO_TYPE:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_FEATURES:
	case SMCCC_VERSION:
		return PSCI_SUCCESS;
	default:
		return PSCI_NOT_SUPPORTED;
	}
}

/*
 * DEN0028, 7.3: whether an Arm Architecture call is implemented. We offer no firmware workarounds.
 */
static int64_t arch_features(uint32_t function)
{
	return function == SMCCC_VERSION || function == SMCCC_ARCH_FEATURES ? PSCI_SUCCESS
									    : PSCI_NOT_SUPPORTED;
}

bool smccc_answer(uint32_t function, uint64_t x1, uint64_t *result)
{
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
	case SMCCC_ARCH_FEATURES:
		*result = RESULT(arch_features((uint32_t)x1));
		return true;
	default:
		return false;
	}
}

enum exit_reason psci_exit_reason(uint32_t function)
{
	switch (function) {
	case PSCI_CPU_ON_32:
	case PSCI_CPU_ON_64:
		return EXIT_CPU_UP;
	case PSCI_CPU_OFF:
		return EXIT_CPU_DOWN;
	case PSCI_CPU_SUSPEND_32:
	case PSCI_CPU_SUSPEND_64:
		return EXIT_CPU_SUSPEND;
	case PSCI_SYSTEM_OFF:
		return EXIT_SYSTEM_DOWN;
	case PSCI_SYSTEM_RESET:
		return EXIT_SYSTEM_RESET;
	default:
		return EXIT_HYPERCALL;
	}
}
