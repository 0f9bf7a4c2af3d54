/* The ring's steps one by one: a page, a record, an offer. What they do together is in the tests of the whole ring. */
/* sources: trace/ring.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "trace/clock.h"
#include "trace/writers.h"

#define HEADER_WORDS 5
#define PAGE_WORDS   (TRACE_PAGE_BYTES / 8)
#define BASE	     (UINT64_C(1) << 40)
#define UNTOUCHED    UINT64_C(0xeeeeeeeeeeeeeeee)
#define WORD0	     TRACE_WORD0(TRACE_EXIT, 4, 2, 3, 0)

static struct trace_ring ring;
/* A page before and a page behind, so that a slip is seen. */
static _Alignas(4096) uint64_t memory[TRACE_RING_PAGES + 2][PAGE_WORDS];
static uint64_t now_ticks;
static unsigned ready_calls;

uint64_t trace_clock(void)
{
	return now_ticks;
}

void trace_page_ready(struct trace_ring *of)
{
	assert_ptr_equal(of, &ring);
	ready_calls++;
}

/* A flight recorder: its pages stay where they are until trace_offer(). */
static int start(void **state)
{
	(void)state;
	memset(memory, 0xee, sizeof(memory));
	trace_ring_init(&ring, 3, memory[1]);
	ring.classes = TRACE_CLASSES_ALL;
	ring.flight = true;
	now_ticks = BASE;
	ready_calls = 0;
	return 0;
}

static int start_streaming(void **state)
{
	start(state);
	ring.flight = false;
	return 0;
}

static struct trace_page_header *header(uint32_t number)
{
	return (void *)memory[1 + number % TRACE_RING_PAGES];
}

static uint64_t *records(uint32_t number)
{
	return memory[1 + number % TRACE_RING_PAGES] + HEADER_WORDS;
}

static void margins_are_untouched(void)
{
	for (unsigned i = 0; i < PAGE_WORDS; i++) {
		assert_int_equal(memory[0][i], UNTOUCHED);
		assert_int_equal(memory[TRACE_RING_PAGES + 1][i], UNTOUCHED);
	}
}

static void a_page_begins_with_its_header(void **state)
{
	(void)state;
	ring.lost = 7;
	assert_true(trace_turn_page(&ring, BASE));
	assert_int_equal(header(0)->magic, TRACE_PAGE_MAGIC);
	assert_int_equal(header(0)->version, TRACE_PAGE_VERSION);
	assert_int_equal(header(0)->cpu, 3);
	assert_int_equal(header(0)->commit, 0);
	assert_int_equal(header(0)->flags, 0);
	assert_int_equal(header(0)->seq, 0);
	assert_int_equal(header(0)->base_ticks, BASE);
	assert_int_equal(header(0)->lost, 7);
	assert_int_equal(records(0)[0], UNTOUCHED);
	margins_are_untouched();
}

/* What was overwritten before this page is not known until it is handed out. */
static void a_page_of_a_flight_recorder_says_so(void **state)
{
	(void)state;
	ring.lost = 7;
	ring.overwritten = 5;
	assert_true(trace_turn_page(&ring, BASE));
	assert_int_equal(header(0)->flags, TRACE_PAGE_OVERWRITE);
	assert_int_equal(header(0)->lost, 2);
}

static void a_page_is_open_for_writing(void **state)
{
	(void)state;
	assert_true(trace_turn_page(&ring, BASE + 5));
	assert_true(ring.open);
	assert_int_equal(ring.base, BASE + 5);
	assert_ptr_equal(ring.pos, records(0));
	assert_ptr_equal(ring.last, memory[1] + PAGE_WORDS - TRACE_RECORD_MAX_WORDS);
	assert_int_equal(ring.filled, 0);
}

