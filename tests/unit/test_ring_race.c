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
static uint64_t read_exits, wrong;

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

		while (ring.sent != __atomic_load_n(&ring.filled, __ATOMIC_ACQUIRE)) {
			const uint64_t *page =
				(const void *)(pages +
					       (ring.sent % TRACE_RING_PAGES) * TRACE_PAGE_BYTES);
			const struct trace_page_header *header = (const void *)page;
			const uint64_t *record = page + sizeof(*header) / 8;

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

static void nothing_is_torn_between_two_threads(void **state)
{
	const uint64_t word0 = TRACE_WORD0(TRACE_EXIT, 5, 1, 2, 0);
	pthread_t thread;

	(void)state;
	trace_ring_init(&ring, 0, pages);
	assert_int_equal(pthread_create(&thread, 0, reader, 0), 0);
	for (uint64_t i = 0; i < EXITS; i++) {
		const struct trace_note note = {.address = i, .value = ~i};
		const uint64_t now = trace_clock();

		if (!trace_exit_now(&ring, word0, now, now, 0, i, &note))
			trace_exit(&ring, word0, now, now, 0, i, &note);
		if (i % 1000 == 0)
			sched_yield();
	}
	trace_seal(&ring);
	__atomic_store_n(&writer_is_done, true, __ATOMIC_RELEASE);
	pthread_join(thread, 0);
	assert_int_equal(wrong, 0);
	assert_int_equal(read_exits + ring.lost, EXITS);
	assert_int_equal(ring.lost, ring.lost_exits);
	assert_true(read_exits > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_torn_between_two_threads),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
