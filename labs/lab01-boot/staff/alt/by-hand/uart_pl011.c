/*
 * The machine's own PL011, driven by EL2. Output is polled, input is read by console.c when the
 * interrupt says so.
 *
 * The line settings (UARTLCR_H, baud rate) are left as the firmware or reset has made them: a write
 * to UARTLCR_H that turns the FIFO on throws away what has already been received, and with a script
 * on standard input the first byte waits there before we run.
 *
 * No locks: output is serialised by console.c, which also is the only caller of the input side.
 */
#include "dev/uart.h"

#include "dev/pl011.h"
#include "hal/arm64.h"

/*
 * A transmitter that never drains (flow control, no clock) costs one character, not the hypervisor.
 */
#define TX_POLLS 1000000u

static uint64_t uart_base; /* 0: not known yet, output vanishes */

void uart_early_init(uint64_t base)
{
	/* LAB 01.1 */
	mmio_write32(base + UARTIMSC, 0);
	mmio_write32(base + UARTICR, INT_ALL);
	mmio_write32(base + UARTCR, CR_RXE | CR_TXE | CR_UARTEN);
	uart_base = base;
	/* END LAB */
}

void uart_putc(char character)
{
	/* LAB 01.1 */
	unsigned left = TX_POLLS;

	if (uart_base == 0)
		return;
	while ((mmio_read32(uart_base + UARTFR) & FR_TXFF) != 0) {
		if (left-- == 0)
			return;
	}
	mmio_write32(uart_base + UARTDR, (uint32_t)character & 0xff);
	/* END LAB */
}

void uart_puts(const char *text)
{
	/* LAB 01.1 */
	char last;

	while ((last = *text++) != '\0') {
		switch (last) {
		case '\n':
			uart_putc('\r');
			/* fall through */
		default:
			uart_putc(last);
		}
	}
	/* END LAB */
}

/*
 * The upper bits of UARTDR say framing, parity, break, overrun: a terminal's byte is taken as it
 * is.
 */
int uart_getc(void)
{
	/* LAB 01.1 */
	if (uart_base == 0)
		return -1;
	if (mmio_read32(uart_base + UARTFR) & FR_RXFE)
		return -1;
	return (uint8_t)mmio_read32(uart_base + UARTDR);
	/* END LAB */
}

/*
 * RT as well as RX: with the FIFO on, fewer bytes than its trigger level raise only the time-out.
 */
void uart_enable_rx_interrupt(void)
{
	/* LAB 01.1 */
	if (uart_base == 0)
		return;
	mmio_write32(uart_base + UARTIMSC, INT_RT | INT_RX);
	/* END LAB */
}

void uart_mask_rx(void)
{
	if (uart_base)
		mmio_write32(uart_base + UARTIMSC, 0);
}
