/* The trace ring with its writer and its reader on two threads, under ThreadSanitizer: a page is read only when whole. */
/* sources: trace/ring.c */
/* flags: -fno-sanitize=all -fsanitize=thread */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "trace/trace.h"
#include "trace/clock.h"

#define EXITS 300000u

static struct trace_ring ring;
static _Alignas(4096) uint8_t pages[TRACE_RING_PAGES * TRACE_PAGE_BYTES];
static bool writer_is_done; /* atomic */
static uint64_t read_exits, wrong, next_seq, last_lost;

uint64_t trace_clock(void)
{
	static uint64_t ticks;

	return ++ticks;
}

void trace_page_ready(struct trace_ring *of)
{
	(void)of;
}

/* As trace/drain.c and the device: take full pages in order, give them back. */
static void *reader(void *unused)
{
	for (;;) {
		const bool done = __atomic_load_n(&writer_is_done, __ATOMIC_ACQUIRE);
		const uint32_t offered = trace_ring_begin_sending(&ring);

		while (ring.sent != offered) {
			const uint64_t *page =
				(const void *)(pages +
					       (ring.sent % TRACE_RING_PAGES) * TRACE_PAGE_BYTES);
			const struct trace_page_header *header = (const void *)page;
			const uint64_t *record = page + sizeof(*header) / 8;

			wrong += header->seq != ring.sent || header->seq < next_seq ||
				 header->lost < last_lost;
			next_seq = header->seq + 1;
			last_lost = header->lost;
			for (; record < page + (sizeof(*header) + header->commit) / 8;
			     record += record[0] >> 8 & 0xff) {
				wrong += record[2] != record[3] || record[4] != ~record[3];
				read_exits++;
			}
			__atomic_store_n(&ring.sent, ring.sent + 1, __ATOMIC_RELAXED);
			__atomic_store_n(&ring.reaped, ring.reaped + 1, __ATOMIC_RELEASE);
		}
		if (done)
			return unused;
		sched_yield();
	}
}

static void run(bool flight)
{
	const uint64_t word0 = TRACE_WORD0(TRACE_EXIT, 4, 1, 2, 0);
	pthread_t thread;

	writer_is_done = false;
	read_exits = wrong = next_seq = last_lost = 0;
	trace_ring_init(&ring, 0, pages);
	ring.flight = flight;
	assert_int_equal(pthread_create(&thread, 0, reader, 0), 0);
	for (uint64_t i = 0; i < EXITS; i++) {
		const struct trace_note note = {.address = i, .value = ~i};
		const uint64_t now = trace_clock();

		trace_exit(&ring, word0, now, now, 0, i, &note, true);
		if (i % 1000 == 0)
			sched_yield();
		if (flight && i % 20000 == 0)
			trace_offer(&ring); /* a dump: what is sealed by now */
	}
	trace_seal(&ring);
	trace_offer(&ring);
	__atomic_store_n(&writer_is_done, true, __ATOMIC_RELEASE);
	pthread_join(thread, 0);
	assert_int_equal(wrong, 0);
	assert_int_equal(read_exits + ring.lost, EXITS);
	assert_int_equal(ring.lost, ring.lost_of[TRACE_INDEX_EXIT]);
	assert_true(read_exits > 0);
}

static void nothing_is_torn_while_streaming(void **state)
{
	(void)state;
	run(false);
}

static void nothing_is_torn_in_a_flight_recorder(void **state)
{
	(void)state;
	run(true);
	assert_true(ring.overwritten > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_torn_while_streaming),
		cmocka_unit_test(nothing_is_torn_in_a_flight_recorder),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
