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
#define TRACE_PAGE_VERSION 1
#define TRACE_PAGE_BYTES   4096u
#define TRACE_CPU_METADATA 0xffffu /* this page holds key=value lines, not records */
#define TRACE_NO_VCPU	   0xffu

struct trace_page_header {
	uint32_t magic;
	uint16_t version;
	uint16_t cpu;
	uint32_t commit; /* bytes of records after this header, a multiple of 8 */
	uint32_t reserved;
	uint64_t seq;	     /* per CPU, from 0, no gaps */
	uint64_t base_ticks; /* CNTPCT_EL0 that the records' deltas count from */
	uint64_t lost;	     /* records lost on this CPU before this page, since the start */
};

_Static_assert(sizeof(struct trace_page_header) == 40, "the header is part of the file format");

enum trace_event {
#define EVENT(name, id, words, arg, payload) TRACE_##name = (id),
#include "trace/events.def"
#undef EVENT
};

/*
 * Word 0 of a record: bits 7:0 event, 15:8 size in 8-byte words (word 0 included), 23:16 global
 * vCPU index, 31:24 the event's small argument, 63:32 ticks from the page's base to the END of the
 * event.
 */
#define TRACE_WORD0(event, words, vcpu, arg, dt)                               \
	((uint64_t)(event) | (uint64_t)(words) << 8 | (uint64_t)(vcpu) << 16 | \
	 (uint64_t)(arg) << 24 | (uint64_t)(dt) << 32)
#define TRACE_WORDS(word0) ((word0) >> 8 & 0xff)

/* Words 3 and 4 of an EXIT record, by reason: trace/events.def and docs/use/traces.md. */
struct trace_note {
	uint64_t address, value;
};

/*
 * An EXIT whose duration does not fit 32 bits says so here, and its last word is the 64-bit
 * duration.
 */
#define TRACE_DURATION_LONG 0xffffffffu

#endif
