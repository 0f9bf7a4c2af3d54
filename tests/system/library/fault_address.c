/*
 * Where a guest's access went when HPFAR_EL2 does not say: permission faults, with a stage 1 whose
 * addresses are not the intermediate ones. Linked with libvcpu.a and the boot code of
 * examples/minimal; prints "checked", before it what is wrong. See ../test_fault_address.py.
 */
#include <vitrine/percpu.h>
#include <vitrine/vcpu.h>

#include "bare.h"

#define BLOCK_BYTES 0x200000ul

/* Stage 2: one table of 2 MiB blocks, all of them the same memory. (Arm ARM D8.3.2.) */
#define S2_RWX	     0x7fdull
#define S2_READ_ONLY 0x77dull
#define S2_NOTHING   0x73dull
#define S2_NO_CODE   (S2_RWX | 1ull << 54)
#define IPA_RO	     (1 * BLOCK_BYTES)
#define IPA_NOTHING  (2 * BLOCK_BYTES)
#define IPA_NO_CODE  (3 * BLOCK_BYTES)
#define VTCR_30_BITS (1ull << 31 | 2ull << 16 | 3ull << 12 | 1ull << 10 | 1ull << 8 | (64 - 30))

/*
 * Stage 1: 1 GiB blocks. VA 0 and VA 0x40000000 are both IPA 0; at 0x80000000 a table that can not
 * be read.
 */
#define TABLE_IPA 0x1000ul
#define ALIAS	  0x40000000ul
#define BAD_WALK  0x80000000ul
#define S1_BLOCK  0x701ull /* valid, AF, inner shareable, attribute 0 */
#define S1_TABLE  3ull
#define MAIR	  0x44ull	       /* attribute 0: Normal, not cacheable */
#define TCR	  (25ull | 1ull << 23) /* 39 bits, no TTBR1 */
#define SCTLR_MMU 1ull
#define NOT_OURS  0x0000000012345a80ull /* the guest's PAR_EL1 */

/*
 * The guest: two stores to read-only memory, a load through a bad table, a jump to what is not
 * code.
 */
__asm__(".section .rodata.guest_code, \"a\"\n"
	".global guest_code, guest_code_end\n"
	".balign 8\n"
	"guest_code:\n"
	"	ldr	x1, =0x40200018\n"
	"	str	w0, [x1]\n"
	"	ldp	w2, w3, [x1]\n" /* allowed: no exit */
	"	stp	w2, w3, [x1, #8]!\n"
	"	ldr	x2, =0x80003008\n"
	"	ldr	w0, [x2]\n"
	"	ldr	x3, =0x40600040\n"
	"	br	x3\n"
	"	.ltorg\n"
	"guest_code_end:\n"
	".text\n");
extern const char guest_code[], guest_code_end[];

void hypervisor(void);

static struct percpu cpu;
static struct vcpu vcpu;
static uint64_t stage2[512] __attribute__((aligned(4096)));
static char guest_ram[BLOCK_BYTES] __attribute__((aligned(BLOCK_BYTES)));

static void make_guest(void)
{
	const struct vcpu_setup setup = {.vttbr = (uint64_t)stage2 | 1ull << 48,
					 .vtcr = VTCR_30_BITS};
	uint64_t *table = (uint64_t *)(guest_ram + TABLE_IPA);

	for (uint64_t i = 0; i < (uint64_t)(guest_code_end - guest_code); i++)
		guest_ram[i] = guest_code[i];
	table[0] = S1_BLOCK;
	table[1] = S1_BLOCK;
	table[2] = IPA_NOTHING | S1_TABLE;
	stage2[0] = (uint64_t)guest_ram | S2_RWX;
	stage2[1] = (uint64_t)guest_ram | S2_READ_ONLY;
	stage2[2] = (uint64_t)guest_ram | S2_NOTHING;
	stage2[3] = (uint64_t)guest_ram | S2_NO_CODE;
	__asm__ volatile("dsb sy\n\tic iallu\n\ttlbi alle1\n\tdsb sy\n\tisb" ::: "memory");

	check(vcpu_init(&vcpu, &setup) == VT_OK && vcpu_set_entry(&vcpu, 0, 0) == VT_OK, "no vCPU");
	vcpu.sysregs.TTBR0_EL1 = TABLE_IPA;
	vcpu.sysregs.TCR_EL1 = TCR;
	vcpu.sysregs.MAIR_EL1 = MAIR;
	vcpu.sysregs.SCTLR_EL1 |= SCTLR_MMU;
	vcpu.sysregs.PAR_EL1 = NOT_OURS;
}

/* Run to the next exit, which must be this fault. */
static void next(uint64_t far, uint64_t ipa, enum fault_type type, int level, const char *what)
{
	const struct vcpu_exit *exit = &vcpu.exit;
	const uint64_t par = READ(PAR_EL1);
	char line[200];

	check(vcpu_run(&vcpu) == VT_OK, "the vCPU does not run");
	exit_format(line, sizeof(line), exit);
	check(exit->reason == EXIT_NESTED_PAGE_FAULT, what);
	check(exit->far == far && exit->fault.ipa_known && exit->fault.ipa == ipa, line);
	check(exit->fault.type == type && exit->fault.level == level, line);
	check(READ(PAR_EL1) == par, "PAR_EL1 has changed");
	vcpu_advance_pc(&vcpu);
}

void hypervisor(void)
{
	check(percpu_enable(&cpu, false) == VT_OK, "EL2 is not enabled");
	make_guest();
	check(vcpu_load(&vcpu) == VT_OK, "not loaded");
	check(vcpu_set_state(&vcpu, VCPU_RUNNING) == VT_OK, "not running");
	check(READ(PAR_EL1) == NOT_OURS, "PAR_EL1 does not hold what was written");

	next(ALIAS + IPA_RO + 0x18, IPA_RO + 0x18, FAULT_PERMISSION, 2, "no fault of the store");
	check(vcpu.exit.fault.write && !vcpu.exit.fault.needs_instruction, "not a plain refusal");
	next(ALIAS + IPA_RO + 0x20, IPA_RO + 0x20, FAULT_PERMISSION, 2, "no fault of the pair");
	next(BAD_WALK + 0x3008, IPA_NOTHING, FAULT_PERMISSION, 2, "no fault of the walk");
	check(vcpu.exit.fault.table_walk, "not of a walk");
	next(ALIAS + IPA_NO_CODE + 0x40, IPA_NO_CODE + 0x40, FAULT_PERMISSION, 2,
	     "no fault of the fetch");
	check(vcpu.exit.fault.fetch, "not of a fetch");

	check(vcpu_put(&vcpu) == VT_OK && vcpu.sysregs.PAR_EL1 == NOT_OURS, "PAR_EL1 is lost");
	check(percpu_disable(&cpu) == VT_OK, "EL2 is not disabled");
	checked();
}
