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
	uart_base = base;
	mmio_write32(base + UARTIMSC, 0);
	mmio_write32(base + UARTCR, CR_UARTEN | CR_TXE | CR_RXE);
	/* END LAB */
}

void uart_putc(char character)
{
	/* LAB 01.1 */
	if (!uart_base)
		return;
	for (unsigned polls = 0; mmio_read32(uart_base + UARTFR) & FR_TXFF; polls++)
		if (polls == TX_POLLS)
			return;
	mmio_write32(uart_base + UARTDR, (uint8_t)character);
	/* END LAB */
}

void uart_puts(const char *text)
{
	/* LAB 01.1 */
	for (; *text; text++) {
		if (*text == '\n')
			uart_putc('\r');
		uart_putc(*text);
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
	if (!uart_base || mmio_read32(uart_base + UARTFR) & FR_RXFE)
		return -1;
	return mmio_read32(uart_base + UARTDR) & 0xff;
	/* END LAB */
}

/*
 * RT as well as RX: with the FIFO on, fewer bytes than its trigger level raise only the time-out.
 */
void uart_enable_rx_interrupt(void)
{
	/* LAB 01.1 */
	if (uart_base)
		mmio_write32(uart_base + UARTIMSC, INT_RX | INT_RT);
	/* END LAB */
}

void uart_mask_rx(void)
{
	if (uart_base)
		mmio_write32(uart_base + UARTIMSC, 0);
}

/* Line settings may be written only while nothing is on its way. */
void uart_enable_fifo(void)
{
	uint32_t settings;

	if (!uart_base)
		return;
	settings = mmio_read32(uart_base + UARTLCR_H);
	for (unsigned polls = 0; mmio_read32(uart_base + UARTFR) & FR_BUSY && polls < TX_POLLS;
	     polls++)
		;
	mmio_write32(uart_base + UARTCR, 0);
	mmio_write32(uart_base + UARTLCR_H, settings | LCR_H_FEN);
	mmio_write32(uart_base + UARTCR, CR_UARTEN | CR_TXE | CR_RXE);
}
