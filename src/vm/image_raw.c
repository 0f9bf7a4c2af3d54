/* A raw binary: goes to the offset that the manifest names and is entered at its first byte. Pure. */
#include "lib/string.h"
#include "vm/image.h"

const char *image_load_raw(const struct image *image, uint64_t offset,
			   const struct image_room *room, uint64_t *entry)
{
	if (!image_fits(room, offset, image->count))
		return image_too_large(room, offset, image->count);
	memcpy(room->ram + offset, image->bytes, image->count);
	*entry = room->ram_base + offset;
	return NULL;
}
