/* Accesses to devices and to nothing: those that make sense are emulated, the others are an external abort or have no effect. */
#include "guest.h"

#define PL011_IBRD  (UART_BASE + 0x24)
#define PL011_CELL3 (UART_BASE + 0xffc) /* reads 0xb1 */
#define PL011_PERI0 (UART_BASE + 0xfe0) /* reads 0x11 */

/* INSTRUCTION with x9 = address; its result is in x10 and x11. */
#define ACCESS(instruction, address)                                                      \
	({                                                                                \
		register uint64_t x9 __asm__("x9") = (address);                           \
		register uint64_t x10 __asm__("x10") = 0x1122334455667788ul;              \
		register uint64_t x11 __asm__("x11") = 0;                                 \
		__asm__ volatile(instruction : "+r"(x9), "+r"(x10), "+r"(x11)::"memory"); \
		(struct result){x10, x11, x9, 0};                                         \
	})

static void aborted(unsigned count, uint64_t address, const char *claim)
{
	check(count == 1 && FAULT_CLASS() == CLASS_DATA && FAULT_STATUS() == STATUS_EXTERNAL &&
		      fault.far == address,
	      claim);
}

static void nothing_there(void)
{
	static const uint64_t places[] = {NOWHERE,
					  0,
					  0x0a000000,
					  0x3ffffff8,
					  RAM_BASE + RAM_BYTES,
					  0xfffffff8,
					  0x9001000,
					  GICR_BASE + 8 * GICR_STRIDE};
	bool all = true;

	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const uint64_t address = places[i];

		all &= FAULTS(read32(address)) == 1 && FAULT_CLASS() == CLASS_DATA &&
		       FAULT_STATUS() == STATUS_EXTERNAL && fault.far == address &&
		       !(fault.esr & FAULT_WRITE);
		all &= FAULTS(write32(address, 1)) == 1 && FAULT_CLASS() == CLASS_DATA &&
		       FAULT_STATUS() == STATUS_EXTERNAL && fault.far == address &&
		       fault.esr & FAULT_WRITE;
	}
	check(all, "reads and writes where nothing is: external abort, FAR_EL1 names the address");
	CHECK_EQUAL(FAULTS(read32(0x1000000000ul)), 1, "an address beyond the IPA space aborts");
	CHECK_EQUAL(FAULTS(read32(0x800000000000ul)), 1,
		    "an address beyond the physical space aborts");
	/* A model of a CPU without caches has nothing to do, and may say so. */
	check(FAULTS(__asm__ volatile("dc civac, %0" ::"r"(NOWHERE))) <= 1,
	      "cache maintenance where nothing is");
}

static void no_code_there(void)
{
	static const uint64_t places[] = {NOWHERE, UART_BASE, GICD_BASE, RAM_BASE + RAM_BYTES};
	bool all = true;

	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const uint64_t address = places[i];

		all &= FAULTS(((void (*)(void))address)()) == 1 && FAULT_CLASS() == CLASS_FETCH &&
		       FAULT_STATUS() == STATUS_EXTERNAL && fault.far == address;
	}
	check(all, "fetches from outside RAM: instruction abort, FAR_EL1 names the address");
}

#define UNTOUCHED 0x1122334455667788ul /* x10 before ACCESS */

/*
 * The syndrome of these does not say what they want: ISV = 0. A hypervisor may look at the instruction and do it whole, or refuse
 * it whole: an external abort, and no register changed.
 */
static void whole_or_not(const struct result *result, uint64_t base, uint64_t at,
			 struct result done, const char *claim)
{
	const bool refused = fault.count == 1 && FAULT_CLASS() == CLASS_DATA &&
			     FAULT_STATUS() == STATUS_EXTERNAL && fault.far == at &&
			     result->x0 == UNTOUCHED && result->x1 == 0 && result->x2 == base;
	const bool carried_out = fault.count == 0 && result->x0 == done.x0 &&
				 result->x1 == done.x1 && result->x2 == done.x2;

	check(refused || carried_out, claim);
}