static void a_closed_page_says_how_much_it_holds(void **state)
{
	(void)state;
	assert_true(trace_turn_page(&ring, BASE));
	ring.pos += 11;
	trace_seal(&ring);
	assert_int_equal(header(0)->commit, 88);
	assert_int_equal(ring.filled, 1);
	assert_false(ring.open);
	assert_true(ring.pos > ring.last);
}

static void a_closed_page_is_closed_once(void **state)
{
	(void)state;
	trace_seal(&ring);
	assert_int_equal(ring.filled, 0);
	assert_true(trace_turn_page(&ring, BASE));
	trace_seal(&ring);
	trace_seal(&ring);
	assert_int_equal(ring.filled, 1);
	assert_int_equal(ring.offered, 0);
	margins_are_untouched();
}

static void pages_follow_each_other(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TRACE_RING_PAGES; i++) {
		assert_true(trace_turn_page(&ring, BASE + i));
		ring.pos += 1 + i;
	}
	trace_seal(&ring);
	for (unsigned i = 0; i < TRACE_RING_PAGES; i++) {
		assert_int_equal(header(i)->seq, i);
		assert_int_equal(header(i)->base_ticks, BASE + i);
		assert_int_equal(header(i)->commit, 8 * (1 + i));
	}
	assert_int_equal(ring.filled, TRACE_RING_PAGES);
	assert_int_equal(ready_calls, 0);
	margins_are_untouched();
}

/* Eight full pages are worth asking the device, seven are not. In task 3, since each full page is offered. */
static void an_offer_is_told_in_batches(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TRACE_DRAIN_BATCH; i++)
		assert_true(trace_turn_page(&ring, BASE));
	assert_int_equal(ready_calls, 0);
	assert_true(trace_turn_page(&ring, BASE));
	assert_int_equal(ready_calls, 1);
	ring.sent = 4;
	assert_true(trace_turn_page(&ring, BASE));
	assert_int_equal(ready_calls, 1);
}

static void a_record_has_its_time_and_its_words(void **state)
{
	(void)state;
	trace_MARK(&ring, 2, 99);
	assert_int_equal(records(0)[0], TRACE_WORD0(TRACE_MARK, 2, 2, 0, 0));
	assert_int_equal(records(0)[1], 99);
	assert_ptr_equal(ring.pos, records(0) + 2);
	now_ticks += 0xfedcba98;
	trace_SCHED_OUT(&ring, 4, 1);
	assert_int_equal(records(0)[2], TRACE_WORD0(TRACE_SCHED_OUT, 1, 4, 1, 0xfedcba98));
	assert_ptr_equal(ring.pos, records(0) + 3);
}

static void a_record_that_is_too_late_begins_a_page(void **state)
{
	(void)state;
	trace_MARK(&ring, 2, 1);
	now_ticks += UINT64_C(1) << 32;
	trace_MARK(&ring, 2, 2);
	assert_int_equal(ring.filled, 1);
	assert_int_equal(header(1)->base_ticks, now_ticks);
	assert_int_equal(records(1)[0] >> 32, 0);
	assert_int_equal(records(1)[1], 2);
}

/* The longest one, at each place near a page's end: it is whole, on this page or on the next. */
static void a_record_stays_on_its_page(void **state)
{
	static const uint64_t words[TRACE_RECORD_LIMIT_WORDS - 1] = {1, 2,  3,	4,  5,	6,  7, 8,
								     9, 10, 11, 12, 13, 14, 15};

	for (unsigned length = 1; length < TRACE_RECORD_LIMIT_WORDS; length++) {
		for (unsigned left = 1; left < 2 * TRACE_RECORD_LIMIT_WORDS; left++) {
			start(state);
			assert_true(trace_turn_page(&ring, BASE));
			uint64_t *const end = records(0) - HEADER_WORDS + PAGE_WORDS;

			ring.pos = end - left;
			trace_PC_SAMPLE(&ring, 1, 1, words, length);

			const bool stays = ring.filled == 0;
			uint64_t *const record = stays ? end - left : records(1);

			/* What is left may be too short for the longest exit: then either is right. */
			if (left < 1 + length || left >= TRACE_RECORD_MAX_WORDS)
				assert_int_equal(stays, left >= 1 + length);
			assert_int_equal(record[0],
					 TRACE_WORD0(TRACE_PC_SAMPLE, 1 + length, 1, 1, 0));
			assert_memory_equal(record + 1, words, length * 8);
			assert_ptr_equal(ring.pos, record + 1 + length);
			if (stays)
				assert_int_equal(*end, UNTOUCHED);
		}
	}
}

