/* See perfetto.h. */
#include "trace/host/perfetto.h"

void perfetto_begin(struct perfetto *p, FILE *out)
{
	pb_begin(&p->pb, out);
	p->categories = p->names = p->arg_names = 0;
}

bool perfetto_end(struct perfetto *p)
{
	pb_flush(&p->pb);
	return fflush(p->pb.out) == 0 && !p->pb.failed;
}

uint32_t perfetto_add_name(struct perfetto *p, const char *name)
{
	if (p->names + 1 >= MAX_NAMES)
		return 0;
	snprintf(p->name[++p->names], SLICE_NAME_BYTES, "%s", name);
	return p->names;
}

uint32_t perfetto_category(struct perfetto *p, const char *category)
{
	for (uint32_t i = 1; i <= p->categories; i++)
		if (strcmp(p->category[i], category) == 0)
			return i;
	if (p->categories + 1 >= MAX_CATEGORIES)
		return p->categories;
	p->category[++p->categories] = category;
	return p->categories;
}

uint32_t perfetto_arg_name(struct perfetto *p, const char *name)
{
	for (uint32_t i = 1; i <= p->arg_names; i++)
		if (strcmp(p->arg_name[i], name) == 0)
			return i;
	if (p->arg_names + 1 >= MAX_ARG_NAMES)
		return p->arg_names;
	p->arg_name[++p->arg_names] = name;
	return p->arg_names;
}

void add_interned(struct pb *pb, uint32_t field, uint32_t iid, const char *text)
{
	uint8_t *mark = pb_open(pb, field);

	pb_uint(pb, INTERNED_IID, iid);
	pb_string(pb, INTERNED_TEXT, text);
	pb_close(pb, mark);
}

static void add_clock(struct pb *pb, uint32_t id, uint64_t ns, bool incremental)
{
	uint8_t *mark = pb_open(pb, SNAPSHOT_CLOCKS);

	pb_uint(pb, CLOCK_ID, id);
	pb_uint(pb, CLOCK_TIMESTAMP, ns);
	if (incremental)
		pb_uint(pb, CLOCK_INCREMENTAL, 1);
	pb_close(pb, mark);
}

static void add_sample_defaults(struct pb *pb, const char *sampled)
{
	uint8_t *mark = pb_open(pb, DEFAULTS_STACK_SAMPLE);
	uint8_t *counter;

	pb_string(pb, SAMPLE_DEFAULTS_SOURCE, sampled);
	counter = pb_open(pb, SAMPLE_DEFAULTS_PRIMARY);
	pb_string(pb, SAMPLE_COUNTER_NAME, "samples");
	pb_uint(pb, SAMPLE_COUNTER_UNIT, SAMPLE_UNIT_COUNT);
	pb_close(pb, counter);
	pb_close(pb, mark);
}

/*
 * The packet that makes a sequence readable from here on: its clock and its default track. After a
 * loss it says so; without SEQ_CLEARED in that same packet, readers would drop all that follows.
 */
static void open_sequence(struct perfetto *p, struct sequence *s, uint64_t ns)
{
	struct pb *pb = &p->pb;
	uint8_t *packet = pb_open_packet(pb, TRACE_PACKET);
	uint8_t *mark, *inner;

	pb_uint(pb, PACKET_TIMESTAMP, ns);
	pb_uint(pb, PACKET_CLOCK_ID, CLOCK_BOOTTIME);
	pb_uint(pb, PACKET_SEQUENCE_ID, s->id);
	pb_uint(pb, PACKET_SEQUENCE_FLAGS, SEQ_CLEARED | SEQ_NEEDS_STATE);
	if (s->started)
		pb_uint(pb, PACKET_PREVIOUS_DROPPED, DROPPED_BUFFER_FULL);

	mark = pb_open(pb, PACKET_DEFAULTS);
	pb_uint(pb, DEFAULTS_CLOCK_ID, CLOCK_DELTA);
	if (s->track_uuid) {
		inner = pb_open(pb, DEFAULTS_TRACK_EVENT);
		pb_uint(pb, TRACK_EVENT_DEFAULTS_UUID, s->track_uuid);
		pb_close(pb, inner);
	}
	if (s->sampled)
		add_sample_defaults(pb, s->sampled);
	pb_close(pb, mark);

	mark = pb_open(pb, PACKET_CLOCK_SNAPSHOT);
	add_clock(pb, CLOCK_DELTA, ns, true);
	add_clock(pb, CLOCK_BOOTTIME, ns, false);
	pb_uint(pb, SNAPSHOT_PRIMARY, CLOCK_BOOTTIME);
	pb_close(pb, mark);
	pb_close(pb, packet);

	s->started = true;
	s->restart = false;
	s->last_ns = ns;
	s->has_category = 0;
	memset(s->has_arg, 0, sizeof(s->has_arg));
	memset(s->has_name, 0, sizeof(s->has_name));
	if (s->words)
		memset(s->words, 0, sizeof(*s->words));
}

/*
 * SEQ_NEEDS_STATE is left off: state is only ever lost where open_sequence() says so and sets it anew, and two bytes a
 * packet are worth having.
 */
void packet_open(struct perfetto *p, struct sequence *s, uint64_t ns)
{
	struct pb *pb = &p->pb;

	if (ns < s->last_ns)
		ns = s->last_ns;
	if (!s->started || s->restart)
		open_sequence(p, s, ns);
	p->packet = pb_open_packet(pb, TRACE_PACKET);
	pb_uint(pb, PACKET_TIMESTAMP, ns - s->last_ns);
	pb_uint(pb, PACKET_SEQUENCE_ID, s->id);
	s->last_ns = ns;
}

