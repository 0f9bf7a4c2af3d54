/*
 * The trace as the hypervisor writes it: one ring a physical CPU, written only by that CPU with
 * interrupts masked, so a record needs no lock and no atomic read-modify-write. A ring is a circle
 * of 4 KiB pages in the file's own format; a full page is handed whole to the drain
 * (trace/drain.c), which gives it to the host without copying.
 *
 * Two modes, what to do when no page is free. Stream: drop the newest records. Flight recorder: nothing
 * is handed out until somebody asks (trace_offer()), and the oldest page is overwritten. Either way what is
 * lost is counted, class by class: produced = read + lost, always.
 *
 * Events other than exits have writers of their own: trace/writers.h.
 */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/format.h"

#define TRACE_RING_PAGES  64u /* 256 KiB a CPU */
#define TRACE_DRAIN_BATCH 8u  /* as many full pages are worth asking the device */
#define TRACE_RECORD_MAX_WORDS \
	6u /* an MMIO exit with a 64-bit duration; what is longer looks for its room */

/* What runs only while something is traced: out of line, and small. */
#define TRACE_COLD __attribute__((noinline, cold))

enum trace_class_index {
#define CLASS(name, bit, doc) TRACE_INDEX_##name = (bit),
#include "trace/events.def"
	TRACE_CLASSES,
};
#define TRACE_CLASSES_ALL ((1u << TRACE_CLASSES) - 1)

struct trace_ring {
	/* As struct trace_ring_memory of trace/format.h. */
	uint64_t *pos;	/* where the next record goes */
	uint64_t *last; /* the last place where the longest exit still fits; below pos: no page */
	uint64_t base;	/* of the page being written, in CNTPCT_EL0 ticks */
	uint8_t *pages; /* TRACE_RING_PAGES pages */
	uint32_t cpu;
	/*
	 * Page numbers count up for ever; page n lives at pages[n % TRACE_RING_PAGES].
	 * reaped <= sent <= offered <= oldest <= filled, but for pages that were overwritten.
	 */
	uint32_t open;	 /* a page is being written: number `filled` */
	uint32_t filled; /* pages sealed */
	uint32_t oldest; /* the first that is neither handed out nor overwritten; == filled: none */
	uint64_t overwritten; /* records in pages that newer ones have taken the place of */

	uint32_t offered;    /* [sent, offered) wait for the drain */
	uint32_t offer_from; /* what was handed out last begins here: the drain jumps to it */
	/* The drain's alone: */
	uint32_t sent;	 /* pages given to the device */
	uint32_t reaped; /* pages that the device has given back */

	/* What is recorded here. */
	uint32_t classes; /* enum trace_class; 0: no event */
	enum trace_level level;
	bool flight;
	uint64_t vcpus;		 /* one bit a vCPU */
	uint32_t applied, dumps; /* see trace/control.c */

	uint64_t lost;			 /* records that nobody will read, exits included */
	uint64_t lost_of[TRACE_CLASSES]; /* the same by class */
	/* Events by class, lost ones included; exits are not counted here but by their CPU: */
	uint64_t produced_of[TRACE_CLASSES];
	uint64_t exits;	     /* recorded or lost, in the times when exits were recorded */
	uint64_t exits_from; /* while they are: percpu.exits when that began */
};

/* Where page `number` lives. */
static inline struct trace_page_header *trace_page(const struct trace_ring *ring, uint32_t number)
{
	return (void *)(ring->pages + (uint64_t)(number % TRACE_RING_PAGES) * TRACE_PAGE_BYTES);
}

/* Make a ring; `pages` is page aligned. It records nothing until classes and level are set. */
void trace_ring_init(struct trace_ring *ring, unsigned cpu, void *pages);

/*
 * The current page is full, too old for a 32-bit delta, or there is none: seal it and open the
 * next, based at `now`. False when no page is free; the caller then counts the loss. Calls
 * trace_page_ready().
 */
bool trace_turn_page(struct trace_ring *ring, uint64_t now);

/*
 * Seal the page being written, if it holds anything: at the end of a run. Only when its CPU writes
 * no more, or on it.
 */
void trace_seal(struct trace_ring *ring);

/* Hand all sealed pages to the drain. As trace_seal(). */
void trace_offer(struct trace_ring *ring);

/*
 * Hand out the page being written if it is older than `age` ticks, full or not: so that a recording is
 * at most that far behind a CPU that does little. A NULL ring means that there is no trace. Not in flight mode.
 */
void trace_flush_old(struct trace_ring *ring, uint64_t age);

/* The drain is about to look at [sent, offered): skip what has been overwritten. Returns `offered`. */
uint32_t trace_ring_begin_sending(struct trace_ring *ring);

/* Debug builds. Supplied by core/irq_window.c: panics where an interrupt could come in the middle of a record. */
void trace_assert_alone(void);

/* Supplied by trace/drain.c: a page has been sealed. Runs on the ring's own CPU; never waits. */
void trace_page_ready(struct trace_ring *ring);

/* Word 0 of an exit's record in its shortest form, with the vCPU filled in. */
static inline uint64_t trace_word0_of(uint64_t word0, uint32_t vcpu)
{
	return (word0 & ~TRACE_WORD0(0, 0xff, 0xff, 0, 0)) | TRACE_WORD0(0, 4, vcpu & 0xff, 0, 0);
}

/*
 * One record for a whole exit. `word0` lacks the time only, its size is 4 words. `has_value`: the note's
 * value belongs to the record; it shares a word with the address when both fit.
 */
void trace_exit(struct trace_ring *ring, uint64_t word0, uint64_t begin, uint64_t now, uint64_t esr,
		uint64_t pc, const struct trace_note *note, bool has_value);

/* A record of `TRACE_WORDS(word0)` words, its payload at `words`. The writers' common half: use those. */
TRACE_COLD void trace_emit_words(struct trace_ring *ring, uint64_t word0, const uint64_t *words);
__attribute__((noinline)) void trace_emit(struct trace_ring *ring, uint64_t word0, uint64_t word1,
					  uint64_t word2);

/* Does this ring take events of this class? NULL: there is no trace. */
static inline __attribute__((always_inline)) bool trace_wants(const struct trace_ring *ring,
							      enum trace_class wanted)
{
	return ring && ring->classes & (uint32_t)wanted;
}

/* And those about this vCPU, whose trace index it is? What is about no vCPU (TRACE_NO_VCPU) passes. */
static inline bool trace_wants_vcpu(const struct trace_ring *ring, unsigned vcpu)
{
	return vcpu >= 64 || ring->vcpus >> vcpu & 1;
}

/* Are this vCPU's exits recorded here? */
static inline bool trace_wants_exits(const struct trace_ring *ring, unsigned vcpu)
{
	return trace_wants(ring, TRACE_CLASS_EXIT) && trace_wants_vcpu(ring, vcpu);
}

#endif
