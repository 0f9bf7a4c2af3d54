/*
 * Interrupts that are taken at EL2, in a window: handled while a long loop goes on, which finds all its registers and flags as they
 * were. Linked with libvcpu.a and the boot code of examples/minimal. See ../test_library.py.
 */
#include <vitrine/embed.h>
#include <vitrine/percpu.h>

#include "bare.h"

#define GICD		0x08000000ul /* a GICv2 */
#define GICC		0x08010000ul
#define INTID_EL2_TIMER 26u
#define INTERRUPTS	20u

#define WRITE(name, value) \
	__asm__ volatile("msr " #name ", %0\n\tisb" ::"r"((uint64_t)(value)) : "memory")

/*
 * uint64_t long_loop(volatile uint64_t *stop): x1-x30 hold n times a constant, the flags NZCV 0b1010; goes round until *stop.
 * Each round looks at one flag and all registers. 0, or 1 + the number of one that has changed, or 100 for the flags.
 */
__asm__("	.text\n"
	"	.global	long_loop\n"
	"long_loop:\n"
	"	stp	x19, x20, [sp, #-96]!\n"
	"	stp	x21, x22, [sp, #16]\n"
	"	stp	x23, x24, [sp, #32]\n"
	"	stp	x25, x26, [sp, #48]\n"
	"	stp	x27, x28, [sp, #64]\n"
	"	stp	x29, x30, [sp, #80]\n"
	"	ldr	x1, =0x0102030405060708\n"
	"	.irp n, "
	"2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30\n"
	"	add	x\\n, x1, #\\n\n"
	"	.endr\n"
	"1:	movz	x2, #0xa000, lsl #16\n"
	"	msr	nzcv, x2\n"
	"	.rept	200\n"
	"	nop\n"
	"	.endr\n"
	"	b.pl	3f\n"
	"	b.cc	3f\n"
	"	b.eq	3f\n"
	"	b.vs	3f\n"
	"	add	x2, x1, #2\n"
	"	.irp n, "
	"2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30\n"
	"	sub	x\\n, x\\n, #\\n\n"
	"	cmp	x\\n, x1\n"
	"	add	x\\n, x\\n, #\\n\n"
	"	mov	x2, #\\n + 1\n"
	"	b.ne	4f\n"
	"	add	x2, x1, #2\n"
	"	.endr\n"
	"	ldr	x2, [x0]\n"
	"	cbz	x2, 1b\n"
	"	mov	x2, #0\n"
	"	b	4f\n"
	"3:	mov	x2, #100\n"
	"4:	mov	x0, x2\n"
	"	ldp	x21, x22, [sp, #16]\n"
	"	ldp	x23, x24, [sp, #32]\n"
	"	ldp	x25, x26, [sp, #48]\n"
	"	ldp	x27, x28, [sp, #64]\n"
	"	ldp	x29, x30, [sp, #80]\n"
	"	ldp	x19, x20, [sp], #96\n"
	"	ret\n"
	"	.ltorg\n");
uint64_t long_loop(volatile uint64_t *stop);

void hypervisor(void);

static struct percpu cpu;
static volatile uint64_t stop, handled, wrong_intid, nested;

static void timer_in(uint64_t ticks)
{
	WRITE(cnthp_cval_el2, READ(cntpct_el0) + ticks);
	WRITE(cnthp_ctl_el2, 1);
}

/* What a handler in C may do to x0-x18, x30 and the flags. */
static void clobber(void)
{
	__asm__ volatile(".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17\n"
			 "mov x\\n, #-1\n.endr\n"
			 "cmp x0, x0\n" ::
				 : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9",
				   "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "cc");
}

void embed_el2_interrupt(void)
{
	const uint32_t intid = *reg(GICC + 0xc) & 0x3ff;

	WRITE(cnthp_ctl_el2, 0);
	wrong_intid += intid != INTID_EL2_TIMER;
	nested += irq_window_open() != VT_ESTATE || irq_window_close() != VT_ESTATE;
	clobber();
	*reg(GICC + 0x10) = intid;
	if (++handled == INTERRUPTS)
		stop = 1;
	else
		timer_in(5000 + 777 * handled); /* at another instruction each time */
}

void hypervisor(void)
{
	check(percpu_enable(&cpu, false) == VT_OK, "no EL2");

	const uint64_t hcr = READ(hcr_el2), daif = READ(daif);

	*reg(GICD + 0x100) = 1u << INTID_EL2_TIMER;
	*reg(GICD) = 1;
	*reg(GICC + 4) = 0xff;
	*reg(GICC) = 1;

	/* Outside a window it waits. */
	timer_in(0);
	while (!(READ(cnthp_ctl_el2) & 4))
		;
	check(handled == 0, "taken without a window");
	check(irq_window_close() == VT_ESTATE, "closed what is not open");

	/* The loop ends only if the interrupts are handled while it runs. */
	check(irq_window_open() == VT_OK && irq_window_open() == VT_OK, "no window");
	check(irq_window_close() == VT_OK && !(READ(daif) & 0x80), "the inner close masks");
	check(long_loop(&stop) == 0, "a register has changed");
	check(irq_window_close() == VT_OK, "not closed");
	check(handled == INTERRUPTS && cpu.el2_interrupts == INTERRUPTS, "another number of them");
	check(!wrong_intid && !nested, "wrong in the handler");
	check(READ(hcr_el2) == hcr && READ(daif) == daif, "HCR_EL2 or DAIF is another");

	timer_in(0);
	while (!(READ(cnthp_ctl_el2) & 4))
		;
	check(handled == INTERRUPTS, "taken after the window");
	WRITE(cnthp_ctl_el2, 0);
	check(percpu_disable(&cpu) == VT_OK, "not disabled");
	checked();
}
