/* See pftrace.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/host/perfetto.h"
#include "trace/host/pftrace.h"
#include "trace/host/preamble.h"

#define LARGEST_READ (1u << 20) /* no packet of ours comes near */

struct bytes {
	const uint8_t *at, *end;
};

static bool take_varint(struct bytes *b, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; shift < 64 && b->at < b->end; shift += 7) {
		const uint8_t byte = *b->at++;

		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

/* The next field: its number, and either a number or bytes. False at the end or at nonsense. */
static bool take_field(struct bytes *b, uint32_t *field, uint64_t *value, struct bytes *body)
{
	uint64_t tag;

	if (!take_varint(b, &tag) || !take_varint(b, value))
		return false;
	*field = (uint32_t)(tag >> 3);
	*body = (struct bytes){b->at, b->at};
	if ((tag & 7) == PB_VARINT)
		return true;
	if ((tag & 7) != PB_LENGTH || *value > (uint64_t)(b->end - b->at))
		return false;
	body->end = b->at += *value;
	return true;
}

static uint64_t event_type(struct bytes event)
{
	uint32_t field;
	uint64_t value;
	struct bytes body;

	while (take_field(&event, &field, &value, &body))
		if (field == EVENT_TYPE)
			return value;
	return 0;
}

static bool count_packet(struct bytes packet, struct pftrace_counts *counts)
{
	uint64_t sequence = 0, type = 0, value;
	uint32_t field;
	struct bytes body;

	while (packet.at < packet.end) {
		if (!take_field(&packet, &field, &value, &body))
			return false;
		if (field == PACKET_SEQUENCE_ID)
			sequence = value;
		else if (field == PACKET_TRACK_EVENT)
			type = event_type(body);
	}
	counts->packets++;
	if (sequence >= SEQUENCE_EXITS(0) && sequence < SEQUENCE_INSTANTS(0)) {
		counts->exit_begins += type == TYPE_BEGIN;
		counts->exit_ends += type == TYPE_END;
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

bool pftrace_count(const char *path, struct pftrace_counts *counts)
{
	FILE *in = fopen(path, "rb");
	uint8_t *buffer = malloc(LARGEST_READ);
	uint64_t offset = 0, length;
	bool sound = in && buffer;
	int tag;

	memset(counts, 0, sizeof(*counts));
	if (!sound)
		fprintf(stderr, "vtrace: %s: %s\n", path, strerror(errno));
	while (sound && (tag = getc(in)) != EOF) {
		sound = tag == (TRACE_PACKET << 3 | PB_LENGTH) && read_length(in, &length) &&
			fread(buffer, 1, length, in) == length &&
			count_packet((struct bytes){buffer, buffer + length}, counts);
		if (!sound)
			fprintf(stderr,
				"vtrace: %s: error: byte %" PRIu64 ": not a whole trace packet\n",
				path, offset);
		offset = (uint64_t)ftell(in);
	}
	free(buffer);
	if (in)
		fclose(in);
	return sound;
}
