/* What a 32-bit program at EL0 needs: conditions, instructions of two bytes, IT blocks, coprocessor numbers. */
/* sources: src/core/aarch32.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/aarch32.h"
#include "core/esr.h"

#define N     BIT(31)
#define Z     BIT(30)
#define C     BIT(29)
#define V     BIT(28)
#define CV    BIT(24)
#define THUMB BIT(5)

#define ESR(class, iss) (FIELD_PREP(ESR_EC, class) | ESR_IL | (iss))
#define COND(n)		(CV | FIELD_PREP(GENMASK(23, 20), n))
/* PSTATE of ITSTATE. */
#define IT(state) (FIELD_PREP(GENMASK(15, 10), (state) >> 2) | FIELD_PREP(GENMASK(26, 25), state))

/* F1.3.1, table F1-1, written down apart: the conditions that hold for each of the sixteen NZCV. */
static bool by_the_manual(unsigned condition, uint64_t flags)
{
	const bool n = flags & N, z = flags & Z, c = flags & C, v = flags & V;

	switch (condition) {
	case 0:
		return z;
	case 1:
		return !z;
	case 2:
		return c;
	case 3:
		return !c;
	case 4:
		return n;
	case 5:
		return !n;
	case 6:
		return v;
	case 7:
		return !v;
	case 8:
		return c && !z;
	case 9:
		return !c || z;
	case 10:
		return n == v;
	case 11:
		return n != v;
	case 12:
		return !z && n == v;
	case 13:
		return z || n != v;
	default:
		return true;
	}
}

static void every_condition_with_all_flags(void **state)
{
	(void)state;
	for (unsigned condition = 0; condition < 16; condition++) {
		for (uint64_t nzcv = 0; nzcv < 16; nzcv++) {
			const uint64_t flags = nzcv << 28 | PSTATE_AARCH32;
			const bool wanted = by_the_manual(condition, flags);

			assert_int_equal(aarch32_condition_holds(ESR(EC_CP15, COND(condition)),
								 flags),
					 wanted);
			/* Not in the syndrome: then in the IT block, whose mask is not 0. */
			assert_int_equal(aarch32_condition_holds(ESR(EC_WFX, 0),
								 flags | THUMB |
									 IT(condition << 4 | 8)),
					 wanted);
			/* An abort is of an instruction that was executed. */
			assert_true(aarch32_condition_holds(ESR(EC_DABT_LOWER, COND(condition)),
							    flags));
		}
	}
	assert_true(aarch32_condition_holds(ESR(EC_WFX, 0), PSTATE_AARCH32 | THUMB));
	assert_true(aarch32_condition_holds(ESR(EC_UNKNOWN, 0), PSTATE_AARCH32 | IT(0x18)));
}

static void an_instruction_has_two_bytes_or_four(void **state)
{
	struct vcpu_frame frame = {.pc = 0x8000, .pstate = PSTATE_AARCH32 | THUMB | PSTATE_SS | Z};

	(void)state;
	aarch32_advance(&frame, ESR(EC_WFX, 0) & ~ESR_IL);
	assert_int_equal(frame.pc, 0x8002);
	assert_int_equal(frame.pstate, PSTATE_AARCH32 | THUMB | Z);
	aarch32_advance(&frame, ESR(EC_CP15, 0));
	assert_int_equal(frame.pc, 0x8006);

	frame.pc = 0xfffffffc;
	aarch32_advance(&frame, ESR(EC_CP15, 0));
	assert_int_equal(frame.pc, 0);
}

/* ITTEE NE: 0b0001_0111, and what is left after each of its four. */
static void a_block_moves_on_and_ends(void **state)
{
	static const unsigned states[] = {0x17, 0x0e, 0x1c, 0x18, 0x00, 0x00};
	struct vcpu_frame frame = {.pstate = PSTATE_AARCH32 | THUMB | IT(0x17)};

	(void)state;
	frame.pstate = PSTATE_AARCH32 | THUMB | IT(states[0]);
	for (unsigned i = 1; i < ARRAY_SIZE(states); i++) {
		aarch32_advance(&frame, ESR(EC_DABT_LOWER, 0));
		assert_int_equal(frame.pstate, PSTATE_AARCH32 | THUMB | IT(states[i]));
	}
}

#define CP(opc1, crn, crm, opc2)                                                  \
	(FIELD_PREP(ISS_CP_OPC1, opc1) | FIELD_PREP(ISS_CP_CRN, crn) |            \
	 FIELD_PREP(ISS_CP_CRM, crm) | FIELD_PREP(ISS_CP_OPC2, opc2) | COND(14) | \
	 FIELD_PREP(ISS_CP_RT, 9) | ISS_CP_READ)
#define PAIR(opc1, crm)                                                                \
	(FIELD_PREP(ISS_CP_PAIR_OPC1, opc1) | FIELD_PREP(ISS_CP_CRM, crm) | COND(14) | \
	 FIELD_PREP(ISS_CP_PAIR_RT2, 21) | FIELD_PREP(ISS_CP_RT, 9))

static void coprocessor_numbers_name_registers(void **state)
{
	(void)state;
	assert_int_equal(aarch32_coproc_key(ESR(EC_CP15, CP(0, 14, 2, 1))),
			 SYSREG_KEY(3, 3, 14, 2, 1));
	assert_int_equal(aarch32_coproc_key(ESR(EC_CP15, CP(0, 9, 12, 0))),
			 SYSREG_KEY(3, 3, 9, 12, 0));
	assert_int_equal(aarch32_coproc_key(ESR(EC_CP15, CP(0, 14, 15, 7))),
			 SYSREG_KEY(3, 3, 14, 15, 7));
	assert_int_equal(aarch32_coproc_key(ESR(EC_CP14, CP(0, 0, 1, 0))),
			 SYSREG_KEY(2, 3, 0, 1, 0));
	assert_int_equal(aarch32_coproc_key(ESR(EC_CP15_PAIR, PAIR(2, 14))),
			 SYSREG_KEY(3, 3, 14, 2, 2));
	assert_int_equal(aarch32_coproc_key(ESR(EC_CP15_PAIR, PAIR(0, 9))),
			 SYSREG_KEY(3, 3, 9, 13, 0));
	/* None of EL0's. */
	assert_int_equal(aarch32_coproc_key(ESR(EC_CP15, CP(1, 9, 0, 2))), 0);
	assert_int_equal(aarch32_coproc_key(ESR(EC_CP15_PAIR, PAIR(0, 12))), 0);
	assert_int_equal(aarch32_coproc_key(ESR(EC_CP14_PAIR, PAIR(0, 1))), 0);
	assert_int_equal(aarch32_coproc_key(ESR(EC_CP14_MEMORY, 0)), 0);
}

#define TEST(name) cmocka_unit_test(name)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_condition_with_all_flags),
		TEST(an_instruction_has_two_bytes_or_four),
		TEST(a_block_moves_on_and_ends),
		TEST(coprocessor_numbers_name_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
