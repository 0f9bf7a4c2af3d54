/*
 * Entries that are refused and returns with nothing to do; and a guest whose EL0 is AArch32, where the CPU has it. Linked with
 * libvcpu.a and the boot code of examples/minimal. See ../test_library.py.
 */
#include <vitrine/capabilities.h>
#include <vitrine/embed.h>
#include <vitrine/percpu.h>

#include "bare.h"

#define GICD		0x08000000ul
#define GICC		0x08010000ul
#define GUEST_BYTES	0x200000ul
#define NOWHERE		0x20000000ul
#define INTID_EL2_TIMER 26u
#define SPURIOUS	1023u
#define ENTRY_64	0x800
#define ENTRY_32	0x840

#define WRITE(name, value) \
	__asm__ volatile("msr " #name ", %0\n\tisb" ::"r"((uint64_t)(value)) : "memory")

/* From AArch32: a load that EL2 answers, then SVC. Its vector, and the AArch64 guest, call EL2. */
__asm__("	.section .rodata.entry, \"a\"\n"
	"	.balign	0x800\n"
	"	.global	entry_start, entry_end\n"
	"entry_start:\n"
	"	.skip	0x600\n" /* from AArch32: synchronous */
	"	hvc	#0\n"
	"	.balign	0x800\n"
	"1:	hvc	#0\n" /* 0x800 */
	"	b	1b\n"
	"	.balign	0x40\n"
	"	.word	0xe3a01202\n" /* 0x840: mov r1, #0x20000000 */
	"	.word	0xe5910000\n" /* ldr r0, [r1] */
	"	.word	0xef000000\n" /* svc #0 */
	"entry_end:\n"
	"	.previous\n");

extern const char entry_start[], entry_end[];
void hypervisor(void);

static struct percpu cpu;
static struct vcpu vcpu;
static char ram[GUEST_BYTES] __attribute__((aligned(GUEST_BYTES)));
static uint64_t stage2[512] __attribute__((aligned(4096)));
static bool too_late; /* the interrupt is to be gone when it is acknowledged */

static void timer_expires(void)
{
	*reg(GICD + 0x100) = 1u << INTID_EL2_TIMER;
	*reg(GICD) = 1;
	*reg(GICC + 4) = 0xff;
	*reg(GICC) = 1;
	WRITE(cnthp_cval_el2, 0);
	WRITE(cnthp_ctl_el2, 1);
}

enum exit_action embed_interrupt(struct vcpu *from, uint32_t *intid)
{
	(void)from;
	if (too_late)
		WRITE(cnthp_ctl_el2, 0);
	*intid = *reg(GICC + 0xc) & 0x3ff;
	WRITE(cnthp_ctl_el2, 0);
	*reg(GICC + 0x10) = *intid;
	return EXIT_LEAVE;
}

static void refused(uint64_t pstate, enum entry_failure why, const char *what)
{
	const uint64_t exits = cpu.exits;

	vcpu.frame.pstate = pstate;
	check(vcpu_run(&vcpu) == VT_OK && vcpu.exit.reason == EXIT_FAIL_ENTRY, what);
	check(vcpu.exit.fail_entry.why == why && cpu.exits == exits, what);
	check(vcpu.state == VCPU_RUNNING && vcpu.frame.pc == ENTRY_64, what);
	vcpu.frame.pstate = 0x3c5;
}

static void calls(const char *what)
{
	check(vcpu_run(&vcpu) == VT_OK && vcpu.exit.reason == EXIT_HYPERCALL, what);
	vcpu.frame.pc = ENTRY_64;
}

static void test_refusals(void)
{
	const uint64_t root = vcpu.vttbr;

	refused(0x3c9, ENTRY_MODE, "EL2h"); /* a legal ERET, and the end of EL2 */
	refused(0x3c8, ENTRY_MODE, "EL2t");
	refused(0x3cd, ENTRY_MODE, "EL3h");
	refused(0x3c1, ENTRY_MODE, "no mode at all");
	refused(0x1d3, ENTRY_MODE, "AArch32 Supervisor");
	vcpu.vttbr = 0;
	refused(0x3c5, ENTRY_NO_STAGE2, "no stage 2");
	vcpu.vttbr = root;
	calls("not after a refusal");
}

static void test_kick(void)
{
	vcpu_kick(&vcpu);
	const uint64_t exits = cpu.exits;

	check(vcpu_run(&vcpu) == VT_OK && vcpu.exit.reason == EXIT_NOTHING, "no kick");
	check(cpu.exits == exits, "has run after a kick");
	calls("kicked for ever");
}

static void test_interrupts(void)
{
	timer_expires();
	check(vcpu_run(&vcpu) == VT_OK && vcpu.exit.reason == EXIT_EXTERNAL_INTERRUPT &&
		      vcpu.exit.interrupt.intid == INTID_EL2_TIMER,
	      "no interrupt");
	too_late = true;
	timer_expires();
	check(vcpu_run(&vcpu) == VT_OK && vcpu.exit.reason == EXIT_NOTHING &&
		      vcpu.exit.interrupt.intid == SPURIOUS && vcpu.exits[EXIT_NOTHING] == 1,
	      "not for nothing");
	calls("not after nothing");
}

static void test_aarch32(bool there)
{
	const uint64_t user = 0x1d0;

	if (!there) {
		refused(user, ENTRY_NO_AARCH32, "AArch32 where there is none");
		return;
	}
	vcpu.frame.pstate = user;
	vcpu.frame.pc = ENTRY_32;
	check(vcpu_run(&vcpu) == VT_OK && vcpu.exit.reason == EXIT_MMIO_READ &&
		      vcpu.exit.mmio.ipa == NOWHERE && vcpu.exit.mmio.bytes == 4,
	      "no load from AArch32");
	check((vcpu.frame.pstate & 0x1f) == 0x10, "not from AArch32");
	vcpu_complete_mmio_read(&vcpu, &vcpu.exit.mmio, 0x1234567812345678);
	check(vcpu_run(&vcpu) == VT_OK && vcpu.exit.reason == EXIT_HYPERCALL &&
		      vcpu.frame.x[0] == 0x12345678,
	      "no call after SVC");
	/* What EL2 injects for an EL0 in AArch32 arrives at the same vector. */
	vcpu.frame.pstate = user;
	vcpu.frame.pc = ENTRY_32;
	check(vcpu_run(&vcpu) == VT_OK &&
		      vcpu_inject_data_abort(&vcpu, NOWHERE, VCPU_ABORT_EXTERNAL) == VT_OK &&
		      vcpu.frame.pc == 0x600,
	      "another vector");
	calls("no abort from AArch32");
	say("AArch32\n");
}

void hypervisor(void)
{
	const struct vcpu_setup setup = {.vtcr = 1ull << 31 | 2ull << 16 | 3ull << 12 | 1ull << 10 |
						 1ull << 8 | (64 - 30)};
	struct capabilities machine;

	check(percpu_enable(&cpu, false) == VT_OK, "no EL2");
	capabilities_init(&machine);
	for (unsigned long i = 0; i < (unsigned long)(entry_end - entry_start); i++)
		ram[i] = entry_start[i];
	stage2[0] = (uint64_t)ram | 0x7fd;
	__asm__ volatile("dsb sy\n\tic iallu\n\ttlbi alle1\n\tdsb sy\n\tisb" ::: "memory");
	check(vcpu_init(&vcpu, &setup) == VT_OK &&
		      vcpu_set_stage2_root(&vcpu, (uint64_t)stage2, 1) == VT_OK &&
		      vcpu_set_entry(&vcpu, ENTRY_64, 0) == VT_OK && vcpu_load(&vcpu) == VT_OK &&
		      vcpu_set_state(&vcpu, VCPU_RUNNING) == VT_OK,
	      "no vCPU");

	test_refusals();
	test_kick();
	if (!machine.gic_sysregs) /* only GICv2 is driven here */
		test_interrupts();
	test_aarch32(machine.el0_aarch32);
	check(vcpu_put(&vcpu) == VT_OK && percpu_disable(&cpu) == VT_OK, "not undone");
	checked();
}
