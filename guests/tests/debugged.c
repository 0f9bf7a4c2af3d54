/*
 * A guest for a debugger to look at: places to stop, things to watch, instructions that EL2 emulates one by one. It goes on to its
 * end only when the debugger has let it: `released`.
 */
#include "guest.h"

#define CLASS_BRK 0x3c

/* Not in .bss, which the start-up code clears: the debugger may write it before the first instruction. */
__attribute__((used, section(".data"))) volatile uint64_t released, rounds;
__attribute__((used)) volatile uint64_t watched, called, spins[MAX_VCPUS];
static volatile unsigned own_brks;
static volatile bool spun[MAX_VCPUS];

bool on_exception(struct trap *trap, unsigned class)
{
	if (class != CLASS_BRK)
		return false;
	own_brks++;
	trap->elr += 4;
	return true;
}

/*
 * One instruction of each kind that a step must count as one, between two labels. The timer has expired, with interrupts masked: WFI
 * has no reason to wait. x19 counts the plain ones.
 */
static __attribute__((noinline)) uint64_t emulated(void)
{
	register uint64_t count __asm__("x19") = 0;

	__asm__ volatile("	.global steps_begin, steps_end, loop_begin\n"
			 "steps_begin:\n"
			 "	add	x19, x19, #1\n"
			 "	mrs	x1, id_aa64pfr0_el1\n" /* a trapped register */
			 "	add	x19, x19, #1\n"
			 "	mov	w0, #0x84000000\n"
			 "	hvc	#0\n"
			 "	add	x19, x19, #1\n"
			 "	mov	w0, #0x84000000\n"
			 "	smc	#0\n"
			 "	add	x19, x19, #1\n"
			 "	ldr	w1, [%1, #0x18]\n" /* a device is read */
			 "	add	x19, x19, #1\n"
			 "	str	%w2, [%1]\n" /* and written: one 'S' on the console */
			 "	add	x19, x19, #1\n"
			 "	wfi\n"
			 "	add	x19, x19, #1\n"
			 "steps_end:\n"
			 "	nop\n"
			 "loop_begin:\n"
			 "1:	ldxr	x1, [%3]\n" /* never ends if an exception comes between */
			 "	add	x1, x1, #1\n"
			 "	stxr	w2, x1, [%3]\n"
			 "	cbnz	w2, 1b\n"
			 : "+r"(count)
			 : "r"(UART_BASE), "r"('S'), "r"(&called)
			 : "x0", "x1", "x2", "x3", "memory");
	return count;
}

__attribute__((noinline)) void call(uint64_t number)
{
	called = number;
	__asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) void touch(uint64_t value)
{
	watched = value;
}

__attribute__((noinline, used)) void spin(uint64_t vcpu)
{
	spins[vcpu]++;
}

/* The debugger asks for it, and reads the argument: ticks of the physical counter, which goes on when a debugger stops guests. */
__attribute__((noinline, used)) void timed(uint64_t ticks)
{
	called = ticks;
}

static void time_rounds(void)
{
	while (rounds) {
		const uint64_t begin = MRS(cntpct_el0);

		for (uint64_t i = 0; i < rounds; i++)
			spin(0);
		timed(MRS(cntpct_el0) - begin);
	}
}

void secondary(uint64_t vcpu)
{
	do {
		spin(vcpu);
		spun[vcpu] = true;
	} while (!released);
	hvc(PSCI_CPU_OFF, 0, 0, 0);
}

void first(const void *device_tree)
{
	(void)device_tree;
	gic_on(0, 0);
	gic_enable(0, INTID_VTIMER);
	for (unsigned vcpu = 1; vcpu < MAX_VCPUS && start_vcpu(vcpu) == 0; vcpu++)
		while (!spun[vcpu]) /* a debugger that waits for it there finds nothing of the rest done */
			;
	MSR(cntv_cval_el0, 0);
	MSR(cntv_ctl_el0, 1);
	say("ready\n");
	CHECK_EQUAL(emulated(), 7, "every instruction runs once");
	MSR(cntv_ctl_el0, 0);
	for (uint64_t i = 1; i <= 5; i++)
		call(i);
	for (uint64_t i = 1; i <= 5; i++)
		touch(i);
	__asm__ volatile("brk #0x800");
	CHECK_EQUAL(own_brks, 1, "the guest's own BRK is the guest's");
	say("waiting\n");
	time_rounds();
	while (!released)
		spin(0);
	finish();
}
