/*
 * The trap frame: the general registers of a guest as the vectors save them at each exit, and take them back.
 *
 * Source: Arm ARM DDI 0487, C5.2 (SPSR_EL2, ELR_EL2); DEN0028, 2.6 (SMCCC arguments and results).
 */
#ifndef VITRINE_FRAME_H
#define VITRINE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include <vitrine/err.h>

/** asm/asm-offsets.c knows this layout. SP_EL0 and SP_EL1 stay in hardware: struct vcpu_sysregs. */
struct vcpu_frame {
	uint64_t x[31];
	uint64_t pc;	 /* ELR_EL2 */
	uint64_t pstate; /* SPSR_EL2 */
	uint64_t unused; /* keeps the size a multiple of 16 */
};

/** SMCCC passes arguments and results in x0..x17. */
#define VCPU_SMCCC_REGISTERS 18u

/** All zero, but PSTATE: EL1 on SP_EL1, debug exceptions, SError, IRQ and FIQ masked. */
void vcpu_frame_reset(struct vcpu_frame *frame);

/** General register `index`: 31 is the zero register, reads 0 and ignores writes. Larger: VT_EINVAL. */
enum vt_err vcpu_frame_get_gpr(const struct vcpu_frame *frame, unsigned index, uint64_t *value);
/** Likewise. */
enum vt_err vcpu_frame_set_gpr(struct vcpu_frame *frame, unsigned index, uint64_t value);

/** The next instruction. */
uint64_t vcpu_frame_pc(const struct vcpu_frame *frame);
/** Go on there instead. */
void vcpu_frame_set_pc(struct vcpu_frame *frame, uint64_t pc);

/** x0..x17 of a call. VT_EINVAL for an index of 18 or more. */
enum vt_err vcpu_frame_get_argument(const struct vcpu_frame *frame, unsigned index,
				    uint64_t *value);
/** Likewise. */
enum vt_err vcpu_frame_set_argument(struct vcpu_frame *frame, unsigned index, uint64_t value);

/**
 * The first `count` result registers, from x0 on; the others keep what they have, as SMCCC 1.1 and later ask.
 * VT_EINVAL, and nothing has changed, for a count above 18.
 */
enum vt_err vcpu_frame_set_results(struct vcpu_frame *frame, const uint64_t *values,
				   unsigned count);

/** Room for all that vcpu_frame_format() writes. */
#define VCPU_FRAME_TEXT_BYTES 1024u

/**
 * The frame for a person: ten lines of three registers, one of x30, PC and PSTATE, one of what PSTATE says. Writes at
 * most `size` bytes with the final NUL; returns the length of the whole text, below VCPU_FRAME_TEXT_BYTES.
 */
int vcpu_frame_format(char *buffer, size_t size, const struct vcpu_frame *frame);

#endif
