/*
 * How many bits of physical address this machine has: what EL2's tables and every VM's stage 2 are
 * limited to.
 */
#ifndef MM_PA_RANGE_H
#define MM_PA_RANGE_H

#include <stdint.h>

#include "hal/arm64.h"
#include "lib/bits.h"

#define ID_AA64MMFR0_PARANGE GENMASK(3, 0)
#define PA_BITS_MAX	     48u /* more needs FEAT_LPA2 and another descriptor format */

/*
 * The encoding that ID_AA64MMFR0_EL1.PARange, TCR_EL2.PS and VTCR_EL2.PS share; unsupported numbers
 * give `PA_RANGE_NONE`.
 */
#define PA_RANGE_NONE 0xffu
static inline unsigned pa_range_encode(unsigned pa_bits)
{
	switch (pa_bits) {
	case 32:
		return 0;
	case 36:
		return 1;
	case 40:
		return 2;
	case 42:
		return 3;
	case 44:
		return 4;
	case 48:
		return 5;
	default:
		return PA_RANGE_NONE;
	}
}

/* Values above 5 are 52 bits or more: clamped, as our tables cannot name such addresses. */
static inline unsigned pa_range_decode(uint64_t mmfr0)
{
	static const uint8_t bits[] = {32, 36, 40, 42, 44, 48};
	const uint64_t range = FIELD_GET(ID_AA64MMFR0_PARANGE, mmfr0);

	return range < ARRAY_SIZE(bits) ? bits[range] : PA_BITS_MAX;
}

static inline unsigned machine_pa_bits(void)
{
#ifdef __aarch64__
	return pa_range_decode(READ_SYSREG(id_aa64mmfr0_el1));
#else
	return PA_BITS_MAX;
#endif
}

#endif
