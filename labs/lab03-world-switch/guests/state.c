/*
 * EL1's system registers and the FP registers belong to one vCPU: each still holds what its vCPU wrote after three others have run on the
 * same CPU, and a vCPU that begins finds nothing that another has left. Run two of these on one CPU, two vCPUs each, with seeds that differ.
 */
#include "guest.h"

#define ROUNDS 6
#define NAP_MS 5 /* longer than a time slice */

/* Those that mean nothing while the MMU is off and no exception comes. */
#define SYSTEM_REGISTERS(X) \
	X(ttbr0_el1)        \
	X(ttbr1_el1)        \
	X(tcr_el1)          \
	X(esr_el1)          \
	X(far_el1)          \
	X(afsr0_el1)        \
	X(afsr1_el1)        \
	X(par_el1)          \
	X(mair_el1)         \
	X(amair_el1)        \
	X(contextidr_el1)   \
	X(tpidr_el0)        \
	X(tpidrro_el0)      \
	X(tpidr_el1)        \
	X(sp_el0)           \
	X(elr_el1)          \
	X(spsr_el1)         \
	X(csselr_el1)
#define ONE(name) +1
#define NUMBER	  (0 SYSTEM_REGISTERS(ONE))

typedef uint64_t fp_registers[66]; /* q0..q31, FPSR, FPCR */
#pragma GCC visibility push(hidden)
void fp_fill(uint64_t seed);
void fp_dump(fp_registers to);
#pragma GCC visibility pop

struct state {
	uint64_t system[NUMBER];
	fp_registers fp;
};
static struct state held[2], seen[2], found;
static volatile uint64_t seed_of_second, second_ends, second_differs;

static uint64_t pattern(uint64_t seed, unsigned n)
{
	return (seed + n) * 0x9e3779b97f4a7c15ul ^ seed << 17;
}

static void fill(uint64_t seed)
{
	unsigned n = 0;

	fp_fill(seed);
#define FILL(name) MSR(name, pattern(seed, n++));
	SYSTEM_REGISTERS(FILL)
}

static void dump(struct state *to)
{
	unsigned n = 0;

	fp_dump(to->fp);
#define DUMP(name) to->system[n++] = MRS(name);
	SYSTEM_REGISTERS(DUMP)
}

static const char *name_of(unsigned wanted)
{
	unsigned n = 0;
#define NAME(name)         \
	if (n++ == wanted) \
		return #name;
	SYSTEM_REGISTERS(NAME)
	return "?";
}

/* How many registers have changed. Two bits of FPSR and rounding modes are all that matters of the last two. */
static unsigned differences(const struct state *a, const struct state *b, bool speak)
{
	unsigned count = 0;

	for (unsigned n = 0; n < NUMBER; n++) {
		if (a->system[n] == b->system[n])
			continue;
		count++;
		if (!speak)
			continue;
		say("  ");
		say(name_of(n));
		say(" was ");
		say_number(b->system[n]);
		say(" and is ");
		say_number(a->system[n]);
		say("\n");
	}
	for (unsigned n = 0; n < 66; n++)
		count += a->fp[n] != b->fp[n];
	return count;
}

void secondary(uint64_t vcpu)
{
	dump(&found);
	fill(seed_of_second);
	dump(&held[vcpu]);
	for (unsigned i = 0; i < ROUNDS; i++) {
		wait_ms(NAP_MS);
		dump(&seen[vcpu]);
		second_differs += differences(&seen[vcpu], &held[vcpu], false);
	}
	second_ends = 1;
	for (;;)
		__asm__ volatile("wfi");
}

void first(const void *device_tree)
{
	const uint64_t seed = option(device_tree, "seed") * 0x10001ul + 3;
	static const struct state nothing;
	unsigned different = 0, told_apart = 0;

	seed_of_second = seed + 0x1000;
	fill(seed);
	dump(&held[0]);
	for (unsigned n = 0; n < NUMBER; n++)
		told_apart += held[0].system[n] == pattern(seed, n);
	check(told_apart > NUMBER / 2, "a register holds what is written to it");
	CHECK_EQUAL(start_vcpu(1), 0, "the second vCPU starts");
	for (unsigned i = 0; i < ROUNDS; i++) {
		wait_ms(NAP_MS);
		dump(&seen[0]);
		different += differences(&seen[0], &held[0], different == 0);
	}
	CHECK_EQUAL(different, 0, "system and FP registers are kept while others run");
	while (!second_ends)
		wait_ms(1);
	CHECK_EQUAL(second_differs, 0, "those of the second vCPU, too");
	CHECK_EQUAL(differences(&found, &nothing, true), 0,
		    "a vCPU finds nothing of another in its registers");
	finish();
}
