/* The trace ring on the host, the same source as in EL2: nothing torn, nothing double, every loss counted. */
/* sources: trace/ring.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trace/clock.h"
#include "trace/writers.h"

#define HEADER_BYTES sizeof(struct trace_page_header)

static struct trace_ring ring;
static _Alignas(4096) uint8_t pages[TRACE_RING_PAGES * TRACE_PAGE_BYTES];
static uint64_t now_ticks;

/* What the reader has found so far. */
static struct {
	uint64_t pages, exits, events, lost, last_time, next_seq;
	bool stalled; /* the device takes nothing */
} reader;

uint64_t trace_clock(void)
{
	return now_ticks;
}

/* Every field of a record follows from its number, so a torn or repeated one shows. */
static struct trace_note note_of(uint64_t number)
{
	return (struct trace_note){.address = number,
				   .value = number % 4 == 1 ? number * 7 : ~number};
}

/* An exit's words beside a long duration: odd ones have a value, which fits beside the address in half of them. */
static unsigned words_of(uint64_t number)
{
	return number % 4 == 3 ? 5 : 4;
}

static void read_exit(const uint64_t *record, unsigned words, uint64_t end)
{
	const uint64_t number = (uint32_t)record[3];
	const bool is_long = (uint32_t)record[1] == TRACE_DURATION_LONG;
	const uint64_t duration = is_long ? record[words - 1] : (uint32_t)record[1];

	assert_int_equal(words, words_of(number) + is_long);
	assert_int_equal(record[1] >> 32, (uint32_t)(number * 3));
	assert_int_equal(record[2], number * 5);
	if (number & 1)
		assert_int_equal(number % 4 == 1 ? record[3] >> 32 : record[4],
				 note_of(number).value);
	assert_int_equal(duration, number % 7 == 0 ? TRACE_DURATION_LONG + number : number % 1000);
	assert_true(end >= duration);
	reader.exits++;
}

static void read_page(const uint8_t *page)
{
	const struct trace_page_header *header = (const void *)page;
	const uint64_t *record = (const void *)(page + HEADER_BYTES);
	const uint64_t *end = record + header->commit / 8;

	assert_int_equal(header->magic, TRACE_PAGE_MAGIC);
	if (header->flags & TRACE_PAGE_OVERWRITE)
		assert_true(header->seq >= reader.next_seq);
	else
		assert_int_equal(header->seq, reader.next_seq);
	reader.next_seq = header->seq + 1;
	assert_int_equal(header->commit % 8, 0);
	assert_true(header->commit > 0 && HEADER_BYTES + header->commit <= TRACE_PAGE_BYTES);
	assert_true(header->lost >= reader.lost);
	reader.lost = header->lost;
	while (record < end) {
		const unsigned words = record[0] >> 8 & 0xff;
		const uint64_t time = header->base_ticks + (record[0] >> 32);

		assert_true(words >= 1 && record + words <= end);
		assert_true(time >= reader.last_time);
		reader.last_time = time;
		if ((record[0] & 0xff) == TRACE_EXIT)
			read_exit(record, words, time);
		else
			reader.events++;
		record += words;
	}
	reader.pages++;
}

static void drain(void)
{
	const uint32_t offered = trace_ring_begin_sending(&ring);

	while (!reader.stalled && ring.sent != offered) {
		read_page(pages + (uint64_t)(ring.sent % TRACE_RING_PAGES) * TRACE_PAGE_BYTES);
		ring.sent++;
		ring.reaped++;
	}
}

void trace_page_ready(struct trace_ring *of)
{
	assert_ptr_equal(of, &ring);
	drain();
}

static int start(void **state)
{
	(void)state;
	memset(&reader, 0, sizeof(reader));
	memset(pages, 0xee, sizeof(pages));
	now_ticks = UINT64_C(1) << 40;
	trace_ring_init(&ring, 3, pages);
	ring.classes = TRACE_CLASSES_ALL;
	return 0;
}

/* asm/vectors.S writes the usual ones itself, in the same form: tests/system/test_trace.py. */
static void write_exit(uint64_t number)
{
	const uint64_t duration = number % 7 == 0 ? TRACE_DURATION_LONG + number : number % 1000;
	const struct trace_note note = note_of(number);
	const uint64_t word0 = TRACE_WORD0(TRACE_EXIT, 4, number & 3, 1, 0);

	now_ticks += duration;
	trace_exit(&ring, word0, now_ticks - duration, now_ticks, (uint32_t)(number * 3),
		   number * 5, &note, number & 1);
}

static uint64_t events_produced(void)
{
	uint64_t sum = 0;

	for (unsigned class = 0; class < TRACE_CLASSES; class ++)
		sum += ring.produced_of[class];
	return sum;
}

/* The one law, for all and for each class. */
static void finish(uint64_t exits, uint64_t events)
{
	uint64_t lost = 0;

	reader.stalled = false;
	trace_seal(&ring);
	trace_offer(&ring);
	drain();
	for (unsigned class = 0; class < TRACE_CLASSES; class ++)
		lost += ring.lost_of[class];
	assert_int_equal(lost, ring.lost);
	assert_int_equal(events_produced(), events);
	assert_int_equal(reader.exits + ring.lost_of[TRACE_INDEX_EXIT], exits);
	assert_int_equal(reader.exits + reader.events + ring.lost, exits + events);
}

static void all_records_arrive_while_the_device_keeps_up(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 100000; i++)
		write_exit(i);
	finish(100000, 0);
	assert_int_equal(ring.lost, 0);
}

