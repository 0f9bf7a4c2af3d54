/*
 * Reading protobuf messages out of memory: field by field, nothing trusted. The other way round is protobuf.h.
 *
 * Who reads a .pftrace of ours: `vtrace check` and the exit explorer.
 */
#ifndef TRACE_HOST_PROTOBUF_READ_H
#define TRACE_HOST_PROTOBUF_READ_H

#include "trace/host/protobuf.h"

struct bytes {
	const uint8_t *at, *end;
};

static inline bool take_varint(struct bytes *b, uint64_t *value)
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

static inline bool take_fixed64(struct bytes *b, uint64_t *value)
{
	*value = 0;
	if (b->end - b->at < 8)
		return false;
	for (unsigned i = 0; i < 8; i++)
		*value |= (uint64_t)*b->at++ << (8 * i);
	return true;
}

/* The next field: its number, and either a number or bytes (none, when it is a number). False at the end or at nonsense. */
static inline bool take_field(struct bytes *b, uint32_t *field, uint64_t *value, struct bytes *body)
{
	uint64_t tag;

	if (!take_varint(b, &tag))
		return false;
	*field = (uint32_t)(tag >> 3);
	*body = (struct bytes){b->at, b->at};
	if ((tag & 7) == PB_FIXED64)
		return take_fixed64(b, value);
	if (!take_varint(b, value))
		return false;
	*body = (struct bytes){b->at, b->at};
	if ((tag & 7) == PB_VARINT)
		return true;
	if ((tag & 7) != PB_LENGTH || *value > (uint64_t)(b->end - b->at))
		return false;
	body->end = b->at += *value;
	return true;
}

/* A field of a message as a number; `otherwise` when it is not there. */
static inline uint64_t number_in(struct bytes message, uint32_t wanted, uint64_t otherwise)
{
	uint32_t field;
	uint64_t value;
	struct bytes body;

	while (take_field(&message, &field, &value, &body))
		if (field == wanted)
			return value;
	return otherwise;
}

#endif
