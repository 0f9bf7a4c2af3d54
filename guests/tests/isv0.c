/*
 * Device accesses whose syndrome does not say what they want (ISV = 0): each is carried out whole,
 * or refused with nothing changed. Once with the MMU off, once from code whose virtual address is
 * not its physical one.
 */
#include "guest.h"

#define PL011_IBRD  (UART_BASE + 0x24)	/* 16 bits; FBRD, 6 bits, follows */
#define PL011_CELL3 (UART_BASE + 0xffc) /* reads 0xb1 */
#define PL011_PERI0 (UART_BASE + 0xfe0) /* reads 0x11; PERI2, 0x34 or so, 8 bytes on */
#define GICD_SET1   (GICD_BASE + GIC_ISENABLER + 4)
#define ROUTERS	    (GICD_BASE + GIC_IROUTER + 64 * 8) /* of 8 SPIs: the block that DC ZVA zeroes */

#define BEFORE 0x1122334455667788ul

static bool is_mapped; /* the MMU is on */

/* INSTRUCTION with x9 = address. */
struct registers {
	uint64_t x9, x10, x11, par;
};
#define DO(instruction, address)                                                                 \
	({                                                                                       \
		register uint64_t x9 __asm__("x9") = (address);                                  \
		register uint64_t x10 __asm__("x10") = BEFORE;                                   \
		register uint64_t x11 __asm__("x11") = BEFORE;                                   \
		__asm__ volatile(instruction : "+r"(x9), "+r"(x10), "+r"(x11)::"memory", "x12"); \
		(struct registers){x9, x10, x11, 0};                                             \
	})

static void expect(const char *claim, struct registers got, uint64_t x9, uint64_t x10, uint64_t x11)
{
	CHECK_EQUAL(got.x9, x9, claim);
	CHECK_EQUAL(got.x10, x10, "  its first register");
	CHECK_EQUAL(got.x11, x11, "  its second register");
}

static uint64_t read64(uint64_t address)
{
	uint64_t value;

	__asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
	return value;
}

static void pairs(void)
{
	const uint32_t ctlr = read32(GICD_BASE), typer = read32(GICD_BASE + GIC_TYPER);

	expect("LDP of words", DO("ldp w10, w11, [x9]", GICD_BASE), GICD_BASE, ctlr, typer);
	expect("LDNP of words", DO("ldnp w10, w11, [x9]", GICD_BASE), GICD_BASE, ctlr, typer);
	expect("LDP with an offset", DO("ldp w10, w11, [x9, #-8]", GICD_BASE + 8), GICD_BASE + 8,
	       ctlr, typer);
	expect("LDP of doublewords", DO("ldp x10, x11, [x9]", PL011_PERI0), PL011_PERI0,
	       read64(PL011_PERI0), read64(PL011_PERI0 + 8));
	expect("LDP into XZR", DO("ldp x10, xzr, [x9]", PL011_PERI0), PL011_PERI0,
	       read64(PL011_PERI0), BEFORE);

	DO("mov w10, #0x1234\n\tmov w11, #0x15\n\tstp w10, w11, [x9]", PL011_IBRD);
	CHECK_EQUAL(read32(PL011_IBRD), 0x1234, "STP stores its first word");
	CHECK_EQUAL(read32(PL011_IBRD + 4), 0x15, "STP stores its second word");
	DO("mov w10, #0x22\n\tstnp wzr, w10, [x9]", PL011_IBRD);
	CHECK_EQUAL(read32(PL011_IBRD), 0, "STNP of WZR stores 0");
	CHECK_EQUAL(read32(PL011_IBRD + 4), 0x22, "STNP stores its second word");
}

