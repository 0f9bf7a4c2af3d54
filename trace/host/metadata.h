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

#define MAX_VMS		  64u
#define MAX_DEVICES	  16u
#define MAX_ATTRIBUTES	  256u
#define MAX_COUNTERS	  1024u
#define MAX_CLASSES	  16u
#define COUNTER_SIZES	  64u
#define NAME_BYTES	  64u
#define DEVICE_NAME_BYTES 24u
#define TEXT_BYTES	  192u
#define DEFAULT_CNTFRQ \
	62500000u /* QEMU's classic counter; used, with a warning, when a recording names none */

struct device_info {
	char name[DEVICE_NAME_BYTES];
	uint64_t base, bytes;
};

struct vm_info {
	bool known;
	uint32_t devices;
	struct device_info device[MAX_DEVICES];
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

/* The hypervisor's own count of one vCPU's exits for one reason: exits.V.REASON and hist.V.REASON. */
struct counter {
	uint8_t vcpu, reason;
	bool sized; /* by_log2 is known */
	uint64_t exits, ticks, min_ticks, max_ticks;
	uint64_t by_log2
		[COUNTER_SIZES]; /* exits of 2^i ticks or more, below 2^(i+1); [0] has those of 0, too */
};

struct metadata {
	uint64_t cntfrq; /* 0: not said */
	uint32_t cpus;
	struct vm_info vm[MAX_VMS];
	struct total exits;
	struct total events[MAX_CPUS];
	struct total lost[MAX_CPUS];
	struct total lost_exits[MAX_CPUS]; /* how many of the lost were exits */
	struct total class_events[MAX_CPUS]
				 [MAX_CLASSES]; /* by the class's bit; lost ones included */
	struct total class_lost[MAX_CPUS][MAX_CLASSES];
	struct counter counter[MAX_COUNTERS];
	uint32_t counters;
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
