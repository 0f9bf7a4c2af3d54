/*
 * The ring: pages filled in a circle by one CPU. See trace/trace.h. The same file runs under the
 * host's unit tests, and tests/model/ring.pml is a model of it: the labels in capitals are its steps.
 *
 * Who writes what: `filled`, `oldest`, `offered`, `offer_from` and all records the ring's CPU, `sent` and `reaped`
 * whoever drains (one at a time). Each side only reads what is the other's, so nobody ever waits.
 */
#include "trace/trace.h"

#include "trace/clock.h"

#define PAGE_WORDS   (TRACE_PAGE_BYTES / 8)
#define HEADER_WORDS (sizeof(struct trace_page_header) / 8)

#define SAME_PLACE(field)                                                 \
	_Static_assert(offsetof(struct trace_ring, field) ==              \
			       offsetof(struct trace_ring_memory, field), \
		       "trace/format.h promises it")
SAME_PLACE(pos);
SAME_PLACE(pages);
SAME_PLACE(cpu);
SAME_PLACE(open);
SAME_PLACE(filled);
SAME_PLACE(oldest);
SAME_PLACE(overwritten);

static const uint8_t class_of[] = {
#define EVENT0(name, id, class, ...) [id] = TRACE_INDEX_##class,
#define EVENT1(name, id, class, ...) [id] = TRACE_INDEX_##class,
#define EVENT2(name, id, class, ...) [id] = TRACE_INDEX_##class,
#define EVENT3(name, id, class, ...) [id] = TRACE_INDEX_##class,
#define EVENTV(name, id, class, ...) [id] = TRACE_INDEX_##class,
#include "trace/events.def"
};

static uint64_t *page_words(const struct trace_ring *ring, uint32_t number)
{
	return (uint64_t *)(void *)trace_page(ring, number);
}

/* Page numbers wrap. */
static bool is_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
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
	*ring = (struct trace_ring){.cpu = cpu, .pages = pages, .vcpus = UINT64_MAX};
	close_page(ring);
}

/*
 * Pages of a flight recorder do not know yet how many before them will have been overwritten by the time
 * they are read.
 */
void trace_offer(struct trace_ring *ring)
{
	const uint32_t first = ring->oldest, end = ring->filled;

	if (first != end) {
		const bool nothing_out =
			__atomic_load_n(&ring->reaped, __ATOMIC_ACQUIRE) == ring->offered;
		uint32_t page = end;

		do {
			struct trace_page_header *header = trace_page(ring, --page);

			header->lost +=
				header->flags & TRACE_PAGE_OVERWRITE ? ring->overwritten : 0;
		} while (page != first);
		if (nothing_out)
			__atomic_store_n(&ring->offer_from, first, __ATOMIC_RELAXED);
		ring->oldest = end;
		__atomic_store_n(&ring->offered, end, __ATOMIC_RELEASE);
	}
}

void trace_seal(struct trace_ring *ring)
{
	if (ring->open) {
		struct trace_page_header *header = trace_page(ring, ring->filled);

		header->commit =
			(uint32_t)((const uint8_t *)ring->pos - (const uint8_t *)(header + 1));
		ring->filled += 1;
		close_page(ring);
		if (!ring->flight)
			trace_offer(ring);
	}
}

void trace_flush_old(struct trace_ring *ring, uint64_t age)
{
	if (!ring || !ring->open || ring->flight || trace_clock() - ring->base < age)
		return;
	trace_seal(ring);
	trace_page_ready(ring);
}

uint32_t trace_ring_begin_sending(struct trace_ring *ring)
{
	const uint32_t end = __atomic_load_n(&ring->offered, __ATOMIC_SEQ_CST);
	const uint32_t begin = __atomic_load_n(&ring->offer_from, __ATOMIC_SEQ_CST);
	const int32_t skipped = (int32_t)(begin - ring->sent);

	if (skipped <= 0 || ring->sent == end)
		return end;
	__atomic_store_n(&ring->sent, begin, __ATOMIC_SEQ_CST);
	__atomic_store_n(&ring->reaped, begin, __ATOMIC_SEQ_CST);
	return end;
}

static void count_lost(struct trace_ring *ring, uint64_t word0)
{
	ring->lost_of[class_of[word0 & 0xff]]++;
	ring->lost++;
}

/* label: OVERWRITE. The page belongs to this CPU alone: nobody has been offered it. */
static void overwrite_oldest(struct trace_ring *ring)
{
	const uint32_t words = trace_page(ring, ring->oldest)->commit / 8;
	const uint64_t *records = page_words(ring, ring->oldest++) + HEADER_WORDS;

	for (uint32_t at = 0; at < words; at += TRACE_WORDS(records[at])) {
		ring->overwritten++;
		count_lost(ring, records[at]);
	}
}

/* label: ROOM. Is there a place for page number `filled`? A flight recorder makes one, if no page of its is out. */
static bool make_room(struct trace_ring *ring)
{
	const uint32_t reaped = __atomic_load_n(&ring->reaped, __ATOMIC_SEQ_CST);

	if (reaped == ring->offered) {
		/* All are at home: the oldest one may have to go. */
		if (ring->filled - ring->oldest >= TRACE_RING_PAGES)
			overwrite_oldest(ring);
		return true;
	}
	const uint32_t from = (int32_t)(ring->offer_from - reaped) > 0 ? ring->offer_from : reaped;

	return ring->filled != from + TRACE_RING_PAGES;
}

