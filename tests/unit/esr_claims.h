/*
 * What must hold of a decoded exit, whatever the syndrome: for the unit test's sample, the program
 * over all 2^32 syndromes, and the fuzzer. A broken claim is a sentence, NULL is none.
 */
#ifndef TESTS_UNIT_ESR_CLAIMS_H
#define TESTS_UNIT_ESR_CLAIMS_H

#include <string.h>

#include "core/decode.h"
#include "core/fault_codes.h"

#define CLAIM(condition)                   \
	do {                               \
		if (!(condition))          \
			return #condition; \
	} while (0)

static inline bool is_size(unsigned bytes)
{
	return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
}

static inline const char *mmio_claims(const struct vcpu_exit *exit)
{
	const uint64_t esr = exit->esr;

	CLAIM(FIELD_GET(ESR_EC, esr) == EC_DABT_LOWER);
	CLAIM(esr & ISS_ABT_ISV);
	CLAIM(!(esr & (ISS_ABT_S1PTW | ISS_ABT_CM | ISS_ABT_FNV | ISS_ABT_EA)));
	CLAIM((esr & ISS_ABT_FSC) >= 0x04 && (esr & ISS_ABT_FSC) <= 0x07);
	CLAIM(is_size(exit->mmio.bytes) && exit->mmio.reg <= 31);
	CLAIM(exit->mmio.write == (exit->reason == EXIT_MMIO_WRITE));
	CLAIM(exit->mmio.ipa % 4096 == exit->far % 4096);
	return NULL;
}

static inline const char *fault_claims(const struct vcpu_exit *exit)
{
	const struct fault *fault = &exit->fault;
	const bool has_level = fault->level >= -2 && fault->level <= 3;

	CLAIM(FIELD_GET(ESR_EC, exit->esr) == EC_DABT_LOWER ||
	      FIELD_GET(ESR_EC, exit->esr) == EC_IABT_LOWER);
	CLAIM(fault->fetch == (FIELD_GET(ESR_EC, exit->esr) == EC_IABT_LOWER));
	CLAIM(fault->type < FAULT_TYPES && strcmp(fault_type_name(fault->type), "?") != 0);
	CLAIM(has_level != (fault->level == FAULT_NO_LEVEL));
	CLAIM(!fault->fetch || !(fault->write || fault->maintenance || fault->needs_instruction));
	CLAIM(!fault->needs_instruction ||
	      (fault->type == FAULT_TRANSLATION && fault->ipa_known && fault->far_known &&
	       !fault->table_walk && !fault->maintenance && !(exit->esr & ISS_ABT_ISV)));
	CLAIM(fault->ipa_known == !(exit->hpfar & HPFAR_UNKNOWN));
	CLAIM(fault->ipa_known || fault->ipa == 0);
	return NULL;
}

/* The reason that this class must end as, by the Arm ARM's numbers. */
static inline enum exit_reason reason_of_class(uint64_t esr)
{
	switch (FIELD_GET(ESR_EC, esr)) {
	case 0x01:
		return EXIT_HALT;
	case 0x16:
	case 0x17:
		return EXIT_HYPERCALL;
	case 0x18:
		return esr & 1 ? EXIT_SYSREG_READ : EXIT_SYSREG_WRITE;
	case 0x20:
		return EXIT_NESTED_PAGE_FAULT;
	case 0x2f:
		return EXIT_SERROR;
	case 0x30:
	case 0x32:
	case 0x34:
	case 0x38:
	case 0x3a:
	case 0x3c:
		return EXIT_DEBUG;
	default:
		return EXIT_EXCEPTION;
	}
}

/* Looking a name up walks through all before it: each pair is looked up once, or 2^32 syndromes take minutes. */
static inline const char *name_claims(unsigned reason, unsigned class)
{
	static bool named[EXIT_REASONS][64];

	CLAIM(reason < EXIT_REASONS);
	if (named[reason][class])
		return NULL;
	CLAIM(strcmp(exit_reason_name(reason), "?") != 0);
	CLAIM(exception_class_name(class) != NULL);
	named[reason][class] = true;
	return NULL;
}

static inline const char *exit_claims(const struct vcpu_exit *exit)
{
	const char *broken = name_claims(exit->reason, (unsigned)FIELD_GET(ESR_EC, exit->esr));

	if (broken)
		return broken;
	switch (exit->reason) {
	case EXIT_MMIO_READ:
	case EXIT_MMIO_WRITE:
		return mmio_claims(exit);
	case EXIT_NESTED_PAGE_FAULT:
		return fault_claims(exit);
	case EXIT_SYSREG_READ:
	case EXIT_SYSREG_WRITE:
		CLAIM(exit->sysreg.write == (exit->reason == EXIT_SYSREG_WRITE));
		CLAIM(exit->sysreg.reg <= 31 && !(exit->sysreg.key & ~ISS_SYSREG_KEY));
		break;
	case EXIT_HALT:
		CLAIM(exit->halt.kind <= WAIT_WFET && exit->halt.reg <= 31);
		CLAIM(exit->halt.wfe == (exit->halt.kind % 2 == 1));
		break;
	case EXIT_DEBUG:
		CLAIM(exit->debug.kind <= DEBUG_BKPT);
		break;
	default:
		break;
	}
	CLAIM(exit->reason == reason_of_class(exit->esr));
	return NULL;
}

#endif
