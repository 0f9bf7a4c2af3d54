/*
 * The ring: pages filled in a circle by one CPU. See trace/trace.h. The same file runs under the
 * host's unit tests.
 */
#include "trace/trace.h"

#include "trace/clock.h"

#define PAGE_WORDS   (TRACE_PAGE_BYTES / 8)
#define HEADER_WORDS (sizeof(struct trace_page_header) / 8)

static uint64_t *page_words(const struct trace_ring *ring, uint32_t number)
{
	return (uint64_t *)(void *)(ring->pages +
				    (uint64_t)(number % TRACE_RING_PAGES) * TRACE_PAGE_BYTES);
}

/* A position past `last` sends every writer through trace_turn_page(). */
static void close_page(struct trace_ring *ring)
{
	ring->open = false;
	ring->last = page_words(ring, 0);
	ring->pos = ring->last + 1;
}

void trace_ring_init(struct trace_ring *ring, unsigned cpu, void *pages)
{
	*ring = (struct trace_ring){.cpu = cpu, .pages = pages};
	close_page(ring);
}

void trace_seal(struct trace_ring *ring)
{
	if (!ring->open)
		return;

	struct trace_page_header *header = (void *)page_words(ring, ring->filled);

	header->commit = (uint32_t)((uint64_t)(ring->pos - page_words(ring, ring->filled)) * 8 -
				    sizeof(*header));
	close_page(ring);
	/* Release: whoever sees the new count also sees the page. */
	__atomic_store_n(&ring->filled, ring->filled + 1, __ATOMIC_RELEASE);
}

void trace_flush_old(struct trace_ring *ring, uint64_t age)
{
	if (!ring || !ring->open || trace_clock() - ring->base < age)
		return;
	trace_seal(ring);
	trace_page_ready(ring);
}

bool trace_turn_page(struct trace_ring *ring, uint64_t now)
{
	if (ring->open) {
		trace_seal(ring);
		if (ring->filled - __atomic_load_n(&ring->sent, __ATOMIC_RELAXED) >=
		    TRACE_DRAIN_BATCH)
			trace_page_ready(ring);
	}
	/* Acquire: the device has finished with the page before we write into it. */
	if (ring->filled - __atomic_load_n(&ring->reaped, __ATOMIC_ACQUIRE) >= TRACE_RING_PAGES) {
		trace_page_ready(ring); /* perhaps the device has finished some by now */
		if (ring->filled - __atomic_load_n(&ring->reaped, __ATOMIC_ACQUIRE) >=
		    TRACE_RING_PAGES)
			return false;
	}

	uint64_t *words = page_words(ring, ring->filled);

	*(struct trace_page_header *)(void *)words = (struct trace_page_header){
		.magic = TRACE_PAGE_MAGIC,
		.version = TRACE_PAGE_VERSION,
		.cpu = (uint16_t)ring->cpu,
		.seq = ring->filled,
		.base_ticks = now,
		.lost = ring->lost,
	};
	ring->base = now;
	ring->pos = words + HEADER_WORDS;
	ring->last = words + PAGE_WORDS - TRACE_RECORD_MAX_WORDS;
	ring->open = true;
	return true;
}

/*
 * Room for a record of `words` words ending at `now`, or NULL (then it has been counted as lost).
 */
static uint64_t *reserve(struct trace_ring *ring, unsigned words, uint64_t now, bool is_exit)
{
	uint64_t *record;

	if ((ring->pos > ring->last || (now - ring->base) >> 32 != 0) &&
	    !trace_turn_page(ring, now)) {
		ring->lost++;
		ring->lost_exits += is_exit;
		return 0;
	}
	record = ring->pos;
	ring->pos = record + words;
	return record;
}

void trace_exit(struct trace_ring *ring, uint64_t word0, uint64_t begin, uint64_t now, uint64_t esr,
		uint64_t pc, const struct trace_note *note)
{
	const uint64_t duration = now - begin;
	const bool is_long = duration >= TRACE_DURATION_LONG;
	const unsigned short_words = (unsigned)TRACE_WORDS(word0);
	uint64_t *record = reserve(ring, short_words + is_long, now, true);

	if (!record)
		return;
	record[0] = (word0 + TRACE_WORD0(0, is_long, 0, 0, 0)) | (now - ring->base) << 32;
	record[1] = (is_long ? TRACE_DURATION_LONG : duration) | esr << 32;
	record[2] = pc;
	record[3] = note->address;
	if (short_words == 5)
		record[4] = note->value;
	if (is_long)
		record[short_words] = duration;
}

/* Once: its callers are inlined wherever something happens, which is seldom. */
static __attribute__((noinline)) uint64_t *begin_event(struct trace_ring *ring,
						       enum trace_event event, unsigned vcpu,
						       unsigned arg, unsigned words)
{
	const uint64_t now = trace_clock();

	ring->produced++;

	uint64_t *record = reserve(ring, words, now, false);

	if (record)
		record[0] = TRACE_WORD0(event, words, vcpu, arg, now - ring->base);
	return record;
}

void trace_event(struct trace_ring *ring, enum trace_event event, unsigned vcpu, unsigned arg)
{
	if (ring)
		begin_event(ring, event, vcpu, arg, 1);
}

void trace_event1(struct trace_ring *ring, enum trace_event event, unsigned vcpu, unsigned arg,
		  uint64_t payload)
{
	uint64_t *record = ring ? begin_event(ring, event, vcpu, arg, 2) : 0;

	if (record)
		record[1] = payload;
}
