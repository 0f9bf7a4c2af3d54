/*
 * A guest's own breakpoints, watchpoints and single step, as its kernel would use them: taken at EL1, from EL1. Run two on one CPU,
 * with seeds that differ: what one arms must stop itself alone.
 */
#include "guest.h"

#define CLASS_BREAKPOINT 0x31
#define CLASS_STEP	 0x33
#define CLASS_WATCHPOINT 0x35

#define MDSCR_SS      (1ul << 0)
#define MDSCR_KDE     (1ul << 13)
#define MDSCR_MDE     (1ul << 15)
#define SPSR_SS	      (1ul << 21)
#define BCR_EL1	      (0xful << 5 | 1ul << 1 | 1) /* BAS, PMC = EL1, E */
#define WCR_STORE_EL1 (0xfful << 5 | 2ul << 3 | 1ul << 1 | 1)
#define OSLSR_OSLK    2

static volatile unsigned breaks, watches, steps, gaps;
static volatile uint64_t break_pc, watch_address, last_step;
static volatile uint64_t watched[2];
extern __attribute__((visibility("hidden"))) char step_end[];

bool on_exception(struct trap *trap, unsigned class)
{
	switch (class) {
	case CLASS_BREAKPOINT:
		breaks++;
		break_pc = trap->elr;
		MSR(dbgbcr0_el1, 0);
		return true;
	case CLASS_WATCHPOINT:
		watches++;
		watch_address = trap->far;
		MSR(dbgwcr0_el1, 0);
		return true;
	case CLASS_STEP:
		gaps += steps && trap->elr != last_step + 4;
		steps++;
		last_step = trap->elr;
		if (trap->elr == (uint64_t)step_end || steps > 100)
			MSR(mdscr_el1, 0);
		else
			trap->spsr |= SPSR_SS;
		return true;
	default:
		return false;
	}
}

static __attribute__((noinline)) void stops_here(void)
{
	__asm__ volatile("nop");
}

static void debug_unmask(void)
{
	__asm__ volatile("msr daifclr, #8\n\tisb" ::: "memory");
}

static void debug_mask(void)
{
	__asm__ volatile("msr daifset, #8" ::: "memory");
}

/* Straight code; what EL2 emulates on the way is one step like any other instruction. */
static void step_through(void)
{
	__asm__ volatile("msr	mdscr_el1, %0\n\t"
			 "isb\n\t"
			 "msr	daifclr, #8\n\t"
			 "nop\n\t"
			 "nop\n\t"
			 "mrs	x9, id_aa64pfr0_el1\n\t"
			 "mrs	x9, cntp_ctl_el0\n\t"
			 "ldr	w9, [%1]\n\t"
			 "mov	w0, #0x84000000\n\t"
			 "hvc	#0\n\t"
			 "mov	w0, #0x84000000\n\t"
			 "smc	#0\n\t"
			 "nop\n\t"
			 ".global step_end\n"
			 "step_end:\n\t"
			 "msr	daifset, #8"
			 :
			 : "r"(MDSCR_SS | MDSCR_KDE), "r"(UART_BASE + 0x18)
			 : "x0", "x1", "x2", "x3", "x9", "memory");
}

static void breakpoint(void)
{
	MSR(dbgbvr0_el1, stops_here);
	MSR(dbgbcr0_el1, BCR_EL1);
	stops_here();
	CHECK_EQUAL(breaks, 0, "nothing stops before MDSCR_EL1 says so");
	MSR(mdscr_el1, MDSCR_MDE | MDSCR_KDE);
	CHECK_EQUAL(MRS(dbgbvr0_el1), stops_here, "a breakpoint keeps its address");
	debug_unmask();
	stops_here();
	CHECK_EQUAL(breaks, 1, "a breakpoint stops the guest");
	CHECK_EQUAL(break_pc, stops_here, "at its address");
	stops_here();
	CHECK_EQUAL(breaks, 1, "not again, once it is disarmed");

	MSR(dbgbcr0_el1, BCR_EL1);
	wait_ms(30);
	stops_here();
	CHECK_EQUAL(breaks, 2, "it is still there after others have run");

	MSR(oslar_el1, 1);
	check(MRS(oslsr_el1) & OSLSR_OSLK, "OSLAR_EL1 locks");
	MSR(dbgbcr0_el1, BCR_EL1);
	stops_here();
	CHECK_EQUAL(breaks, 2, "no debug exception under the OS lock");
	MSR(oslar_el1, 0);
	check(!(MRS(oslsr_el1) & OSLSR_OSLK), "and unlocks");
	stops_here();
	CHECK_EQUAL(breaks, 3, "what was armed meanwhile stops then");
	debug_mask();
}

static void watchpoint(void)
{
	MSR(dbgwvr0_el1, &watched[1]);
	MSR(dbgwcr0_el1, WCR_STORE_EL1);
	debug_unmask();
	watched[0] = 1;
	(void)watched[1];
	CHECK_EQUAL(watches, 0, "a watchpoint for stores leaves loads and neighbours alone");
	watched[1] = 2;
	CHECK_EQUAL(watches, 1, "a watched store stops the guest");
	CHECK_EQUAL(watch_address, &watched[1], "FAR_EL1 has the address");
	CHECK_EQUAL(watched[1], 2, "and the store is done afterwards");
	debug_mask();
}

/* One row a register; the number is in the instruction's name. */
#define NUMBERED(X) X(0) X(1) X(2) X(3)
#define WRITE_ALL(n)                         \
	MSR(dbgbvr##n##_el1, seed + 16 * n); \
	MSR(dbgwvr##n##_el1, seed + 16 * n + 8);
#define COUNT_KEPT(n)                                  \
	kept += MRS(dbgbvr##n##_el1) == seed + 16 * n; \
	kept += MRS(dbgwvr##n##_el1) == seed + 16 * n + 8;

static unsigned kept_across_others(uint64_t seed)
{
	unsigned kept = 0;

	NUMBERED(WRITE_ALL)
	wait_ms(30);
	NUMBERED(COUNT_KEPT)
	return kept;
}

void first(const void *device_tree)
{
	const uint64_t dfr0 = MRS(id_aa64dfr0_el1);
	const uint64_t seed = 0x40001000 * (option(device_tree, "seed") + 1);

	check((dfr0 >> 12 & 0xf) >= 3 && (dfr0 >> 20 & 0xf) >= 3,
	      "the machine's breakpoints and watchpoints are there");
	CHECK_EQUAL(kept_across_others(seed), 8, "debug registers without effect are kept");
	breakpoint();
	watchpoint();
	MSR(mdscr_el1, MDSCR_MDE | MDSCR_KDE);
	CHECK_EQUAL(kept_across_others(seed), 8, "debug registers in hardware are kept");
	MSR(mdscr_el1, 0);

	step_through();
	CHECK_EQUAL(gaps, 0, "single step goes from each instruction to the next");
	CHECK_EQUAL(steps, 11, "ten instructions are ten steps after the first stop");
	CHECK_EQUAL(last_step, step_end, "up to the end");
	CHECK_EQUAL(MRS(mdscr_el1) & (MDSCR_SS | MDSCR_MDE), 0, "and then it is off");
	finish();
}
