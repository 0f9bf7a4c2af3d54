/* Produced = read + lost for each class, whatever the lengths of the records, the mode, and the moments at which the device takes pages. */
/* sources: trace/ring.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "trace/clock.h"
#include "trace/writers.h"

#define STEPS 40000u
#define SEEDS 12u

static struct trace_ring ring;
static _Alignas(4096) uint8_t pages[TRACE_RING_PAGES * TRACE_PAGE_BYTES];
static uint64_t now_ticks, random_state;
static bool stalled;
static unsigned borrowed; /* pages that the device has taken, and not given back */

/* By enum trace_event: what has been written, what has been read. */
static uint64_t written[32], found[32], last_lost, next_seq;

uint64_t trace_clock(void)
{
	return now_ticks;
}

static uint64_t next_random(uint64_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % below;
}

static void read_page(const struct trace_page_header *header)
{
	const uint64_t *record = (const void *)(header + 1);
	const uint64_t *const end = record + header->commit / 8;

	assert_int_equal(header->seq % TRACE_RING_PAGES,
			 ((const uint8_t *)header - pages) / TRACE_PAGE_BYTES);
	assert_true(header->seq >= next_seq && header->lost >= last_lost);
	/* Nothing that is still to come has been lost before. */
	assert_true(header->lost <= ring.lost);
	next_seq = header->seq + 1;
	last_lost = header->lost;
	while (record < end) {
		const unsigned words = TRACE_WORDS(*record), event = *record & 0xff;

		assert_true(words >= 1 && words <= TRACE_RECORD_LIMIT_WORDS && event < 32);
		for (unsigned i = 1; event == TRACE_PC_SAMPLE && i < words; i++)
			assert_int_equal(record[i], i);
		found[event]++;
		record += words;
	}
	assert_ptr_equal(record, end);
}

static void give_back(void)
{
	for (; borrowed; borrowed--)
		ring.reaped++;
}

void trace_page_ready(struct trace_ring *of)
{
	const uint32_t offered = trace_ring_begin_sending(of);

	while (!stalled && ring.sent != offered) {
		read_page((const void *)(pages + (uint64_t)(ring.sent % TRACE_RING_PAGES) *
							 TRACE_PAGE_BYTES));
		ring.sent++;
		borrowed++;
	}
	if (!stalled && next_random(3) == 0)
		give_back();
}

static void write_something(unsigned i)
{
	static const uint64_t words[TRACE_RECORD_LIMIT_WORDS - 1] = {1, 2,  3,	4,  5,	6,  7, 8,
								     9, 10, 11, 12, 13, 14, 15};
	const uint64_t wide = UINT64_C(1) << 35;
	const struct trace_note note = {.address = next_random(20) ? i : wide | i, .value = i};

	switch (next_random(5)) {
	case 0:
		trace_PC_SAMPLE(&ring, 1, 1, words, 1 + (unsigned)next_random(15));
		written[TRACE_PC_SAMPLE]++;
		break;
	case 1:
		trace_SCHED_IN(&ring, 1);
		written[TRACE_SCHED_IN]++;
		break;
	case 2:
		trace_STAGE2_MAP(&ring, 1, i, i);
		written[TRACE_STAGE2_MAP]++;
		break;
	default:
		trace_exit(&ring, TRACE_WORD0(TRACE_EXIT, 4, 1, 1, 0),
			   now_ticks - (next_random(20) ? 3 : wide), now_ticks, 1, i, &note, i & 1);
		written[TRACE_EXIT]++;
	}
}

static void run(uint64_t seed)
{
	random_state = seed * UINT64_C(0x9e3779b97f4a7c15);
	memset(written, 0, sizeof(written));
	memset(found, 0, sizeof(found));
	last_lost = next_seq = 0;
	stalled = false;
	borrowed = 0;
	now_ticks = UINT64_C(1) << 40;
	trace_ring_init(&ring, 1, pages);
	ring.classes = TRACE_CLASSES_ALL;
	ring.flight = seed & 1;
	for (unsigned i = 0; i < STEPS; i++) {
		now_ticks += next_random(10000) ? next_random(40) : UINT64_C(1) << 32;
		write_something(i);
		if (next_random(2000) == 0)
			stalled = !stalled;
		if (next_random(3000) == 0) {
			trace_seal(&ring);
			trace_offer(&ring);
			trace_page_ready(&ring);
		}
		if (next_random(9000) == 0)
			ring.flight = !ring.flight;
	}
	stalled = false;
	trace_seal(&ring);
	trace_offer(&ring);
	trace_page_ready(&ring);
}

static void balances(void)
{
	uint64_t lost = 0;

	for (unsigned class = 0; class < TRACE_CLASSES; class ++)
		lost += ring.lost_of[class];
	assert_int_equal(lost, ring.lost);
	assert_int_equal(written[TRACE_EXIT], found[TRACE_EXIT] + ring.lost_of[TRACE_INDEX_EXIT]);
	assert_int_equal(written[TRACE_PC_SAMPLE],
			 found[TRACE_PC_SAMPLE] + ring.lost_of[TRACE_INDEX_SAMPLE]);
	assert_int_equal(written[TRACE_SCHED_IN],
			 found[TRACE_SCHED_IN] + ring.lost_of[TRACE_INDEX_SCHED]);
	assert_int_equal(written[TRACE_STAGE2_MAP],
			 found[TRACE_STAGE2_MAP] + ring.lost_of[TRACE_INDEX_MEMORY]);
}

static void each_class_balances(void **state)
{
	uint64_t lost = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		run(seed);
		balances();
		lost += ring.lost;
	}
	assert_true(lost > 1000);
}

/* What was dropped and what was overwritten are told apart, and both are in the last page's count. */
static void the_last_page_knows_all_that_was_lost(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		run(seed);
		write_something(1);
		trace_seal(&ring);
		trace_offer(&ring);
		trace_page_ready(&ring);
		assert_int_equal(last_lost, ring.lost);
		balances();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_class_balances),
		cmocka_unit_test(the_last_page_knows_all_that_was_lost),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
