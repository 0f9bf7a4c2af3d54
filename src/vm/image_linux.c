/*
 * The arm64 kernel's Image: a 64-byte header, then position independent code, to be put at text_offset from a 2 MiB boundary
 * and entered at its first byte. Source: Linux Documentation/arm64/booting, "Call the kernel image".
 *
 * Pure: checks and copies.
 */
#include "lib/bits.h"
#include "lib/string.h"
#include "vm/image.h"

struct linux_header {
	uint32_t code[2];
	uint64_t text_offset; /* from the 2 MiB boundary to the image's first byte */
	uint64_t image_size;  /* with BSS; 0 before Linux 3.17 */
	uint64_t flags;
	uint64_t reserved[3];
	uint32_t magic;
	uint32_t pe_offset;
};
_Static_assert(sizeof(struct linux_header) == LINUX_HEADER_BYTES, "the header is 64 bytes on disk");

#define LINUX_MAGIC	      0x644d5241u /* "ARM\x64" */
#define LINUX_FLAG_BIG_ENDIAN BIT(0)
#define LINUX_OLD_TEXT_OFFSET UINT64_C(0x80000)

/* An EFI program that unpacks the kernel: "MZ", two bytes, "zimg". It needs firmware that a guest does not have. */
#define ZBOOT_MAGIC_OFFSET 4

static struct linux_header header_of(const uint8_t bytes[LINUX_HEADER_BYTES])
{
	struct linux_header header;

	memcpy(&header, bytes, sizeof(header));
	return header;
}

bool image_is_linux(const struct image *image)
{
	return image->count >= LINUX_HEADER_BYTES && header_of(image->bytes).magic == LINUX_MAGIC;
}

bool image_is_zboot(const struct image *image)
{
	return image->count >= ZBOOT_MAGIC_OFFSET + 4 && memcmp(image->bytes, "MZ", 2) == 0 &&
	       memcmp(image->bytes + ZBOOT_MAGIC_OFFSET, "zimg", 4) == 0;
}

const char *image_place_linux(const uint8_t header_bytes[LINUX_HEADER_BYTES], uint64_t count,
			      const struct image_room *room, uint64_t *offset)
{
	const struct linux_header header = header_of(header_bytes);

	if (header.magic != LINUX_MAGIC)
		return image_complaint("bad magic %#x at byte 56: no arm64 Linux Image (%#x)",
				       header.magic, LINUX_MAGIC);
	if (header.flags & LINUX_FLAG_BIG_ENDIAN)
		return image_complaint(
			"a big-endian kernel: only little-endian ones are supported");

	*offset = header.image_size ? header.text_offset : LINUX_OLD_TEXT_OFFSET;
	if (!image_fits(room, *offset, MAX(count, header.image_size)))
		return image_too_large(room, *offset, MAX(count, header.image_size));
	return NULL;
}

const char *image_load_linux(const struct image *image, const struct image_room *room,
			     uint64_t *entry)
{
	uint64_t offset = 0;

	if (image->count < LINUX_HEADER_BYTES)
		return image_complaint("truncated: %lu bytes, an arm64 Linux Image's header has %u",
				       image->count, LINUX_HEADER_BYTES);

	const char *complaint = image_place_linux(image->bytes, image->count, room, &offset);

	if (complaint)
		return complaint;
	memcpy(room->ram + offset, image->bytes, image->count);
	*entry = room->ram_base + offset;
	return NULL;
}