static void write_back(void)
{
	const uint32_t ctlr = read32(GICD_BASE), typer = read32(GICD_BASE + GIC_TYPER);

	expect("post-indexed LDR", DO("ldr w10, [x9], #4", GICD_BASE), GICD_BASE + 4, ctlr, BEFORE);
	expect("pre-indexed LDR", DO("ldr w10, [x9, #-4]!", GICD_BASE + 8), GICD_BASE + 4, typer,
	       BEFORE);
	expect("post-indexed LDP", DO("ldp w10, w11, [x9], #8", GICD_BASE), GICD_BASE + 8, ctlr,
	       typer);
	expect("pre-indexed LDP", DO("ldp w10, w11, [x9, #-16]!", GICD_BASE + 16), GICD_BASE, ctlr,
	       typer);
	expect("post-indexed STR", DO("mov w10, #0x77\n\tstr w10, [x9], #-256", PL011_IBRD),
	       PL011_IBRD - 256, 0x77, BEFORE);
	CHECK_EQUAL(read32(PL011_IBRD), 0x77, "  has stored");
	expect("pre-indexed STRH", DO("mov w10, #0x99\n\tstrh w10, [x9, #0x24]!", UART_BASE),
	       PL011_IBRD, 0x99, BEFORE);
	CHECK_EQUAL(read32(PL011_IBRD), 0x99, "  has stored");
	expect("pre-indexed STP",
	       DO("mov w10, #0x55\n\tmov w11, #7\n\tstp w10, w11, [x9, #-12]!", PL011_IBRD + 12),
	       PL011_IBRD, 0x55, 7);
	CHECK_EQUAL(read32(PL011_IBRD) | read32(PL011_IBRD + 4) << 16, 0x70055, "  has stored");
}

static void stack_pointers(void)
{
	const uint32_t ctlr = read32(GICD_BASE), typer = read32(GICD_BASE + GIC_TYPER);

	/* SP_EL0, so that an exception would still find a stack. */
	expect("LDP through SP_EL0",
	       DO("msr spsel, #0\n\tmov x12, sp\n\tmov sp, x9\n\tldp w10, w11, [sp], #16\n\t"
		  "mov x9, sp\n\tmov sp, x12\n\tmsr spsel, #1",
		  GICD_BASE),
	       GICD_BASE + 16, ctlr, typer);
	expect("LDP through SP_EL1",
	       DO("mov x12, sp\n\tmov sp, x9\n\tldp w10, w11, [sp, #-16]!\n\tmov x9, sp\n\t"
		  "mov sp, x12",
		  GICD_BASE + 16),
	       GICD_BASE, ctlr, typer);
}

static void signs(void)
{
	write32(GICD_SET1, 0x80000000);
	expect("LDPSW", DO("ldpsw x10, x11, [x9]", GICD_SET1), GICD_SET1,
	       (uint64_t)(int32_t)read32(GICD_SET1), (uint64_t)(int32_t)read32(GICD_SET1 + 4));
	expect("post-indexed LDRSW", DO("ldrsw x10, [x9], #4", GICD_SET1), GICD_SET1 + 4,
	       (uint64_t)(int32_t)read32(GICD_SET1), BEFORE);
	expect("post-indexed LDRSB to X", DO("ldrsb x10, [x9], #-1", PL011_CELL3), PL011_CELL3 - 1,
	       0xffffffffffffffb1ul, BEFORE);
	expect("post-indexed LDRSB to W", DO("ldrsb w10, [x9], #1", PL011_CELL3), PL011_CELL3 + 1,
	       0xffffffb1, BEFORE);
	expect("pre-indexed LDRB", DO("ldrb w10, [x9, #4]!", PL011_CELL3 - 4), PL011_CELL3, 0xb1,
	       BEFORE);
}

static bool aborted(uint64_t at)
{
	return fault.count == 1 && FAULT_CLASS() == CLASS_DATA &&
	       FAULT_STATUS() == STATUS_EXTERNAL && fault.far == at;
}

