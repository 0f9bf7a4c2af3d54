/*
 * A64 loads and stores, decoded from the instruction word: for aborts whose syndrome does not say
 * what the access was (ESR_EL2.ISV = 0: pairs, write-back, DC ZVA, ...).
 *
 * Pure: no register and no memory is read. The answer is made in two steps, so that every bit of
 * the first depends on the word alone: insn_decode() names registers, insn_resolve() looks at their
 * values.
 *
 * Source: Arm ARM DDI 0487, C4.1.94 (loads and stores), C5.3 (DC ZVA).
 */
#ifndef CORE_INSN_H
#define CORE_INSN_H

#include <stdbool.h>
#include <stdint.h>

/* Why an instruction is not emulated. Used by insn_status_name(), too. */
enum insn_status {
	INSN_OK,
	INSN_NOT_MEMORY,    /* not a load or store at all */
	INSN_EXCLUSIVE,	    /* LDXR, STXR and kin: the monitor can not be emulated */
	INSN_ATOMIC,	    /* CAS, SWP, LDADD, LD64B, ...: one bus transaction, not two */
	INSN_SIMD,	    /* SIMD&FP, SVE and SME registers */
	INSN_PREFETCH,	    /* a hint: has no reason to fault */
	INSN_PAUTH,	    /* LDRAA, LDRAB: the address is signed */
	INSN_TAGS,	    /* memory tagging: STG, LDG, DC GVA, ... */
	INSN_UNSUPPORTED,   /* memory copy and set, ordered pairs */
	INSN_UNPREDICTABLE, /* CONSTRAINED UNPREDICTABLE: write-back to a register transferred, ... */
	INSN_UNALLOCATED,
	INSN_STATUSES,
};

#define INSN_ELEMENTS 2u
#define INSN_SP	      31u /* as a base; as data and as an index, 31 is the zero register */

/* What the address starts from. */
enum insn_base { INSN_BASE_REGISTER, INSN_BASE_PC };

/* How the index register becomes part of the address: the instruction's `option` field. */
enum insn_extend {
	INSN_NO_INDEX = 0,
	INSN_UXTW = 2,
	INSN_LSL = 3,
	INSN_SXTW = 6,
	INSN_SXTX = 7,
};

struct insn_element {
	uint8_t offset; /* bytes from the first element */
	uint8_t bytes;	/* 1, 2, 4 or 8 */
	uint8_t reg;	/* 0..30, 31: zero register */
	bool sign_extend;
	bool reg_is_64;
};

struct insn_access {
	bool write;
	bool ordered;	 /* load-acquire, store-release */
	bool zero_block; /* DC ZVA: zeroes the aligned block; has no elements */
	bool write_back; /* the base register changes */
	uint8_t elements;
	struct insn_element element[INSN_ELEMENTS];

	uint8_t base; /* enum insn_base */
	uint8_t base_reg;
	uint8_t extend; /* enum insn_extend */
	uint8_t index_reg;
	uint8_t index_shift;
	int32_t offset;		   /* bytes; part of the address */
	int32_t write_back_offset; /* bytes; added to the base register afterwards */
};

/* *access is whole only for INSN_OK; every word has an answer. */
enum insn_status insn_decode(uint32_t word, struct insn_access *access);

/* "a SIMD or SVE access"; "?" for a number that is none. */
const char *insn_status_name(unsigned status);

/* A guest's registers as the instruction saw them. */
struct insn_registers {
	const uint64_t *x; /* x0..x30 */
	uint64_t sp;
	uint64_t pc;
};

struct insn_place {
	uint64_t address;	   /* VA of the first byte */
	uint32_t bytes;		   /* of all elements together, or of the zeroed block */
	uint64_t write_back_value; /* what the base register will be, when it changes */
};

/* `zva_bytes`: the block that DC ZVA zeroes (DCZID_EL0.BS), a power of two. */
struct insn_place insn_resolve(const struct insn_access *access, const struct insn_registers *regs,
			       uint32_t zva_bytes);

#endif
