/*
 * From bytes to packets: "$" data "#" two digits of checksum. What is outside packets is Ctrl-C, an
 * acknowledgement, or noise.
 */
#include "internal.h"

#define CTRL_C 0x03

enum { IDLE, BODY, SUM_HIGH, SUM_LOW };

static void begin(struct gdb_stub *stub)
{
	stub->rx_state = BODY;
	stub->rx_count = 0;
	stub->rx_sum = 0;
	stub->rx_oversize = false;
}

/* One byte of the buffer is left for a NUL. */
static void take_body(struct gdb_stub *stub, uint8_t byte)
{
	if (byte == '#') {
		stub->rx_state = SUM_HIGH;
		return;
	}
	stub->rx_sum = (uint8_t)(stub->rx_sum + byte);
	stub->rx_oversize |= stub->rx_count >= stub->config.rx_bytes - 1;
	if (!stub->rx_oversize)
		stub->config.rx[stub->rx_count++] = byte;
}

/* Without acknowledgements nobody would send it again: then it is a request that has failed. */
static void refuse(struct gdb_stub *stub)
{
	stub->bad_packets += 1;
	if (!stub->no_ack) {
		gdb_send_ack(stub, '-');
		return;
	}
	gdb_reply_result(stub, GDB_EIO);
}

/*
 * qSupported is the first packet of every GDB. The one before may have died in the midst of
 * anything, so here a new session begins, whatever has been agreed upon before.
 */
static void accept(struct gdb_stub *stub)
{
	struct gdb_thread first = {0, 0};

	stub->at = stub->config.rx;
	stub->end = stub->at + stub->rx_count;
	*stub->end = 0;
	if (gdb_accept_text(stub, "qSupported")) {
		gdb_new_session(stub);
		/* An earlier session has detached from all: stop() attaches again. */
		if (!stub->running && !gdb_next_any(stub, &first))
			gdb_set_running(stub, false);
	}
	if (!stub->no_ack)
		gdb_send_ack(stub, '+');
	if (stub->rx_oversize)
		gdb_reply_result(stub, GDB_E2BIG);
	else
		stub->held = true;
}

static void take_sum(struct gdb_stub *stub, uint8_t byte)
{
	const int digit = gdb_hex_digit(byte);

	if (digit < 0) {
		stub->rx_state = IDLE;
		refuse(stub);
	} else if (stub->rx_state == SUM_HIGH) {
		stub->rx_sum_sent = (uint8_t)(digit * 16);
		stub->rx_state = SUM_LOW;
	} else {
		stub->rx_state = IDLE;
		if (stub->rx_sum_sent + digit == stub->rx_sum)
			accept(stub);
		else
			refuse(stub);
	}
}

/*
 * A "$" cannot be data, it would have been escaped: the packet before has been cut off, by a GDB
 * that died perhaps.
 */
static void take_byte(struct gdb_stub *stub, uint8_t byte)
{
	switch (stub->rx_state) {
	case IDLE:
		if (byte == '-' && !stub->no_ack)
			gdb_retransmit(stub);
		break;
	case BODY:
		if (byte != '$')
			take_body(stub, byte);
		break;
	default:
		take_sum(stub, byte);
	}
	if (byte == '$')
		begin(stub);
}

bool gdb_rx(struct gdb_stub *stub, uint8_t byte)
{
	gdb_flush(stub);
	if (stub->rx_state == IDLE && byte == CTRL_C)
		gdb_interrupt(stub);
	else if (!gdb_drained(stub) || stub->held || stub->job)
		return false;
	else
		take_byte(stub, byte);
	gdb_advance(stub);
	return true;
}
