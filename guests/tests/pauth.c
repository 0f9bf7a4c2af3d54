/*
 * Pointer authentication: a guest signs with keys of its own, and they are still its own after others with other keys have run. Run
 * two on one CPU, with seeds that differ.
 */
#include "guest.h"

#define SCTLR_ENIA (1ul << 31)
#define SCTLR_ENDB (1ul << 13)
#define ROUNDS	   20

static uint64_t sign(uint64_t pointer, uint64_t context)
{
	__asm__ volatile(".arch armv8.3-a\n\tpacia %0, %1" : "+r"(pointer) : "r"(context));
	return pointer;
}

static uint64_t authenticate(uint64_t pointer, uint64_t context)
{
	__asm__ volatile(".arch armv8.3-a\n\tautia %0, %1" : "+r"(pointer) : "r"(context));
	return pointer;
}

static uint64_t generic(uint64_t value, uint64_t context)
{
	uint64_t code;

	__asm__ volatile(".arch armv8.3-a\n\tpacga %0, %1, %2"
			 : "=r"(code)
			 : "r"(value), "r"(context));
	return code;
}

void first(const void *device_tree)
{
	const uint64_t seed = option(device_tree, "seed") * 0x123456789abcdeful + 1;
	const uint64_t pointer = (uint64_t)&first, context = 0x1234;
	const uint64_t isar1 = MRS(id_aa64isar1_el1), isar2 = MRS(S3_0_C0_C6_2);
	uint64_t with_pauth, code;
	bool same = true, back = true;

	check((isar1 & 0xff0) || (isar2 & 0xf000), "pointer authentication is shown");
	MSR(sctlr_el1, MRS(sctlr_el1) | SCTLR_ENIA | SCTLR_ENDB);
	MSR(S3_0_C2_C1_0, seed);	      /* APIAKeyLo_EL1 */
	MSR(S3_0_C2_C1_1, ~seed);	      /* APIAKeyHi_EL1 */
	MSR(S3_0_C2_C3_0, seed ^ 0xffff0000); /* APGAKeyLo_EL1 */
	MSR(S3_0_C2_C3_1, seed << 1);	      /* APGAKeyHi_EL1 */
	with_pauth = sign(pointer, context);
	code = generic(pointer, context);
	check(with_pauth != pointer, "PACIA signs");
	for (unsigned i = 0; i < ROUNDS; i++) {
		wait_ms(5);
		same &= sign(pointer, context) == with_pauth && generic(pointer, context) == code;
		back &= authenticate(with_pauth, context) == pointer;
	}
	check(same, "the keys are kept while others run");
	check(back, "what was signed before is authentic after");
	CHECK_EQUAL(MRS(S3_0_C2_C1_0), seed, "a key reads as written");
	say("signed ");
	say_number(with_pauth);
	say("\n");
	finish();
}
