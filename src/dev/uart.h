/*
 * The machine's own console UART, driven by EL2 (uart_pl011.c or uart_cadence.c, by platform): polled output, interrupt-driven
 * input. uart_putc() works before the MMU is on and takes no lock.
 */
#ifndef DEV_UART_H
#define DEV_UART_H

#include <stdint.h>

void uart_early_init(uint64_t base); /* remember the base, enable transmission */
void uart_putc(char character);
void uart_puts(const char *text); /* turns \n into \r\n */
int uart_getc(void);		  /* a received byte, or -1 */
void uart_enable_rx_interrupt(void);
void uart_enable_fifo(void); /* faster; bytes that are just coming may be lost */
void uart_mask_rx(void);     /* until uart_enable_rx_interrupt(): back-pressure to the sender */

#endif
