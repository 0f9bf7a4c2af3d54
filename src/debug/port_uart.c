/*
 * The console's UART as the debugger's port, for machines that have no other. It is a terminal until a packet comes: guests and the log
 * write to it as ever, which GDB passes over. From then on, until the debugger has let go of all VMs, what they write is told to GDB,
 * which prints it while it waits for a stop. What is typed is never theirs.
 */
#include "debug/port.h"

#include "dev/console.h"
#include "dev/terminal.h"
#include "gdbstub/gdbstub.h"

#define SEND_BYTES    64u /* at once: a UART of 115,200 baud needs 6 ms for them */
#define CONSOLE_BYTES 256u

static bool talking; /* a packet has come, and not yet the end of what it began */

static bool init(void)
{
	terminal_give_input();
	uart_enable_fifo();
	return true;
}

/* A UART cannot tell. GDB's first packet says that it is new. */
static uint32_t sessions(void)
{
	return 0;
}

static bool is_open(void)
{
	return true;
}

static size_t send(const uint8_t *bytes, size_t count)
{
	if (count > SEND_BYTES)
		count = SEND_BYTES;
	for (size_t i = 0; i < count; i++)
		uart_putc((char)bytes[i]);
	return count;
}

static void begin(void)
{
	if (!talking)
		console_lend(true);
	talking = true;
}

static uint32_t receive(uint8_t *to, uint32_t room)
{
	uint32_t count = 0;
	int byte = 0;

	while (count < room && (byte = uart_getc()) >= 0) {
		to[count++] = (uint8_t)byte;
		if (byte == '$')
			begin();
	}
	if (byte < 0)
		terminal_hear();
	return count;
}

static bool is_sending(void)
{
	return false;
}

/* At most as much as can have been written before a stop: others may go on writing. */
static bool tell(struct gdb_stub *stub, bool attached)
{
	static unsigned parts;
	char text[CONSOLE_BYTES];

	if (!talking)
		return false;
	if (gdb_poll(stub))
		return gdb_is_awaiting_stop(stub);
	if (!gdb_is_awaiting_stop(stub)) {
		if (!attached)
			console_lend(talking = false);
		return false;
	}

	const size_t count = console_take(text, sizeof(text));

	gdb_console(stub, text, count);
	parts = count && parts < TERMINAL_KEPT / CONSOLE_BYTES ? parts + 1 : 0;
	return parts;
}

const struct port port_uart = {
	.name = "the console's UART",
	.init = init,
	.sessions = sessions,
	.is_open = is_open,
	.send = send,
	.receive = receive,
	.is_sending = is_sending,
	.tell = tell,
};
