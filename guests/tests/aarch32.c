/*
 * A 64-bit kernel with 32-bit programs at EL0, where the CPU has them; where not, the return to one is an illegal one. What traps to
 * EL2 must be done as the instruction says: two or four bytes, in IT blocks, by coprocessor numbers.
 */
#include "guest.h"

#define PFR0_EL0       0xf /* 1: AArch64 only, 2: both */
#define SPSR_AARCH32   0x10
#define SPSR_T32       0x20
#define SPSR_DAIF      0x3c0
#define SPSR_EL1H      0x5
#define SPSR_IL	       (1ul << 20)
#define ESR_IL	       (1ul << 25)
#define CLASS_ILLEGAL  0x0e
#define CLASS_SVC32    0x11
#define CLASS_DATA_EL0 0x24
#define SCTLR_NTWI     (1ul << 16)
#define SCTLR_CP15BEN  (1ul << 5)
#define CNTKCTL_EL0PT  (1ul << 9)
#define CTL_IMASK      2
#define REFUSED	       7

#pragma GCC visibility push(hidden)
void enter_el0(const void *entry, uint64_t pstate, const uint64_t x[8]);
extern char back_at_el1[];
extern const uint32_t a32_call[], a32_wait[], a32_timer[], a32_pmu[], a32_device[],
	a32_not_executed[], a32_refused[], a32_load[], a32_load_block[], t32_wait[], t32_device[];
#pragma GCC visibility pop

static struct trap seen;
static unsigned seen_class;

bool on_exception(struct trap *trap, unsigned class)
{
	volatile uint64_t *to = (uint64_t *)&seen; /* volatile: no memcpy(), there is none */

	for (unsigned i = 0; i < sizeof(seen) / sizeof(*to); i++)
		to[i] = ((const uint64_t *)trap)[i];
	seen_class = class;
	trap->elr = (uint64_t)back_at_el1;
	trap->spsr = SPSR_DAIF | SPSR_EL1H;
	return true;
}

/* Until its first exception; true when that is SVC `number`. `thumb`: 0 or SPSR_T32. */
static bool run(const void *program, uint64_t thumb, const uint64_t x[8], unsigned number)
{
	enter_el0(program, SPSR_DAIF | SPSR_AARCH32 | thumb, x);
	if (seen_class == CLASS_SVC32 && (seen.esr & 0xffff) == number)
		return true;
	say("      esr ");
	say_number(seen.esr);
	say(" elr ");
	say_number(seen.elr - (uint64_t)program);
	say("\n");
	return false;
}

static void stop_timer(unsigned vcpu, unsigned intid)
{
	(void)vcpu;
	(void)intid;
	MSR(cntv_ctl_el0, 0);
}

static void wake_soon(void)
{
	MSR(cntv_cval_el0, ticks() + ticks_of_ms(2));
	MSR(cntv_ctl_el0, 1);
}

/* Interrupts stay masked at EL0: WFI ends with the timer's, which is taken afterwards. */
static void waits(void)
{
	uint64_t x[8] = {0};

	gic_on(0, stop_timer);
	gic_enable(0, INTID_VTIMER);
	wake_soon();
	check(run(a32_wait, 0, x, 1) && seen.x[0] == 1, "A32: behind WFI it goes on");
	check(ticks() >= MRS(cntv_cval_el0), "WFI has waited");
	irq_unmask();
	irq_mask();
	wake_soon();
	check(run(t32_wait, SPSR_T32, x, 8) && seen.x[0] == 1 && seen.x[1] == 1,
	      "T32: behind WFI, two bytes on");
	irq_unmask();
	irq_mask();
}

static void registers(void)
{
	uint64_t x[8] = {5, 0x11223344, 0x55667788};

	MSR(cntkctl_el1, CNTKCTL_EL0PT);
	MSR(cntp_ctl_el0, CTL_IMASK);
	check(run(a32_timer, 0, x, 2) && seen.x[0] == CTL_IMASK, "CNTP_CTL by MRC");
	check(seen.x[3] == x[1] && seen.x[4] == x[2], "CNTP_CVAL by MCRR and MRRC");
	CHECK_EQUAL(MRS(cntp_cval_el0), 0x5566778811223344, "CNTP_CVAL_EL0 is the same register");

	MSR(pmuserenr_el0, 1);
	MSR(pmccntr_el0, 0x1234567890);
	check(run(a32_pmu, 0, x, 3), "PMCCNTR by MCR");
	CHECK_EQUAL(MRS(pmccntr_el0), 0x1200000005, "it is the lower half that MCR writes");
	CHECK_EQUAL(seen.x[3], (uint32_t)MRS(pmcr_el0), "PMCR by MRC");
}

