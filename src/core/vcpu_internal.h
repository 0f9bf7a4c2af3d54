/*
 * What the core's hot files share: register access without checks, for indices that come from a
 * 5-bit field.
 */
#ifndef CORE_VCPU_INTERNAL_H
#define CORE_VCPU_INTERNAL_H

#include <vitrine/embed.h>

#include "core/esr.h"

/* Index 0..31; 31 is XZR. */
static inline uint64_t gpr(const struct vcpu *vcpu, unsigned index)
{
	return index == 31 ? 0 : vcpu->frame.x[index];
}

/*
 * Also says how much must be loaded again: x19-x29 are still the guest's in hardware unless we
 * change them. (x30 need not be in it, but costs a comparison to leave out.)
 */
static inline enum exit_action set_gpr(struct vcpu *vcpu, unsigned index, uint64_t value)
{
	if (index == 31)
		return EXIT_RESUME;
	vcpu->frame.x[index] = value;
	return index >= 19 ? EXIT_RESUME_ALL : EXIT_RESUME;
}

/* Out of line, as the exit path seldom comes there. ESR_EL2 must still be this exit's. */
void vcpu_advance_aarch32(struct vcpu *vcpu);

/* For exceptions that only AArch64 state has: MSR, MRS and SMC64 are named by their own classes there. */
static inline void vcpu_advance_aarch64(struct vcpu *vcpu)
{
	vcpu->frame.pc += 4;
	vcpu->frame.pstate &= ~PSTATE_SS;
}

/* See vcpu_advance_pc(). For what runs before anything else has made an exit on this CPU. */
static inline void vcpu_advance(struct vcpu *vcpu)
{
	if (__builtin_expect(vcpu->frame.pstate & PSTATE_AARCH32, 0))
		vcpu_advance_aarch32(vcpu);
	else
		vcpu_advance_aarch64(vcpu);
}

static inline uint64_t low_bytes(uint64_t value, unsigned bytes)
{
	return bytes == 8 ? value : value & (BIT(bytes * 8) - 1);
}

static inline uint64_t mmio_write_value(const struct vcpu *vcpu, const struct mmio_access *access)
{
	return low_bytes(gpr(vcpu, access->reg), access->bytes);
}

/*
 * What lands in the register: zero- or sign-extended from the access's width, then cut to Wt or Xt.
 */
static inline uint64_t mmio_read_value(const struct mmio_access *access, uint64_t value)
{
	if (access->bytes == 4 && !access->sign_extend)
		return (uint32_t)value; /* nearly always */
	value = low_bytes(value, access->bytes);
	if (access->sign_extend) {
		const unsigned shift = 64 - access->bytes * 8u;

		value = (uint64_t)((int64_t)(value << shift) >> shift);
	}
	return access->reg_is_64 ? value : (uint32_t)value;
}

#endif
