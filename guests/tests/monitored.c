/*
 * A guest for a debugger that knows more than breakpoints: a function that two vCPUs call all the time, the same one by a second
 * address, an interrupt that is pending where somebody steps, and things that only a hypervisor sees. Each is done exactly as often as
 * without a debugger, or a check fails.
 */
#include "guest.h"

#define BLOCK_DEVICE (0x1 | 0 << 2 | 1 << 10) /* attribute 0: Device-nGnRnE; access flag */
#define BLOCK_NORMAL \
	(0x1 | 1 << 2 | 1 << 10 | 3 << 8) /* attribute 1: Normal, write-back; inner shareable */
#define ALIAS UL(0x40000000)		  /* RAM is seen a second time, so much higher */
#define CALLS 1000

__attribute__((used, section(".data"))) volatile uint64_t released;
__attribute__((used)) volatile uint64_t hots[MAX_VCPUS], interrupts;
__attribute__((used, aligned(4096))) volatile uint64_t guarded[1024];
static uint64_t table[512] __attribute__((aligned(4096)));

static void mmu_on(void)
{
	table[0] = BLOCK_DEVICE;
	table[1] = RAM_BASE | BLOCK_NORMAL;
	table[2] = RAM_BASE | BLOCK_NORMAL;
	__asm__ volatile("dsb sy" ::: "memory");
	MSR(mair_el1, 0xff00);
	MSR(ttbr0_el1, table);
	/* T0SZ = 25, 4 KiB granule, write-back walks, inner shareable, 36-bit IPA; no TTBR1. */
	MSR(tcr_el1, 25 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23 | 1ul << 32);
	__asm__ volatile("tlbi vmalle1\n\tdsb sy\n\tisb" ::: "memory");
	MSR(sctlr_el1, MRS(sctlr_el1) | 1 | 1 << 2 | 1 << 12);
}

/* Its first instruction does something: skipped or executed twice, the count is wrong. */
__attribute__((visibility("hidden"))) uint64_t hot(uint64_t number, volatile uint64_t *count);
__asm__("	.text\n"
	"	.global hot\n"
	"	.type hot, %function\n"
	"hot:	add	x0, x0, #1\n"
	"	ldr	x2, [x1]\n"
	"	add	x2, x2, #1\n"
	"	str	x2, [x1]\n"
	"	ret\n"
	"	.size hot, . - hot\n");

static uint64_t hot_elsewhere(uint64_t number)
{
	uint64_t (*const alias)(uint64_t, volatile uint64_t *) = (void *)((uint64_t)hot + ALIAS);

	return alias(number, &hots[0]);
}

/* A page of its own. */
__attribute__((noinline, aligned(4096), section(".text.paged"))) uint64_t paged(uint64_t number)
{
	return number * 2;
}

static void on_interrupt(unsigned vcpu, unsigned intid)
{
	(void)vcpu;
	if (intid == INTID_VTIMER)
		MSR(cntv_ctl_el0, 0);
	interrupts++;
}

/* The timer has expired before the first of these. */
static __attribute__((noinline)) void with_pending_interrupt(void)
{
	__asm__ volatile("	.global unmask\n"
			 "unmask:	msr	daifclr, #2\n"
			 "	nop\n"
			 "	nop\n"
			 "	nop\n"
			 "	nop\n"
			 "	nop\n"
			 "	msr	daifset, #2\n" ::
				 : "memory");
}

void secondary(uint64_t vcpu)
{
	uint64_t right = 1;

	mmu_on();
	do
		right &= hot(0x10000, &hots[vcpu]) == 0x10001;
	while (!released);
	hots[vcpu] = right ? hots[vcpu] : 0;
	hvc(PSCI_CPU_OFF, 0, 0, 0);
}

void first(const void *device_tree)
{
	uint64_t right = 0;

	(void)device_tree;
	mmu_on();
	gic_on(0, on_interrupt);
	gic_enable(0, INTID_VTIMER);
	for (uint64_t i = 0; i < CALLS; i++)
		right += hot(i, &hots[0]) == i + 1;
	CHECK_EQUAL(right, CALLS, "each call is right");
	CHECK_EQUAL(hots[0], CALLS, "each call is made once");
	CHECK_EQUAL(hot_elsewhere(7), 8, "by another address too");
	MSR(cntv_cval_el0, 0);
	MSR(cntv_ctl_el0, 1);
	with_pending_interrupt();
	irq_unmask();
	irq_mask();
	CHECK_EQUAL(interrupts, 1, "the interrupt comes once");
	start_vcpu(1);
	while (!hots[1])
		;
	right = 0;
	for (uint64_t i = 0; i < CALLS; i++)
		right += hot(i, &hots[0]) == i + 1;
	CHECK_EQUAL(right, CALLS, "each call is right beside another vCPU");
	guarded[520] = 5;
	CHECK_EQUAL(guarded[520], 5, "what is written is there");
	CHECK_EQUAL(paged(4), 8, "what is called is executed");
	say("waiting\n");
	while (!released)
		;
	while (hvc(PSCI_AFFINITY_INFO, 1, 0, 0) != 1)
		;
	check(hots[1] != 0, "the other vCPU's calls are right");
	finish();
}
