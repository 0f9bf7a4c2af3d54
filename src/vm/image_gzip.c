/*
 * A gzip-compressed arm64 Image, inflated straight to its place in the guest's RAM.
 *
 * zlib's inflateBack() does the work: it hands out its 32 KiB history window each time that is full. The first window holds the
 * kernel's header, which says where all of it goes. The memory that zlib wants is taken from the scratch area, which is guest
 * RAM that holds nothing yet: EL2 keeps no heap.
 *
 * Source: RFC 1952 (gzip), RFC 1951 (deflate). zlib may use SIMD registers: see vm/loader.h.
 */
#define Z_SOLO /* no stdio, no malloc: only the part of zlib.h that works without a C library */
#include <zlib.h>

#include "lib/bits.h"
#include "lib/string.h"
#include "vm/image.h"

#define WINDOW_BITS	 15 /* the largest that deflate has */
#define WINDOW_BYTES	 (1u << WINDOW_BITS)
#define CRC32_POLYNOMIAL 0xedb88320u /* RFC 1952 section 8: reflected */

/* RFC 1952 section 2.3.1. */
#define GZIP_HEADER_BYTES   10u
#define GZIP_TRAILER_BYTES  8u
#define GZIP_METHOD_DEFLATE 8
#define GZIP_FLAGS_OFFSET   3
#define GZIP_FHCRC	    BIT(1)
#define GZIP_FEXTRA	    BIT(2)
#define GZIP_FNAME	    BIT(3)
#define GZIP_FCOMMENT	    BIT(4)
#define GZIP_RESERVED	    0xe0

struct scratch {
	uint8_t window[WINDOW_BYTES];
	uint32_t crc_table[256];
	uint8_t heap[12 * 1024]
		__attribute__((aligned(16))); /* zlib 1.2.13 asks once, for 7.2 KiB */
	uint32_t heap_used;
};
_Static_assert(sizeof(struct scratch) <= IMAGE_SCRATCH_BYTES, "the loader sets this much aside");

/* Where the inflated bytes go. */
struct sink {
	const struct image_room *room;
	struct scratch *scratch;
	uint64_t offset; /* of the kernel, from RAM base; known after the first window */
	uint64_t count;
	uint32_t crc;
	const char *complaint;
};

bool image_is_gzip(const struct image *image)
{
	return image->count >= 2 && image->bytes[0] == 0x1f && image->bytes[1] == 0x8b;
}

/* Built at use: a kibibyte less in the image. zlib's own crc32() would bring 12 KiB of tables. */
static void make_crc_table(uint32_t table[256])
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (unsigned bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ ((crc & 1) ? CRC32_POLYNOMIAL : 0);
		table[i] = crc;
	}
}

static uint32_t crc_add(const uint32_t table[256], uint32_t crc, const uint8_t *bytes,
			uint32_t count)
{
	crc = ~crc;
	for (uint32_t i = 0; i < count; i++)
		crc = (crc >> 8) ^ table[(crc ^ bytes[i]) & 0xff];
	return ~crc;
}

static void *take_heap(void *opaque, unsigned items, unsigned item_bytes)
{
	struct scratch *scratch = ((struct sink *)opaque)->scratch;
	const uint64_t bytes = ALIGN_UP((uint64_t)items * item_bytes, 16);

	if (bytes > sizeof(scratch->heap) - scratch->heap_used)
		return NULL; /* zlib then reports Z_MEM_ERROR */

	void *taken = scratch->heap + scratch->heap_used;

	scratch->heap_used += (uint32_t)bytes;
	return taken;
}

static void leave_heap(void *opaque, void *address)
{
	(void)opaque;
	(void)address;
}

/* All input was given at the start, so being asked for more means that the stream is cut off. */
static unsigned no_more_input(void *opaque, z_const unsigned char **next)
{
	(void)opaque;
	*next = NULL;
	return 0;
}

