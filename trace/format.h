/*
 * The trace as bytes: pages and records. Shared by the target's ring and the host's converter.
 *
 * A recording is pages one after the other, each a header and `commit` bytes of records. Pages of
 * one CPU come in order of `seq`; pages of different CPUs interleave. All words are little-endian.
 */
#ifndef TRACE_FORMAT_H
#define TRACE_FORMAT_H

#include <stdint.h>

#define TRACE_PAGE_MAGIC   0x50525456u /* "VTRP" */
#define TRACE_PAGE_VERSION 2
#define TRACE_PAGE_BYTES   4096u
#define TRACE_CPU_METADATA 0xffffu /* this page holds key=value lines, not records */
#define TRACE_NO_VCPU	   0xffu

#define TRACE_RECORD_LIMIT_WORDS 16u /* no record is longer, word 0 included */

struct trace_page_header {
	uint32_t magic;
	uint16_t version;
	uint16_t cpu;
	uint32_t commit;     /* bytes of records after this header, a multiple of 8 */
	uint32_t flags;	     /* TRACE_PAGE_* */
	uint64_t seq;	     /* per CPU, from 0, no gaps */
	uint64_t base_ticks; /* CNTPCT_EL0 that the records' deltas count from */
	uint64_t lost;	     /* records lost on this CPU before this page, since the start */
};

_Static_assert(sizeof(struct trace_page_header) == 40, "the header is part of the file format");

#define TRACE_PAGE_OVERWRITE \
	1u /* a flight recorder's: `lost` counts what newer pages have overwritten, too */

enum trace_event {
#define EVENT0(name, id, ...) TRACE_##name = (id),
#define EVENT1(name, id, ...) TRACE_##name = (id),
#define EVENT2(name, id, ...) TRACE_##name = (id),
#define EVENT3(name, id, ...) TRACE_##name = (id),
#define EVENTV(name, id, ...) TRACE_##name = (id),
#include "trace/events.def"
};

/* Classes as bits of a filter. */
enum trace_class {
#define CLASS(name, bit, doc) TRACE_CLASS_##name = 1 << (bit),
#include "trace/events.def"
};

enum trace_timer { TRACE_TIMER_VIRTUAL, TRACE_TIMER_PHYSICAL };
enum trace_level { TRACE_LEVEL_OFF, TRACE_LEVEL_COUNTERS, TRACE_LEVEL_EVENTS };
enum trace_debug_kind {
	TRACE_DEBUG_ATTACH,
	TRACE_DEBUG_DETACH,
	TRACE_DEBUG_BREAKPOINT,
	TRACE_DEBUG_WATCHPOINT,
	TRACE_DEBUG_STEP,
	TRACE_DEBUG_STOP,
	TRACE_DEBUG_RESUME,
};

/*
 * Word 0 of a record: bits 7:0 event, 15:8 size in 8-byte words (word 0 included), 23:16 global
 * vCPU index, 31:24 the event's argument, 63:32 ticks from the page's base to the END of the
 * event.
 */
#define TRACE_WORD0(event, words, vcpu, arg, dt)                               \
	((uint64_t)(event) | (uint64_t)(words) << 8 | (uint64_t)(vcpu) << 16 | \
	 (uint64_t)(arg) << 24 | (uint64_t)(dt) << 32)
#define TRACE_WORDS(word0) ((word0) >> 8 & 0xff)

/*
 * An EXIT's argument: bits 4:0 enum exit_reason, 7:5 what became of it.
 */
#define TRACE_EXIT_REASON(arg)	((arg)&0x1f)
#define TRACE_EXIT_RESULT(arg)	((arg) >> 5 & 7)
#define TRACE_EXIT_RESULT_SHIFT 29 /* in word 0 */
enum trace_exit_result {
	TRACE_RESULT_ANSWERED, /* done for the guest, at once */
	TRACE_RESULT_LEFT,     /* done for the guest by the VMM, outside vcpu_run() */
	TRACE_RESULT_INJECTED, /* the guest got an exception for it */
	TRACE_RESULT_REFUSED,  /* the guest got an error value for it */
	TRACE_RESULT_BLOCKED,  /* the vCPU waits */
	TRACE_RESULT_SWITCHED, /* another vCPU got the CPU */
	TRACE_RESULT_STOPPED,  /* the VM or the vCPU is at its end */
};

/*
 * Words 3 and 4 of an EXIT record, by reason.
 *   MMIO_*              4 words: IPA (low 32 bits), value (high 32). 5 words, when either does not fit: IPA, value
 *   SYSREG_*, SEND_IPI  value
 *   HYPERCALL, CPU_*, SYSTEM_*   function (low 32), result (high 32)
 *   EXTERNAL_INTERRUPT  INTID
 *   NESTED_PAGE_FAULT   IPA
 *   HALT                0
 *   others              FAR
 */
struct trace_note {
	uint64_t address, value;
};

/*
 * An EXIT whose duration does not fit 32 bits says so here, and its last word is the 64-bit
 * duration.
 */
#define TRACE_DURATION_LONG 0xffffffffu

/*
 * The rings in memory, for whoever has only a dump of it: after a panic, or from a machine that hangs.
 * struct trace_rings stands at a multiple of 8 and is found by its magic. Addresses are physical.
 *
 * Page n of a ring is at pages + n % page_count * page_bytes, in the file's format. Pages from
 * filled + open - page_count (or 0, when that is negative) to filled - 1 are whole, also those that have
 * been sent. With `open`, page `filled` is being written: its records end at `pos`, whatever its commit
 * says. To `lost` in pages from `oldest` on that have TRACE_PAGE_OVERWRITE, add `overwritten`: it is put there
 * when they are handed out.
 */
#define TRACE_RINGS_MAGIC   "VTRRINGS"
#define TRACE_RINGS_VERSION 1
#define TRACE_RINGS_MAX	    8u

struct trace_rings {
	char magic[8]; /* without a NUL */
	uint32_t version, rings;
	uint32_t page_count, page_bytes;   /* of each ring */
	uint64_t self;			   /* where this stands: in a copy it does not fit */
	uint64_t metadata, metadata_bytes; /* key=value lines, as in the first metadata page */
	uint64_t ring[TRACE_RINGS_MAX];	   /* a struct trace_ring_memory each */
};

/* How struct trace_ring (trace/trace.h) begins. */
struct trace_ring_memory {
	uint64_t pos, last, base, pages;
	uint32_t cpu, open, filled, oldest;
	uint64_t overwritten; /* records in pages that newer ones have taken the place of */
};

#endif
