/*
 * What vm/loader.c and the image formats (vm/image_*.c) say to each other.
 *
 * An image is bytes that nobody has checked. A format checks all it reads, writes only inside
 * `room`, and answers NULL or a complaint without the VM's name ("bad magic ..."), made by
 * image_complaint().
 */
#ifndef VM_IMAGE_H
#define VM_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

/* The first bytes of an arm64 kernel. Source: Linux Documentation/arm64/booting. */
#define LINUX_HEADER_BYTES 64u

/* What image_gzip.c needs while it inflates: history, zlib's state, CRC table. */
#define IMAGE_SCRATCH_BYTES (48u * 1024)

struct image {
	const uint8_t *bytes;
	uint64_t count;
};

/* Where it may go: the guest's RAM from its base up to the initrd or device tree, which have the
 * top. */
struct image_room {
	uint8_t *ram;	   /* as EL2 sees it */
	uint64_t ram_base; /* as the guest sees it */
	uint64_t bytes;
	void *scratch; /* IMAGE_SCRATCH_BYTES outside the room, 16-byte aligned; zeroed again by the
			  loader */
};

bool image_is_linux(const struct image *image);
bool image_is_gzip(const struct image *image);
bool image_is_elf(const struct image *image);
bool image_is_zboot(const struct image *image);

/* Each fills in *entry, the IPA of the first instruction, and copies the image. */
const char *image_load_linux(const struct image *image, const struct image_room *room,
			     uint64_t *entry);
const char *image_load_gzip(const struct image *image, const struct image_room *room,
			    uint64_t *entry);
const char *image_load_elf(const struct image *image, const struct image_room *room,
			   uint64_t *entry);
const char *image_load_raw(const struct image *image, uint64_t offset,
			   const struct image_room *room, uint64_t *entry);

/*
 * Where does a kernel with this header go (*offset from RAM base), and does what it claims
 * (image_size, with BSS) fit? `bytes`: of the image as far as known.
 */
const char *image_place_linux(const uint8_t header_bytes[LINUX_HEADER_BYTES], uint64_t count,
			      const struct image_room *room, uint64_t *offset);

/* Is [offset, offset + bytes) inside the room? Never overflows. */
static inline bool image_fits(const struct image_room *room, uint64_t offset, uint64_t bytes)
{
	return offset <= room->bytes && bytes <= room->bytes - offset;
}

/* One line in a static buffer; boot runs on one CPU. */
const char *image_complaint(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The complaint of every format about an image that needs more than there is. */
const char *image_too_large(const struct image_room *room, uint64_t offset, uint64_t bytes);

#endif