/* Its four words when all is as usual, at `after` ticks from the page's base. */
static const uint64_t *exit_at(uint64_t after, uint64_t duration, uint64_t address, uint64_t value,
			       bool has_value)
{
	const struct trace_note note = {.address = address, .value = value};

	if (!ring.open)
		assert_true(trace_turn_page(&ring, BASE));

	const uint64_t *record = ring.pos;

	now_ticks = BASE + after;
	trace_exit(&ring, WORD0, now_ticks - duration, now_ticks, 0x5a000001, 0xffff00000badcafe,
		   &note, has_value);
	return record;
}

static void is_usual(const uint64_t *record, uint64_t after, uint64_t duration, uint64_t last)
{
	assert_int_equal(record[0], WORD0 | after << 32);
	assert_int_equal(record[1], duration | UINT64_C(0x5a000001) << 32);
	assert_int_equal(record[2], 0xffff00000badcafe);
	assert_int_equal(record[3], last);
	assert_ptr_equal(ring.pos, record + 4);
}

static void an_exit_is_four_words(void **state)
{
	(void)state;
	is_usual(exit_at(20, 10, 0, 77, false), 20, 10, 0);
	/* An address alone may have all its bits. */
	is_usual(exit_at(30, 7, UINT64_MAX, 77, false), 30, 7, UINT64_MAX);
	is_usual(exit_at(40, 7, 0x09000018, 0x41, true), 40, 7, UINT64_C(0x4109000018));
	is_usual(exit_at(50, 7, 0xffffffff, 0xffffffff, true), 50, 7, UINT64_MAX);
	is_usual(exit_at(0x7fffffff, 0x7fffffff, 1, 2, true), 0x7fffffff, 0x7fffffff,
		 UINT64_C(0x200000001));
}

static void an_exit_that_is_late_or_long_is_right_all_the_same(void **state)
{
	const uint64_t *record;

	(void)state;
	is_usual(exit_at(0x80000000, 1, 5, 0, false), 0x80000000, 1, 5);
	is_usual(exit_at(0xffffffff, 0xfffffffe, 5, 0, false), 0xffffffff, 0xfffffffe, 5);
	/* From here on the next page, which begins there. */
	record = exit_at(UINT64_C(1) << 32, 1, 5, 0, false);
	assert_int_equal(ring.filled, 1);
	assert_int_equal(records(1)[0], WORD0);
	assert_int_equal(*record, UNTOUCHED);
	assert_int_equal(header(1)->base_ticks, BASE + (UINT64_C(1) << 32));
}

/* Five words: the duration behind the rest; a value beside a wide address, or itself wide. */
static void an_exit_may_need_five_words(void **state)
{
	const uint64_t *record;

	(void)state;
	record = exit_at(100, UINT64_C(1) << 33, 5, 0, false);
	assert_int_equal(TRACE_WORDS(record[0]), 5);
	assert_int_equal((uint32_t)record[1], TRACE_DURATION_LONG);
	assert_int_equal(record[4], UINT64_C(1) << 33);
	record = exit_at(110, 1, UINT64_C(1) << 32, 6, true);
	assert_int_equal(TRACE_WORDS(record[0]), 5);
	assert_int_equal(record[3], UINT64_C(1) << 32);
	assert_int_equal(record[4], 6);
	record = exit_at(120, 1, 5, UINT64_C(1) << 32, true);
	assert_int_equal(TRACE_WORDS(record[0]), 5);
	assert_int_equal(record[3], 5);
	assert_int_equal(record[4], UINT64_C(1) << 32);
	assert_ptr_equal(ring.pos, record + 5);
}

