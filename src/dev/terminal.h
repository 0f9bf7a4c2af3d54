/*
 * Where the console's bytes go: to the machine's UART. In images with a debugger (GDB=1) that UART may be the debugger's port; then
 * nobody types there, and what is written waits to be told to GDB as long as that has a VM (debug/port_uart.c).
 */
#ifndef DEV_TERMINAL_H
#define DEV_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "dev/uart.h"

#ifdef VT_GDB

#define TERMINAL_KEPT 16384u /* bytes, a power of 2 */

/* Callers hold LOCK_CONSOLE. */
void terminal_putc(char character);
void terminal_puts(const char *text);
/* While it is lent, text is kept; what was not taken then goes to the UART. */
void terminal_lend(bool lent);
size_t terminal_take(char *to, size_t room);

/* The UART's input is the debugger's from here on: any CPU. True: the interrupt that said so is masked until terminal_hear(). */
void terminal_give_input(void);
bool terminal_input_is_given(void);
void terminal_hear(void);

#else

static inline void terminal_putc(char character)
{
	uart_putc(character);
}

static inline void terminal_puts(const char *text)
{
	uart_puts(text);
}

static inline bool terminal_input_is_given(void)
{
	return false;
}

#endif
#endif
