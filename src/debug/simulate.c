/* See simulate.h. */
#include "debug/simulate.h"

#include "lib/bits.h"

#define PSTATE_N       BIT(31)
#define PSTATE_Z       BIT(30)
#define PSTATE_C       BIT(29)
#define PSTATE_V       BIT(28)
#define PSTATE_FLAGS   (PSTATE_N | PSTATE_Z | PSTATE_C | PSTATE_V)
#define PSTATE_IL      BIT(20)
#define PSTATE_BTYPE   (UINT64_C(3) << 10)
#define PSTATE_AARCH32 BIT(4)

#define NOP  UINT32_C(0xd503201f)
#define NEXT 4u
#define ZERO 31u /* the zero register, or SP */

struct machine {
	struct vcpu_frame *frame;
	uint32_t word;
	uint64_t sp;
};

/* Bits `first` .. `last` of the instruction. */
static uint32_t bits(const struct machine *m, unsigned last, unsigned first)
{
	return m->word << (31 - last) >> (31 - last + first);
}

static uint64_t bits_signed(const struct machine *m, unsigned last, unsigned first)
{
	return (uint64_t)((int64_t)((uint64_t)m->word << (63 - last)) >> (63 - last + first));
}

static bool is_64_bit(const struct machine *m)
{
	return bits(m, 31, 31);
}

static uint64_t cut(const struct machine *m, uint64_t value)
{
	return is_64_bit(m) ? value : (uint32_t)value;
}

static uint64_t get(const struct machine *m, unsigned reg)
{
	return reg == ZERO ? 0 : m->frame->x[reg];
}

static void set(const struct machine *m, uint64_t value)
{
	const unsigned reg = bits(m, 4, 0);

	if (reg != ZERO)
		m->frame->x[reg] = cut(m, value);
}

/* AddWithCarry() of the Arm ARM, in 32 or 64 bits; bit 30 makes it a subtraction, bit 29 sets the flags. */
static void add(const struct machine *m, uint64_t a, uint64_t b)
{
	const bool subtracts = bits(m, 30, 30);
	const uint64_t top = is_64_bit(m) ? BIT(63) : BIT(31);
	uint64_t sum, flags = 0;
	bool carry;

	a = cut(m, a);
	b = cut(m, subtracts ? ~b : b);
	sum = cut(m, a + b + subtracts);
	carry = sum < a || (subtracts && sum == a);
	if (sum & top)
		flags |= PSTATE_N;
	if (!sum)
		flags |= PSTATE_Z;
	if (carry)
		flags |= PSTATE_C;
	if (~(a ^ b) & (a ^ sum) & top)
		flags |= PSTATE_V;
	if (bits(m, 29, 29))
		m->frame->pstate = (m->frame->pstate & ~PSTATE_FLAGS) | flags;
	set(m, sum);
}

/* In the one that sets no flags register 31 is SP: it is read here, not written. */
static bool add_immediate(const struct machine *m)
{
	const bool is_sp = !bits(m, 29, 29);
	const unsigned from = bits(m, 9, 5);

	if (is_sp && bits(m, 4, 0) == ZERO)
		return false;
	if (!is_sp && from == ZERO) /* CMP of SP: rare */
		return false;
	add(m, from == ZERO ? m->sp : get(m, from),
	    (uint64_t)bits(m, 21, 10) << (bits(m, 22, 22) * 12));
	return true;
}

/* MOVN, MOVZ, MOVK. */
static bool move_wide(const struct machine *m)
{
	const unsigned shift = bits(m, 22, 21) * 16;
	const uint64_t value = (uint64_t)bits(m, 20, 5) << shift;
	const unsigned kind = bits(m, 30, 29);

	if (kind == 1 || (shift > 16 && !is_64_bit(m)))
		return false;
	if (kind == 3)
		set(m, (get(m, bits(m, 4, 0)) & ~(UINT64_C(0xffff) << shift)) | value);
	else
		set(m, kind == 2 ? value : ~value);
	return true;
}

static void address(const struct machine *m)
{
	const uint64_t offset = bits_signed(m, 23, 5) << 2 | bits(m, 30, 29);
	const unsigned reg = bits(m, 4, 0);

	if (reg == ZERO)
		return;
	m->frame->x[reg] = is_64_bit(m) ? (m->frame->pc & ~UINT64_C(0xfff)) + (offset << 12)
					: m->frame->pc + offset;
}

/* ConditionHolds() of the Arm ARM. */
static bool holds(const struct machine *m, unsigned condition)
{
	const uint64_t pstate = m->frame->pstate;
	const bool n = pstate & PSTATE_N, z = pstate & PSTATE_Z, c = pstate & PSTATE_C,
		   v = pstate & PSTATE_V;
	const bool results[] = {z, c, n, v, c && !z, n == v, n == v && !z, true};
	const bool result = results[condition >> 1];

	return condition & 1 && condition != 15 ? !result : result;
}

/* False: it is no branch. How far to the instruction behind it, which is the next one unless a branch is taken. */
static bool branch(const struct machine *m, uint64_t *distance)
{
	const uint64_t value = cut(m, get(m, bits(m, 4, 0)));
	const bool if_set = bits(m, 24, 24);
	bool taken = true;

	*distance = bits_signed(m, 23, 5) << 2;
	if (bits(m, 30, 26) == 0x05) { /* B, BL */
		*distance = bits_signed(m, 25, 0) << 2;
		if (bits(m, 31, 31))
			m->frame->x[30] = m->frame->pc + 4;
	} else if (bits(m, 31, 24) == 0x54 && !bits(m, 4, 4)) {
		taken = holds(m, bits(m, 3, 0));
	} else if (bits(m, 30, 25) == 0x1a) { /* CBZ, CBNZ */
		taken = (value != 0) == if_set;
	} else if (bits(m, 30, 25) == 0x1b) { /* TBZ, TBNZ */
		*distance = bits_signed(m, 18, 5) << 2;
		taken = (value >> (bits(m, 31, 31) << 5 | bits(m, 23, 19)) & 1) == if_set;
	} else {
		*distance = NEXT;
		return false;
	}
	if (!taken)
		*distance = NEXT;
	return true;
}

/* What only writes a register, or nothing. */
static bool compute(const struct machine *m)
{
	if (m->word == NOP)
		return true;
	if (bits(m, 28, 24) == 0x10) {
		address(m);
		return true;
	}
	if (bits(m, 28, 23) == 0x22)
		return add_immediate(m);
	if (bits(m, 28, 23) == 0x25)
		return move_wide(m);
	if ((m->word & 0x7fe0ffe0) == 0x2a0003e0) { /* MOV: ORR with the zero register */
		set(m, get(m, bits(m, 20, 16)));
		return true;
	}
	if ((m->word & 0x1fe0fc00) == 0x0b000000) { /* ADD, SUB of registers, not shifted */
		add(m, get(m, bits(m, 9, 5)), get(m, bits(m, 20, 16)));
		return true;
	}
	return false;
}

bool simulate(struct vcpu_frame *frame, uint64_t sp, uint32_t word)
{
	const struct machine m = {.frame = frame, .word = word, .sp = sp};
	uint64_t distance;

	/* It would be another exception, or is of another set. */
	if (frame->pstate & (PSTATE_IL | PSTATE_BTYPE | PSTATE_AARCH32))
		return false;
	if (!branch(&m, &distance) && !compute(&m))
		return false;
	frame->pc += distance;
	return true;
}
