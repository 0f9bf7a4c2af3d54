/*
 * A guest's registers are its own: whatever makes it leave for EL2, and whoever runs there meanwhile, each register holds
 * afterwards what it held before. Run two of these on one CPU, with seeds that differ.
 */
#include "guest.h"

#define ROUNDS 12

struct dump {
	uint64_t caller_sp, sp, x[31], nzcv;
	uint64_t system[6];
	uint64_t fpcr, fpsr;
	uint64_t q[32][2];
};
_Static_assert(__builtin_offsetof(struct dump, nzcv) == 264 &&
		       __builtin_offsetof(struct dump, q) == 336,
	       "registers-asm.S");

typedef void across(uint64_t seed, struct dump *dump);
#pragma GCC visibility push(hidden)
across registers_across_hypercall, registers_across_smc, registers_across_mmio_read,
	registers_across_mmio_write, registers_across_id_register, registers_across_time;
#pragma GCC visibility pop

#define CHANGED(a) (1u << (a))

static struct dump dump __attribute__((aligned(16)));

/* Index of the first register that is wrong, -1: none. Registers in `changed` are the trap's result. */
static int first_wrong(uint64_t seed, uint32_t changed)
{
	for (int n = 0; n < 31; n++)
		if (!(changed >> n & 1) && dump.x[n] != (seed ^ (uint64_t)n))
			return n;
	return -1;
}

static bool fp_kept(uint64_t seed)
{
	for (unsigned n = 0; n < 32; n++)
		if (dump.q[n][0] != (seed ^ (n < 31 ? n : 29)) || dump.q[n][1] != (seed ^ 30))
			return false;
	/* Which control bits exist is the CPU's affair. */
	return !((dump.fpcr ^ seed) & 0x07c00000ul) && !((dump.fpsr ^ seed) & 0x0800009ful);
}

static bool system_kept(uint64_t seed)
{
	for (unsigned n = 0; n < 4; n++)
		if (dump.system[n] != (seed ^ (n + 1)))
			return false;
	return (uint32_t)dump.system[4] == (uint32_t)(seed ^ 5);
}

static void round(across *trap, uint64_t seed, uint32_t changed, const char *claim, bool speak)
{
	bool all_kept;

	trap(seed, &dump);
	all_kept = first_wrong(seed, changed) < 0 && dump.sp == (uint64_t)&dump && fp_kept(seed) &&
		   system_kept(seed) && dump.nzcv == (seed & 0xf0000000);
	if (!all_kept) {
		say("first wrong general register ");
		say_number((uint64_t)first_wrong(seed, changed));
		say(", fp ");
		say_number(fp_kept(seed));
		say(", system ");
		say_number(system_kept(seed));
		say(", nzcv ");
		say_number(dump.nzcv);
		say("\n");
	}
	if (speak || !all_kept)
		check(all_kept, claim);
}

void first(const void *device_tree)
{
	/* Bit 22 up of FPCR are rounding and NaN modes: nothing here computes. */
	uint64_t seed = 0x123456789abcdef0ul * (2 * option(device_tree, "seed") + 1);

	for (unsigned i = 0; i < ROUNDS; i++, seed = seed << 7 | seed >> 57) {
		const bool last = i == ROUNDS - 1;

		round(registers_across_hypercall, seed, CHANGED(0),
		      "registers kept across a hypercall", last);
		if (last)
			CHECK_EQUAL(dump.x[0], 0x10001, "PSCI_VERSION is 1.1");
		round(registers_across_smc, seed, CHANGED(0), "registers kept across an SMC", last);
		round(registers_across_mmio_read, seed, CHANGED(0) | CHANGED(9) | CHANGED(25),
		      "registers kept across an MMIO read", last);
		if (last) {
			CHECK_EQUAL(dump.x[9], 0x5600043b, "an MMIO read fills a low register");
			CHECK_EQUAL(dump.x[25], 0x5600043b,
				    "an MMIO read fills a callee-saved register");
		}
		round(registers_across_mmio_write, seed, CHANGED(0),
		      "registers kept across an MMIO write", last);
		round(registers_across_id_register, seed, CHANGED(0) | CHANGED(29),
		      "registers kept across an ID register read", last);
		round(registers_across_time, seed, CHANGED(0), "registers kept while others run",
		      last);
	}
	finish();
}
