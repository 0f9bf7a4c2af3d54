/*
 * trace/events.def as data: which fields each event has and how they read. One table for whatever shows events.
 */
#ifndef TRACE_HOST_EVENTS_H
#define TRACE_HOST_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The types of events.def, which says what they mean. */
enum event_type {
	TYPE_NO_FIELD,
	FIELD_NUMBER,
	FIELD_HEX,
	FIELD_BOOL,
	FIELD_TICKS,
	FIELD_BYTES,
	FIELD_INTID,
	FIELD_IPA,
	FIELD_VA,
	FIELD_EL2,
	FIELD_VCPU,
	FIELD_VCPUS,
	FIELD_STATE,
	FIELD_REASON,
	FIELD_FUNCTION,
	FIELD_STATUS,
	FIELD_CLASSES,
	FIELD_TEXT,
	FIELD_TIMER,
	FIELD_DEBUG_KIND,
	FIELD_LEVEL,
};

struct event_field {
	const char *name; /* NULL: there is none */
	enum event_type type;
};

#define EVENT_FIELD_WORDS 3u

struct event_info {
	const char *symbol; /* "VIRQ_ACK"; NULL: no such event */
	const char *doc;
	uint8_t class_bit;
	uint8_t words; /* after word 0; with `many` at least 1 */
	bool many;     /* word[0][0] describes all words */
	struct event_field argument;
	struct event_field word[EVENT_FIELD_WORDS][2]; /* a word, or its low and high half */
};

/* Never NULL. */
const struct event_info *event_info(uint8_t event);

/* "IRQ", or NULL. */
const char *event_class_name(uint32_t bit);
bool event_class_by_name(const char *name, uint32_t *bit);

/* "MMIO_WRITE" as enum exit_reason. */
bool reason_by_symbol(const char *symbol, uint8_t *reason);

/* "left": what became of an exit (enum trace_exit_result). Never NULL. */
const char *event_result_name(uint8_t result);

/* What stands behind the values of TIMER, DEBUG_KIND and LEVEL; NULL: no such value. */
const char *event_value_name(enum event_type type, uint64_t value);

#endif
