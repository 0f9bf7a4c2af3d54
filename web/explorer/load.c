/*
 * A trace comes in: piece by piece, as the page reads it from the file, each piece forgotten when it has been taken into the index.
 * A recording is read by vtrace's own reader and summed up by its own summary. See answers.h.
 */
#include <stdlib.h>
#include <string.h>

#include "web/explorer/answers.h"
#include "web/explorer/index.h"
#include "web/explorer/labels.h"
#include "web/explorer/trace.h"

struct trace trace;

/* What has come and is not used up: `left` bytes from `offset` of the file on. */
static struct {
	uint8_t *buffer;
	size_t room, left;
	uint64_t offset;
	uint64_t indexed; /* a recording's offset: pages before it are in the index */
	bool begun;
} input;

static void fail(uint64_t offset, const char *why)
{
	if (!trace.fault) {
		trace.fault = why;
		trace.fault_offset = offset;
	}
}

void trace_begin(void)
{
	free(input.buffer);
	memset(&input, 0, sizeof(input));
	groups_end(&trace.groups);
	memset(&trace, 0, sizeof(trace));
	summary_begin(&trace.summary, &trace.groups);
	if (!groups_begin(&trace.groups, BY_REASON) || !index_begin())
		fail(0, "out of memory");
	if (!labels_reset() || !pftrace_begin())
		fail(0, "out of memory");
}

uint8_t *trace_room(uint32_t bytes)
{
	if (input.left + bytes > input.room) {
		uint8_t *bigger = realloc(input.buffer, input.left + bytes);

		if (!bigger) {
			fail(input.offset, "out of memory");
			return NULL;
		}
		input.buffer = bigger;
		input.room = input.left + bytes;
	}
	return input.buffer + input.left;
}

static bool index_page(const struct source *source, const struct page *page)
{
	const uint8_t *records =
		source->memory + (page->offset + sizeof(struct trace_page_header) - source->origin);
	enum read_status status;
	struct record record;
	const char *why;
	bool cut;

	for (uint32_t at = 0;; at += record.words * 8u) {
		status = record_decode(page, records, at, &record, &cut, &why);
		if (status != READ_OK)
			return status == READ_END;
		if (!index_add(page->cpu, &record)) {
			fail(page->offset, "too much for this browser's memory");
			return false;
		}
	}
}

/* With `live`, a page that is not all there waits for its rest. */
static void read_pages(bool live)
{
	const struct source source = {.memory = input.buffer,
				      .fd = -1,
				      .origin = input.offset,
				      .bytes = input.offset + input.left};
	struct page page;
	const char *why;
	bool cut;

	while (page_read(&source, input.indexed, &page, &cut, &why) == READ_OK &&
	       !(live && page.cut)) {
		if (page.cpu != TRACE_CPU_METADATA && !index_page(&source, &page))
			break; /* the summary, which is next, says what is wrong with it */
		input.indexed = page_end(&page);
	}
	if (!summary_continue(&source, &trace.summary, live) && !trace.summary.damage.cut)
		fail(trace.summary.damage.offset, trace.summary.damage.why);
}

/* Leave out what is used up. */
static void drop(size_t bytes)
{
	memmove(input.buffer, input.buffer + bytes, input.left - bytes);
	input.left -= bytes;
	input.offset += bytes;
}

bool trace_feed(uint32_t bytes)
{
	if (trace.fault)
		return false;
	input.left += bytes;
	if (!input.begun && input.left) {
		trace.is_pftrace = input.buffer[0] == 0x0a; /* field 1 of a Trace: a packet */
		input.begun = true;
	}
	if (trace.is_pftrace) {
		drop(pftrace_read(input.buffer, input.left, input.offset));
	} else {
		read_pages(true);
		drop((size_t)(input.indexed - input.offset));
	}
	return !trace.fault;
}

/* Everything has been fed. */
static void finish(void)
{
	if (!trace.is_pftrace && !trace.fault)
		read_pages(false);
	else if (!trace.fault && input.left)
		trace.summary.damage = (struct damage){true, true, input.offset,
						       "the file ends inside this packet"};
	if (trace.is_pftrace)
		trace.summary.cntfrq = 1000000000u;
	if (!index_sort())
		fail(input.offset, "out of memory");
	free(input.buffer);
	input.buffer = NULL;
	input.room = input.left = 0;
}

const char *trace_end(void)
{
	finish();
	return trace_overview();
}

bool trace_add(uint32_t chain, const struct record *record)
{
	struct summary *s = &trace.summary;

	summary_note(s, record);
	if (record->event == TRACE_EXIT) {
		s->exits++;
		groups_add(&trace.groups, &s->metadata, record);
	}
	return index_add(chain, record);
}

uint64_t trace_ns(uint64_t ticks)
{
	const uint64_t first = trace.summary.first_ticks;

	return ticks > first ? ticks_to_ns(trace.summary.cntfrq, ticks - first) : 0;
}
