/*
 * Writing protobuf, append only: the few wire types that a Perfetto trace needs.
 *
 * Packets are built in a buffer and written in large chunks. A message is opened with one byte kept for its length,
 * which is enough for every packet that a record makes; closing a longer one moves its body up.
 */
#ifndef TRACE_HOST_PROTOBUF_H
#define TRACE_HOST_PROTOBUF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define PB_FLUSH_BYTES (64u << 10) /* write out when this much has gathered */
#define PB_LARGEST_PACKET \
	(128u << 10) /* the trace's own attributes: 256 of at most 276 bytes, and then some */

enum pb_wire { PB_VARINT = 0, PB_FIXED64 = 1, PB_LENGTH = 2 };

struct pb {
	FILE *out;
	uint8_t *at;
	uint64_t bytes_written;
	bool failed; /* the output could not be written: sticky */
	uint8_t buffer[PB_FLUSH_BYTES + PB_LARGEST_PACKET];
};

void pb_begin(struct pb *pb, FILE *out);
void pb_flush(struct pb *pb);

/* Widen the length of the message at `mark` to what `length` needs. */
void pb_close_long(struct pb *pb, uint8_t *mark, size_t length);

static inline void pb_varint(struct pb *pb, uint64_t value)
{
	while (value >= 0x80) {
		*pb->at++ = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	*pb->at++ = (uint8_t)value;
}

static inline void pb_uint(struct pb *pb, uint32_t field, uint64_t value)
{
	pb_varint(pb, field << 3 | PB_VARINT);
	pb_varint(pb, value);
}

static inline void pb_fixed64(struct pb *pb, uint32_t field, uint64_t value)
{
	pb_varint(pb, field << 3 | PB_FIXED64);
	for (unsigned i = 0; i < 8; i++)
		*pb->at++ = (uint8_t)(value >> (8 * i));
}

static inline void pb_string(struct pb *pb, uint32_t field, const char *text)
{
	const size_t bytes = strlen(text);

	pb_varint(pb, field << 3 | PB_LENGTH);
	pb_varint(pb, bytes);
	memcpy(pb->at, text, bytes);
	pb->at += bytes;
}

/* Open a message in `field`; give the result to pb_close. */
static inline uint8_t *pb_open(struct pb *pb, uint32_t field)
{
	pb_varint(pb, field << 3 | PB_LENGTH);
	return pb->at++;
}

static inline void pb_close(struct pb *pb, uint8_t *mark)
{
	const size_t length = (size_t)(pb->at - mark) - 1;

	if (length < 0x80)
		*mark = (uint8_t)length;
	else
		pb_close_long(pb, mark, length);
}

/* Open a message at the top level. Only here may the buffer be written out. */
static inline uint8_t *pb_open_packet(struct pb *pb, uint32_t field)
{
	if ((size_t)(pb->at - pb->buffer) >= PB_FLUSH_BYTES)
		pb_flush(pb);
	return pb_open(pb, field);
}

#endif
