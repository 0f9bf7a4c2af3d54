/* See labels.h. */
#include <inttypes.h>

#include "trace/host/labels.h"
#include "trace/host/names.h"

/* Names kept back so that every exit reason and event still gets its general name when the others have run out. */
#define RESERVED_NAMES	512u
#define KEY_NOT_AN_EXIT (0xffull << 56) /* above every real exit reason */

bool labels_begin(struct labels *labels, struct perfetto *perfetto, const struct metadata *metadata)
{
	uint32_t local;

	labels->perfetto = perfetto;
	labels->metadata = metadata;
	for (uint32_t i = 0; i < 256; i++)
		labels->vm_of[i] = metadata_vm_of(metadata, i, &local);
	return intern_begin(&labels->keys, 1, MAX_NAMES);
}

void labels_end(struct labels *labels)
{
	intern_end(&labels->keys);
}

static struct label *make(struct labels *labels, struct label *label, const char *name,
			  const char *category)
{
	label->name_iid = perfetto_add_name(labels->perfetto, name);
	label->category_iid = perfetto_category(labels->perfetto, category);
	return label;
}

/* The label of a key: NULL when its name must still be made and there is no room for it. */
static struct label *find(struct labels *labels, uint64_t key, uint64_t vm, bool *fresh)
{
	uint32_t iid;

	*fresh = false;
	if (labels->perfetto->names >= MAX_NAMES - RESERVED_NAMES) {
		/* Full: keys known by now keep their labels, no new one is taken in. */
		const uint32_t limit = labels->keys.limit;

		labels->keys.limit = 0;
		iid = intern(&labels->keys, key, vm, fresh);
		labels->keys.limit = limit;
	} else {
		iid = intern(&labels->keys, key, vm, fresh);
	}
	return iid ? &labels->label[iid] : NULL;
}

const struct label *exit_label(struct labels *labels, const struct record *record, uint32_t target)
{
	const struct vm_info *vm = labels->vm_of[record->vcpu];
	char name[EXIT_NAME_BYTES];
	bool fresh;
	struct label *label =
		find(labels, exit_name_key(vm, record, target), (uintptr_t)vm, &fresh);

	if (label && !fresh)
		return label;
	if (label) {
		exit_name(vm, record, target, name, sizeof(name));
		return make(labels, label, name, exit_category(record->arg));
	}
	label = &labels->general[0][record->arg];
	if (label->name_iid)
		return label;
	reason_text(record->arg, name, sizeof(name));
	return make(labels, label, name, exit_category(record->arg));
}

/* What of an event's fields stands in its name: the first that tells kinds of it apart. */
static const struct field *telling_field(const struct event_fields *fields)
{
	for (const struct field *f = fields->field; f->name; f++)
		if (f->type == FIELD_INTID || f->type == FIELD_TIMER || f->type == FIELD_FUNCTION ||
		    f->type == FIELD_DEBUG_KIND || f->type == FIELD_LEVEL)
			return f;
	return NULL;
}

/* Interrupts on their way to a guest have a colour group of their own, apart from the exits that physical ones make. */
static const char *category_of(const struct record *record, const struct event_fields *fields)
{
	if (record->event >= TRACE_VIRQ_INJECT && record->event <= TRACE_VIRQ_EOI &&
	    record->event != TRACE_MARK)
		return "virq";
	return record->event == TRACE_SGI_SEND ? "sgi" : fields->category;
}

const struct label *event_label(struct labels *labels, const struct record *record,
				const struct event_fields *fields)
{
	const struct field *telling = telling_field(fields);
	const uint64_t detail = telling ? field_value(telling, record) & 0xffffffffffffull : 0;
	char name[SLICE_NAME_BYTES], text[64];
	bool fresh;
	struct label *label =
		find(labels, KEY_NOT_AN_EXIT | (uint64_t)record->event << 48 | detail, 0, &fresh);

	if (label && !fresh)
		return label;
	if (!label) {
		label = &labels->general[1][record->event];
		return label->name_iid
			       ? label
			       : make(labels, label, fields->words, category_of(record, fields));
	}
	if (telling && telling->type == FIELD_INTID)
		interrupt_name((uint32_t)detail, text, sizeof(text));
	else if (telling)
		field_text(telling, record, labels->metadata, NULL, text, sizeof(text));
	snprintf(name, sizeof(name), "%s%s%s", fields->words, telling ? " " : "",
		 telling ? text : "");
	return make(labels, label, name, category_of(record, fields));
}
