/* One vCPU's interrupts: priorities, preemption, masks, levels and edges, and more of them than there are list registers. */
#include "guest.h"

#define SPI_A	  40
#define SPI_B	  41
#define UART_IMSC 0x38
#define UART_ICR  0x44
#define UART_TX	  (1u << 5)

static volatile unsigned order[64], taken;
static volatile bool nest;
static volatile unsigned uart_repeats;

static void on_irq(unsigned vcpu, unsigned intid)
{
	(void)vcpu;
	if (taken < 64)
		order[taken] = intid;
	taken++;
	if (intid == INTID_UART) {
		/* A level: stays until the device is told, so the first few times tell it nothing. */
		if (uart_repeats)
			uart_repeats--;
		else
			write32(UART_BASE + UART_ICR, UART_TX);
	}
	if (nest && intid == SPI_A) {
		const uint64_t elr = MRS(elr_el1), spsr = MRS(spsr_el1);

		nest = false;
		send_sgi(1, 3);
		irq_unmask();
		wait_ms(1);
		irq_mask();
		MSR(elr_el1, elr);
		MSR(spsr_el1, spsr);
		order[taken++ % 64] = 1000; /* the end of the outer handler */
	}
}

static void let_them_come(void)
{
	irq_unmask();
	wait_ms(2);
	irq_mask();
}

static void sixteen_sgis(void)
{
	bool in_order = true;

	/* Multiples of 8: the virtual interface has five bits of priority. */
	for (unsigned n = 0; n < 16; n++) {
		gic_enable(0, n);
		gic_set_priority(0, n, (uint8_t)(0xf0 - n * 8));
	}
	taken = 0;
	for (unsigned n = 0; n < 16; n++)
		send_sgi(1, n);
	let_them_come();
	CHECK_EQUAL(taken, 16, "16 SGIs pending at once all arrive");
	for (unsigned n = 0; n < 16; n++)
		in_order &= order[n] == 15 - n;
	check(in_order, "they arrive in the order of their priorities");

	taken = 0;
	send_sgi(1, 5);
	send_sgi(1, 5);
	let_them_come();
	CHECK_EQUAL(taken, 1, "an SGI sent twice before it is taken arrives once");

	/* SGIs and SPIs together: twenty-four for however few list registers there are. */
	taken = 0;
	for (unsigned n = 0; n < 8; n++) {
		gic_enable(0, 48 + n);
		gic_set_edge(48 + n, true);
		gic_set_priority(0, 48 + n, (uint8_t)(0x60 - n * 8));
		gic_set_pending(48 + n);
	}
	for (unsigned n = 0; n < 16; n++)
		send_sgi(1, n);
	let_them_come();
	CHECK_EQUAL(taken, 24, "16 SGIs and 8 SPIs all arrive");
	in_order = true;
	for (unsigned n = 0; n < 8; n++)
		in_order &= order[n] == 55 - n;
	check(in_order, "the more urgent SPIs first");
}

static void priorities(void)
{
	gic_enable(0, SPI_A);
	gic_enable(0, SPI_B);
	gic_set_edge(SPI_A, true);
	gic_set_edge(SPI_B, true);
	gic_set_priority(0, SPI_A, 0x80);
	gic_set_priority(0, SPI_B, 0x40);

	taken = 0;
	gic_set_pending(SPI_A);
	gic_set_pending(SPI_B);
	let_them_come();
	check(taken == 2 && order[0] == SPI_B && order[1] == SPI_A,
	      "the more urgent SPI is taken first");

	taken = 0;
	gic_mask(0x60);
	gic_set_pending(SPI_A);
	gic_set_pending(SPI_B);
	let_them_come();
	check(taken == 1 && order[0] == SPI_B, "the priority mask holds the less urgent one back");
	gic_mask(0xff);
	let_them_come();
	check(taken == 2 && order[1] == SPI_A, "and lets it through when it is lifted");

	taken = 0;
	nest = true;
	gic_set_priority(0, 3, 0x20);
	gic_set_pending(SPI_A);
	let_them_come();
	check(taken == 3 && order[0] == SPI_A && order[1] == 3 && order[2] == 1000,
	      "a more urgent interrupt preempts the handler of another");

	taken = 0;
	gic_distributor(false);
	gic_set_pending(SPI_A);
	let_them_come();
	CHECK_EQUAL(taken, 0, "a disabled distributor delivers nothing");
	gic_distributor(true);
	let_them_come();
	CHECK_EQUAL(taken, 1, "and delivers what waits when it is enabled");
}

static void edges_and_levels(void)
{
	taken = 0;
	gic_set_pending(SPI_A);
	let_them_come();
	let_them_come();
	CHECK_EQUAL(taken, 1, "an edge is one interrupt");

	taken = 0;
	gic_set_edge(SPI_B, false);
	gic_set_pending(SPI_B);
	let_them_come();
	let_them_come();
	CHECK_EQUAL(taken, 1, "GICD_ISPENDR on a level-sensitive SPI is one interrupt");

	taken = 0;
	uart_repeats = 2;
	gic_set_edge(INTID_UART, false);
	gic_enable(0, INTID_UART);
	write32(UART_BASE, '\r'); /* raises the transmit interrupt */
	write32(UART_BASE + UART_IMSC, UART_TX);
	let_them_come();
	write32(UART_BASE + UART_IMSC, 0);
	CHECK_EQUAL(taken, 3, "a level comes again until its device is served");
	let_them_come();
	CHECK_EQUAL(taken, 3, "and not after that");
}

static void waiting(void)
{
	const uint64_t begin = ticks();

	taken = 0;
	send_sgi(1, 1);
	__asm__ volatile("wfi");
	let_them_come();
	check(taken == 1 && ticks() - begin < ticks_of_ms(5000),
	      "WFI does not wait when an interrupt is pending");
}

void first(const void *device_tree)
{
	(void)device_tree;
	gic_on(0, on_irq);
	sixteen_sgis();
	priorities();
	edges_and_levels();
	waiting();
	finish();
}
