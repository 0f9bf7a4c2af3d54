/* See labels.h. */
#include <inttypes.h>

#include "trace/host/labels.h"
#include "trace/host/names.h"

/* Names kept back so that every exit reason still gets its general name when the others have run out. */
#define RESERVED_NAMES	300u
#define KEY_NOT_AN_EXIT (0xffull << 56) /* above every real exit reason */

/* A full table names what comes later by its reason only. */
static struct label *general_label(struct labels *labels, const struct record *record)
{
	struct label *label =
		record->event == TRACE_EXIT ? &labels->general[record->arg] : &labels->other;
	char name[EXIT_NAME_BYTES];

	if (label->name_iid)
		return label;
	if (record->event == TRACE_EXIT)
		reason_text(record->arg, name, sizeof(name));
	else
		snprintf(name, sizeof(name), "other event");
	label->name_iid = perfetto_add_name(labels->perfetto, name);
	label->category_iid =
		perfetto_category(labels->perfetto, record->event == TRACE_EXIT
							    ? exit_category(record->arg)
							    : "other");
	return label;
}

static void name_of(const struct record *record, char *name, size_t bytes, const char **category)
{
	char interrupt[32];

	switch (record->event) {
	case TRACE_EXIT:
		exit_name(record, name, bytes);
		*category = exit_category(record->arg);
		break;
	case TRACE_VIRQ_INJECT:
		interrupt_name((uint32_t)record->value[0], interrupt, sizeof(interrupt));
		snprintf(name, bytes, "virq %s", interrupt);
		*category = "virq";
		break;
	default:
		snprintf(name, bytes, "mark");
		*category = "mark";
	}
}

static uint64_t key_of(const struct record *record)
{
	if (record->event == TRACE_EXIT)
		return exit_name_key(record);
	if (record->event == TRACE_VIRQ_INJECT)
		return KEY_NOT_AN_EXIT | 1ull << 32 | (uint32_t)record->value[0];
	return KEY_NOT_AN_EXIT;
}

void labels_begin(struct labels *labels, struct perfetto *perfetto)
{
	labels->perfetto = perfetto;
}

const struct label *label_of(struct labels *labels, const struct record *record)
{
	const uint64_t key = key_of(record);
	uint32_t at = (uint32_t)((key * 0x9e3779b97f4a7c15ull) >> 32) % LABEL_SLOTS;
	char name[EXIT_NAME_BYTES];
	const char *category;
	struct label *label;

	while (labels->slot[at].name_iid && labels->slot[at].key != key)
		at = (at + 1) % LABEL_SLOTS;
	label = &labels->slot[at];
	if (label->name_iid)
		return label;
	if (labels->used >= MAX_NAMES - RESERVED_NAMES)
		return general_label(labels, record);

	name_of(record, name, sizeof(name), &category);
	label->key = key;
	label->name_iid = perfetto_add_name(labels->perfetto, name);
	label->category_iid = perfetto_category(labels->perfetto, category);
	labels->used++;
	return label;
}
