/*
 * A guest is given an SError by vcpu_inject_serror() and an interrupt by vcpu_set_irq_line(), with no interrupt controller at all:
 * it takes each at its vector, once it unmasks it, and not before. Linked with libvcpu.a and the boot code of examples/minimal.
 * See ../test_library.py.
 */
#include <vitrine/capabilities.h>
#include <vitrine/percpu.h>

#include "bare.h"

#define GUEST_BYTES 0x200000ul
#define HCR_VSE	    (1ull << 8)

/* The guest, with its vector table first: 16 entries of 0x80 bytes. Each event is a hypercall with a letter in x1. */
__asm__("	.section .rodata.lines, \"a\"\n"
	"	.balign	0x800\n"
	"	.global	lines_start, lines_end\n"
	"lines_start:\n"
	"	.skip	0x280\n"
	"	mov	w1, #'i'\n" /* current level, SP_EL1: IRQ */
	"	b	tell_and_return\n"
	"	.balign	0x80\n"
	"	.skip	0x80\n"
	"	mov	w1, #'s'\n" /* SError */
	"	b	tell_and_return\n"
	"	.balign	0x800\n"
	"	adr	x0, lines_start\n" /* the first instruction, at 0x800 */
	"	msr	vbar_el1, x0\n"
	"	isb\n"
	"	mov	w1, #'a'\n"
	"	bl	tell\n"
	"	msr	daifclr, #4\n" /* SError: taken here */
	"	isb\n"
	"	mov	w1, #'b'\n"
	"	bl	tell\n"
	"	msr	daifclr, #2\n" /* IRQ */
	"	isb\n"
	"	mov	w1, #'c'\n"
	"	bl	tell\n"
	"	movz	w0, #8\n"
	"	movk	w0, #0x8400, lsl #16\n"
	"	hvc	#0\n"
	"tell:	movz	w0, #0x100\n"
	"	movk	w0, #0xc600, lsl #16\n"
	"	hvc	#0\n"
	"	ret\n"
	"tell_and_return:\n"
	"	movz	w0, #0x100\n"
	"	movk	w0, #0xc600, lsl #16\n"
	"	hvc	#0\n"
	"	eret\n"
	"lines_end:\n"
	"	.previous\n");

extern const char lines_start[], lines_end[];
void hypervisor(void);

static struct percpu cpu;
static struct vcpu vcpu;
static char ram[GUEST_BYTES] __attribute__((aligned(GUEST_BYTES)));
static uint64_t stage2[512] __attribute__((aligned(4096)));

static void run(void)
{
	vcpu_set_state(&vcpu, VCPU_RUNNING);
	while (vcpu_run(&vcpu) == VT_OK && vcpu.exit.reason == EXIT_HYPERCALL) {
		const char event = (char)vcpu.frame.x[1];

		put(event);
		if (event == 'i')
			check(vcpu_set_irq_line(&vcpu, false) == VT_OK, "the line stays up");
		if (event == 'a') { /* pending, and still so after another CPU might have had it */
			check(vcpu_put(&vcpu) == VT_OK && (vcpu.hcr & HCR_VSE),
			      "the SError is lost");
			check(vcpu_load(&vcpu) == VT_OK, "not loaded again");
		}
	}
	check(vcpu.exit.reason == EXIT_SYSTEM_DOWN, "another end");
	put('\n');
}

void hypervisor(void)
{
	const struct vcpu_setup setup = {.vtcr = 1ull << 31 | 2ull << 16 | 3ull << 12 | 1ull << 10 |
						 1ull << 8 | (64 - 30)};
	struct capabilities machine;

	check(percpu_enable(&cpu, false) == VT_OK && !capabilities_init(&machine), "no EL2");
	for (unsigned long i = 0; i < (unsigned long)(lines_end - lines_start); i++)
		ram[i] = lines_start[i];
	stage2[0] = (uint64_t)ram | 0x7fd;
	__asm__ volatile("dsb sy\n\tic iallu\n\ttlbi alle1\n\tdsb sy\n\tisb" ::: "memory");

	check(vcpu_init(&vcpu, &setup) == VT_OK &&
		      vcpu_set_stage2_root(&vcpu, (uint64_t)stage2, 1) == VT_OK &&
		      vcpu_set_entry(&vcpu, 0x800, 0) == VT_OK,
	      "no vCPU");
	check(vcpu_inject_serror(&vcpu) == VT_OK && vcpu_set_irq_line(&vcpu, true) == VT_OK,
	      "no lines");
	check(vcpu_inject_interrupt(&vcpu, 40) == VT_ENOSYS, "an interrupt without a controller");
	check(vcpu_load(&vcpu) == VT_OK, "not loaded");
	run();
	check(vcpu_put(&vcpu) == VT_OK && !(vcpu.hcr & HCR_VSE), "the SError is still pending");
	checked();
}
