/*
 * The instruction decoder: see insn.h. Each function takes one row of the Arm ARM's table "Loads
 * and stores" (C4.1.94); the names of the fields are those of that table.
 */
#include "core/insn.h"

#include "lib/bits.h"

/* Fields that most forms share. */
#define F_SIZE	 GENMASK(31, 30)
#define F_FORM	 GENMASK(29, 28)
#define F_V	 BIT(26)
#define F_OPC	 GENMASK(23, 22)
#define F_IMM12	 GENMASK(21, 10)
#define F_IMM9	 GENMASK(20, 12)
#define F_IMM7	 GENMASK(21, 15)
#define F_IMM19	 GENMASK(23, 5)
#define F_RS	 GENMASK(20, 16) /* Rm, where it is an index */
#define F_OPTION GENMASK(15, 13)
#define F_SCALE	 BIT(12) /* S: shift the index by the size */
#define F_RT2	 GENMASK(14, 10)
#define F_RN	 GENMASK(9, 5)
#define F_RT	 GENMASK(4, 0)
#define F_MODE	 GENMASK(11, 10) /* bits 11:10 of register forms */
#define F_L	 BIT(22)	 /* load, in pairs and ordered accesses */

/* opc of the register forms. */
#define OPC_STORE	0u
#define OPC_LOAD	1u
#define OPC_LOAD_SIGNED 2u /* to 64 bits; a prefetch when size is 8 bytes */

#define SIZE_8 3u

static const char *const status_names[INSN_STATUSES] = {
	[INSN_OK] = "emulated",
	[INSN_NOT_MEMORY] = "not a load or store",
	[INSN_EXCLUSIVE] = "an exclusive access",
	[INSN_ATOMIC] = "an atomic access",
	[INSN_SIMD] = "a SIMD, SVE or SME access",
	[INSN_PREFETCH] = "a prefetch",
	[INSN_PAUTH] = "an authenticated load",
	[INSN_TAGS] = "a memory tag access",
	[INSN_UNSUPPORTED] = "a memory copy or other unsupported access",
	[INSN_UNPREDICTABLE] = "constrained unpredictable",
	[INSN_UNALLOCATED] = "unallocated",
};

const char *insn_status_name(unsigned status)
{
	return status < INSN_STATUSES ? status_names[status] : "?";
}

static int32_t sign_extend(uint64_t value, unsigned bits)
{
	return (int32_t)((uint32_t)value << (32 - bits)) >> (32 - bits);
}

/* The one element of an ordinary load or store, from its size and opc. */
static enum insn_status single(uint32_t word, struct insn_access *access)
{
	const unsigned size = FIELD_GET(F_SIZE, word);
	const unsigned opc = FIELD_GET(F_OPC, word);

	/* Signed loads are narrower than the register: no LDRSW to Wt, nothing signed of 8 bytes. */
	if (opc > OPC_LOAD && size + (opc - OPC_LOAD_SIGNED) >= SIZE_8)
		return INSN_UNALLOCATED;
	access->write = opc == OPC_STORE;
	access->elements = 1;
	access->element[0] = (struct insn_element){
		.bytes = (uint8_t)(1u << size),
		.reg = (uint8_t)FIELD_GET(F_RT, word),
		.sign_extend = opc > OPC_LOAD,
		.reg_is_64 = size == SIZE_8 || opc == OPC_LOAD_SIGNED,
	};
	access->base_reg = (uint8_t)FIELD_GET(F_RN, word);
	return INSN_OK;
}

static bool is_prefetch(uint32_t word)
{
	return FIELD_GET(F_SIZE, word) == SIZE_8 && FIELD_GET(F_OPC, word) == OPC_LOAD_SIGNED;
}

static void post_index(struct insn_access *access, int32_t offset)
{
	access->write_back = true;
	access->write_back_offset = offset;
}

static void pre_index(struct insn_access *access, int32_t offset)
{
	access->offset = offset;
	post_index(access, offset);
}

/* C6.1.4: a base that is also transferred would have two values. SP is never transferred. */
static bool base_is_transferred(const struct insn_access *access)
{
	if (!access->write_back || access->base_reg == INSN_SP)
		return false;
	for (unsigned i = 0; i < access->elements; i++)
		if (access->element[i].reg == access->base_reg)
			return true;
	return false;
}

/* LDR, STR (unsigned immediate): the offset counts elements. */
static enum insn_status unsigned_immediate(uint32_t word, struct insn_access *access)
{
	if (is_prefetch(word))
		return INSN_PREFETCH;
	access->offset = (int32_t)(FIELD_GET(F_IMM12, word) << FIELD_GET(F_SIZE, word));
	return single(word, access);
}

