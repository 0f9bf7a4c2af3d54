/*
 * The terminal's input side: bytes from the UART through the escape key to the selected guest.
 *
 * One CPU at a time pumps (pumping/pump_again below), so the state here needs no lock, and bytes
 * stay in order. It must not hold LOCK_CONSOLE while it calls vuart_receive(), which takes
 * LOCK_VUART and LOCK_VGIC: both come earlier in the lock order.
 */
#include "dev/console.h"

#include "dev/console_parts.h"
#include "dev/terminal.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"

#define ESCAPE_KEY    0x01 /* C-a */
#define PENDING_BYTES 64u
#define BYTES_A_PUMP  256u /* a flood of input does not keep this CPU from its guest */
#define HINT_BYTES    80u

uint64_t console_input_dropped;

static struct {
	struct vuart *uart;
	uint8_t pending[PENDING_BYTES]; /* typed, not yet taken by the vuart */
	unsigned count;
	bool complained;
} guests[CONSOLE_MAX];

static unsigned selected;
static bool escaped; /* the last byte was the escape key */
static bool masked;  /* the UART's interrupt is off until a guest has room */
static uint32_t pumping, pump_again;

void console_set_vuart(unsigned console, struct vuart *uart)
{
	if (console < CONSOLE_MAX)
		__atomic_store_n(&guests[console].uart, uart, __ATOMIC_RELEASE);
}

static struct vuart *uart_of(unsigned console)
{
	return __atomic_load_n(&guests[console].uart, __ATOMIC_ACQUIRE);
}

/* Input for a VM that cannot take it. Told once for each selection, counted always. */
static void drop(unsigned console, unsigned bytes)
{
	char hint[HINT_BYTES];

	console_input_dropped += bytes;
	if (guests[console].complained)
		return;
	guests[console].complained = true;
	if (console >= console_count()) {
		log_line("console: input dropped: there is no VM");
		return;
	}
	log_line("console: input for %s dropped: it has no UART or is gone", console_name(console));
	if (console_count() > 1) {
		vt_snprintf(hint, sizeof(hint), "%s takes no input; C-a n: next VM",
			    console_name(console));
		console_host_line(hint);
	}
}

/* Hand over what this guest's queue has room for; the rest stays pending. */
static void deliver(unsigned console)
{
	struct vuart *uart = uart_of(console);
	const unsigned count = guests[console].count;
	unsigned taken;

	if (count == 0)
		return;
	if (uart) {
		taken = vuart_receive(uart, guests[console].pending, count);
	} else {
		drop(console, count);
		taken = count;
	}
	guests[console].count = count - taken;
	memmove(guests[console].pending, guests[console].pending + taken, count - taken);
}

static void give_selected(uint8_t byte)
{
	guests[selected].pending[guests[selected].count++] = byte;
}

static void select_console(unsigned console)
{
	char hint[HINT_BYTES];

	if (console >= console_count()) {
		vt_snprintf(hint, sizeof(hint), "there is no VM %u; C-a h: help", console + 1);
		console_host_line(hint);
		return;
	}
	selected = console;
	guests[console].complained = false;
	vt_snprintf(hint, sizeof(hint), "input goes to %s", console_name(console));
	console_host_line(hint);
	console_show(console);
}

/* The next VM in this direction that takes input; the present one when there is no other. */
static unsigned neighbour(unsigned step)
{
	const unsigned count = console_count();
	unsigned candidate = selected;

	for (unsigned i = 0; i < count; i++) {
		candidate = (candidate + step) % count;
		if (uart_of(candidate))
			return candidate;
	}
	return selected;
}

static void help(void)
{
	char line[HINT_BYTES];

	console_host_line("C-a x      quit: stop all VMs");
	console_host_line("C-a n, p   input to the next, the previous VM");
	console_host_line("C-a 1..9   input to that VM");
	console_host_line("C-a a      send C-a to the guest");
	console_host_line("C-a h, ?   this help");
	for (unsigned i = 0; i < console_count(); i++) {
		vt_snprintf(line, sizeof(line), "VM %u: %s%s%s", i + 1, console_name(i),
			    i == selected ? ", has the input" : "",
			    uart_of(i) ? "" : ", takes no input");
		console_host_line(line);
	}
}

static void escape_command(uint8_t key)
{
	switch (key) {
	case 'x':
		console_quit_requested();
		break;
	case 'n':
		select_console(neighbour(1));
		break;
	case 'p':
		select_console(neighbour(console_count() - 1));
		break;
	case '1' ... '9':
		select_console(key - '1');
		break;
	case 'a':
	case ESCAPE_KEY:
		give_selected(ESCAPE_KEY);
		break;
	case 'h':
	case '?':
		help();
		break;
	default:
		console_host_line("unknown key after C-a; C-a h: help");
		break;
	}
}

static void typed(uint8_t byte)
{
	if (escaped) {
		escaped = false;
		escape_command(byte);
	} else if (byte == ESCAPE_KEY) {
		escaped = true;
	} else {
		give_selected(byte);
	}
}

/*
 * Make room, read what there is room for, deliver. Without room, the UART holds its sender back
 * until a guest reads.
 */
static void pump(void)
{
	unsigned budget = BYTES_A_PUMP;
	bool full;

	for (unsigned i = 0; i < CONSOLE_MAX; i++)
		deliver(i);
	do {
		int byte;

		while (budget && guests[selected].count < PENDING_BYTES &&
		       (byte = uart_getc()) >= 0) {
			typed((uint8_t)byte);
			budget--;
		}
		full = guests[selected].count == PENDING_BYTES;
		for (unsigned i = 0; i < CONSOLE_MAX; i++)
			deliver(i);
	} while (full && budget && guests[selected].count < PENDING_BYTES);

	const bool hold = guests[selected].count == PENDING_BYTES;

	if (hold && !masked)
		uart_mask_rx();
	if (!hold && masked)
		uart_enable_rx_interrupt();
	masked = hold;
}

/* Whoever comes while another CPU pumps leaves it word to go round once more. */
void console_input_poll(void)
{
	if (terminal_input_is_given())
		return;
	__atomic_store_n(&pump_again, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&pump_again, __ATOMIC_SEQ_CST)) {
		if (__atomic_exchange_n(&pumping, 1, __ATOMIC_SEQ_CST))
			return;
		while (__atomic_exchange_n(&pump_again, 0, __ATOMIC_SEQ_CST))
			pump();
		__atomic_store_n(&pumping, 0, __ATOMIC_SEQ_CST);
	}
}

void console_input_ready(unsigned console)
{
	(void)console;
	console_input_poll();
}
