/* What `vtrace stat`, `diff` and `record` print alike. */
#ifndef TRACE_HOST_STAT_H
#define TRACE_HOST_STAT_H

#include <stdio.h>

#include "trace/host/groups.h"
#include "trace/host/summary.h"

#define TIME_TEXT_BYTES 16u

/* Three significant figures and a unit that fits: "1.25 us". */
void format_time(double ns, char to[TIME_TEXT_BYTES]);

static inline double ns_per_tick(const struct summary *summary)
{
	return 1e9 / (double)summary->cntfrq;
}

/* "reason", "vcpu,name", ...: 0 when it is none of these. */
unsigned parse_group_by(const char *text);

/*
 * At the level `counters` no exit is recorded, but the hypervisor has counted them: make groups of its counters. False when
 * there is nothing to make, or exits were recorded after all.
 */
bool groups_from_counters(struct groups *groups, const struct summary *summary);

/* Seconds from the first record to the last. */
double summary_span_ns(const struct summary *summary);

#endif
