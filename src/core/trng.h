/*
 * Random numbers for guests: Arm's TRNG interface, where the CPU has a generator of its own (FEAT_RNG).
 * Without one there is nothing that we could call entropy, and the interface does not exist.
 *
 * Source: Arm DEN0098 (TRNG firmware interface 1.0).
 */
#ifndef CORE_TRNG_H
#define CORE_TRNG_H

#include <stdbool.h>
#include <stdint.h>

#define TRNG_1_0       0x10000u
#define TRNG_WORDS     3u   /* of 64 bits: the most that one call gives */
#define TRNG_BITS_IN_W 96u  /* TRNG_RND's limits, 32-bit form */
#define TRNG_BITS_IN_X 192u /* and 64-bit form */

enum trng_status {
	TRNG_SUCCESS = 0,
	TRNG_NOT_SUPPORTED = -1,
	TRNG_INVALID_PARAMETERS = -2,
	TRNG_NO_ENTROPY = -3,
};

/* Has the CPU that this runs on RNDRRS? Its register is ID_AA64ISAR0_EL1. */
bool trng_is_in(uint64_t isar0);

/* TRNG_FEATURES. Pure. */
int64_t trng_features(uint32_t function);

/*
 * TRNG_RND's answer in x0-x3, for either form. `entropy` is NULL when the generator has given
 * none. Pure.
 */
void trng_random(uint32_t function, uint64_t bits, const uint64_t *entropy, uint64_t x[static 4]);

/* Read TRNG_WORDS words; false when the generator does not keep up. */
bool trng_read(uint64_t entropy[static TRNG_WORDS]);

#endif
