/* Exits as slices: a name, what the instruction was, where it stands, what it moved. Part of `vtrace convert`. */
#include <inttypes.h>

#include "trace/host/conversion.h"
#include "trace/host/names.h"
#include "trace/host/syndrome.h"

/* The text of an interned string: what became of an exit, or its syndrome. */
static void spell_string(void *context, uint32_t iid, char *to, size_t bytes)
{
	const struct conversion *c = context;
	const struct intern_key *key = &c->strings.key[iid];
	char syndrome[SYNDROME_TEXT_BYTES];

	if (iid < FIRST_STRING) {
		snprintf(to, bytes, "%s", event_result_name((uint8_t)(iid - 1)));
		return;
	}
	syndrome_text((uint32_t)key->a, syndrome, sizeof(syndrome));
	if (key->b == NO_ADDRESS)
		snprintf(to, bytes, "%s", syndrome);
	else
		snprintf(to, bytes, "ipa 0x%" PRIx64 ", esr %s", key->b, syndrome);
}

static const struct symbol_table *symbols_of(const struct conversion *c, uint32_t vcpu)
{
	const uint32_t slot = c->vm_slot[vcpu];

	return c->symbols && slot < MAX_VMS ? c->symbols->vm[slot] : NULL;
}

static void spell_location(void *context, const struct sequence *s, uint32_t iid, char *function,
			   char *address, size_t bytes)
{
	const struct conversion *c = context;
	const uint64_t pc = c->locations.key[iid].a;

	symbols_text(symbols_of(c, s->id - SEQUENCE_EXITS(0)), pc, function, bytes);
	snprintf(address, bytes, "0x%" PRIx64, pc);
}

bool exits_begin(struct conversion *c)
{
	c->perfetto.spelling = (struct spelling){c, spell_string, spell_location};
#define ARGUMENT(name) c->arg.name = perfetto_arg_name(&c->perfetto, #name);
	EXIT_ARGUMENTS(ARGUMENT)
#undef ARGUMENT
	return intern_begin(&c->strings, FIRST_STRING, MAX_STRINGS) &&
	       intern_begin(&c->locations, 1, MAX_LOCATIONS);
}

/* The instruction that trapped: ESR_EL2 and, when a device was accessed, the address, as one interned text. */
static void add_syndrome(struct conversion *c, const struct record *exit, struct event *event)
{
	const bool mmio = is_mmio(exit->arg) && exit->values;
	bool fresh;
	const uint32_t iid =
		intern(&c->strings, exit->esr, mmio ? exit->value[0] : NO_ADDRESS, &fresh);

	if (iid) {
		event_arg(event, mmio ? c->arg.access : c->arg.esr, ARG_STRING_IID, iid);
		return;
	}
	event_arg(event, c->arg.esr, ARG_POINTER, exit->esr);
	if (mmio)
		event_arg(event, c->arg.ipa, ARG_POINTER, exit->value[0]);
}

static void add_value(struct conversion *c, const struct record *exit, unsigned which,
		      struct event *event)
{
	const uint64_t value = exit->value[which];

	switch (exit_value_meaning(exit->arg, which)) {
	case VALUE_IPA:
		if (!is_mmio(exit->arg))
			event_arg(event, c->arg.ipa, ARG_POINTER, value);
		break;
	case VALUE_DATA:
		event_arg(event, c->arg.value, ARG_POINTER, value);
		break;
	case VALUE_FUNCTION: /* which one stands in the name */
		event_arg(event, c->arg.result, ARG_POINTER, value >> 32);
		break;
	case VALUE_FAR:
		if (value)
			event_arg(event, c->arg.far, ARG_POINTER, value);
		break;
	case VALUE_INTID: /* in the name */
	case VALUE_NONE:
		break;
	}
}

static uint32_t perf_arg(struct conversion *c, uint32_t word, enum perf_side side)
{
	uint32_t *iid = &c->perf_arg[word][side];
	char *name = c->perf_text[word][side]; /* must live as long as the conversion */

	if (!*iid) {
		perf_name(&c->summary->metadata, word, side, name, PERF_NAME_BYTES);
		*iid = perfetto_arg_name(&c->perfetto, name);
	}
	return *iid;
}

/* What the performance counters saw, from the record before this one. */
static void add_perf(struct conversion *c, const struct record *exit, struct event *event)
{
	struct record *perf = &c->perf[exit->cpu];

	if (perf->event == 0)
		return;
	for (uint32_t i = 0; perf->vcpu == exit->vcpu && i < perf->values && i < PERF_WORDS; i++)
		for (enum perf_side side = 0; side < PERF_SIDES; side++) {
			const uint32_t count = perf_count(perf->value[i], side);

			event_arg(event, perf_arg(c, i, side), ARG_UINT, count);
			if (i < c->counters.perf_words)
				c->counters.perf[i][side] += count;
		}
	perf->event = 0;
}

void convert_exit(struct conversion *c, const struct record *exit, uint64_t end_ns)
{
	struct sequence *s = exits_of(&c->tracks, exit->vcpu);
	uint64_t begin_ns = exit->end_ticks > exit->duration_ticks
				    ? to_ns(c, exit->end_ticks - exit->duration_ticks)
				    : 0;
	const struct label *label;
	struct event event;
	uint32_t target;
	bool fresh;

	if (exit->duration_ticks > exit->end_ticks || begin_ns < s->last_ns) {
		c->overlaps++;
		begin_ns = s->last_ns < end_ns ? s->last_ns : end_ns;
	}
	event_begin(&event, TYPE_BEGIN);
	event_flow(&event, cpu_on_flow(c, exit, begin_ns, &target));
	label = exit_label(&c->labels, exit, target);
	event.name_iid = label->name_iid;
	event.category_iid = label->category_iid;
	event.location_iid = intern(&c->locations, exit->pc, 0, &fresh);
	if (!event.location_iid)
		event_arg(&event, c->arg.pc, ARG_POINTER, exit->pc);
	if (exit->arg != REASON_EXTERNAL_INTERRUPT) /* interrupts have no syndrome */
		add_syndrome(c, exit, &event);
	for (unsigned i = 0; i < exit->values; i++)
		add_value(c, exit, i, &event);
	if (exit->result != TRACE_RESULT_ANSWERED)
		event_arg(&event, c->arg.became, ARG_STRING_IID, exit->result + 1u);
	add_perf(c, exit, &event);
	event_write(&c->perfetto, s, begin_ns, &event);
	slice_end(&c->perfetto, s, end_ns);
	counters_exit(c, exit, begin_ns, end_ns);
}
