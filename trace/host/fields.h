/*
 * The fields of a record, by the event table alone (events.h): what stands where, its value, how it reads.
 *
 * Whatever has nothing special to say about an event shows it by these: a new row of events.def needs no code here.
 */
#ifndef TRACE_HOST_FIELDS_H
#define TRACE_HOST_FIELDS_H

#include "trace/host/events.h"
#include "trace/host/metadata.h"
#include "trace/host/symbols.h"

#define EVENT_FIELDS	 7u /* one in word 0 and two in each of three words */
#define FIELD_TEXT_BYTES 384u

enum field_place { IN_ARGUMENT, IN_WORD, IN_LOW_HALF, IN_HIGH_HALF, IN_ALL_WORDS };

struct field {
	const char *name; /* NULL: no more fields */
	enum event_type type;
	enum field_place place;
	uint32_t word; /* index into record.value */
};

/* An event's fields in the table's order, and how it is called in words; made once, for the hot path. */
struct event_fields {
	const char *words;		      /* "virq inject" */
	const char *category;		      /* its class: "irq" */
	struct field field[EVENT_FIELDS + 1]; /* ends with one without a name */
};

/* NULL: an event newer than this build. */
const struct event_fields *event_fields(uint8_t event);

/* The field's value; for IN_ALL_WORDS the first. 0 when the record is too short to have it. */
uint64_t field_value(const struct field *field, const struct record *record);

/* How the field reads: "linux/2", "READY", "0x1000", "a text". `el2`: names of the hypervisor's addresses; may be NULL. */
void field_text(const struct field *field, const struct record *record,
		const struct metadata *metadata, const struct symbol_table *el2, char *to,
		size_t bytes);

/* "panic+0x1c", or "image+0x4a1c" without its name. */
void el2_text(const struct symbol_table *el2, uint64_t offset, char *to, size_t bytes);

/* Types that read as a hexadecimal number, as a decimal one; the others are words. */
bool field_is_hex(const struct field *field);
bool field_is_decimal(const struct field *field);

/* A text's bytes, printable ones only, as a string of at most `bytes`. Its length stands in the record's argument. */
void record_string(const struct record *record, char *to, size_t bytes);

/* A vCPU of the same VM as a global index, for fields that count within a VM. */
uint32_t same_vm_vcpu(const struct metadata *metadata, uint32_t vcpu, uint32_t local);

#endif