/* With nobody reading, the oldest records stay and the newest are counted as lost. */
static void a_stalled_device_costs_the_newest_records(void **state)
{
	(void)state;
	reader.stalled = true;
	for (uint64_t i = 1; i <= 50000; i++)
		write_exit(i);
	assert_true(ring.lost > 0);
	assert_int_equal(ring.filled, TRACE_RING_PAGES);
	finish(50000, 0);
	assert_true(reader.exits >= TRACE_RING_PAGES * 6);
}

/* After a loss the next page says how many are missing before it. */
static void a_page_after_a_loss_carries_the_count(void **state)
{
	uint64_t lost;

	(void)state;
	reader.stalled = true;
	for (uint64_t i = 1; i <= 50000; i++)
		write_exit(i);
	lost = ring.lost;
	reader.stalled = false;
	write_exit(50001);
	finish(50001, 0);
	assert_int_equal(ring.lost, lost);
	assert_int_equal(reader.lost, lost);
}

/* A flight recorder keeps the newest, tells how many it has overwritten, and hands out nothing unasked. */
static void a_flight_recorder_keeps_the_newest(void **state)
{
	(void)state;
	ring.flight = true;
	for (uint64_t i = 1; i <= 50000; i++)
		write_exit(i);
	assert_int_equal(reader.pages, 0);
	assert_int_equal(ring.filled - ring.oldest, TRACE_RING_PAGES - 1);
	finish(50000, 0);
	assert_int_equal(reader.pages, TRACE_RING_PAGES);
	assert_int_equal(ring.lost, ring.overwritten);
	assert_int_equal(reader.lost, ring.lost);
	assert_true(ring.lost > 40000);
}

/* While a dump is on its way nothing of it is overwritten: then the newest records are what is lost. */
static void a_dump_is_not_overwritten(void **state)
{
	(void)state;
	ring.flight = true;
	for (uint64_t i = 1; i <= 30000; i++)
		write_exit(i);

	const uint64_t overwritten = ring.overwritten;

	reader.stalled = true;
	trace_seal(&ring);
	trace_offer(&ring);
	for (uint64_t i = 30001; i <= 30500; i++)
		write_exit(i);
	assert_int_equal(ring.overwritten, overwritten);
	assert_true(ring.lost > overwritten);
	reader.stalled = false;
	drain();
	for (uint64_t i = 30501; i <= 60000; i++)
		write_exit(i);
	assert_true(ring.overwritten > overwritten);
	finish(60000, 0);
}

/* What one vCPU or one class does may be left out: then it is not produced, either. */
static void filters_leave_out_and_do_not_count(void **state)
{
	(void)state;
	ring.classes = TRACE_CLASS_MARK;
	ring.vcpus = 1 << 2;
	trace_SCHED_IN(&ring, 2);
	trace_MARK(&ring, 1, 5);
	trace_MARK(&ring, 2, 5);
	trace_MARK(&ring, TRACE_NO_VCPU, 5);
	trace_MARK(0, 2, 5);
	finish(0, 2);
	assert_int_equal(reader.events, 2);
}

/* The longest record fits wherever the page is. */
static void long_records_stay_within_their_page(void **state)
{
	static const uint64_t words[TRACE_RECORD_LIMIT_WORDS - 1] = {1};

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		trace_PC_SAMPLE(&ring, 1, 1, words, 1 + i % (TRACE_RECORD_LIMIT_WORDS - 1));
		if (i % 3 == 0)
			write_exit(i + 1);
	}
	finish(1000, 3000);
}

static void a_page_is_left_when_a_delta_would_not_fit(void **state)
{
	(void)state;
	write_exit(1);
	now_ticks += UINT64_C(1) << 33;
	write_exit(2);
	finish(2, 0);
	assert_int_equal(reader.pages, 2);
}

static void an_old_page_is_handed_out_half_full(void **state)
{
	(void)state;
	write_exit(1);
	trace_flush_old(&ring, 1000);
	assert_int_equal(reader.pages, 0);
	now_ticks += 1000;
	trace_flush_old(&ring, 1000);
	assert_int_equal(reader.pages, 1);
	trace_flush_old(&ring, 0); /* nothing is open: nothing to hand out */
	trace_flush_old(0, 0);
	finish(1, 0);
}

/* Random mixtures against the one law: produced = read + lost. */
static void the_balance_holds_for_random_runs(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++) {
		uint64_t exits = 0, events = 0;

		start(state);
		srand(seed);
		for (unsigned i = 0; i < 20000; i++) {
			const int what = rand() % 100;

			now_ticks += (uint64_t)(rand() % 50);
			if (what < 80)
				write_exit(++exits);
			else if (what < 90)
				trace_SCHED_IN(&ring, 1), events++;
			else if (what < 97)
				trace_MARK(&ring, 1, i), events++;
			else if (what < 98)
				reader.stalled = rand() % 3 == 0;
			else if (rand() % 8 == 0)
				ring.flight = !ring.flight, trace_seal(&ring), trace_offer(&ring);
			else
				trace_flush_old(&ring, 100);
		}
		finish(exits, events);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_records_arrive_while_the_device_keeps_up, start),
		cmocka_unit_test_setup(a_stalled_device_costs_the_newest_records, start),
		cmocka_unit_test_setup(a_page_after_a_loss_carries_the_count, start),
		cmocka_unit_test_setup(a_page_is_left_when_a_delta_would_not_fit, start),
		cmocka_unit_test_setup(an_old_page_is_handed_out_half_full, start),
		cmocka_unit_test_setup(a_flight_recorder_keeps_the_newest, start),
		cmocka_unit_test_setup(a_dump_is_not_overwritten, start),
		cmocka_unit_test_setup(filters_leave_out_and_do_not_count, start),
		cmocka_unit_test_setup(long_records_stay_within_their_page, start),
		cmocka_unit_test_setup(the_balance_holds_for_random_runs, start),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
