/* A few interrupts of each kind, one after the other: what the trace must show of them is in golden/few.txt. */
#include "guest.h"

#define SPI	  40
#define UART_IMSC 0x38
#define UART_ICR  0x44
#define UART_TX	  (1u << 5)
#define PATIENCE  1000000

static volatile unsigned taken, repeats;

static void on_irq(unsigned vcpu, unsigned intid)
{
	(void)vcpu;
	taken++;
	if (intid != INTID_UART)
		return;
	if (repeats)
		repeats--;
	else
		write32(UART_BASE + UART_ICR, UART_TX);
}

/* Nothing here depends on time: an interrupt that has not come after this many turns has been lost. */
static bool come(unsigned wanted)
{
	irq_unmask();
	for (unsigned i = 0; i < PATIENCE && taken < wanted; i++)
		;
	irq_mask();
	return taken == wanted;
}

void first(const void *device_tree)
{
	(void)device_tree;
	gic_on(0, on_irq);
	gic_enable(0, 3);
	gic_enable(0, SPI);
	gic_set_edge(SPI, true);
	send_sgi(1, 3);
	check(come(1), "an SGI to oneself");
	send_sgi(1, 4);
	irq_unmask();
	irq_mask();
	CHECK_EQUAL(taken, 1, "one that is disabled waits");
	gic_enable(0, 4);
	check(come(2), "and comes when it is enabled");
	gic_set_pending(SPI);
	check(come(3), "an SPI that is an edge");
	repeats = 2;
	gic_set_edge(INTID_UART, false);
	gic_enable(0, INTID_UART);
	write32(UART_BASE, '\r');
	write32(UART_BASE + UART_IMSC, UART_TX);
	check(come(6), "one that is a level, three times, until its device is content");
	write32(UART_BASE + UART_IMSC, 0);
	irq_unmask();
	irq_mask();
	CHECK_EQUAL(taken, 6, "and not once more");
	finish();
}
