/* What the explorer calls an event, in one line: an exit's name as vtrace gives it, another event's words and fields. */
#ifndef WEB_EXPLORER_LABELS_H
#define WEB_EXPLORER_LABELS_H

#include "trace/host/reader.h"

#define LABEL_BYTES 512u

/* For a new trace. False: out of memory. */
bool labels_reset(void);

/* Numbers from 1 up for labels that many events share; 0: this event's label is its own. */
uint32_t label_number(const struct record *record);

/* The label: kept when it has a number, else written to `buffer`. */
const char *label_text(const struct record *record, char buffer[LABEL_BYTES]);

#define MAX_LABELS (1u << 14)

#endif
