/* Events as instants, by the event table alone: whatever it names can be seen. Part of `vtrace convert`. */
#include "trace/host/conversion.h"
#include "trace/host/names.h"

void generic_event(struct conversion *c, const struct record *record, struct generic *generic)
{
	const struct event_fields *fields = event_fields(record->event);
	struct event *event = &generic->event;
	const struct label *label = event_label(&c->labels, record, fields);

	event_begin(event, TYPE_INSTANT);
	event->name_iid = label->name_iid;
	event->category_iid = label->category_iid;
	for (uint32_t i = 0; fields->field[i].name; i++) {
		const struct field *field = &fields->field[i];
		const bool one = field->place != IN_ALL_WORDS;
		uint32_t *iid = &c->arg.field[record->event][i];

		if (!*iid)
			*iid = perfetto_arg_name(&c->perfetto, field->name);
		if (one && (field_is_hex(field) || field_is_decimal(field))) {
			event_arg(event, *iid, field_is_hex(field) ? ARG_POINTER : ARG_UINT,
				  field_value(field, record));
			continue;
		}
		field_text(field, record, &c->summary->metadata,
			   c->symbols ? c->symbols->hypervisor : NULL, generic->text[i],
			   sizeof(generic->text[i]));
		event_arg(event, *iid, ARG_STRING, 0);
		event->arg[event->args - 1].text = generic->text[i];
	}
}

void convert_generic(struct conversion *c, const struct record *record, uint64_t ns, uint64_t flow,
		     uint64_t flow_end)
{
	struct sequence *s = record->vcpu != TRACE_NO_VCPU ? instants_of(&c->tracks, record->vcpu)
							   : cpu_events_of(&c->tracks, record->cpu);
	struct generic generic;

	generic_event(c, record, &generic);
	event_flow(&generic.event, flow);
	generic.event.flow_end = flow_end;
	event_write(&c->perfetto, s, ns, &generic.event);
}