/* zlib has filled a window (or finished): copy it to the guest. Non-zero stops the inflation. */
static int put_window(void *opaque, unsigned char *bytes, unsigned count)
{
	struct sink *sink = opaque;

	if (sink->count == 0) {
		sink->complaint =
			count < LINUX_HEADER_BYTES
				? image_complaint(
					  "gzip holds less than a kernel's header: %u bytes", count)
				: image_place_linux(bytes, count, sink->room, &sink->offset);
		if (sink->complaint)
			return 1;
	}
	if (!image_fits(sink->room, sink->offset + sink->count, count)) {
		sink->complaint = image_too_large(sink->room, sink->offset, sink->count + count);
		return 1;
	}
	memcpy(sink->room->ram + sink->offset + sink->count, bytes, count);
	sink->crc = crc_add(sink->scratch->crc_table, sink->crc, bytes, count);
	sink->count += count;
	return 0;
}

/* Length of the gzip header with its optional fields, or 0 when it is no header or goes on beyond the end. */
static uint64_t header_length(const struct image *image)
{
	uint64_t at = GZIP_HEADER_BYTES;

	if (image->count < GZIP_HEADER_BYTES || !image_is_gzip(image) ||
	    image->bytes[2] != GZIP_METHOD_DEFLATE)
		return 0;

	const uint8_t flags = image->bytes[GZIP_FLAGS_OFFSET];

	if (flags & GZIP_RESERVED)
		return 0;
	if (flags & GZIP_FEXTRA) {
		if (image->count - at < 2)
			return 0;
		at += 2 + (image->bytes[at] | (uint64_t)image->bytes[at + 1] << 8);
	}
	for (unsigned strings = !!(flags & GZIP_FNAME) + !!(flags & GZIP_FCOMMENT); strings > 0;
	     strings--) {
		const uint8_t *end =
			at < image->count ? memchr(image->bytes + at, 0, image->count - at) : NULL;

		if (!end)
			return 0;
		at = (uint64_t)(end - image->bytes) + 1;
	}
	if (flags & GZIP_FHCRC)
		at += 2;
	return at < image->count ? at : 0;
}

static uint32_t little_endian_u32(const uint8_t *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* What inflateBack() said, as a person would. The stream ended early when it stopped for want of input. */
static const char *inflate_complaint(int result, const z_stream *stream, const struct sink *sink)
{
	if (sink->complaint)
		return sink->complaint;
	if (result == Z_BUF_ERROR)
		return image_complaint("truncated: the gzip stream ends in the middle");
	if (result == Z_DATA_ERROR)
		return image_complaint("gzip data is corrupt: %s",
				       stream->msg ? stream->msg : "no reason given");
	return image_complaint("zlib error %d", result);
}

const char *image_load_gzip(const struct image *image, const struct image_room *room,
			    uint64_t *entry)
{
	struct scratch *scratch = room->scratch;
	struct sink sink = {.room = room, .scratch = scratch};
	const uint64_t header = header_length(image);

	if (header == 0)
		return image_complaint("no gzip file: bad magic, method or header");
	if (image->count > UINT32_MAX)
		return image_complaint("gzip files of 4 GiB and more are not supported");

	z_stream stream = {
		.next_in = (z_const unsigned char *)(uintptr_t)(image->bytes + header),
		.avail_in = (unsigned)(image->count - header),
		.zalloc = take_heap,
		.zfree = leave_heap,
		.opaque = &sink,
	};

	scratch->heap_used = 0;
	make_crc_table(scratch->crc_table);

	int result = inflateBackInit(&stream, WINDOW_BITS, scratch->window);

	if (result == Z_OK)
		result = inflateBack(&stream, no_more_input, NULL, put_window, &sink);
	if (result != Z_STREAM_END)
		return inflate_complaint(result, &stream, &sink);
	if (sink.count == 0)
		return image_complaint("gzip holds nothing");

	if (stream.avail_in < GZIP_TRAILER_BYTES)
		return image_complaint("truncated: gzip's check sum is missing");
	if (little_endian_u32(stream.next_in) != sink.crc ||
	    little_endian_u32(stream.next_in + 4) != (uint32_t)sink.count)
		return image_complaint("gzip check sum or length is wrong: the image is damaged");

	*entry = room->ram_base + sink.offset;
	return NULL;
}
