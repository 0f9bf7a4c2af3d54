/* See pftrace.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/host/perfetto.h"
#include "trace/host/pftrace.h"
#include "trace/host/protobuf_read.h"
#include "trace/host/tracks.h"

#define LARGEST_READ  (1u << 20) /* no packet of ours comes near */
#define SEQUENCES     4096u
#define INTERNED_IIDS 65536u
#define INTERNED_KIND 32u /* field numbers of InternedData that we use are below */
#define MOST_FLOWS    (1u << 26)
#define BACK_IN_TIME  (1ull << 63)

struct sequence_state {
	uint64_t *defined[INTERNED_KIND]; /* bits by iid; NULL: none of that kind */
	uint32_t depth;			  /* slices that are open */
};

struct flow_ends {
	uint8_t through, last; /* saturating */
};

struct checker {
	struct pftrace_counts *counts;
	struct sequence_state *sequence[SEQUENCES];
	struct flow_ends *flow; /* by number */
	uint64_t flow_room;
	const char *why; /* the first thing that is wrong */
};

static bool fault(struct checker *c, const char *why)
{
	if (!c->why)
		c->why = why;
	return false;
}

static bool define(struct checker *c, struct sequence_state *s, uint32_t kind, uint64_t iid)
{
	if (kind >= INTERNED_KIND || iid == 0 || iid >= INTERNED_IIDS)
		return fault(c, "an interned number out of range");
	if (!s->defined[kind])
		s->defined[kind] = calloc(INTERNED_IIDS / 64, sizeof(uint64_t));
	if (!s->defined[kind])
		return fault(c, "out of memory");
	s->defined[kind][iid / 64] |= 1ull << (iid % 64);
	return true;
}

static bool define_all(struct checker *c, struct sequence_state *s, struct bytes interned)
{
	uint32_t kind;
	uint64_t value;
	struct bytes entry;

	while (take_field(&interned, &kind, &value, &entry))
		if (!define(c, s, kind, number_in(entry, INTERNED_IID, 0)))
			return false;
	return true;
}

static bool is_defined(struct checker *c, const struct sequence_state *s, uint32_t kind,
		       uint64_t iid)
{
	if (iid < INTERNED_IIDS && s->defined[kind] && s->defined[kind][iid / 64] >> (iid % 64) & 1)
		return true;
	return fault(c, "an interned number is used before it is defined");
}

static bool note_flow(struct checker *c, uint64_t flow, bool last)
{
	uint8_t *ends;

	if (flow == 0 || flow >= MOST_FLOWS)
		return fault(c, "a flow's number out of range");
	if (flow >= c->flow_room) {
		const uint64_t room = 2 * flow + 1024;
		struct flow_ends *bigger = realloc(c->flow, room * sizeof(*bigger));

		if (!bigger)
			return fault(c, "out of memory");
		memset(bigger + c->flow_room, 0, (room - c->flow_room) * sizeof(*bigger));
		c->flow = bigger;
		c->flow_room = room;
	}
	ends = last ? &c->flow[flow].last : &c->flow[flow].through;
	*ends += *ends < UINT8_MAX;
	return true;
}

static bool check_argument(struct checker *c, const struct sequence_state *s, struct bytes arg)
{
	const uint64_t string = number_in(arg, ARG_STRING_IID, 0);

	return is_defined(c, s, INTERNED_ARG_NAMES, number_in(arg, ARG_NAME_IID, 0)) &&
	       (!string || is_defined(c, s, INTERNED_STRINGS, string));
}

static bool check_event(struct checker *c, struct sequence_state *s, struct bytes event,
			uint64_t *type)
{
	uint32_t field;
	uint64_t value;
	struct bytes body = {NULL, NULL};
	bool ok = true;

	*type = 0;
	while (ok && take_field(&event, &field, &value, &body)) {
		if (field == EVENT_TYPE)
			*type = value;
		else if (field == EVENT_NAME_IID)
			ok = is_defined(c, s, INTERNED_NAMES, value);
		else if (field == EVENT_CATEGORY_IIDS)
			ok = is_defined(c, s, INTERNED_CATEGORIES, value);
		else if (field == EVENT_LOCATION_IID)
			ok = is_defined(c, s, INTERNED_LOCATIONS, value);
		else if (field == EVENT_ARGS)
			ok = check_argument(c, s, body);
		else if (field == EVENT_FLOWS || field == EVENT_FLOW_ENDS)
			ok = note_flow(c, value, field == EVENT_FLOW_ENDS);
	}
	if (*type == TYPE_BEGIN)
		s->depth++;
	if (*type == TYPE_END && s->depth-- == 0)
		return fault(c, "a slice ends that did not begin");
	return ok;
}

