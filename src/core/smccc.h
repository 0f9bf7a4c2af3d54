/*
 * Calls by HVC and SMC: which functions there are, and the answers that need no VM. Pure.
 *
 * Source: Arm DEN0028 (SMC calling convention 1.2).
 */
#ifndef CORE_SMCCC_H
#define CORE_SMCCC_H

#include <stdbool.h>
#include <stdint.h>

#include <vitrine/exit.h>

#include "lib/bits.h"

/* Function ids without SMCCC_64: a function has one name in both its forms. */
enum smccc_function {
#define FUNCTION(id, name, forms, answer, reason) name = (id),
#include "core/smccc_functions.def"
#undef FUNCTION
};

/* Fields of a function id. */
#define SMCCC_64     UINT32_C(0x40000000)
#define SMCCC_NUMBER UINT32_C(0x0000ffff)

#define SMCCC_1_2	    0x10002u
#define SMCCC_SUCCESS	    INT64_C(0)
#define SMCCC_NOT_SUPPORTED INT64_C(-1)
#define SMCCC_NOT_REQUIRED  INT64_C(1) /* of a workaround: this CPU needs none */

enum smccc_answer {
	SMCCC_CORE, /* smccc_answer() has it */
	SMCCC_VMM,  /* for the embedder */
	SMCCC_NONE, /* NOT_SUPPORTED */
};

/* Who answers `function`, both forms told apart. SMCCC_NONE for an id that is no function. */
enum smccc_answer smccc_who_answers(uint32_t function);

/*
 * Answer at once what needs no VM; false when the embedder must. Results are sign-extended.
 * Only x0 is changed: x1-x17 are as the guest left them. (DEN0028: x4-x17 are preserved from 1.1 on.)
 */
bool smccc_answer(uint32_t function, uint64_t x1, uint64_t *result);

enum smccc_range {
	SMCCC_RANGE_ARCH,
	SMCCC_RANGE_PSCI,
	SMCCC_RANGE_TRNG,
	SMCCC_RANGE_VENDOR, /* of hypervisors: ours */
	SMCCC_RANGE_OTHER,
};
enum smccc_range smccc_range(uint32_t function);

/* Which exit a call is that the core does not answer. */
enum exit_reason psci_exit_reason(uint32_t function);

/* 32-bit calls have 32-bit arguments: the upper halves are not part of them. */
static inline uint64_t smccc_argument(uint32_t function, uint64_t value)
{
	return function & SMCCC_64 ? value : (uint32_t)value;
}

/* What this CPU says of itself: MIDR_EL1 and ID_AA64PFR0_EL1. */
struct smccc_cpu {
	uint64_t midr, pfr0;
};

/* SMCCC_ARCH_FEATURES. Also what a call of a workaround itself returns. */
int64_t smccc_arch_features(uint32_t function, const struct smccc_cpu *cpu);

/* VENDOR_HYP_UID and TRNG_GET_UUID: w0-w3 hold a UUID, its first byte lowest in w0. */
struct smccc_uuid {
	uint32_t word[4];
};
extern const struct smccc_uuid vitrine_uuid; /* c0e4caa2-ab12-4e11-a808-e7e62596ed9c */

/* VENDOR_HYP_REVISION: of the range of vendor calls, docs/reference/hypercalls.md. */
#define VITRINE_CALLS_MAJOR 1u
#define VITRINE_CALLS_MINOR 1u

/* VITRINE_FEATURES: bit n is set when vendor call n exists, in either form. */
uint64_t vitrine_features(void);

#define VITRINE_LOG_BYTES 56u /* x1-x7 */

/*
 * The text in x1-x7 of VITRINE_LOG, its first byte lowest in x1; ends at a NUL or after 56 bytes. What
 * is not printable becomes '?'. `text` gets a NUL too.
 */
void vitrine_log_text(const uint64_t x[static 8], char text[static VITRINE_LOG_BYTES + 1]);

#endif
