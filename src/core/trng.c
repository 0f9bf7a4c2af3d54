/*
 * TRNG: see trng.h. Pure but for trng_read(), which a host build does not have.
 */
#include "core/trng.h"

#include "core/smccc.h"

#define ISAR0_RNDR GENMASK(63, 60)

bool trng_is_in(uint64_t isar0)
{
	return FIELD_GET(ISAR0_RNDR, isar0) != 0;
}

int64_t trng_features(uint32_t function)
{
	return smccc_range(function) == SMCCC_RANGE_TRNG && smccc_who_answers(function) == SMCCC_VMM
		       ? TRNG_SUCCESS
		       : TRNG_NOT_SUPPORTED;
}

/* The lowest `bits` of the words; what is beyond them reads as zero. */
static uint64_t word(const uint64_t *entropy, uint64_t bits, unsigned index)
{
	if (bits <= index * 64)
		return 0;
	bits -= index * 64;
	return bits >= 64 ? entropy[index] : entropy[index] & (BIT(bits) - 1);
}

void trng_random(uint32_t function, uint64_t bits, const uint64_t *entropy, uint64_t x[static 4])
{
	const bool wide = (function & SMCCC_64) != 0;

	x[1] = x[2] = x[3] = 0;
	if (bits == 0 || bits > (wide ? TRNG_BITS_IN_X : TRNG_BITS_IN_W)) {
		x[0] = (uint64_t)TRNG_INVALID_PARAMETERS;
		return;
	}
	if (!entropy) {
		x[0] = (uint64_t)TRNG_NO_ENTROPY;
		return;
	}
	x[0] = TRNG_SUCCESS;

	const uint64_t low = word(entropy, bits, 0), middle = word(entropy, bits, 1);

	/* The last register has the first bits. */
	if (wide) {
		x[1] = word(entropy, bits, 2);
		x[2] = middle;
		x[3] = low;
	} else {
		x[1] = (uint32_t)middle;
		x[2] = low >> 32;
		x[3] = (uint32_t)low;
	}
}

#ifdef __aarch64__
#define TRIES 32u

/* RNDRRS: reseeded for each read. NZCV is 0b0100 when it has nothing. (Arm ARM, RNDRRS.) */
static bool read_word(uint64_t *value)
{
	for (unsigned i = 0; i < TRIES; i++) {
		uint64_t got, ok;

		__asm__ volatile("mrs %0, S3_3_C2_C4_1\n\tcset %1, ne"
				 : "=r"(got), "=r"(ok)
				 :
				 : "cc");
		if (ok) {
			*value = got;
			return true;
		}
	}
	return false;
}

bool trng_read(uint64_t entropy[static TRNG_WORDS])
{
	for (unsigned i = 0; i < TRNG_WORDS; i++)
		if (!read_word(&entropy[i]))
			return false;
	return true;
}
#endif
