/*
 * PSCI and SMCCC: function identifiers, status values, and the calls that need no VM to answer.
 *
 * Source: Arm DEN0022 (PSCI 1.1), Arm DEN0028 (SMCCC 1.2).
 */
#ifndef CORE_PSCI_H
#define CORE_PSCI_H

#include <stdbool.h>
#include <stdint.h>

#include <vitrine/exit.h>

#define PSCI_VERSION	       0x84000000u
#define PSCI_CPU_SUSPEND_32    0x84000001u
#define PSCI_CPU_SUSPEND_64    0xc4000001u
#define PSCI_CPU_OFF	       0x84000002u
#define PSCI_CPU_ON_32	       0x84000003u
#define PSCI_CPU_ON_64	       0xc4000003u
#define PSCI_AFFINITY_INFO_32  0x84000004u
#define PSCI_AFFINITY_INFO_64  0xc4000004u
#define PSCI_MIGRATE_INFO_TYPE 0x84000006u
#define PSCI_SYSTEM_OFF	       0x84000008u
#define PSCI_SYSTEM_RESET      0x84000009u
#define PSCI_FEATURES	       0x8400000au
#define SMCCC_VERSION	       0x80000000u
#define SMCCC_ARCH_FEATURES    0x80000001u

/* Vendor-specific hypervisor calls: docs/use/running.md. */
#define VITRINE_TRACE_MARK 0xc6000001u /* x1 goes into the trace as an event */

#define PSCI_1_1	     0x10001u
#define SMCCC_1_2	     0x10002u
#define PSCI_TOS_NOT_PRESENT 2u

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

/* Answer at once what needs no VM; false when the embedder must. Results are sign-extended. */
bool smccc_answer(uint32_t function, uint64_t x1, uint64_t *result);

/* Which exit a call is that the core does not answer. */
enum exit_reason psci_exit_reason(uint32_t function);

#endif
