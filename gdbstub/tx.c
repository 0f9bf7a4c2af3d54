/*
 * Replies: framing, checksum, run-length encoding, and the buffer they wait in.
 *
 * tx[tx_done .. tx_count) is still to be sent. The latest packet begins at tx_last and stays until
 * the next one, for GDB may ask for it again.
 */
#include "internal.h"

#define NO_PACKET SIZE_MAX
/* "#xx" ends a packet, and the last run may need a few characters more. */
#define TAIL_BYTES 3
#define RUN_BYTES  6
/* A repeat count is sent as a printable character: 29 more than the repeats, '~' at most. */
#define RUN_BIAS 29
#define RUN_MIN	 3
#define RUN_MAX	 ('~' - RUN_BIAS)

void gdb_flush(struct gdb_stub *stub)
{
	while (!gdb_drained(stub)) {
		const size_t left = stub->tx_count - stub->tx_done;
		const size_t sent = stub->config.ops->core->tx(
			stub->config.target, stub->config.tx + stub->tx_done, left);

		if (!sent)
			return;
		stub->tx_done += sent < left ? sent : left;
	}
}

/* Only when all has been sent: a byte in the midst of a packet would become part of it. */
void gdb_send_ack(struct gdb_stub *stub, char ack)
{
	stub->config.tx[0] = (uint8_t)ack;
	stub->tx_count = 1;
	stub->tx_done = 0;
	stub->tx_last = NO_PACKET;
}

void gdb_retransmit(struct gdb_stub *stub)
{
	if (gdb_drained(stub) && stub->tx_last != NO_PACKET)
		stub->tx_done = stub->tx_last;
}

static void emit(struct gdb_stub *stub, uint8_t character)
{
	if (stub->tx_count + TAIL_BYTES >= stub->config.tx_bytes) {
		stub->tx_overflow = true;
		return;
	}
	stub->config.tx[stub->tx_count++] = character;
	stub->tx_sum += character;
}

/* '#' and '$' may not be repeat counts: they become a lower count, and the rest is spelled out. */
static void emit_run(struct gdb_stub *stub)
{
	const uint8_t character = stub->tx_run_of;
	unsigned repeats = stub->tx_run;

	if (!repeats)
		return;
	stub->tx_run = 0;
	emit(stub, character);
	repeats--;
	if (repeats >= RUN_MIN) {
		const unsigned count = repeats + RUN_BIAS == '#' || repeats + RUN_BIAS == '$'
					       ? '#' - 1 - RUN_BIAS
					       : repeats;

		emit(stub, '*');
		emit(stub, (uint8_t)(count + RUN_BIAS));
		repeats -= count;
	}
	while (repeats--)
		emit(stub, character);
}

static void restart(struct gdb_stub *stub)
{
	stub->tx_count = stub->tx_last + 1;
	stub->tx_sum = 0;
	stub->tx_run = 0;
	stub->tx_overflow = false;
	stub->windowed = false;
}

/* There is room for "$E07#xx" at least: gdb_init() and gdb_console() have seen to it. */
void gdb_reply_begin(struct gdb_stub *stub)
{
	if (gdb_drained(stub))
		stub->tx_done = stub->tx_count = 0;
	stub->tx_last = stub->tx_count;
	stub->config.tx[stub->tx_count] = '$';
	stub->tx_open = true;
	restart(stub);
}

void gdb_reply_cancel(struct gdb_stub *stub)
{
	stub->tx_count = stub->tx_last;
	stub->tx_last = NO_PACKET;
	stub->tx_open = false;
}

static void put_error(struct gdb_stub *stub, enum gdb_err error)
{
	restart(stub);
	gdb_put(stub, 'E');
	gdb_put_byte(stub, (uint8_t)error);
}

void gdb_reply_end(struct gdb_stub *stub)
{
	uint8_t sum;

	emit_run(stub);
	if (stub->tx_overflow) {
		put_error(stub, GDB_E2BIG);
		emit_run(stub);
	}
	sum = stub->tx_sum;
	stub->config.tx[stub->tx_count++] = '#';
	for (int shift = 4; shift >= 0; shift -= 4)
		stub->config.tx[stub->tx_count++] = (uint8_t) "0123456789abcdef"[sum >> shift & 15];
	stub->tx_open = false;
}

void gdb_reply_result(struct gdb_stub *stub, enum gdb_err result)
{
	if (result == GDB_NO_REPLY) {
		if (stub->tx_open)
			gdb_reply_cancel(stub);
		return;
	}
	if (!stub->tx_open)
		gdb_reply_begin(stub);
	if (result != GDB_REPLIED)
		restart(stub);
	if (result == GDB_OK)
		gdb_put_text(stub, "OK");
	if (result > 0)
		put_error(stub, result);
	gdb_reply_end(stub);
}

size_t gdb_reply_room(const struct gdb_stub *stub)
{
	const size_t used = stub->tx_count + TAIL_BYTES + RUN_BYTES;

	return used < stub->config.tx_bytes ? stub->config.tx_bytes - used : 0;
}

/* Even if each byte takes two characters, what is put never comes upon what is still to be put. */
uint8_t *gdb_spare(struct gdb_stub *stub, uint64_t most, size_t *room)
{
	const size_t half = (gdb_reply_room(stub) - GDB_HEAD_BYTES) / 2;

	*room = most < half ? (size_t)most : half;
	return stub->config.tx + stub->config.tx_bytes - half;
}

void gdb_emit_shortened(struct gdb_stub *stub, uint8_t character)
{
	if (character != stub->tx_run_of || stub->tx_run == RUN_MAX + 1)
		emit_run(stub);
	stub->tx_run_of = character;
	stub->tx_run++;
}

/* As it is, and no part of a run. */
void gdb_emit_first(struct gdb_stub *stub, char character)
{
	emit(stub, (uint8_t)character);
}

void gdb_change_first(struct gdb_stub *stub, char character)
{
	uint8_t *const first = &stub->config.tx[stub->tx_last + 1];

	stub->tx_sum += (uint8_t)character - *first;
	*first = (uint8_t)character;
}

size_t gdb_console(struct gdb_stub *stub, const char *text, size_t count)
{
	size_t taken = 0;

	if (stub->awaited && !stub->tx_open && count) {
		if (gdb_drained(stub))
			stub->tx_done = stub->tx_count = 0;
		/* "$O" and at least one byte. */
		if (gdb_reply_room(stub) > 4) {
			gdb_reply_begin(stub);
			gdb_put(stub, 'O');
			taken = gdb_reply_room(stub) / 2;
			if (taken > count)
				taken = count;
			gdb_put_bytes(stub, text, taken);
			gdb_reply_end(stub);
		}
		gdb_flush(stub);
	}
	stub->console_lost += count - taken;
	return taken;
}