static void refused(void)
{
	struct registers got;

	write32(PL011_IBRD, 0x1111);
	FAULTS(got = DO("ldp w10, w11, [x9], #8", PL011_CELL3));
	check(aborted(PL011_CELL3), "LDP over the end of the PL011 aborts");
	expect("  and has changed nothing", got, PL011_CELL3, BEFORE, BEFORE);
	FAULTS(got = DO("stp w10, w11, [x9, #4]!", PL011_CELL3 - 4));
	check(aborted(PL011_CELL3), "STP over the end of the PL011 aborts");
	expect("  and has changed nothing", got, PL011_CELL3 - 4, BEFORE, BEFORE);
	FAULTS(got = DO("ldr x10, [x9], #8", NOWHERE));
	check(aborted(NOWHERE), "a post-indexed load from nowhere aborts");
	expect("  and has changed nothing", got, NOWHERE, BEFORE, BEFORE);
}

/* What we need of address translation instructions is the guest's own register. */
static void par_is_kept(void)
{
	__asm__ volatile("at s1e1r, %0\n\tisb" ::"r"(RAM_BASE + 0x5000));
	const uint64_t before = MRS(par_el1);

	DO("ldp w10, w11, [x9]", GICD_BASE);
	CHECK_EQUAL(MRS(par_el1), before, "PAR_EL1 is as it was");
	CHECK_EQUAL(before & 0xfffff000, RAM_BASE + 0x5000, "  and had the guest's answer");
}

static void zeroed_block(void)
{
	uint64_t left = 0;

	if (!is_mapped || (MRS(dczid_el0) & 0x1f) != 4)
		return; /* to Device memory it is the guest's own alignment fault; not 64 bytes */
	for (uint64_t at = ROUTERS; at < ROUTERS + 64; at += 8)
		__asm__ volatile("str %0, [%1]" ::"r"(5ul), "r"(at) : "memory");
	CHECK_EQUAL(read64(ROUTERS + 56), 5, "GICD_IROUTER holds a value");
	DO("dc zva, x9", ROUTERS + 9);
	for (uint64_t at = ROUTERS; at < ROUTERS + 64; at += 8)
		left |= read64(at);
	CHECK_EQUAL(left, 0, "DC ZVA zeroes the block");
}

static void all_of_it(void)
{
	pairs();
	write_back();
	stack_pointers();
	signs();
	refused();
	par_is_kept();
	zeroed_block();
}

#define BLOCK_NORMAL \
	(0x1 | 1 << 2 | 1 << 10 | 3 << 8) /* attribute 1; access flag; inner shareable */
#define UPPER 0xffffff8000000000ul	  /* what TTBR1 translates with T1SZ = 25 */

static uint64_t lower[512] __attribute__((aligned(4096)));
static uint64_t upper[512] __attribute__((aligned(4096)));

/* RAM also at UPPER; devices as Normal memory, so that DC ZVA reaches them. */
static void mmu_on(void)
{
	lower[0] = BLOCK_NORMAL;
	lower[1] = RAM_BASE | BLOCK_NORMAL;
	upper[0] = RAM_BASE | BLOCK_NORMAL;
	__asm__ volatile("dsb sy" ::: "memory");
	MSR(mair_el1, 0x4400); /* attribute 1: Normal, not cacheable */
	MSR(ttbr0_el1, lower);
	MSR(ttbr1_el1, upper);
	/* T0SZ = T1SZ = 25, 4 KiB granule both, 36-bit IPA. */
	MSR(tcr_el1, 25 | 25ul << 16 | 2ul << 30 | 1ul << 32);
	__asm__ volatile("tlbi vmalle1\n\tdsb sy\n\tisb" ::: "memory");
	MSR(sctlr_el1, MRS(sctlr_el1) | 1);
	is_mapped = true;
}

void first(const void *device_tree)
{
	(void)device_tree;
	all_of_it();
	mmu_on();
	check(true, "the MMU is on, the code at another address than in memory");
	/* A branch to the alias, out of the compiler's sight: it would find its target by the PC. */
	uint64_t target = (uint64_t)all_of_it - RAM_BASE + UPPER;

	__asm__ volatile("" : "+r"(target));
	((void (*)(void))target)();
	finish();
}
