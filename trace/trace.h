/*
 * The trace as the hypervisor writes it: one ring a physical CPU, written only by that CPU with
 * interrupts masked, so a record needs no lock and no atomic read-modify-write. A ring is a circle
 * of 4 KiB pages in the file's own format; a full page is handed whole to the drain
 * (trace/drain.c), which gives it to the host without copying.
 *
 * When no page is free the newest records are dropped and counted: produced = sent + lost, always.
 */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/format.h"

#define TRACE_RING_PAGES       64u /* 256 KiB a CPU */
#define TRACE_DRAIN_BATCH      8u  /* as many full pages are worth asking the device */
#define TRACE_RECORD_MAX_WORDS 6u  /* an MMIO exit with a 64-bit duration */

struct trace_ring {
	uint64_t *pos;	/* where the next record goes */
	uint64_t *last; /* the last place where the longest record still fits; below pos: no page */
	uint64_t base;	/* of the page being written, in CNTPCT_EL0 ticks */
	uint8_t *pages; /* TRACE_RING_PAGES pages */
	unsigned cpu;

	/*
	 * Page numbers count up for ever; page n lives at pages[n % TRACE_RING_PAGES]. reaped <=
	 * sent <= filled.
	 */
	uint32_t filled; /* pages sealed: [sent, filled) wait for the drain. Written by this CPU
			    only */
	uint32_t sent;	 /* pages given to the device. Drain only, under its lock */
	uint32_t reaped; /* pages that the device has given back: free again. Drain only */
	bool open;	 /* a page is being written: number `filled` */

	uint64_t produced; /* events other than exits (those are counted by vCPU and reason), lost
			      ones included */
	uint64_t lost;	   /* records dropped, exits included */
	uint64_t lost_exits;
};

/* Make a ring; `pages` is page aligned. */
void trace_ring_init(struct trace_ring *ring, unsigned cpu, void *pages);

/*
 * The current page is full, too old for a 32-bit delta, or there is none: seal it and open the
 * next, based at `now`. False when no page is free; the caller then counts the loss. Calls
 * trace_page_ready().
 */
bool trace_turn_page(struct trace_ring *ring, uint64_t now);

/*
 * Seal the page being written, if it holds anything: at the end of a run. Only when its CPU writes
 * no more.
 */
void trace_seal(struct trace_ring *ring);

/*
 * Hand out the page being written if it is older than `age` ticks, full or not: so that a recording is
 * at most that far behind a CPU that does little. A NULL ring means that tracing is off.
 */
void trace_flush_old(struct trace_ring *ring, uint64_t age);

/* Supplied by trace/drain.c: a page has been sealed. Runs on the ring's own CPU; never waits. */
void trace_page_ready(struct trace_ring *ring);

/* Word 0 of an exit's record, with the vCPU filled in. */
static inline uint64_t trace_word0_of(uint64_t word0, uint32_t vcpu)
{
	return (word0 & ~TRACE_WORD0(0, 0, 0xff, 0, 0)) | TRACE_WORD0(0, 0, vcpu & 0xff, 0, 0);
}

/*
 * One record for a whole exit. `word0` lacks the time only; its size, 4 words or 5, says whether
 * the note's value belongs to the record.
 */
void trace_exit(struct trace_ring *ring, uint64_t word0, uint64_t begin, uint64_t now, uint64_t esr,
		uint64_t pc, const struct trace_note *note);

/*
 * FAST PATH. The same, or false with nothing done: the page is full, or the exit has taken too long
 * for the short form.
 */
static inline bool trace_exit_now(struct trace_ring *ring, uint64_t word0, uint64_t begin,
				  uint64_t now, uint64_t esr, uint64_t pc,
				  const struct trace_note *note)
{
	const uint64_t address = note->address, value = note->value;
	uint64_t *record = ring->pos;
	const uint64_t duration = now - begin;
	const uint64_t dt = now - ring->base;

	if (__builtin_expect(record > ring->last || (duration | dt) >> 31 != 0, 0))
		return false;
	record[0] = word0 | dt << 32;
	record[1] = duration | esr << 32;
	record[2] = pc;
	record[3] = address;
	record[4] = value; /* always: after 4 words the next record overwrites it */
	ring->pos = record + TRACE_WORDS(word0);
	return true;
}

/* Any other event, with no or one payload word. A NULL ring means that tracing is off. */
void trace_event(struct trace_ring *ring, enum trace_event event, unsigned vcpu, unsigned arg);
void trace_event1(struct trace_ring *ring, enum trace_event event, unsigned vcpu, unsigned arg,
		  uint64_t payload);

#endif
