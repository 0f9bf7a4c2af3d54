/*
 * The console UART of a Zynq UltraScale+, driven by EL2. Output is polled, input is read by
 * console.c when the interrupt says so.
 *
 * No locks: output is serialised by console.c, which also is the only caller of the input side.
 */
#include "dev/cadence.h"
#include "dev/uart.h"

static uint64_t uart_base; /* 0: not known yet, output vanishes */

void uart_early_init(uint64_t base)
{
	uart_base = base;
	cadence_init(base);
}

void uart_putc(char character)
{
	if (uart_base)
		cadence_put(uart_base, (uint8_t)character);
}

void uart_puts(const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			uart_putc('\r');
		uart_putc(*text);
	}
}

static bool is_empty(void)
{
	return mmio_read32(uart_base + CADENCE_CHANNEL_STS) & STS_REMPTY;
}

/*
 * The interrupt's status bit stays until it is cleared. It is set again at once when a byte has
 * come meanwhile, so clear it only when there is none, and look once more.
 */
int uart_getc(void)
{
	if (!uart_base)
		return -1;
	if (is_empty()) {
		mmio_write32(uart_base + CADENCE_CHNL_INT, INT_RTRIG);
		if (is_empty())
			return -1;
	}
	return mmio_read32(uart_base + CADENCE_TX_RX_FIFO) & 0xff;
}

void uart_enable_rx_interrupt(void)
{
	if (!uart_base)
		return;
	mmio_write32(uart_base + CADENCE_RCVR_FIFO_TRIGGER, 1);
	mmio_write32(uart_base + CADENCE_INTRPT_EN, INT_RTRIG);
}

void uart_mask_rx(void)
{
	if (uart_base)
		mmio_write32(uart_base + CADENCE_INTRPT_DIS, INT_ALL);
}

/* It cannot be off. */
void uart_enable_fifo(void)
{
}