void packet_close(struct perfetto *p)
{
	pb_close(&p->pb, p->packet);
}

static void add_string(struct perfetto *p, uint32_t iid)
{
	char text[SPELLING_BYTES];

	p->spelling.string(p->spelling.context, iid, text, sizeof(text));
	add_interned(&p->pb, INTERNED_STRINGS, iid, text);
}

static void add_location(struct perfetto *p, const struct sequence *s, uint32_t iid)
{
	char function[SPELLING_BYTES], address[SPELLING_BYTES];
	uint8_t *mark = pb_open(&p->pb, INTERNED_LOCATIONS);

	p->spelling.location(p->spelling.context, s, iid, function, address, sizeof(function));
	pb_uint(&p->pb, INTERNED_IID, iid);
	pb_string(&p->pb, LOCATION_FILE, address);
	pb_string(&p->pb, LOCATION_FUNCTION, function);
	pb_close(&p->pb, mark);
}

static uint8_t *interned_data(struct perfetto *p, uint8_t *open)
{
	return open ? open : pb_open(&p->pb, PACKET_INTERNED_DATA);
}

/* Define what this packet is the first of its sequence to use. */
static void define_new(struct perfetto *p, struct sequence *s, const struct event *event)
{
	uint8_t *mark = NULL;

	if (event->category_iid && first_use(&s->has_category, event->category_iid)) {
		mark = interned_data(p, mark);
		add_interned(&p->pb, INTERNED_CATEGORIES, event->category_iid,
			     p->category[event->category_iid]);
	}
	if (event->name_iid && first_use(s->has_name, event->name_iid)) {
		mark = interned_data(p, mark);
		add_interned(&p->pb, INTERNED_NAMES, event->name_iid, p->name[event->name_iid]);
	}
	if (event->location_iid && first_use(s->words->has_location, event->location_iid)) {
		mark = interned_data(p, mark);
		add_location(p, s, event->location_iid);
	}
	for (uint32_t i = 0; i < event->args; i++) {
		const struct arg *arg = &event->arg[i];

		if (first_use(s->has_arg, arg->name_iid)) {
			mark = interned_data(p, mark);
			add_interned(&p->pb, INTERNED_ARG_NAMES, arg->name_iid,
				     p->arg_name[arg->name_iid]);
		}
		if (arg->kind == ARG_STRING_IID &&
		    first_use(s->words->has_string, (uint32_t)arg->value)) {
			mark = interned_data(p, mark);
			add_string(p, (uint32_t)arg->value);
		}
	}
	if (mark)
		pb_close(&p->pb, mark);
}

static void write_arg(struct pb *pb, const struct arg *arg)
{
	uint8_t *mark = pb_open(pb, EVENT_ARGS);

	pb_uint(pb, ARG_NAME_IID, arg->name_iid);
	if (arg->kind == ARG_STRING)
		pb_string(pb, ARG_STRING, arg->text);
	else
		pb_uint(pb, arg->kind, arg->value);
	pb_close(pb, mark);
}

void event_write(struct perfetto *p, struct sequence *s, uint64_t ns, const struct event *event)
{
	struct pb *pb = &p->pb;
	uint8_t *mark;

	packet_open(p, s, ns);
	define_new(p, s, event);
	mark = pb_open(pb, PACKET_TRACK_EVENT);
	pb_uint(pb, EVENT_TYPE, event->type);
	if (event->name_iid)
		pb_uint(pb, EVENT_NAME_IID, event->name_iid);
	else if (event->name)
		pb_string(pb, EVENT_NAME, event->name);
	if (event->category_iid)
		pb_uint(pb, EVENT_CATEGORY_IIDS, event->category_iid);
	if (event->location_iid)
		pb_uint(pb, EVENT_LOCATION_IID, event->location_iid);
	for (uint32_t i = 0; i < event->args; i++)
		write_arg(pb, &event->arg[i]);
	for (uint32_t i = 0; i < event->flows; i++)
		pb_fixed64(pb, EVENT_FLOWS, event->flow[i]);
	if (event->flow_end)
		pb_fixed64(pb, EVENT_FLOW_ENDS, event->flow_end);
	pb_close(pb, mark);
	packet_close(p);
}

void slice_end(struct perfetto *p, struct sequence *s, uint64_t ns)
{
	uint8_t *mark;

	packet_open(p, s, ns);
	mark = pb_open(&p->pb, PACKET_TRACK_EVENT);
	pb_uint(&p->pb, EVENT_TYPE, TYPE_END);
	pb_close(&p->pb, mark);
	packet_close(p);
}

void counter_write(struct perfetto *p, struct sequence *s, uint64_t ns, uint64_t track_uuid,
		   uint64_t value)
{
	uint8_t *mark;

	packet_open(p, s, ns);
	mark = pb_open(&p->pb, PACKET_TRACK_EVENT);
	pb_uint(&p->pb, EVENT_TYPE, TYPE_COUNTER);
	pb_uint(&p->pb, EVENT_TRACK_UUID, track_uuid);
	pb_uint(&p->pb, EVENT_COUNTER_VALUE, value);
	pb_close(&p->pb, mark);
	packet_close(p);
}
