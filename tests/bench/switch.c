/*
 * What a world switch costs: an embedder of libvcpu.a, linked with the boot code of examples/minimal, in which two vCPUs take
 * turns on one CPU. Each round runs one until it traps, then counts
 *
 *	switch		vcpu_put() of the one that ran and vcpu_load() of the other, calls included
 *	fp		of these, fpsimd_save() and fpsimd_restore() and their calls
 *
 * and prints, as guests/bench does, `probe NAME MIN MAX TOTAL COUNT` in ticks of the counter: instructions, under -icount.
 * The guests prove that it was a switch: each has its own TPIDR_EL1, V0 and stage-2 root, and says so.
 */
#include <vitrine/capabilities.h>
#include <vitrine/embed.h>
#include <vitrine/percpu.h>

#define UART		0x09000000ul
#define PSCI_SYSTEM_OFF 0x84000008u
#define ROUNDS		256u
#define WARM_UP		16u

extern char emergency_stack_top[]; /* boot.S */
void hypervisor(void);
/* The core's own: asm/fpsimd.S. */
void fpsimd_save(struct vcpu_fpsimd *state);
void fpsimd_restore(const struct vcpu_fpsimd *state);

/*
 * The guest: x1 is how often it has been here, kept in TPIDR_EL1 and in V0, of which x2 is the difference. HVC with a
 * function that is nobody's, so that vcpu_run() returns.
 */
__asm__(".pushsection .text.guest, \"ax\"\n\t"
	".arch armv8-a+simd\n\t"
	".balign 4096\n"
	"guest:\n\t"
	"mov x3, #(3 << 20)\n\t" /* CPACR_EL1.FPEN */
	"msr cpacr_el1, x3\n\t"
	"isb\n\t"
	"msr tpidr_el1, xzr\n\t"
	"fmov d0, xzr\n"
	"1: mrs x1, tpidr_el1\n\t"
	"add x1, x1, #1\n\t"
	"msr tpidr_el1, x1\n\t"
	"fmov x2, d0\n\t"
	"add x2, x2, #1\n\t"
	"fmov d0, x2\n\t"
	"ldr w0, =0xc6000100\n\t"
	"hvc #0\n\t"
	"b 1b\n\t"
	".ltorg\n\t"
	".popsection");
extern char guest[];

static void put(char character)
{
	*(volatile uint32_t *)UART = (unsigned char)character;
}

static void say(const char *text)
{
	while (*text)
		put(*text++);
}

static void say_number(uint64_t value)
{
	if (value >= 10)
		say_number(value / 10);
	put((char)('0' + value % 10));
}

static _Noreturn void end(const char *why)
{
	register uint64_t x0 __asm__("x0") = PSCI_SYSTEM_OFF;

	say(why);
	say("\n");
	__asm__ volatile("smc #0" : "+r"(x0)::"x1", "x2", "x3", "memory");
	for (;;)
		;
}

_Noreturn void panic(const char *format, ...)
{
	end(format);
}

/* One GiB of addresses each, VA = PA = IPA: level-2 tables of 2 MiB blocks, of which the guest's code is one. */
#define S2_BLOCK     0x7fdull
#define VTCR_30_BITS (1ull << 31 | 2ull << 16 | 3ull << 12 | 1ull << 10 | 1ull << 8 | (64 - 30))
#define BLOCK_BYTES  0x200000ul
#define GIB	     0x40000000ul

static uint64_t stage2[2][512] __attribute__((aligned(4096)));
static struct vcpu vcpus[2];

static void make(unsigned i)
{
	const struct vcpu_setup setup = {.id = i,
					 .mpidr = i,
					 .vttbr = (uint64_t)stage2[i] | (i + 1ull) << 48,
					 .vtcr = VTCR_30_BITS};
	const uint64_t code = (uint64_t)guest;

	stage2[i][code % GIB / BLOCK_BYTES] = (code & ~(BLOCK_BYTES - 1)) | S2_BLOCK;
	if (vcpu_init(&vcpus[i], &setup) || vcpu_set_entry(&vcpus[i], code % GIB, 0))
		end("no vCPU");
	vcpu_set_state(&vcpus[i], VCPU_RUNNING);
}

static inline uint64_t count(void)
{
	uint64_t ticks;

	__asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(ticks)::"memory");
	return ticks;
}

struct result {
	uint64_t min, max, total;
};

static void add(struct result *result, uint64_t ticks)
{
	result->total += ticks;
	result->min = ticks < result->min ? ticks : result->min;
	result->max = ticks > result->max ? ticks : result->max;
}

static void report(const char *name, const struct result *result)
{
	const uint64_t values[] = {result->min, result->max, result->total, ROUNDS};

	say("probe ");
	say(name);
	for (unsigned i = 0; i < 4; i++) {
		put(' ');
		say_number(values[i]);
	}
	say("\n");
}

static uint64_t count_fp(struct vcpu *vcpu)
{
	const uint64_t begin = count();

	fpsimd_save(&vcpu->fpsimd);
	fpsimd_restore(&vcpu->fpsimd);
	return count() - begin;
}

static uint64_t count_switch(struct vcpu *from, struct vcpu *to)
{
	const uint64_t begin = count();
	const enum vt_err put_err = vcpu_put(from);
	const enum vt_err load_err = vcpu_load(to);
	const uint64_t ticks = count() - begin;

	if (put_err || load_err)
		end("no switch");
	return ticks;
}

static uint64_t count_nothing(void)
{
	const uint64_t begin = count();

	return count() - begin;
}

static void run(struct vcpu *vcpu, uint64_t visit)
{
	if (vcpu_run(vcpu) || vcpu->exit.reason != EXIT_HYPERCALL)
		end("not the exit that was expected");
	if (vcpu->frame.x[1] != visit || vcpu->frame.x[2] != visit)
		end("a vCPU has not found its own registers");
}

void hypervisor(void)
{
	struct capabilities machine;
	struct percpu *cpu = &percpu_table[0];
	const uint64_t reading = count_nothing();
	struct result switches = {.min = UINT64_MAX}, fp = {.min = UINT64_MAX};

	cpu->emergency_sp = (uint64_t)emergency_stack_top;
	percpu_enable(cpu, false);

	const char *missing = capabilities_init(&machine);

	if (missing)
		end(missing);
	make(0);
	make(1);
	__asm__ volatile("dsb sy\n\tic iallu\n\ttlbi alle1\n\tdsb sy\n\tisb" ::: "memory");
	if (vcpu_load(&vcpus[0]))
		end("no load");
	for (unsigned i = 0; i < WARM_UP + ROUNDS; i++) {
		struct vcpu *from = &vcpus[i % 2];

		run(from, i / 2 + 1);

		const uint64_t fp_ticks = count_fp(from) - reading;
		const uint64_t ticks = count_switch(from, &vcpus[1 - i % 2]) - reading;

		if (i < WARM_UP)
			continue;
		add(&switches, ticks);
		add(&fp, fp_ticks);
	}
	report("switch", &switches);
	report("fp", &fp);
	end("done");
}