static void without_syndrome(void)
{
	const uint32_t ctlr = read32(GICD_BASE), typer = read32(GICD_BASE + GIC_TYPER);
	struct result result;

	FAULTS(result = ACCESS("ldp w10, w11, [x9]", GICD_BASE));
	whole_or_not(&result, GICD_BASE, GICD_BASE, (struct result){ctlr, typer, GICD_BASE, 0},
		     "LDP from a device");
	FAULTS(result = ACCESS("stp w10, w11, [x9]", PL011_IBRD));
	whole_or_not(&result, PL011_IBRD, PL011_IBRD, (struct result){UNTOUCHED, 0, PL011_IBRD, 0},
		     "STP to a device");
	FAULTS(result = ACCESS("ldr w10, [x9], #4", GICD_BASE));
	whole_or_not(&result, GICD_BASE, GICD_BASE, (struct result){ctlr, 0, GICD_BASE + 4, 0},
		     "a post-indexed load from a device");
	FAULTS(result = ACCESS("str w10, [x9, #4]!", GICD_BASE));
	whole_or_not(&result, GICD_BASE, GICD_BASE + 4,
		     (struct result){UNTOUCHED, 0, GICD_BASE + 4, 0},
		     "a pre-indexed store to a device");
	aborted(FAULTS(ACCESS("ldxr w10, [x9]", GICD_BASE)), GICD_BASE,
		"an exclusive load from a device aborts");
	aborted(FAULTS(ACCESS(".arch_extension fp\n\tldr s0, [x9]", GICD_BASE)), GICD_BASE,
		"an FP load from a device aborts");
	aborted(FAULTS(ACCESS("ldp x10, x11, [x9]", NOWHERE)), NOWHERE, "LDP from nowhere aborts");
}

#define alignment_fault_or_0(instruction, address)                                               \
	({                                                                                       \
		struct result result_;                                                           \
		FAULTS(result_ = ACCESS(instruction, address));                                  \
		fault.count ? fault.count == 1 && FAULT_CLASS() == CLASS_DATA : result_.x0 == 0; \
	})

static void odd_widths(void)
{
	CHECK_EQUAL(ACCESS("ldrh w10, [x9]", GICD_BASE + GIC_TYPER).x0, 0,
		    "a halfword of GICD_TYPER reads 0");
	CHECK_EQUAL(ACCESS("ldrb w10, [x9]", GICD_BASE + GIC_TYPER).x0, 0,
		    "a byte of GICD_TYPER reads 0");
	CHECK_EQUAL(ACCESS("ldr x10, [x9]", GICD_BASE).x0, 0, "a doubleword of GICD_CTLR reads 0");
	CHECK_EQUAL(ACCESS("ldr x10, [x9]", GICR_BASE + 0x10).x0, 0,
		    "a doubleword of GICR_STATUSR reads 0");
	CHECK_EQUAL(ACCESS("ldrh w10, [x9]", GICR_BASE + 8).x0, 0,
		    "a halfword of GICR_TYPER reads 0");
	CHECK_EQUAL(ACCESS("ldr x10, [x9]", GICR_BASE + 8).x0 & 0x10, 0x10,
		    "GICR_TYPER as a doubleword: Last");
	CHECK_EQUAL(ACCESS("ldr x10, [x9]", PL011_PERI0).x0, 0x11,
		    "a doubleword of the PL011 reads one register");
	CHECK_EQUAL(ACCESS("ldrb w10, [x9]", PL011_PERI0 + 1).x0, 0,
		    "the second byte of a PL011 ID register is 0");

	/* Unaligned, to Device memory: the guest's own alignment fault, but some versions of QEMU let it through to us. */
	check(alignment_fault_or_0("ldr w10, [x9]", GICD_BASE + 2),
	      "an unaligned GICD read is a fault or 0");
	check(alignment_fault_or_0("ldr w10, [x9]", GICD_BASE + 0xfffe),
	      "one across the end of the GICD, too");
	check(alignment_fault_or_0("ldr x10, [x9]", GICR_BASE + 4), "an unaligned GICR read, too");
	check(alignment_fault_or_0("ldrh w10, [x9]", UART_BASE + 3),
	      "an unaligned PL011 read, too");
	check(FAULTS(ACCESS("str w10, [x9]", GICD_BASE + 0x102)) <= 1,
	      "an unaligned GICD write does no harm");
	check(FAULTS(ACCESS("str x10, [x9]", GICR_BASE + 4)) <= 1, "an unaligned GICR write, too");
	check(FAULTS(ACCESS("str x10, [x9]", UART_BASE + 0xffc)) <= 1,
	      "one across the end of the PL011, too");

	/* Nothing of this may break anything: every word and every width of all three. */
	FAULTS(({
		for (uint64_t offset = 0; offset < 0x10000; offset += 4)
			ACCESS("ldrb w10, [x9]\n\tldrh w10, [x9]\n\tldr w10, [x9]",
			       GICD_BASE + offset);
		for (uint64_t offset = 0; offset < GICR_STRIDE; offset += 8)
			ACCESS("ldrb w10, [x9]\n\tldr w10, [x9]\n\tldr x10, [x9]",
			       GICR_BASE + offset);
		for (uint64_t offset = 0; offset < 0x1000; offset += 8)
			ACCESS("ldrb w10, [x9]\n\tldr w10, [x9]\n\tldr x10, [x9]",
			       UART_BASE + offset);
	}));
	CHECK_EQUAL(fault.count, 0, "every register of every device can be read");
	FAULTS(({
		for (uint64_t offset = 0; offset < 0x10000; offset += 8)
			ACCESS("strb w10, [x9]\n\tstr x10, [x9]\n\tstr w10, [x9]",
			       GICD_BASE + offset);
		for (uint64_t offset = 0; offset < GICR_STRIDE; offset += 8)
			ACCESS("strb w10, [x9]\n\tstr x10, [x9]\n\tstr w10, [x9]",
			       GICR_BASE + offset);
		for (uint64_t offset = 8; offset < 0x1000; offset += 8)
			ACCESS("strb w10, [x9]\n\tstr x10, [x9]\n\tstr w10, [x9]",
			       UART_BASE + offset);
	}));
	CHECK_EQUAL(fault.count, 0, "every register of every device can be written");
}

