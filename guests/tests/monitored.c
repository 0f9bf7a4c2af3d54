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

/*
 * What a debugger may execute in the CPU's place: every register that a loop over odd numbers has written goes into the result, the
 * flags too. MRS, ROR, STR and RET are for the CPU itself.
 */
uint64_t mixed(uint64_t number, uint64_t *scratch);
#define FLAGS "	mrs	x9, nzcv\n	add	x0, x0, x9\n	ror	x0, x0, #7\n"
__asm__("	.text\n"
	"	.global mixed, mixed_end\n"
	"	.type mixed, %function\n"
	"mixed:	mov	x10, x0\n"
	"	mov	w11, w0\n"
	"	movz	x12, #0x8000, lsl #48\n"
	"	movk	x12, #0x1234, lsl #16\n"
	"	movn	w13, #5\n"
	"	movn	x14, #5, lsl #32\n"
	"	nop\n"
	"	adds	x2, x10, x12\n" FLAGS "	subs	x3, x10, x12\n" FLAGS
	"	adds	w4, w10, w13\n" FLAGS "	subs	w5, w10, w12\n" FLAGS
	"	subs	x6, x10, #0\n" FLAGS "	cmp	x10, x10\n" FLAGS
	"	cmn	w10, #0xfff, lsl #12\n" FLAGS "	subs	w7, wzr, w10\n" FLAGS
	"	sub	x8, x10, #0x123, lsl #12\n"
	"	add	w15, w10, #0xfff\n"
	"	add	x16, sp, #16\n"
	"	mov	x5, sp\n"
	"	sub	x16, x16, x5\n"
	"	adr	x17, 1f\n"
	"	adr	x9, mixed\n"
	"	sub	x17, x17, x9\n"
	"	adrp	x9, mixed\n"
	"	adr	x5, mixed\n"
	"	sub	x9, x5, x9\n"
	"	add	x17, x17, x9\n"
	"1:	add	x0, x0, x2\n"
	"	add	x0, x0, x3\n"
	"	add	x0, x0, x4\n"
	"	add	x0, x0, x6\n"
	"	add	x0, x0, x7\n"
	"	sub	x0, x0, x8\n"
	"	add	x0, x0, x11\n"
	"	sub	x0, x0, x14\n"
	"	add	x0, x0, x15\n"
	"	add	x0, x0, x16\n"
	"	add	x0, x0, x17\n"
	"	cbz	w10, 2f\n"
	"	add	x0, x0, #1\n"
	"2:	cbnz	x10, 3f\n"
	"	add	x0, x0, #2\n"
	"3:	tbz	x10, #0, 4f\n"
	"	add	x0, x0, #4\n"
	"4:	tbnz	x10, #63, 5f\n"
	"	add	x0, x0, #8\n"
	"5:	cmp	x10, x12\n"
	"	b.eq	6f\n"
	"	b.lo	6f\n"
	"	add	x0, x0, #16\n"
	"6:	b.ge	7f\n"
	"	b.pl	7f\n"
	"	add	x0, x0, #32\n"
	"7:	b.ls	8f\n"
	"	b.gt	8f\n"
	"	add	x0, x0, #64\n"
	"8:	b.vc	9f\n"
	"	b	9f\n"
	"	add	x0, x0, #128\n"
	"9:	mov	x9, x30\n"
	"	bl	9f\n"
	"8:	b	8f\n"
	"9:	adr	x5, 8b\n"
	"	sub	x5, x30, x5\n"
	"	add	x0, x0, x5\n"
	"	b	8b\n"
	"8:	mov	x30, x9\n"
	"	str	x0, [x1]\n"
	"mixed_end:\n"
	"	ret\n"
	"	.size mixed, . - mixed\n");

static uint64_t mixed_all(void)
{
	uint64_t result = 1, scratch;

	for (unsigned i = 0; i < 8; i++)
		result = mixed(result << 63 | result >> 1, &scratch) + scratch;
	return mixed(0, &scratch) + mixed(1ul << 63, &scratch) + result;
}

/* The debugger comes between the two. */
static __attribute__((noinline, used)) void mixed_once(uint64_t result)
{
	__asm__ volatile("" ::"r"(result) : "memory");
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
	right = mixed_all();
	mixed_once(right);
	CHECK_EQUAL(mixed_all(), right, "instructions do what they did");
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
