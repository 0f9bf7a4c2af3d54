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
	/* LAB 11.3 */
	if (ring->oldest == ring->filled)
		return;
	/* label: OFFER. While older ones are still out, nothing has been overwritten: they go on from there. */
	if (__atomic_load_n(&ring->reaped, __ATOMIC_ACQUIRE) == ring->offered)
		__atomic_store_n(&ring->offer_from, ring->oldest, __ATOMIC_RELAXED);
	for (uint32_t n = ring->oldest; n != ring->filled; n++)
		if (trace_page(ring, n)->flags & TRACE_PAGE_OVERWRITE)
			trace_page(ring, n)->lost += ring->overwritten;
	ring->oldest = ring->filled;
	/* Release: whoever sees the new count also sees the pages. */
	__atomic_store_n(&ring->offered, ring->filled, __ATOMIC_RELEASE);
	/* END LAB */
}

void trace_seal(struct trace_ring *ring)
{
	/* LAB 11.1 */
	if (!ring->open)
		return;
	/* label: SEAL */
	trace_page(ring, ring->filled)->commit =
		(uint32_t)((uint64_t)(ring->pos - page_words(ring, ring->filled)) * 8 -
			   sizeof(struct trace_page_header));
	close_page(ring);
	ring->filled++;
	if (!ring->flight)
		trace_offer(ring);
	/* END LAB */
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
	/* LAB 11.3 */
	const uint32_t offered = __atomic_load_n(&ring->offered, __ATOMIC_ACQUIRE);
	const uint32_t from = __atomic_load_n(&ring->offer_from, __ATOMIC_RELAXED);

	/* label: JUMP. Nothing of this ring is out: what was overwritten lay behind all that had come back. */
	if (ring->sent != offered && is_before(ring->sent, from)) {
		__atomic_store_n(&ring->sent, from, __ATOMIC_RELAXED);
		__atomic_store_n(&ring->reaped, from, __ATOMIC_RELEASE);
	}
	return offered;
	/* END LAB */
}

static void count_lost(struct trace_ring *ring, uint64_t word0)
{
	/* LAB 11.4 */
	ring->lost_of[class_of[word0 & 0xff]]++;
	ring->lost++;
	/* END LAB */
}

/* label: OVERWRITE. The page belongs to this CPU alone: nobody has been offered it. */
static void overwrite_oldest(struct trace_ring *ring)
{
	/* LAB 11.4 */
	const uint64_t *record = page_words(ring, ring->oldest);
	const uint64_t *end = record + HEADER_WORDS + trace_page(ring, ring->oldest)->commit / 8;

	for (record += HEADER_WORDS; record < end; record += TRACE_WORDS(*record)) {
		count_lost(ring, *record);
		ring->overwritten++;
	}
	ring->oldest++;
	/* END LAB */
}

/* label: ROOM. Is there a place for page number `filled`? A flight recorder makes one, if no page of its is out. */
static bool make_room(struct trace_ring *ring)
{
	/* LAB 11.4 */
	/* Acquire: the device has finished with a page before we write into it. */
	const uint32_t reaped = __atomic_load_n(&ring->reaped, __ATOMIC_ACQUIRE);
	const bool all_back = reaped == ring->offered;
	const uint32_t held_from = all_back				 ? ring->oldest
				   : is_before(reaped, ring->offer_from) ? ring->offer_from
									 : reaped;

	if (ring->filled - held_from < TRACE_RING_PAGES)
		return true;
	if (!all_back)
		return false;
	overwrite_oldest(ring);
	return true;
	/* END LAB */
}

bool trace_turn_page(struct trace_ring *ring, uint64_t now)
{
	/* LAB 11.1 */
	if (ring->open) {
		trace_seal(ring);
		if (!ring->flight &&
		    ring->filled - __atomic_load_n(&ring->sent, __ATOMIC_RELAXED) >=
			    TRACE_DRAIN_BATCH)
			trace_page_ready(ring);
	}
	if (!make_room(ring)) {
		trace_page_ready(ring); /* perhaps the device has finished some by now */
		if (!make_room(ring))
			return false;
	}

	uint64_t *words = page_words(ring, ring->filled);

	/* label: OPEN */
	*(struct trace_page_header *)(void *)words = (struct trace_page_header){
		.magic = TRACE_PAGE_MAGIC,
		.version = TRACE_PAGE_VERSION,
		.cpu = (uint16_t)ring->cpu,
		.flags = ring->flight ? TRACE_PAGE_OVERWRITE : 0,
		.seq = ring->filled,
		.base_ticks = now,
		.lost = ring->lost - (ring->flight ? ring->overwritten : 0),
	};
	ring->base = now;
	ring->pos = words + HEADER_WORDS;
	ring->last = words + PAGE_WORDS - TRACE_RECORD_MAX_WORDS;
	ring->open = true;
	return true;
	/* END LAB */
}

/*
 * Room for the record that begins with `word0` and ends at `now`, or NULL (then it has been counted as lost).
 * The caller fills it in and moves `pos` behind it.
 */
static uint64_t *reserve(struct trace_ring *ring, uint64_t word0, uint64_t now)
{
	/* LAB 11.2 */
	const uint64_t *fits = ring->last + TRACE_RECORD_MAX_WORDS - TRACE_WORDS(word0);

	if ((ring->pos > ring->last || ring->pos > fits || (now - ring->base) >> 32 != 0) &&
	    !trace_turn_page(ring, now)) {
		count_lost(ring, word0); /* label: DROP */
		return 0;
	}
	return ring->pos;
	/* END LAB */
}

static void publish(struct trace_ring *ring, uint64_t *record, uint64_t word0, uint64_t now)
{
	/* LAB 11.2 */
	record[0] = word0 | (now - ring->base) << 32;
	ring->pos = record + TRACE_WORDS(word0);
	/* END LAB */
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
	/* LAB 11.2 */
	uint64_t *record = ring->pos, value = note->address;
	const uint64_t since = now - ring->base;
	uint64_t large = (now - begin) | since;

	if (has_value) {
		large |= (value | note->value) >> 1;
		value |= note->value << 32;
	}
	if (__builtin_expect(record > ring->last || large >> 31, 0)) {
		exit_in_full(ring, word0, begin, now, esr, pc, note, has_value);
		return;
	}
	record[0] = word0 | since << 32;
	record[1] = (now - begin) | esr << 32;
	record[2] = pc;
	record[3] = value;
	/* label: PUBLISH */
	ring->pos = record + 4;
	/* END LAB */
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
