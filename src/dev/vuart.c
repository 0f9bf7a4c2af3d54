/*
 * The emulated PL011. Called by vm/ for a guest's MMIO and by console.c with input.
 *
 * Output is instantaneous: the transmit FIFO is always empty, and each byte written raises the
 * transmit interrupt again. There are no timers either: input below the FIFO's trigger level raises
 * the receive time-out at once, so no byte waits for the next one. Loopback, break, parity and
 * modem lines are not modelled.
 *
 * LOCK_VUART guards the registers. vgic_set_level() takes LOCK_VGIC, which comes earlier in the
 * lock order, and the console takes its own, so both are called after it has been released: see
 * unlock_and_tell().
 */
#include "dev/vuart.h"

#include "dev/console.h"
#include "dev/pl011.h"
#include "lib/bits.h"
#include "lib/string.h"

#define FIFO_DEPTH	16u
#define POLLS_TO_LISTEN 16u

/* Reset values that are not 0. */
#define CR_RESET   (CR_TXE | CR_RXE)
#define IFLS_RESET 0x12u /* half full, both ways */

/*
 * UARTPeriphID and UARTPCellID. Revision 1 (r1p4): from revision 3 on, drivers take the FIFO to be
 * 32 deep.
 */
static const uint8_t ids[8] = {0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

static unsigned fifo_depth(const struct vuart *uart)
{
	return uart->lcr_h & LCR_H_FEN ? FIFO_DEPTH : 1;
}

/*
 * UARTIFLS: the receive interrupt comes at 1/8, 1/4, 1/2, 3/4, 7/8 full. Without the FIFO: at each
 * byte.
 */
static unsigned rx_trigger(const struct vuart *uart)
{
	static const uint8_t level[8] = {2, 4, 8, 12, 14, 14, 14, 14};

	return uart->lcr_h & LCR_H_FEN ? level[FIELD_GET(IFLS_RXIFLSEL, uart->ifls)] : 1;
}

/* The receive FIFO's content may have changed: bring its interrupts and flags up to date. */
static void rx_changed(struct vuart *uart)
{
	/* LAB 07.3 */
	const unsigned depth = fifo_depth(uart);
	const unsigned level = uart->listening ? MIN(uart->rx_count, depth) : 0;
	const unsigned trigger = rx_trigger(uart);
	uint32_t fr = FR_TXFE | FR_CTS | FR_DSR | FR_DCD;

	if (level >= trigger)
		uart->ris |= INT_RX;
	else
		uart->ris &= ~INT_RX;

	if (level == 0)
		uart->ris &= ~INT_RT;
	else if (level < trigger)
		uart->ris |= INT_RT;

	if (level == 0)
		fr |= FR_RXFE;
	if (level == depth)
		fr |= FR_RXFF;
	__atomic_store_n(&uart->fr, fr, __ATOMIC_RELAXED);
	/* END LAB */
}

/*
 * After a change of UARTIMSC or of the polling guess. Input becoming visible counts as its arrival.
 */
static void listen_again(struct vuart *uart)
{
	const bool listening = uart->polling || uart->imsc & (INT_RX | INT_RT);

	if (listening == uart->listening)
		return;
	__atomic_store_n(&uart->listening, listening, __ATOMIC_RELAXED);
	rx_changed(uart);
}

static bool line_level(const struct vuart *uart)
{
	return (uart->ris & uart->imsc) != 0;
}

/*
 * Release the lock and see to it that the vGIC knows the line's level. Only one CPU tells at a
 * time, and it looks again when it has told: so the last level told is the true one, however many
 * CPUs have changed it meanwhile.
 */
static void unlock_and_tell(struct vuart *uart)
{
	/* LAB 07.2 */
	while (!uart->telling && line_level(uart) != uart->line) {
		const bool level = !uart->line;

		uart->line = level;
		uart->telling = true;
		spin_unlock(&uart->lock);
		vgic_set_level(uart->vgic, 0, VUART_INTID, level);
		spin_lock(&uart->lock);
		uart->telling = false;
	}
	spin_unlock(&uart->lock);
	/* END LAB */
}

static void reset_registers(struct vuart *uart)
{
	uart->cr = CR_RESET;
	uart->ifls = IFLS_RESET;
	uart->lcr_h = uart->ibrd = uart->fbrd = uart->ilpr = uart->dmacr = 0;
	uart->imsc = uart->ris = 0;
	uart->idle_polls = 0;
	uart->polling = uart->listening = false;
	rx_changed(uart);
}

void vuart_init(struct vuart *uart, struct vgic *vgic, unsigned console)
{
	memset(uart, 0, sizeof(*uart));
	uart->lock = SPINLOCK_INIT(LOCK_VUART);
	uart->vgic = vgic;
	uart->console = console;
	reset_registers(uart);
}

void vuart_reset(struct vuart *uart)
{
	spin_lock(&uart->lock);
	reset_registers(uart);
	unlock_and_tell(uart);
}

/*
 * UARTDR read: a byte leaves the FIFO. With half the queue free again, whoever was refused may go
 * on.
 */
static uint32_t read_data(struct vuart *uart)
{
	/* LAB 07.3 */
	uint32_t data = 0;
	bool room = false;

	spin_lock(&uart->lock);
	if (uart->listening && uart->rx_count) {
		data = uart->rx[uart->rx_head];
		uart->rx_head = (uart->rx_head + 1) % VUART_RX_QUEUE;
		uart->rx_count--;
		rx_changed(uart);
		if (uart->refused && uart->rx_count <= VUART_RX_QUEUE / 2) {
			uart->refused = false;
			room = true;
		}
	}
	unlock_and_tell(uart);

	if (room)
		console_input_ready(uart->console);
	return data;
	/* END LAB */
}

/* UARTFR read: no lock. A lost count of two CPUs that poll at once only delays the guess. */
static uint32_t read_flags(struct vuart *uart)
{
	if (!__atomic_load_n(&uart->listening, __ATOMIC_RELAXED)) {
		const uint32_t polls = __atomic_load_n(&uart->idle_polls, __ATOMIC_RELAXED) + 1;

		__atomic_store_n(&uart->idle_polls, polls, __ATOMIC_RELAXED);
		if (polls >= POLLS_TO_LISTEN) {
			spin_lock(&uart->lock);
			uart->polling = true;
			listen_again(uart);
			unlock_and_tell(uart);
		}
	}
	return __atomic_load_n(&uart->fr, __ATOMIC_RELAXED);
}

static uint32_t read_register(struct vuart *uart, uint32_t offset)
{
	switch (offset) {
	case UARTFR:
		return read_flags(uart);
	case UARTDR:
		return read_data(uart);
	case UARTILPR:
		return uart->ilpr;
	case UARTIBRD:
		return uart->ibrd;
	case UARTFBRD:
		return uart->fbrd;
	case UARTLCR_H:
		return uart->lcr_h;
	case UARTCR:
		return uart->cr;
	case UARTIFLS:
		return uart->ifls;
	case UARTIMSC:
		return uart->imsc;
	case UARTRIS:
		return uart->ris;
	case UARTMIS:
		return uart->ris & uart->imsc;
	case UARTDMACR:
		return uart->dmacr;
	default: /* UARTRSR too: there never is a receive error */
		return offset >= UARTPERIPHID0 ? ids[(offset - UARTPERIPHID0) / 4] : 0;
	}
}

/* A narrow read sees its bytes of the 32-bit register. */
OUT_OF_LINE uint64_t vuart_read(struct vuart *uart, uint64_t offset, unsigned bytes)
{
	/* LAB 07.1 */
	const unsigned lane = offset % 4;
	uint32_t value;

	if (offset >= VUART_BYTES)
		return 0;
	value = read_register(uart, (uint32_t)offset - lane);
	if (bytes >= 4)
		return value >> 8 * lane;
	return (value >> 8 * lane) & GENMASK(8 * bytes - 1, 0);
	/* END LAB */
}

/*
 * UARTDR write: out it goes. The lock is needed only when the transmit interrupt is not up already.
 */
static void write_data(struct vuart *uart, uint8_t byte)
{
	/* LAB 07.2 */
	console_output(uart->console, byte);
	if (__atomic_load_n(&uart->ris, __ATOMIC_RELAXED) & INT_TX)
		return;
	spin_lock(&uart->lock);
	uart->ris |= INT_TX;
	unlock_and_tell(uart);
	/* END LAB */
}

/* A driver that sets the device up is not the one that polled. */
static void new_driver(struct vuart *uart)
{
	uart->polling = false;
	listen_again(uart);
}

static void write_register(struct vuart *uart, uint32_t offset, uint32_t value)
{
	spin_lock(&uart->lock);
	switch (offset) {
	case UARTILPR:
		uart->ilpr = value & 0xff;
		break;
	case UARTIBRD:
		uart->ibrd = value & 0xffff;
		break;
	case UARTFBRD:
		uart->fbrd = value & 0x3f;
		break;
	case UARTLCR_H: /* a new depth does not empty the FIFO: the input is for who listens next */
		uart->lcr_h = value & 0xff;
		new_driver(uart);
		rx_changed(uart);
		break;
	case UARTCR:
		uart->cr = value & 0xffff;
		new_driver(uart);
		break;
	case UARTIFLS:
		uart->ifls = value & (IFLS_TXIFLSEL | IFLS_RXIFLSEL);
		rx_changed(uart);
		break;
	case UARTIMSC:
		uart->imsc = value & INT_ALL;
		new_driver(uart);
		break;
	case UARTICR:
		uart->ris &= ~value;
		break;
	case UARTDMACR: /* kept, without effect: our device tree offers no DMA */
		uart->dmacr = value & 0x7;
		break;
	default: /* read-only, reserved, or UARTECR with no error to clear */
		break;
	}
	unlock_and_tell(uart);
}

/*
 * A write that does not start at its register's first byte has no meaning on this bus and is
 * ignored.
 */
void vuart_write(struct vuart *uart, uint64_t offset, unsigned bytes, uint64_t value)
{
	/* LAB 07.1 */
	if (offset >= VUART_BYTES || offset % 4 != 0)
		return;
	if (bytes < 4)
		value &= GENMASK(8 * bytes - 1, 0);

	__atomic_store_n(&uart->idle_polls, 0, __ATOMIC_RELAXED);
	if (offset == UARTDR)
		write_data(uart, (uint8_t)value);
	else
		write_register(uart, (uint32_t)offset, (uint32_t)value);
	/* END LAB */
}

unsigned vuart_receive(struct vuart *uart, const uint8_t *bytes, unsigned count)
{
	/* LAB 07.3 */
	unsigned taken;

	spin_lock(&uart->lock);
	for (taken = 0; taken < count && uart->rx_count < VUART_RX_QUEUE; taken++) {
		uart->rx[(uart->rx_head + uart->rx_count) % VUART_RX_QUEUE] = bytes[taken];
		uart->rx_count++;
	}
	if (taken < count)
		uart->refused = true;
	if (taken)
		rx_changed(uart);
	unlock_and_tell(uart);
	return taken;
	/* END LAB */
}