static void an_exit_at_the_end_of_a_page_stays_on_it(void **state)
{
	(void)state;
	assert_true(trace_turn_page(&ring, BASE));
	ring.pos = ring.last;
	is_usual(exit_at(1, 1, 5, 0, false), 1, 1, 5);
	assert_int_equal(ring.filled, 0);
	assert_int_equal(ring.pos[0], UNTOUCHED);
	exit_at(2, 1, 6, 0, false);
	assert_int_equal(ring.filled, 1);
	assert_int_equal(records(1)[3], 6);
}

/* So many pages with one record each, sealed and not offered. */
static void fill(unsigned pages)
{
	for (unsigned i = 0; i < pages; i++) {
		assert_true(trace_turn_page(&ring, BASE));
		trace_MARK(&ring, 1, i);
		trace_seal(&ring);
	}
}

static void an_offer_hands_out_all_that_is_sealed(void **state)
{
	(void)state;
	trace_offer(&ring);
	assert_int_equal(ring.offered, 0);
	fill(3);
	assert_int_equal(ring.offered, 0);
	trace_offer(&ring);
	assert_int_equal(ring.offered, 3);
	assert_int_equal(ring.oldest, 3);
	assert_int_equal(ring.offer_from, 0);
	assert_int_equal(trace_ring_begin_sending(&ring), 3);
	assert_int_equal(ring.sent, 0);
}

static void an_offer_is_made_of_each_page_that_streams(void **state)
{
	(void)state;
	fill(1);
	assert_int_equal(ring.offered, 1);
	fill(2);
	assert_int_equal(ring.offered, 3);
	assert_int_equal(header(2)->lost, 0);
}

static void an_offer_adds_what_was_overwritten(void **state)
{
	(void)state;
	fill(2);
	ring.overwritten = ring.lost = 9;
	fill(1);
	/* A page that was opened while the ring streamed knows all that it must. */
	header(1)->flags = 0;
	header(1)->lost = 4;
	trace_offer(&ring);
	assert_int_equal(header(0)->lost, 9);
	assert_int_equal(header(1)->lost, 4);
	assert_int_equal(header(2)->lost, 9);
	/* Once. */
	ring.overwritten = ring.lost = 20;
	fill(1);
	trace_offer(&ring);
	assert_int_equal(header(0)->lost, 9);
	assert_int_equal(header(3)->lost, 20);
}

static void an_offer_goes_on_while_pages_are_out(void **state)
{
	(void)state;
	fill(2);
	trace_offer(&ring);
	ring.sent = 2;
	ring.reaped = 1;
	fill(2);
	trace_offer(&ring);
	assert_int_equal(ring.offer_from, 0);
	assert_int_equal(ring.offered, 4);
	ring.sent = ring.reaped = 4;
	ring.oldest = ring.filled = 6;
	fill(1);
	trace_offer(&ring);
	assert_int_equal(ring.offer_from, 6);
}

static void the_drain_jumps_over_what_was_overwritten(void **state)
{
	(void)state;
	/* Pages 0 and 1 came back, 2 to 8 were overwritten, 9 and 10 are offered. */
	ring.sent = ring.reaped = ring.offered = 2;
	ring.oldest = 9;
	ring.filled = 11;
	trace_offer(&ring);
	assert_int_equal(trace_ring_begin_sending(&ring), 11);
	assert_int_equal(ring.sent, 9);
	assert_int_equal(ring.reaped, 9);
	/* And not back again. */
	ring.sent = 10;
	assert_int_equal(trace_ring_begin_sending(&ring), 11);
	assert_int_equal(ring.sent, 10);
	assert_int_equal(ring.reaped, 9);
}

