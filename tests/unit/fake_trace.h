/* A host test's trace: it keeps word 0 and the first word of the latest events. */
#ifndef TESTS_UNIT_FAKE_TRACE_H
#define TESTS_UNIT_FAKE_TRACE_H

#include "trace/trace.h"

#define FAKE_EVENTS 64u

static struct {
	uint64_t word0, word1;
} fake_event[FAKE_EVENTS];
static unsigned fake_event_count;

void trace_emit(struct trace_ring *ring, uint64_t word0, uint64_t word1, uint64_t word2)
{
	(void)ring;
	(void)word2;
	fake_event[fake_event_count % FAKE_EVENTS].word0 = word0;
	fake_event[fake_event_count++ % FAKE_EVENTS].word1 = word1;
}

void trace_emit_words(struct trace_ring *ring, uint64_t word0, const uint64_t *words)
{
	trace_emit(ring, word0, words[0], 0);
}

#endif
