/*
 * The first pass: walk a recording once, front to back, and know everything that can be counted.
 *
 * `stat` prints a summary, `check` judges it, `convert` and `dump` need it before their first line: names and totals
 * stand at the end of a recording, and where sound data ends decides how far the second pass may go.
 */
#ifndef TRACE_HOST_SUMMARY_H
#define TRACE_HOST_SUMMARY_H

#include "trace/host/groups.h"
#include "trace/host/metadata.h"
#include "trace/host/reader.h"

#define MAX_REASONS 32u /* TRACE_EXIT_REASON has five bits */

struct reason_summary {
	uint64_t exits;
	uint64_t total_ticks;
	uint64_t max_ticks;
};

struct cpu_summary {
	uint64_t pages;
	uint64_t events;
	uint64_t exits;
	uint64_t by_class[MAX_CLASSES];
	uint64_t lost; /* by the headers: what was lost before the last page */
	bool flight;   /* a flight recorder: its first page need not be number 0 */
	uint64_t next_seq;
	uint64_t last_ticks; /* END of the last record, or the last page's base */
	uint64_t seq_errors;
	uint64_t time_errors; /* records or pages that go back in time, lost counts that shrink */
};

/* The first damage met. offset is the byte at which it was seen. */
struct damage {
	bool found;
	bool cut; /* the file ends inside its last page: what a kill leaves. Not an error. */
	uint64_t offset;
	const char *why;
};

struct summary {
	struct metadata metadata;
	struct reason_summary reason[256];
	struct cpu_summary cpu[MAX_CPUS];
	uint64_t events_by_id[256];
	bool vcpu_seen[256];
	uint64_t idle_pc
		[256]; /* by vCPU: where its kernel waited for an interrupt last; 0: never seen */
	uint64_t vcpu_exits[256][MAX_REASONS]; /* by vCPU and reason */
	uint64_t events;
	uint64_t exits;
	uint64_t metadata_pages;
	uint64_t unknown_events;
	uint64_t first_ticks; /* earliest begin of anything; UINT64_MAX: nothing recorded */
	uint64_t last_ticks;
	uint64_t good_bytes; /* everything before this offset is sound */
	struct damage damage;
	uint64_t cntfrq;     /* what to convert with: the recording's, or the default */
	bool exits_left_out; /* a filter or a lower level kept exits from being recorded for a while */
	struct groups *groups; /* exits are put together here, too; may be NULL */
};

/* Fill *summary (large: allocate it). Never fails: trouble is in summary->damage. `groups` may be NULL. */
void summarize(const struct source *source, struct summary *summary, struct groups *groups);

/*
 * The same for a recording that grows: begin, then go on whenever there is more. With `live` a page that is not all there waits
 * for its rest; the last time is without. False: damage, nothing more can be read.
 */
void summary_begin(struct summary *summary, struct groups *groups);
bool summary_continue(const struct source *source, struct summary *summary, bool live);
/* Count a record that came by another way than a page: as an event, with its vCPU and its time. */
void summary_note(struct summary *summary, const struct record *record);

/* Records lost on a CPU: the hypervisor's final count if recorded, else what the page headers say. */
uint64_t summary_lost(const struct summary *summary, uint32_t cpu);
uint64_t summary_lost_everywhere(const struct summary *summary);

/* Say on stderr what is wrong with the recording. True when it is an error (exit status 1), not just a warning. */
bool summary_complain(const struct source *source, const struct summary *summary);

#endif
