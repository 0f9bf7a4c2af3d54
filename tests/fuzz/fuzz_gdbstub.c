/* Fuzzer: bytes from GDB, a stuttering transport, a target that stops when it likes. */
/* sources: $(GDBSTUB_SOURCES) */
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/gdb_mock.h"

/* The input is a list of steps, a byte each, some with data behind them. */
enum { PACKET, RAW, STOP, CONSOLE, ROOM, LOST, NEW_SESSION, HIT, STEPS };

static struct mock mock;
static uint64_t packets, answers;
static bool inside;
static unsigned sum_digits;

/* Frames that have gone out, and their form: "$", no "$" inside, "#", two digits. */
static void count_answers(void)
{
	for (size_t i = 0; i < mock.sent_count; i++) {
		const uint8_t byte = mock.sent[i];

		if (sum_digits) {
			if (!strchr("0123456789abcdef", byte))
				abort();
			answers += --sum_digits == 0;
		} else if (inside) {
			if (byte == '$')
				abort();
			inside = byte != '#';
			sum_digits = inside ? 0 : 2;
		} else {
			if (byte != '$' && byte != '+' && byte != '-')
				abort();
			inside = byte == '$';
		}
	}
	mock.sent_count = 0;
}

/*
 * With the target stopping at once and the transport open, a packet is answered when mock_send()
 * comes back: by one frame at least, but for those that resume (the stop answers), `k` and `R`.
 */
static void send(const uint8_t *bytes, size_t count)
{
	uint8_t data[256];
	bool answered_later;
	uint64_t before;

	/* What ends or begins a packet cannot be in it. */
	for (size_t i = 0; i < count; i++)
		data[i] = bytes[i] == '#' || bytes[i] == '$' ? 'q' : bytes[i];
	answered_later = count && strchr("cCsSvkR", data[0]);
	mock.tx_room = SIZE_MAX;
	mock.stop_at_once = true;
	if (mock.stop_owed)
		mock_stop(&mock);
	count_answers();
	before = answers;
	packets++;
	mock_send(&mock, data, count);
	count_answers();
	if (answers == before && !answered_later)
		abort();
	if (answers == before && data[0] != 'k' && data[0] != 'R' &&
	    !gdb_is_awaiting_stop(&mock.stub))
		abort();
}

static void step(unsigned kind, const uint8_t *data, size_t count)
{
	struct gdb_stop stop = {.thread = mock_threads[count % MOCK_THREADS],
				.reason = count % (GDB_STOP_KILLED + 1),
				.signal = GDB_SIGNAL_TRAP};

	switch (kind) {
	case PACKET:
		send(data, count);
		return;
	case RAW:
		mock_feed(&mock, data, count);
		return;
	case STOP:
		gdb_stopped(&mock.stub, &stop);
		return;
	case CONSOLE:
		gdb_console(&mock.stub, (const char *)data, count);
		return;
	case ROOM:
		mock.tx_room = count * 3;
		mock.stop_at_once = count & 1;
		mock.run_at_once = count & 2;
		mock.next_stop = stop;
		return;
	case LOST:
		gdb_disconnected(&mock.stub);
		mock.sent_count = sum_digits = 0;
		inside = false;
		return;
	case NEW_SESSION:
		send((const uint8_t *)"qSupported:multiprocess+;swbreak+", 33);
		return;
	default:
		if (gdb_breakpoint_hit(&mock.stub, mock_threads[0], count & 1, MOCK_BASE) ==
		    GDB_HIT_COMMANDS)
			gdb_breakpoint_commands(&mock.stub, mock_threads[0], count & 1, MOCK_BASE);
	}
}

/* In one run: until half of a transport's frame is left behind, answers cannot be told apart. */
static void settle(void)
{
	mock.tx_room = SIZE_MAX;
	for (unsigned i = 0; i < 1000 && gdb_poll(&mock.stub); i++)
		;
	count_answers();
}

static void report(void)
{
	fprintf(stderr, "fuzz_gdbstub: %llu packets, %llu answers\n", (unsigned long long)packets,
		(unsigned long long)answers);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	static bool registered;

	if (!registered)
		atexit(report);
	registered = true;
	sum_digits = 0;
	inside = false;
	mock_init(&mock, count & 1 ? &mock_all : &mock_bare);
	for (size_t at = 0; at + 1 < count;) {
		const unsigned kind = bytes[at] % STEPS;
		size_t length = bytes[at + 1];

		at += 2;
		if (length > count - at)
			length = count - at;
		step(kind, bytes + at, length);
		if (kind != ROOM)
			settle();
		if (kind <= RAW || kind == CONSOLE)
			at += length;
	}
	settle();
	return 0;
}
