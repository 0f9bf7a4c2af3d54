/* See terminal.h. Only in images with a debugger. */
#include "dev/terminal.h"

#include <stdint.h>

static struct {
	bool lent;
	char kept[TERMINAL_KEPT];
	uint32_t begin, end; /* of what is kept; they run on */
	bool given;	     /* atomic: input is the debugger's */
	bool masked;	     /* atomic: its interrupt waits for terminal_hear() */
} terminal;

/* GDB may be slow, or gone: the oldest goes first, what a person wants to see is how it ended. */
void terminal_putc(char character)
{
	if (!terminal.lent) {
		uart_putc(character);
		return;
	}
	terminal.kept[terminal.end++ % TERMINAL_KEPT] = character;
	if (terminal.end - terminal.begin > TERMINAL_KEPT)
		terminal.begin++;
}

/* GDB begins lines by itself. */
void terminal_puts(const char *text)
{
	if (!terminal.lent) {
		uart_puts(text);
		return;
	}
	while (*text)
		terminal_putc(*text++);
}

size_t terminal_take(char *to, size_t room)
{
	size_t count = 0;

	while (count < room && terminal.begin != terminal.end)
		to[count++] = terminal.kept[terminal.begin++ % TERMINAL_KEPT];
	return count;
}

void terminal_lend(bool lent)
{
	terminal.lent = lent;
	while (!lent && terminal.begin != terminal.end)
		uart_putc(terminal.kept[terminal.begin++ % TERMINAL_KEPT]);
}

void terminal_give_input(void)
{
	__atomic_store_n(&terminal.given, true, __ATOMIC_RELEASE);
}

bool terminal_input_is_given(void)
{
	if (!__atomic_load_n(&terminal.given, __ATOMIC_ACQUIRE))
		return false;
	uart_mask_rx();
	__atomic_store_n(&terminal.masked, true, __ATOMIC_RELEASE);
	return true;
}

void terminal_hear(void)
{
	if (__atomic_exchange_n(&terminal.masked, false, __ATOMIC_ACQ_REL))
		uart_enable_rx_interrupt();
}
