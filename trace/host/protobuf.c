/* See protobuf.h. */
#include "trace/host/protobuf.h"

void pb_begin(struct pb *pb, FILE *out)
{
	pb->out = out;
	pb->at = pb->buffer;
	pb->bytes_written = 0;
	pb->failed = false;
}

void pb_flush(struct pb *pb)
{
	const size_t bytes = (size_t)(pb->at - pb->buffer);

	if (bytes && fwrite(pb->buffer, 1, bytes, pb->out) != bytes)
		pb->failed = true;
	pb->bytes_written += bytes;
	pb->at = pb->buffer;
}

void pb_close_long(struct pb *pb, uint8_t *mark, size_t length)
{
	size_t extra = 0;

	for (size_t rest = length >> 7; rest; rest >>= 7)
		extra++;
	memmove(mark + 1 + extra, mark + 1, length);
	pb->at = mark;
	pb_varint(pb, length);
	pb->at += length;
}
