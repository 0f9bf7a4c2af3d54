/*
 * What a recording says of itself: the key=value lines of its metadata pages.
 *
 * Keys that vtrace needs are parsed into fields; all lines are kept as text too, for the trace's own metadata.
 */
#ifndef TRACE_HOST_METADATA_H
#define TRACE_HOST_METADATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/host/reader.h"

#define MAX_VMS	       64u
#define MAX_ATTRIBUTES 256u
#define NAME_BYTES     64u
#define TEXT_BYTES     192u
#define DEFAULT_CNTFRQ \
	62500000u /* QEMU's classic counter; used, with a warning, when a recording names none */

struct vm_info {
	bool known;
	char name[NAME_BYTES];
	uint32_t vcpus;
	uint32_t first_vcpu;
};

struct attribute {
	char key[NAME_BYTES];
	char value[TEXT_BYTES];
};

/* A counter that may or may not have been recorded. */
struct total {
	bool known;
	uint64_t value;
};

struct metadata {
	uint64_t cntfrq; /* 0: not said */
	uint32_t cpus;
	struct vm_info vm[MAX_VMS];
	struct total exits;
	struct total events[MAX_CPUS];
	struct total lost[MAX_CPUS];
	struct total lost_exits[MAX_CPUS]; /* how many of the lost were exits */
	struct attribute attribute[MAX_ATTRIBUTES];
	uint32_t attributes;
	uint32_t ignored_lines; /* not key=value, or past a limit */
};

/* Take in the lines of one metadata page; a key seen before is replaced. */
void metadata_parse(struct metadata *metadata, const char *text, size_t bytes);

const char *metadata_get(const struct metadata *metadata, const char *key, const char *otherwise);

/* The VM that owns a global vCPU index; *local becomes its index in that VM. NULL: no VM claims it. */
const struct vm_info *metadata_vm_of(const struct metadata *metadata, uint32_t vcpu,
				     uint32_t *local);

/* "linux/2", or "vcpu7" when no VM claims it, or "-" for TRACE_NO_VCPU. */
void vcpu_label(const struct metadata *metadata, uint32_t vcpu, char *to, size_t bytes);

/* Counter ticks as nanoseconds, rounded down, limited to INT64_MAX (what the trace format can hold). */
static inline uint64_t ticks_to_ns(uint64_t cntfrq, uint64_t ticks)
{
	__extension__ typedef unsigned __int128 u128;
	const u128 ns = 1000000000u % cntfrq == 0 ? (u128)ticks * (1000000000u / cntfrq)
						  : (u128)ticks * 1000000000u / cntfrq;

	return ns > INT64_MAX ? INT64_MAX : (uint64_t)ns;
}

#endif