/* LDUR, STUR, post-index, LDTR, STTR, pre-index: the offset counts bytes. */
static enum insn_status signed_immediate(uint32_t word, struct insn_access *access)
{
	const int32_t offset = sign_extend(FIELD_GET(F_IMM9, word), 9);
	enum insn_status status;

	switch (FIELD_GET(F_MODE, word)) {
	case 0: /* unscaled */
		if (is_prefetch(word))
			return INSN_PREFETCH;
		access->offset = offset;
		break;
	case 1:
		post_index(access, offset);
		break;
	case 2: /* unprivileged: stage 1 has allowed it already */
		access->offset = offset;
		break;
	default:
		pre_index(access, offset);
		break;
	}
	status = single(word, access);
	return status == INSN_OK && base_is_transferred(access) ? INSN_UNPREDICTABLE : status;
}

static enum insn_status register_offset(uint32_t word, struct insn_access *access)
{
	const unsigned option = FIELD_GET(F_OPTION, word);

	if (!(option & 2))
		return INSN_UNALLOCATED;
	if (is_prefetch(word))
		return INSN_PREFETCH;
	access->extend = (uint8_t)option;
	access->index_reg = (uint8_t)FIELD_GET(F_RS, word);
	access->index_shift = word & F_SCALE ? (uint8_t)FIELD_GET(F_SIZE, word) : 0;
	return single(word, access);
}

/* LDAPR is in the atomics' space, but a plain ordered load: A = 1, R = 0, o3 = 1, opc = 100. */
#define LDAPR_MASK  (BIT(23) | BIT(22) | F_RS | GENMASK(15, 12))
#define LDAPR_VALUE (BIT(23) | F_RS | BIT(15) | BIT(14))

static enum insn_status atomic(uint32_t word, struct insn_access *access)
{
	if ((word & LDAPR_MASK) != LDAPR_VALUE)
		return INSN_ATOMIC;
	access->ordered = true;
	/* Its opc bits mean something else: read as a load. */
	return single((word & ~(uint32_t)F_OPC) | FIELD_PREP(F_OPC, OPC_LOAD), access);
}

/* The forms with a register size in bits 31:30 and 111 in 29:27. */
static enum insn_status register_forms(uint32_t word, struct insn_access *access)
{
	if (word & F_V)
		return INSN_SIMD;
	if (word & BIT(24))
		return unsigned_immediate(word, access);
	if (!(word & BIT(21)))
		return signed_immediate(word, access);
	switch (FIELD_GET(F_MODE, word)) {
	case 0:
		return atomic(word, access);
	case 2:
		return register_offset(word, access);
	default: /* LDRAA and LDRAB exist for 8 bytes only */
		return FIELD_GET(F_SIZE, word) == SIZE_8 ? INSN_PAUTH : INSN_UNALLOCATED;
	}
}

/* LDR and LDRSW (literal): loads from near the PC. */
static enum insn_status literal(uint32_t word, struct insn_access *access)
{
	const unsigned opc = FIELD_GET(F_SIZE, word);

	if (word & F_V)
		return INSN_SIMD;
	if (opc == 3)
		return INSN_PREFETCH;
	access->base = INSN_BASE_PC;
	access->offset = sign_extend(FIELD_GET(F_IMM19, word), 19) * 4;
	access->elements = 1;
	access->element[0] = (struct insn_element){
		.bytes = opc == 1 ? 8 : 4,
		.reg = (uint8_t)FIELD_GET(F_RT, word),
		.sign_extend = opc == 2,
		.reg_is_64 = opc != 0,
	};
	return INSN_OK;
}

/* LDAPUR, STLUR; and what shares their space: memory tags, memory copies, ordered pairs. */
static enum insn_status ordered_unscaled(uint32_t word, struct insn_access *access)
{
	const bool register_form = word & BIT(21);

	if (!register_form && FIELD_GET(F_MODE, word) == 1)
		return INSN_UNSUPPORTED; /* CPY*, SET* */
	if (word & F_V)
		return INSN_SIMD;
	if (register_form)
		return FIELD_GET(F_SIZE, word) == SIZE_8 ? INSN_TAGS : INSN_UNALLOCATED;
	if (FIELD_GET(F_MODE, word) != 0)
		return INSN_UNSUPPORTED; /* LDIAPP, STILP, LDAPR and STLR with write-back */
	access->ordered = true;
	access->offset = sign_extend(FIELD_GET(F_IMM9, word), 9);
	return single(word, access);
}

/* Bits of "load/store exclusive and ordered". */
#define O2 BIT(23) /* not exclusive */
#define O1 BIT(21) /* a pair, or compare and swap */