#define THROUGH(n)                                                              \
	({                                                                      \
		uint64_t value_;                                                \
		__asm__ volatile("str %w2, [%1]\n\tmov x" #n ", %3\n\tldr w" #n \
				 ", [%1]\n\tstr w" #n ", [%1]\n\tldr w" #n      \
				 ", [%1]\n\tmov %0, x" #n                       \
				 : "=&r"(value_)                                \
				 : "r"(PL011_IBRD), "r"(0x1200 + n), "r"(~0ul)  \
				 : "memory", "x" #n);                           \
		value_ == 0x1200 + n;                                           \
	})

static void every_register(void)
{
	bool all = true;

	all &= THROUGH(0) && THROUGH(1) && THROUGH(2) && THROUGH(3) && THROUGH(4) && THROUGH(5) &&
	       THROUGH(6) && THROUGH(7);
	all &= THROUGH(8) && THROUGH(9) && THROUGH(10) && THROUGH(11) && THROUGH(12) &&
	       THROUGH(13) && THROUGH(14);
	all &= THROUGH(15) && THROUGH(16) && THROUGH(17) && THROUGH(18);
	check(all, "x0-x18 carry device reads and writes");
	all = THROUGH(19) && THROUGH(20) && THROUGH(21) && THROUGH(22) && THROUGH(23) &&
	      THROUGH(24) && THROUGH(25);
	all &= THROUGH(26) && THROUGH(27) && THROUGH(28) && THROUGH(29) && THROUGH(30);
	check(all, "x19-x30 carry device reads and writes");

	write32(PL011_IBRD, 0x1234);
	CHECK_EQUAL(ACCESS("str wzr, [x9]\n\tldr w10, [x9]", PL011_IBRD).x0, 0,
		    "storing WZR writes 0");
	write32(PL011_IBRD, 0x1234);
	CHECK_EQUAL(ACCESS("mov x10, sp\n\tldr wzr, [x9]\n\tmov x11, sp\n\tsub x10, x10, x11",
			   PL011_IBRD)
			    .x0,
		    0, "loading into WZR changes nothing, SP least of all");
}

static void extension(void)
{
	CHECK_EQUAL(ACCESS("ldrb w10, [x9]", PL011_CELL3).x0, 0xb1, "LDRB clears the upper bits");
	CHECK_EQUAL(ACCESS("ldrsb w10, [x9]", PL011_CELL3).x0, 0xffffffb1, "LDRSB to a W register");
	CHECK_EQUAL(ACCESS("ldrsb x10, [x9]", PL011_CELL3).x0, 0xffffffffffffffb1ul,
		    "LDRSB to an X register");
	write32(PL011_IBRD, 0x8001);
	CHECK_EQUAL(ACCESS("ldrh w10, [x9]", PL011_IBRD).x0, 0x8001, "LDRH clears the upper bits");
	CHECK_EQUAL(ACCESS("ldrsh w10, [x9]", PL011_IBRD).x0, 0xffff8001, "LDRSH to a W register");
	CHECK_EQUAL(ACCESS("ldrsh x10, [x9]", PL011_IBRD).x0, 0xffffffffffff8001ul,
		    "LDRSH to an X register");
	write32(GICD_BASE + GIC_ISENABLER + 4, 0x80000000);
	CHECK_EQUAL(ACCESS("ldrsw x10, [x9]", GICD_BASE + GIC_ISENABLER + 4).x0 >> 31, 0x1ffffffff,
		    "LDRSW");
}

void first(const void *device_tree)
{
	(void)device_tree;
	nothing_there();
	no_code_there();
	without_syndrome();
	every_register();
	extension();
	odd_widths();
	finish();
}