bool trace_turn_page(struct trace_ring *ring, uint64_t now)
{
	if (ring->open) {
		trace_seal(ring);
		const uint32_t waiting =
			ring->filled - __atomic_load_n(&ring->sent, __ATOMIC_RELAXED);

		if (!ring->flight && waiting >= TRACE_DRAIN_BATCH)
			trace_page_ready(ring);
	}
	for (int tries = 0; !make_room(ring); tries++) {
		if (tries == 1)
			return false;
		trace_page_ready(ring);
	}

	struct trace_page_header *header = trace_page(ring, ring->filled);

	header->magic = TRACE_PAGE_MAGIC;
	header->version = TRACE_PAGE_VERSION;
	header->cpu = (uint16_t)ring->cpu;
	header->commit = 0;
	header->flags = 0;
	header->seq = ring->filled;
	header->base_ticks = now;
	header->lost = ring->lost;
	if (ring->flight) {
		header->flags |= TRACE_PAGE_OVERWRITE;
		header->lost -= ring->overwritten;
	}
	ring->pos = (uint64_t *)(void *)(header + 1);
	ring->last = page_words(ring, ring->filled) + (PAGE_WORDS - TRACE_RECORD_MAX_WORDS);
	ring->base = now;
	ring->open = 1;
	return true;
}

/*
 * Room for the record that begins with `word0` and ends at `now`, or NULL (then it has been counted as lost).
 * The caller fills it in and moves `pos` behind it.
 */
static uint64_t *reserve(struct trace_ring *ring, uint64_t word0, uint64_t now)
{
	const uint64_t *end = ring->last + TRACE_RECORD_MAX_WORDS;
	bool fits = ring->pos <= ring->last && ring->pos + TRACE_WORDS(word0) <= end;

	if (now - ring->base > UINT32_MAX)
		fits = false;
	if (!fits && !trace_turn_page(ring, now)) {
		count_lost(ring, word0);
		return NULL;
	}
	return ring->pos;
}

static void publish(struct trace_ring *ring, uint64_t *record, uint64_t word0, uint64_t now)
{
	*record = (word0 & UINT32_MAX) | (now - ring->base) << 32;
	ring->pos = &record[TRACE_WORDS(word0)];
}

static __attribute__((noinline)) void exit_in_full(struct trace_ring *ring, uint64_t word0,
						   uint64_t begin, uint64_t now, uint64_t esr,
						   uint64_t pc, const struct trace_note *note,
						   bool has_value)
{
	const uint64_t duration = now - begin;
	const bool is_long = duration >= TRACE_DURATION_LONG;
	const bool shares = (note->address | note->value) >> 32 == 0;
	unsigned words = 4;

	word0 += TRACE_WORD0(0, is_long + (has_value && !shares), 0, 0, 0);

	uint64_t *record = reserve(ring, word0, now);

	if (!record)
		return;
	record[1] = (is_long ? TRACE_DURATION_LONG : duration) | esr << 32;
	record[2] = pc;
	record[3] = note->address | (has_value && shares ? note->value << 32 : 0);
	if (has_value && !shares)
		record[words++] = note->value;
	if (is_long)
		record[words] = duration;
	publish(ring, record, word0, now);
}

/* As asm/vectors.S does it: four words, unless something is unusual. */
void trace_exit(struct trace_ring *ring, uint64_t word0, uint64_t begin, uint64_t now, uint64_t esr,
		uint64_t pc, const struct trace_note *note, bool has_value)
{
	const uint64_t duration = now - begin, after = now - ring->base;
	const bool narrow =
		!has_value || (note->address <= UINT32_MAX && note->value <= UINT32_MAX);

	if (ring->pos <= ring->last && duration <= INT32_MAX && after <= INT32_MAX && narrow) {
		uint64_t *to = ring->pos;

		*to++ = word0 + (after << 32);
		*to++ = duration + (esr << 32);
		*to++ = pc;
		*to++ = has_value ? note->address + (note->value << 32) : note->address;
		ring->pos = to;
	} else {
		exit_in_full(ring, word0, begin, now, esr, pc, note, has_value);
	}
}

static void emit_in_full(struct trace_ring *ring, uint64_t word0, const uint64_t *words,
			 uint64_t now)
{
	uint64_t *record = reserve(ring, word0, now);

	if (!record)
		return;
	for (unsigned i = 1; i < TRACE_WORDS(word0); i++) {
		/* As many words as word 0 says, by the types of the writers. NOLINTNEXTLINE */
		record[i] = words[i - 1];
	}
	publish(ring, record, word0, now);
}

/* Counts it, when its vCPU is wanted. */
static inline __attribute__((always_inline)) bool is_produced(struct trace_ring *ring,
							      uint64_t word0)
{
#ifdef VT_DEBUG
	trace_assert_alone();
#endif
	if (!trace_wants_vcpu(ring, word0 >> 16 & 0xff))
		return false;
	ring->produced_of[class_of[word0 & 0xff]]++;
	return true;
}

void trace_emit_words(struct trace_ring *ring, uint64_t word0, const uint64_t *words)
{
	if (is_produced(ring, word0))
		emit_in_full(ring, word0, words, trace_clock());
}

static __attribute__((noinline)) void emit_on_next_page(struct trace_ring *ring, uint64_t word0,
							uint64_t word1, uint64_t word2,
							uint64_t now)
{
	const uint64_t words[] = {word1, word2};

	emit_in_full(ring, word0, words, now);
}

/* Where an exit has room these have, too: both words are stored, whether they count or not. */
void trace_emit(struct trace_ring *ring, uint64_t word0, uint64_t word1, uint64_t word2)
{
	const uint64_t now = trace_clock(), since = now - ring->base;
	uint64_t *record = ring->pos;

	if (!is_produced(ring, word0))
		return;
	if (__builtin_expect(record > ring->last || since >> 32, 0)) {
		emit_on_next_page(ring, word0, word1, word2, now);
		return;
	}
	record[0] = word0 | since << 32;
	record[1] = word1;
	record[2] = word2;
	ring->pos = record + TRACE_WORDS(word0);
}
