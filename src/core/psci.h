/*
 * PSCI's numbers. What its functions do is in core/psci_state.h, which of them exist in
 * core/smccc_functions.def.
 *
 * Source: Arm DEN0022 (PSCI 1.1).
 */
#ifndef CORE_PSCI_H
#define CORE_PSCI_H

#include "core/smccc.h"

#define PSCI_1_1	     0x10001u
#define PSCI_TOS_NOT_PRESENT 2u /* MIGRATE_INFO_TYPE: nothing to migrate */

/* The ids that are PSCI's own, both forms: none of them ever goes to EL3. */
#define PSCI_FIRST_FUNCTION 0x84000000u
#define PSCI_LAST_FUNCTION  0x8400001fu
#define SDEI_LAST_FUNCTION  0x8400003fu /* the range after PSCI's: events of the firmware */

enum psci_status {
	PSCI_SUCCESS = 0,
	PSCI_NOT_SUPPORTED = -1,
	PSCI_INVALID_PARAMETERS = -2,
	PSCI_DENIED = -3,
	PSCI_ALREADY_ON = -4,
	PSCI_ON_PENDING = -5,
	PSCI_INTERNAL_FAILURE = -6,
	PSCI_INVALID_ADDRESS = -9,
};

#endif
