/*
 * From an event to its interned name, fast: names are made once for each key (names.h), then looked up.
 */
#ifndef TRACE_HOST_LABELS_H
#define TRACE_HOST_LABELS_H

#include "trace/host/fields.h"
#include "trace/host/intern.h"
#include "trace/host/perfetto.h"

struct label {
	uint32_t name_iid;
	uint32_t category_iid;
};

struct labels {
	struct perfetto *perfetto;
	const struct metadata *metadata;
	const struct vm_info *vm_of[256]; /* by global vCPU; NULL: no VM */
	struct label general[2][256];	  /* by reason, by event: when the table of names is full */
	struct intern keys;
	struct label label[MAX_NAMES]; /* by the key's iid */
};

/* *labels must be zeros. False: out of memory. */
bool labels_begin(struct labels *labels, struct perfetto *perfetto,
		  const struct metadata *metadata);
void labels_end(struct labels *labels);

/* `target`: the vCPU that an exit for PSCI CPU_ON is about, else TRACE_NO_VCPU. */
const struct label *exit_label(struct labels *labels, const struct record *record, uint32_t target);

/* Any other event's: "virq ack 27 vtimer". */
const struct label *event_label(struct labels *labels, const struct record *record,
				const struct event_fields *fields);

#endif