static void the_drain_has_nothing_to_jump_for(void **state)
{
	(void)state;
	ring.sent = ring.reaped = ring.offered = 2;
	ring.offer_from = 5;
	assert_int_equal(trace_ring_begin_sending(&ring), 2);
	assert_int_equal(ring.sent, 2);
	assert_int_equal(ring.reaped, 2);
}

static void the_drain_knows_that_numbers_wrap(void **state)
{
	(void)state;
	ring.sent = ring.reaped = ring.offered = 0xfffffffe;
	ring.oldest = 1;
	ring.filled = 2;
	trace_offer(&ring);
	assert_int_equal(trace_ring_begin_sending(&ring), 2);
	assert_int_equal(ring.sent, 1);
	assert_int_equal(ring.reaped, 1);
}

/* The device still has what has been sent: page 64 would be written over page 0. */
static void room_is_what_has_come_back(void **state)
{
	(void)state;
	ring.oldest = ring.filled = ring.offered = ring.sent = TRACE_RING_PAGES;
	assert_false(trace_turn_page(&ring, BASE));
	assert_int_equal(ready_calls, 1);
	assert_false(ring.open);
	assert_int_equal(memory[1][0], UNTOUCHED);
	ring.reaped = 1;
	assert_true(trace_turn_page(&ring, BASE));
	assert_int_equal(ready_calls, 1);
	assert_int_equal(header(0)->seq, TRACE_RING_PAGES);
	margins_are_untouched();
}

/* Pages 2 to 59 were overwritten; the drain has not looked since, so `reaped` still stands before them. */
static void room_is_counted_from_behind_a_gap(void **state)
{
	(void)state;
	ring.sent = ring.reaped = ring.offered = 2;
	ring.oldest = 60;
	ring.filled = 66;
	trace_offer(&ring);
	assert_true(trace_turn_page(&ring, BASE));
	assert_int_equal(ring.lost, 0);
	assert_int_equal(header(2)->seq, 66);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_page_begins_with_its_header, start_streaming),
		cmocka_unit_test_setup(a_page_of_a_flight_recorder_says_so, start),
		cmocka_unit_test_setup(a_page_is_open_for_writing, start),
		cmocka_unit_test_setup(a_closed_page_says_how_much_it_holds, start),
		cmocka_unit_test_setup(a_closed_page_is_closed_once, start),
		cmocka_unit_test_setup(pages_follow_each_other, start),
		cmocka_unit_test_setup(an_offer_is_told_in_batches, start_streaming),
		cmocka_unit_test_setup(a_record_has_its_time_and_its_words, start),
		cmocka_unit_test_setup(a_record_that_is_too_late_begins_a_page, start),
		cmocka_unit_test_setup(a_record_stays_on_its_page, start),
		cmocka_unit_test_setup(an_exit_is_four_words, start),
		cmocka_unit_test_setup(an_exit_that_is_late_or_long_is_right_all_the_same, start),
		cmocka_unit_test_setup(an_exit_may_need_five_words, start),
		cmocka_unit_test_setup(an_exit_at_the_end_of_a_page_stays_on_it, start),
		cmocka_unit_test_setup(an_offer_hands_out_all_that_is_sealed, start),
		cmocka_unit_test_setup(an_offer_is_made_of_each_page_that_streams, start_streaming),
		cmocka_unit_test_setup(an_offer_adds_what_was_overwritten, start),
		cmocka_unit_test_setup(an_offer_goes_on_while_pages_are_out, start),
		cmocka_unit_test_setup(the_drain_jumps_over_what_was_overwritten, start),
		cmocka_unit_test_setup(the_drain_has_nothing_to_jump_for, start),
		cmocka_unit_test_setup(the_drain_knows_that_numbers_wrap, start),
		cmocka_unit_test_setup(room_is_what_has_come_back, start),
		cmocka_unit_test_setup(room_is_counted_from_behind_a_gap, start),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