static void devices(void)
{
	const uint64_t there = GICD_BASE + GIC_IPRIORITYR + 32;
	uint64_t x[8] = {0, there, 0, there + 4, there + 8};

	write32(there, 0x102030f0);
	write32(there + 4, 0x40506070);
	check(run(a32_device, 0, x, 5) && seen.x[0] == 0x102030f0, "A32: a load");
	CHECK_EQUAL(seen.x[2], 0xfffffff0, "a signed byte");
	CHECK_EQUAL(read32(there + 4), 0x102030f0, "a store");

	x[3] = 0;
	write32(there + 4, 0x40506070);
	check(run(t32_device, SPSR_T32, x, 9) && seen.x[0] == 0x102030f0,
	      "T32: a load of two bytes");
	check(seen.x[2] == 0xf0 && seen.x[3] == 0, "one in an IT block");
	CHECK_EQUAL(read32(there + 8), 0x102030f0, "T32: a store");
	check(seen.x[5] == 0x40506070 && seen.x[6] == CTL_IMASK, "T32: those of four bytes");
}

/* UNDEFINED: class 0, IL set, the return address is the instruction itself, and PSTATE comes back as it was. */
static void refusals(void)
{
	uint64_t x[8] = {0, GICD_BASE + GIC_IPRIORITYR};
	unsigned good = 0;

	for (unsigned i = 0; i < REFUSED; i++) {
		enter_el0(&a32_refused[i], SPSR_DAIF | SPSR_AARCH32, x);
		if (seen.esr == ESR_IL && seen.elr == (uint64_t)&a32_refused[i] &&
		    (seen.spsr & 0x1f) == SPSR_AARCH32) {
			good++;
			continue;
		}
		say("      number ");
		say_number(i);
		say(" esr ");
		say_number(seen.esr);
		say(" elr ");
		say_number(seen.elr - (uint64_t)a32_refused);
		say(" pstate ");
		say_number(seen.spsr);
		say("\n");
	}
	CHECK_EQUAL(good, REFUSED, "what a program may not have is UNDEFINED");
	check(run(a32_not_executed, 0, x, 6) && seen.x[0] == 0,
	      "unless its condition does not hold");

	x[1] = NOWHERE;
	run(a32_load, 0, x, 0);
	check(seen_class == CLASS_DATA_EL0 && seen.far == NOWHERE && seen.elr == (uint64_t)a32_load,
	      "a load from nowhere is a data abort");
	x[1] = GICD_BASE + GIC_IPRIORITYR;
	run(a32_load_block, 0, x, 0);
	check(seen_class == CLASS_DATA_EL0 && seen.far == x[1] && seen.x[2] == 0,
	      "so is a load of several registers from a device");
}

void first(const void *device_tree)
{
	const uint64_t x[8] = {0};

	(void)device_tree;
	MSR(sctlr_el1, MRS(sctlr_el1) | SCTLR_NTWI | SCTLR_CP15BEN);
	if ((MRS(id_aa64pfr0_el1) & PFR0_EL0) == 1) {
		say("no AArch32\n");
		gic_on(0, stop_timer);
		gic_enable(0, INTID_VTIMER);
		wake_soon();
		enter_el0(a32_wait, SPSR_DAIF | SPSR_AARCH32, x);
		CHECK_EQUAL(seen_class, CLASS_ILLEGAL,
			    "no AArch32 here: the return to it was illegal");
		check(seen.spsr & SPSR_IL, "and PSTATE said so");
		finish();
	}
	check(run(a32_call, 0, x, 7) && seen.x[0] == 42, "a 32-bit program calls its kernel");
	CHECK_EQUAL(seen.elr, (uint64_t)(a32_call + 2), "and stands behind its SVC");
	waits();
	registers();
	devices();
	refusals();
	finish();
}