static enum insn_status exclusive_forms(uint32_t word, struct insn_access *access)
{
	if (word & F_V)
		return INSN_SIMD; /* LD1, ST4, ... */
	if (word & BIT(24))
		return INSN_UNALLOCATED;
	if (word & O1)
		return word & O2 || FIELD_GET(F_SIZE, word) < 2 ? INSN_ATOMIC : INSN_EXCLUSIVE;
	if (!(word & O2))
		return INSN_EXCLUSIVE;
	/* LDAR, LDLAR, STLR, STLLR: the fields of the registers that they lack should be ones. */
	if ((word & (F_RS | F_RT2)) != (F_RS | F_RT2))
		return INSN_UNPREDICTABLE;
	access->ordered = true;
	return single((word & ~(uint32_t)F_OPC) |
			      FIELD_PREP(F_OPC, word & F_L ? OPC_LOAD : OPC_STORE),
		      access);
}

enum pair_mode { PAIR_NONTEMPORAL, PAIR_POST, PAIR_OFFSET, PAIR_PRE };

/* LDP, STP, LDNP, STNP, LDPSW: the offset counts elements. */
static enum insn_status pair(uint32_t word, struct insn_access *access)
{
	const unsigned opc = FIELD_GET(F_SIZE, word);
	const enum pair_mode mode = (enum pair_mode)FIELD_GET(GENMASK(24, 23), word);
	const bool load = word & F_L;
	const uint8_t bytes = opc == 2 ? 8 : 4;
	const int32_t offset = sign_extend(FIELD_GET(F_IMM7, word), 7) * bytes;

	if (word & F_V)
		return INSN_SIMD;
	if (opc == 3 || (opc == 1 && mode == PAIR_NONTEMPORAL))
		return INSN_UNALLOCATED;
	if (opc == 1 && !load)
		return INSN_TAGS; /* STGP */

	access->write = !load;
	access->elements = 2;
	access->element[0] = (struct insn_element){
		.bytes = bytes,
		.reg = (uint8_t)FIELD_GET(F_RT, word),
		.sign_extend = opc == 1,
		.reg_is_64 = opc != 0,
	};
	access->element[1] = access->element[0];
	access->element[1].offset = bytes;
	access->element[1].reg = (uint8_t)FIELD_GET(F_RT2, word);
	access->base_reg = (uint8_t)FIELD_GET(F_RN, word);
	if (mode == PAIR_POST)
		post_index(access, offset);
	else if (mode == PAIR_PRE)
		pre_index(access, offset);
	else
		access->offset = offset;

	if ((load && access->element[0].reg == access->element[1].reg) ||
	    base_is_transferred(access))
		return INSN_UNPREDICTABLE;
	return INSN_OK;
}

#define DC_OPERATION GENMASK(31, 5)
#define DC_ZVA	     UINT64_C(0xd50b7420)
#define DC_GVA	     UINT64_C(0xd50b7460)
#define DC_GZVA	     UINT64_C(0xd50b7480)

static enum insn_status cache_operation(uint32_t word, struct insn_access *access)
{
	switch (word & DC_OPERATION) {
	case DC_ZVA:
		break;
	case DC_GVA:
	case DC_GZVA:
		return INSN_TAGS;
	default:
		return INSN_NOT_MEMORY;
	}
	access->write = true;
	access->zero_block = true;
	/* Its register is an ordinary Xt, so 31 is not SP here: insn_resolve() looks at this. */
	access->base_reg = (uint8_t)FIELD_GET(F_RT, word);
	return INSN_OK;
}

/* C4.1: bits 28:25 say which kind of instruction it is. */
#define TOP_OP1	     GENMASK(28, 25)
#define TOP_SME	     0x0u /* and UDF */
#define TOP_SVE	     0x2u
#define TOP_SYSTEM_A 0xau /* branches, exceptions, system instructions: 101x */
#define TOP_SYSTEM_B 0xbu

/* Loads and stores are x1x0. */
static bool is_load_or_store(unsigned op1)
{
	return (op1 & 5) == 4;
}

enum insn_status insn_decode(uint32_t word, struct insn_access *access)
{
	const unsigned op1 = FIELD_GET(TOP_OP1, word);

	*access = (struct insn_access){.base = INSN_BASE_REGISTER};
	if (!is_load_or_store(op1)) {
		if (op1 == TOP_SYSTEM_A || op1 == TOP_SYSTEM_B)
			return cache_operation(word, access);
		if (op1 == TOP_SVE || (op1 == TOP_SME && word & BIT(31)))
			return INSN_SIMD;
		return op1 < 4 ? INSN_UNALLOCATED : INSN_NOT_MEMORY;
	}
	switch (FIELD_GET(F_FORM, word)) {
	case 0:
		return exclusive_forms(word, access);
	case 1:
		return word & BIT(24) ? ordered_unscaled(word, access) : literal(word, access);
	case 2:
		return pair(word, access);
	default:
		return register_forms(word, access);
	}
}
