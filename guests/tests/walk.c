/* Translation tables that are not in RAM: the walk aborts, the guest hears of it, nobody else does. */
#include "guest.h"

#define BLOCK_DEVICE (0x1 | 0 << 2 | 1 << 10) /* attribute 0: Device-nGnRnE; access flag */
#define BLOCK_NORMAL \
	(0x1 | 1 << 2 | 1 << 10 | 3 << 8) /* attribute 1: Normal, write-back; inner shareable */
#define TABLE	   0x3
#define FAR_AWAY   UL(0x80000000)	/* nothing there, and a multiple of 1 GiB */
#define UPPER	   0xffffff8000000000ul /* what TTBR1 translates with T1SZ = 25 */
#define UPPER_STEP 0x40000000ul

/* ESR_EL1.ISS of aborts. */
#define ON_WALK(level) (0x14u + (level))
#define NO_FAR	       (1u << 10)

static uint64_t lower[512] __attribute__((aligned(4096)));
static uint64_t upper[512] __attribute__((aligned(4096)));

static void mmu_on(void)
{
	lower[0] = BLOCK_DEVICE;
	lower[1] = RAM_BASE | BLOCK_NORMAL;
	upper[0] = NOWHERE | TABLE;
	upper[1] = UART_BASE | TABLE;
	upper[2] = (RAM_BASE + RAM_BYTES) | TABLE;
	upper[3] = FAR_AWAY | BLOCK_NORMAL;
	__asm__ volatile("dsb sy" ::: "memory");
	MSR(mair_el1, 0xff00);
	MSR(ttbr0_el1, lower);
	MSR(ttbr1_el1, upper);
	/* T0SZ = T1SZ = 25, 4 KiB granule both, write-back walks, inner shareable, 36-bit IPA. */
	MSR(tcr_el1, 25 | 1 << 8 | 1 << 10 | 3 << 12 | 25ul << 16 | 1 << 24 | 1 << 26 | 3 << 28 |
			     2ul << 30 | 1ul << 32);
	__asm__ volatile("tlbi vmalle1\n\tdsb sy\n\tisb" ::: "memory");
	MSR(sctlr_el1, MRS(sctlr_el1) | 1 | 1 << 2 | 1 << 12);
}

/* The tables begin at level 1: what they lead to is of level 2. A block's own memory is no part of the walk. */
static bool abort_at(unsigned class, uint64_t address, unsigned status)
{
	return fault.count == 1 && FAULT_CLASS() == class && FAULT_STATUS() == status &&
	       fault.far == address && !(fault.esr & NO_FAR);
}

void first(const void *device_tree)
{
	static const char *const claims[] = {
		"a walk through an IPA with nothing behind it: data abort",
		"a walk through a device: data abort", "a walk through the end of RAM: data abort",
		"a block that maps nothing: data abort"};

	(void)device_tree;
	mmu_on();
	check(true, "the MMU is on");
	for (unsigned i = 0; i < 4; i++) {
		const uint64_t address = UPPER + i * UPPER_STEP + 0x123450;
		const unsigned status = i < 3 ? ON_WALK(2) : STATUS_EXTERNAL;

		FAULTS(read32(address));
		check(abort_at(CLASS_DATA, address, status) && !(fault.esr & FAULT_WRITE),
		      claims[i]);
		FAULTS(write32(address, 1));
		check(abort_at(CLASS_DATA, address, status) && fault.esr & FAULT_WRITE,
		      "and for a write");
		FAULTS(((void (*)(void))address)());
		check(abort_at(CLASS_FETCH, address, status) && !(fault.esr & FAULT_WRITE),
		      "and for a fetch: instruction abort");
		FAULTS(__asm__ volatile("at s1e1r, %0\n\tisb" ::"r"(address)));
		check(fault.count <= 1, "and for an address translation instruction");
	}

	/* TTBR1 itself. */
	MSR(ttbr1_el1, NOWHERE);
	__asm__ volatile("tlbi vmalle1\n\tdsb sy\n\tisb" ::: "memory");
	FAULTS(read32(UPPER));
	check(abort_at(CLASS_DATA, UPPER, ON_WALK(1)), "TTBR1_EL1 outside RAM: data abort");
	MSR(ttbr1_el1, GICD_BASE);
	__asm__ volatile("tlbi vmalle1\n\tdsb sy\n\tisb" ::: "memory");
	FAULTS(read32(UPPER));
	check(abort_at(CLASS_DATA, UPPER, ON_WALK(1)), "TTBR1_EL1 in a device: data abort");
	finish();
}
