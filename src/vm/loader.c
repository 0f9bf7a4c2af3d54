/*
 * Fill a guest's RAM before its first instruction.
 *
 *	base                                                                              end
 *	| image ->  ...                                        ...  initrd | device tree |
 *
 * The top is given out first, so "overlaps" and "too large" are one question: does the image end below the initrd?
 * Called at boot and at each reset of a VM, by one CPU at a time.
 */
#include <stdarg.h>

#include "core/pmu.h"
#include "lib/bits.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "vm/guest_dt.h"
#include "vm/image.h"
#include "vm/loader.h"

/* Linux wants its device tree to be smaller than 2 MiB (Documentation/arm64/booting). */
#define DTB_SLOT_BYTES	 (2 * MIB)
#define INITRD_ALIGNMENT (4 * KIB)
#define COMPLAINT_BYTES	 192

static char complaint_of_image[COMPLAINT_BYTES];
static char complaint_of_vm[COMPLAINT_BYTES];

const char *image_complaint(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vt_vsnprintf(complaint_of_image, sizeof(complaint_of_image), format, args);
	va_end(args);
	return complaint_of_image;
}

const char *image_too_large(const struct image_room *room, uint64_t offset, uint64_t bytes)
{
	return image_complaint("%#lx bytes at offset %#lx do not fit in the %#lx bytes of RAM "
			       "below the initrd and "
			       "device tree",
			       bytes, offset, room->bytes);
}

/* The loader's answer names the VM and the property at fault. */
__attribute__((format(printf, 3, 4))) static const char *reject(const struct vm_config *config,
								const char *property,
								const char *format, ...)
{
	const int used = vt_snprintf(complaint_of_vm, sizeof(complaint_of_vm),
				     "vm %s: %s: ", config->name, property);
	va_list args;

	va_start(args, format);
	if (used >= 0 && (size_t)used < sizeof(complaint_of_vm))
		vt_vsnprintf(complaint_of_vm + used, sizeof(complaint_of_vm) - (size_t)used, format,
			     args);
	va_end(args);
	return complaint_of_vm;
}

static enum image_type guess_type(const struct image *image)
{
	if (image_is_linux(image))
		return IMAGE_LINUX;
	if (image_is_elf(image))
		return IMAGE_ELF;
	if (image_is_gzip(image))
		return IMAGE_GZIP;
	return IMAGE_RAW;
}

static const char *load_image(const struct vm_config *config, const struct image_room *room,
			      uint64_t *entry)
{
	const struct image image = {.bytes = config->image, .count = config->image_bytes};

	if (image.count == 0)
		return image_complaint("is empty");
	if (image_is_zboot(&image) && config->type != IMAGE_RAW)
		return image_complaint(
			"an EFI zboot image, which needs firmware: give the Image inside it");

	switch (config->type == IMAGE_AUTO ? guess_type(&image) : config->type) {
	case IMAGE_LINUX:
		return image_load_linux(&image, room, entry);
	case IMAGE_GZIP:
		return image_load_gzip(&image, room, entry);
	case IMAGE_ELF:
		return image_load_elf(&image, room, entry);
	case IMAGE_RAW:
		return image_load_raw(&image, config->image_offset, room, entry);
	case IMAGE_AUTO:
		break;
	}
	return image_complaint("unknown type");
}

const char *loader_load(const struct vm_config *config, void *ram, struct loaded_guest *guest)
{
	/* With less than 8 MiB the device tree's slot is the last quarter. */
	const uint64_t slot_bytes = MIN(DTB_SLOT_BYTES, config->ram_bytes / 4);
	const uint64_t slot_offset = config->ram_bytes - slot_bytes;
	uint8_t *slot = (uint8_t *)ram + slot_offset;
	struct image_room room = {
		.ram = ram, .ram_base = config->ram_base, .bytes = slot_offset, .scratch = slot};

	memset(guest, 0, sizeof(*guest));
	if (slot_bytes < IMAGE_SCRATCH_BYTES || !IS_ALIGNED(slot_offset, 16))
		return reject(config, "memory", "%#lx bytes are too few for a guest",
			      config->ram_bytes);

	if (config->initrd) {
		if (config->initrd_bytes > slot_offset)
			return reject(config, "initrd",
				      "%#lx bytes do not fit in %#lx bytes of RAM",
				      config->initrd_bytes, config->ram_bytes);
		room.bytes = ALIGN_DOWN(slot_offset - config->initrd_bytes, INITRD_ALIGNMENT);
		guest->initrd_ipa = config->ram_base + room.bytes;
		guest->initrd_end_ipa = guest->initrd_ipa + config->initrd_bytes;
	}

	const char *complaint = load_image(config, &room, &guest->entry_ipa);

	memset(slot, 0, IMAGE_SCRATCH_BYTES);
	if (complaint)
		return reject(config, "image", "%s", complaint);

	if (config->initrd)
		memcpy((uint8_t *)ram + room.bytes, config->initrd, config->initrd_bytes);

	guest->dtb_ipa = config->ram_base + slot_offset;
	if (!guest_dt_write(slot, slot_bytes, config, guest->initrd_ipa, guest->initrd_end_ipa,
			    pmu_is_there()))
		return reject(config, "bootargs",
			      "the device tree with them does not fit in %#lx bytes", slot_bytes);
	return NULL;
}
