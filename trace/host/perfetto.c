/* See perfetto.h. */
#include "trace/host/perfetto.h"

static const char *const arg_names[SLICE_ARG_COUNT] = {
#define ARG(name) [SLICE_ARG_##name] = #name,
	SLICE_ARGS(ARG)
#undef ARG
};

void perfetto_begin(struct perfetto *p, FILE *out)
{
	pb_begin(&p->pb, out);
	p->categories = p->names = 0;
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

static void add_interned(struct pb *pb, uint32_t field, uint32_t iid, const char *text)
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

/*
 * The packet that makes a sequence readable from here on: its clock, its default track, its argument names. After a
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
	pb_close(pb, mark);

	if (s->track_uuid) {
		mark = pb_open(pb, PACKET_INTERNED_DATA);
		for (uint32_t i = 1; i < SLICE_ARG_COUNT; i++)
			add_interned(pb, INTERNED_ARG_NAMES, i, arg_names[i]);
		pb_close(pb, mark);
	}

	mark = pb_open(pb, PACKET_CLOCK_SNAPSHOT);
	add_clock(pb, CLOCK_DELTA, ns, true);
	add_clock(pb, CLOCK_BOOTTIME, ns, false);
	pb_uint(pb, SNAPSHOT_PRIMARY, CLOCK_BOOTTIME);
	pb_close(pb, mark);
	pb_close(pb, packet);

	s->started = true;
	s->restart = false;
	s->last_ns = ns;
	memset(s->has_name, 0, sizeof(s->has_name));
	memset(s->has_string, 0, sizeof(s->has_string));
	s->has_category = 0;
}

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
	pb_uint(pb, PACKET_SEQUENCE_FLAGS, SEQ_NEEDS_STATE);
	s->last_ns = ns;
}

void packet_close(struct perfetto *p)
{
	pb_close(&p->pb, p->packet);
}

static bool first_use(uint64_t *bits, uint32_t iid)
{
	const uint64_t bit = 1ull << (iid % 64);
	const bool first = !(bits[iid / 64] & bit);

	bits[iid / 64] |= bit;
	return first;
}

/* Define what this packet is the first of its sequence to use. */
static void define_new(struct perfetto *p, struct sequence *s, uint32_t name, uint32_t category,
		       uint32_t string)
{
	const bool new_name = first_use(s->has_name, name);
	const bool new_category = first_use(&s->has_category, category);
	const bool new_string = string && first_use(s->has_string, string);
	uint8_t *mark;

	if (!new_name && !new_category && !new_string)
		return;
	mark = pb_open(&p->pb, PACKET_INTERNED_DATA);
	if (new_category)
		add_interned(&p->pb, INTERNED_CATEGORIES, category, p->category[category]);
	if (new_name)
		add_interned(&p->pb, INTERNED_NAMES, name, p->name[name]);
	if (new_string)
		add_interned(&p->pb, INTERNED_STRINGS, string, p->string[string]);
	pb_close(&p->pb, mark);
}

void slice_open(struct perfetto *p, struct sequence *s, uint64_t ns, uint32_t type,
		uint32_t name_iid, uint32_t category_iid, uint32_t string_iid)
{
	packet_open(p, s, ns);
	define_new(p, s, name_iid, category_iid, string_iid);
	p->event = pb_open(&p->pb, PACKET_TRACK_EVENT);
	pb_uint(&p->pb, EVENT_TYPE, type);
	pb_uint(&p->pb, EVENT_NAME_IID, name_iid);
	pb_uint(&p->pb, EVENT_CATEGORY_IIDS, category_iid);
}

void slice_close(struct perfetto *p)
{
	pb_close(&p->pb, p->event);
	packet_close(p);
}

void slice_end(struct perfetto *p, struct sequence *s, uint64_t ns)
{
	packet_open(p, s, ns);
	p->event = pb_open(&p->pb, PACKET_TRACK_EVENT);
	pb_uint(&p->pb, EVENT_TYPE, TYPE_END);
	slice_close(p);
}
