/*
 * A whole hypervisor on libvcpu.a: one vCPU, one page of stage-2 tables, a UART that lets the guest speak.
 *
 *	make -C examples/minimal VCPU=../../build/lib run
 *
 * What an embedder owes the core: embed_*() where it has devices, a stage-2 root, the loop around vcpu_run().
 */
#include <vitrine/capabilities.h>
#include <vitrine/embed.h>
#include <vitrine/percpu.h>

#define UART		0x09000000ul /* the real one, and the guest's */
#define UART_FR		0x18
#define FR_TXFF		(1u << 5)
#define GUEST_RAM_BYTES 0x200000ul

#define PUT_CHARACTER	0xc6000100u /* boot.S: the guest's hypercall */
#define PSCI_SYSTEM_OFF 0x84000008u
#define SMCCC_UNKNOWN	(~0ull)

extern char guest_start[], guest_end[], emergency_stack_top[]; /* boot.S */
void hypervisor(void);

static struct vcpu vcpu;
static char guest_ram[GUEST_RAM_BYTES] __attribute__((aligned(GUEST_RAM_BYTES)));

static void put(char character)
{
	volatile uint32_t *const uart = (volatile uint32_t *)UART;

	while (uart[UART_FR / 4] & FR_TXFF)
		;
	uart[0] = (unsigned char)character;
}

static void say(const char *text)
{
	while (*text)
		put(*text++);
}

static _Noreturn void power_off(const char *why)
{
	say("minimal: ");
	say(why);
	say("\n");

	register uint64_t x0 __asm__("x0") = PSCI_SYSTEM_OFF;

	__asm__ volatile("smc #0" : "+r"(x0)::"x1", "x2", "x3", "memory");
	for (;;)
		;
}

/* In place of the library's weak one, which says nothing. */
_Noreturn void panic(const char *format, ...)
{
	power_off(format);
}

/* EL2's own translation, VA = PA: the first GiB has the devices, the second RAM. (Arm ARM D8.3.) */
#define BLOCK	  0x401ull    /* valid, AF */
#define DEVICE	  (0ull << 2) /* MAIR_EL2's attribute 0, nGnRnE */
#define NORMAL	  (1ull << 2) /* attribute 1, write-back */
#define SHAREABLE (3ull << 8)
#define NOT_CODE  (1ull << 54)
#define TCR_EL2	  (1ull << 31 | 1ull << 23 | 3ull << 12 | 1ull << 10 | 1ull << 8 | 25) /* 39 bits */
#define SCTLR_EL2 0x30c51835ull /* RES1 bits, I, SA, C, M */

static const uint64_t el2_table[512] __attribute__((aligned(4096))) = {
	[0] = BLOCK | DEVICE | NOT_CODE,
	[1] = 0x40000000 | BLOCK | NORMAL | SHAREABLE,
};

static void mmu_on(void)
{
	__asm__ volatile("msr mair_el2, %0\n\tmsr tcr_el2, %1\n\tmsr ttbr0_el2, %2\n\t"
			 "tlbi alle2\n\tdsb sy\n\tisb\n\tmsr sctlr_el2, %3\n\tisb" ::"r"(0xff00ull),
			 "r"(TCR_EL2), "r"(el2_table), "r"(SCTLR_EL2)
			 : "memory");
}

/*
 * The guest's memory: 1 GiB of addresses in one table, which is level 2 (2 MiB blocks). Its RAM is the first
 * block; everything else is a hole, and what falls into it comes to embed_mmio_*().
 */
#define S2_BLOCK     0x7fdull /* valid, AF, inner shareable, read and write, normal write-back */
#define VTCR_30_BITS (1ull << 31 | 2ull << 16 | 3ull << 12 | 1ull << 10 | 1ull << 8 | (64 - 30))
#define VMID(n)	     ((uint64_t)(n) << 48)

static uint64_t stage2[512] __attribute__((aligned(4096)));

static void make_guest(void)
{
	struct vcpu_setup setup = {
		.id = 0, .mpidr = 0, .vttbr = (uint64_t)stage2 | VMID(1), .vtcr = VTCR_30_BITS};

	for (char *from = guest_start, *to = guest_ram; from < guest_end;)
		*to++ = *from++;
	stage2[0] = (uint64_t)guest_ram | S2_BLOCK;
	/* The guest's code was data to us: clean it to where instruction fetches look. */
	for (char *line = guest_ram; line < guest_ram + (guest_end - guest_start); line += 16)
		__asm__ volatile("dc cvac, %0" ::"r"(line) : "memory");
	__asm__ volatile("dsb sy\n\tic iallu\n\ttlbi alle1\n\tdsb sy\n\tisb" ::: "memory");

	if (vcpu_init(&vcpu, &setup) || vcpu_set_entry(&vcpu, 0, 0))
		power_off("no vCPU");
}

bool embed_mmio_read(struct vcpu *from, const struct mmio_access *access, uint64_t *value)
{
	(void)from;
	*value = 0; /* UARTFR: never full */
	return access->ipa - UART < 0x1000;
}

bool embed_mmio_write(struct vcpu *from, const struct mmio_access *access, uint64_t value)
{
	(void)from;
	if (access->ipa - UART >= 0x1000)
		return false;
	if (access->ipa == UART)
		put((char)value);
	return true;
}

static uint64_t hypercall(uint32_t function)
{
	if (function != PUT_CHARACTER)
		return SMCCC_UNKNOWN;
	put((char)vcpu.frame.x[1]);
	return 0;
}

/* Run until the guest powers itself off. What we do not know ends it: a guest cannot end us. */
static void run(void)
{
	vcpu_set_state(&vcpu, VCPU_RUNNING);
	while (vcpu_run(&vcpu) == VT_OK) {
		switch (vcpu.exit.reason) {
		case EXIT_HYPERCALL:
			vcpu.frame.x[0] = hypercall(vcpu.exit.call.function);
			break;
		case EXIT_SYSTEM_DOWN:
			return;
		default:
			power_off(exit_reason_name(vcpu.exit.reason));
		}
	}
	power_off("the vCPU does not run");
}

void hypervisor(void)
{
	struct capabilities machine;
	struct percpu *cpu = &percpu_table[0];
	char report[256];

	mmu_on();
	cpu->emergency_sp = (uint64_t)emergency_stack_top;
	percpu_enable(cpu, false);

	const char *missing = capabilities_init(&machine);

	if (missing)
		power_off(missing);
	capabilities_format(report, sizeof(report), &machine);
	say(report);
	say("\n");
	make_guest();
	if (vcpu_load(&vcpu))
		power_off("the vCPU cannot be loaded");
	run();
	vcpu_put(&vcpu);
	percpu_disable(cpu);
	power_off("the guest is done");
}