/* A sequence that begins, or begins anew: nothing is defined. */
static bool begin_sequence(struct checker *c, uint64_t id)
{
	struct sequence_state **slot = &c->sequence[id];

	if (!*slot)
		*slot = calloc(1, sizeof(**slot));
	if (!*slot)
		return fault(c, "out of memory");
	for (uint32_t i = 0; i < INTERNED_KIND; i++) {
		free((*slot)->defined[i]);
		(*slot)->defined[i] = NULL;
	}
	return true;
}

static bool check_parts(struct checker *c, struct sequence_state *s, struct bytes packet,
			uint64_t *type)
{
	struct bytes parts = packet, body;
	uint64_t value;
	uint32_t field;

	while (take_field(&parts, &field, &value, &body))
		if (field == PACKET_INTERNED_DATA && !define_all(c, s, body))
			return false;
	while (take_field(&packet, &field, &value, &body)) {
		if (field == PACKET_TRACK_EVENT && !check_event(c, s, body, type))
			return false;
		if (field == PACKET_STACK_SAMPLE &&
		    !is_defined(c, s, INTERNED_CALLSTACKS,
				number_in(body, SAMPLE_CALLSTACK_IID, 0)))
			return false;
	}
	return true;
}

static bool check_packet(struct checker *c, struct bytes packet)
{
	const uint64_t id = number_in(packet, PACKET_SEQUENCE_ID, 0);
	const uint64_t flags = number_in(packet, PACKET_SEQUENCE_FLAGS, 0);
	uint64_t type = 0, value;
	struct bytes fields = packet, body;
	uint32_t field;

	while (fields.at < fields.end)
		if (!take_field(&fields, &field, &value, &body))
			return fault(c, "not a whole trace packet");
	if (id == 0 || id >= SEQUENCES)
		return fault(c, "a packet of no sequence");
	if (flags & SEQ_CLEARED && !begin_sequence(c, id))
		return false;
	c->counts->packets++;
	if (!c->sequence[id])
		return number_in(packet, PACKET_TRACK_EVENT, 0) == 0 ||
		       fault(c, "an event on a sequence that never began");
	if (!(flags & SEQ_CLEARED) && number_in(packet, PACKET_TIMESTAMP, 0) >= BACK_IN_TIME)
		return fault(c, "a sequence goes back in time");
	if (!check_parts(c, c->sequence[id], packet, &type))
		return false;
	if (id >= SEQUENCE_EXITS(0) && id < SEQUENCE_INSTANTS(0)) {
		c->counts->exit_begins += type == TYPE_BEGIN;
		c->counts->exit_ends += type == TYPE_END;
	}
	return true;
}

static bool check_end(struct checker *c)
{
	for (uint32_t i = 0; i < SEQUENCES; i++)
		if (c->sequence[i] && c->sequence[i]->depth)
			return fault(c, "a slice begins and does not end");
	for (uint64_t i = 1; i < c->flow_room; i++) {
		const struct flow_ends *flow = &c->flow[i];

		if (!flow->through && !flow->last)
			continue;
		if (!flow->through || flow->last != 1)
			return fault(c, "a flow without two ends");
		c->counts->flows++;
	}
	return true;
}

/* The packet's length, after its tag; false at a cut or at nonsense. */
static bool read_length(FILE *in, uint64_t *length)
{
	*length = 0;
	for (unsigned shift = 0; shift < 35; shift += 7) {
		const int c = getc(in);

		if (c == EOF)
			return false;
		*length |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return *length <= LARGEST_READ;
	}
	return false;
}

static bool check_file(struct checker *c, FILE *in, const char *path)
{
	uint8_t *buffer = malloc(LARGEST_READ);
	uint64_t offset = 0, length;
	bool sound = buffer != NULL || fault(c, "out of memory");
	int tag;

	while (sound && (tag = getc(in)) != EOF) {
		sound = (tag == (TRACE_PACKET << 3 | PB_LENGTH) && read_length(in, &length) &&
			 fread(buffer, 1, length, in) == length) ||
			fault(c, "not a whole trace packet");
		sound = sound && check_packet(c, (struct bytes){buffer, buffer + length});
		if (sound)
			offset = (uint64_t)ftell(in);
	}
	sound = sound && check_end(c);
	if (!sound)
		fprintf(stderr, "vtrace: %s: error: byte %" PRIu64 ": %s\n", path, offset, c->why);
	free(buffer);
	return sound;
}

bool pftrace_count(const char *path, struct pftrace_counts *counts)
{
	struct checker c = {.counts = counts};
	FILE *in = fopen(path, "rb");
	bool sound = in != NULL;

	memset(counts, 0, sizeof(*counts));
	if (!in)
		fprintf(stderr, "vtrace: %s: %s\n", path, strerror(errno));
	else
		sound = check_file(&c, in, path);
	for (uint32_t i = 0; i < SEQUENCES; i++)
		if (c.sequence[i]) {
			for (uint32_t kind = 0; kind < INTERNED_KIND; kind++)
				free(c.sequence[i]->defined[kind]);
			free(c.sequence[i]);
		}
	free(c.flow);
	if (in)
		fclose(in);
	return sound;
}
