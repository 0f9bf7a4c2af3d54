/*
 * Where guests are, sampled: PC_SAMPLE records as Perfetto's stack samples, which the UI draws as a flamegraph.
 * Part of `vtrace convert`.
 */
#ifndef TRACE_HOST_SAMPLES_H
#define TRACE_HOST_SAMPLES_H

#include "trace/host/intern.h"
#include "trace/host/perfetto.h"
#include "trace/host/reader.h"

#define MAX_FRAMES     16384u
#define MAX_CALLSTACKS 16384u

struct conversion;

struct samples {
	struct intern frames;	  /* a function of a VM, or an address without one */
	struct intern callstacks; /* by a hash of the frames */
	uint64_t has_frame[256][BIT_WORDS(MAX_FRAMES)]; /* by vCPU: what its sequence has defined */
	uint64_t has_callstack[256][BIT_WORDS(MAX_CALLSTACKS)];
	uint64_t left_out; /* their stacks did not fit the tables */
};

/* False: out of memory. */
bool samples_begin(struct samples *samples);
void samples_end(struct samples *samples);

void convert_sample(struct conversion *c, const struct record *record, uint64_t ns);

#endif
