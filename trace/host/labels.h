/*
 * From an event to its interned name, fast: names are made once for each key (names.h), then looked up.
 */
#ifndef TRACE_HOST_LABELS_H
#define TRACE_HOST_LABELS_H

#include "trace/host/perfetto.h"
#include "trace/host/reader.h"

#define LABEL_SLOTS (4 * MAX_NAMES) /* a power of two, sparse enough to probe linearly */

struct label {
	uint64_t key;
	uint32_t name_iid; /* 0: free slot */
	uint32_t category_iid;
};

struct labels {
	struct perfetto *perfetto;
	struct label general[256]; /* by reason: when the table of names is full */
	struct label other;	   /* likewise, for what is not an exit */
	uint32_t used;
	struct label slot[LABEL_SLOTS];
};

/* *labels must be zeros: large, and mostly never touched. */
void labels_begin(struct labels *labels, struct perfetto *perfetto);

/* The label of an exit, or of a VIRQ_INJECT or MARK. */
const struct label *label_of(struct labels *labels, const struct record *record);

#endif
