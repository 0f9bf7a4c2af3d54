/* libFuzzer over all that reads a manifest: manifest_parse(), then loader_load() for each VM it lets through. */
/* sources: src/vm/manifest.c src/vm/manifest_node.c src/vm/manifest_cpu.c src/vm/loader.c src/vm/image_linux.c src/vm/image_gzip.c src/vm/image_elf.c src/vm/image_raw.c src/vm/guest_dt.c src/lib/printf.c */
/*
 * The first byte of the input says what the rest is: a whole blob; changes to a good blob (3 bytes each: where, and what to
 * exclusive-or in), as a random blob hardly ever passes libfdt's checks; the image of a good VM, its type in the first byte
 * too; or changes to a good image. The RAM is exactly as long as the VM says, so that the sanitizer sees every byte out of
 * place.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <elf.h>
#include <libfdt.h>
#include <zlib.h>

#include "core/pmu.h"
#include "lib/bits.h"
#include "vm/loader.h"
#include "vm/manifest.h"

#define CPUS 4
#define RAM_LIMIT \
	(16 * MIB) /* a larger guest is parsed, not loaded: allocating would take all the time */
#define BLOB_BYTES  4096
#define IMAGE_BYTES 512

/* What the ID registers say. */
bool pmu_is_there(void)
{
	return true;
}

enum input { INPUT_BLOB, INPUT_BLOB_CHANGES, INPUT_IMAGE, INPUT_IMAGE_CHANGES, INPUTS };

/* What must hold whatever came in; a trap is a finding. */
#define CLAIM(condition)                  \
	do {                              \
		if (!(condition))         \
			__builtin_trap(); \
	} while (0)

static void check_complaint(const char *complaint, size_t limit)
{
	const size_t length = strlen(complaint);

	CLAIM(length > 0 && length < limit);
	for (size_t i = 0; i < length; i++)
		CLAIM(complaint[i] >= ' ' && complaint[i] <= '~');
}

static void load(const struct vm_config *vm)
{
	struct loaded_guest guest;
	const uint64_t end = vm->ram_base + vm->ram_bytes;

	if (vm->ram_bytes > RAM_LIMIT)
		return;

	void *ram = calloc(1, vm->ram_bytes);
	const char *complaint = ram ? loader_load(vm, ram, &guest) : "no memory on this host";

	if (complaint) {
		check_complaint(complaint, 192);
	} else {
		CLAIM(guest.entry_ipa >= vm->ram_base && guest.entry_ipa < end);
		CLAIM(guest.dtb_ipa >= vm->ram_base && guest.dtb_ipa < end &&
		      guest.dtb_ipa % 8 == 0);
		CLAIM(guest.initrd_ipa <= guest.initrd_end_ipa &&
		      guest.initrd_end_ipa <= guest.dtb_ipa);
		CLAIM(fdt_check_full((char *)ram + (guest.dtb_ipa - vm->ram_base),
				     end - guest.dtb_ipa) == 0);
	}
	free(ram);
}

static void parse_and_load(const void *blob, size_t bytes)
{
	static struct manifest manifest;

	manifest_parse(&manifest, blob, bytes, CPUS);
	CLAIM(manifest.vms <= MANIFEST_MAX_VMS);
	CLAIM(manifest.vms > 0 || manifest.complaints > 0);
	for (unsigned i = 0; i < manifest.complaints; i++)
		check_complaint(manifest.complaint[i], MANIFEST_COMPLAINT_BYTES);
	for (unsigned i = 0; i < manifest.vms; i++) {
		CLAIM(manifest.vm[i].vcpus >= 1 && manifest.vm[i].vcpus <= MANIFEST_MAX_VCPUS);
		CLAIM(strlen(manifest.vm[i].name) > 0 && strlen(manifest.vm[i].bootargs) < bytes);
		load(&manifest.vm[i]);
	}
}

static void put_cells(void *blob, const char *name, const uint32_t *cells, unsigned count)
{
	fdt32_t big_endian[4];

	for (unsigned i = 0; i < count; i++)
		big_endian[i] = cpu_to_fdt32(cells[i]);
	CLAIM(fdt_property(blob, name, big_endian, (int)(count * 4)) == 0);
}

/* A manifest with one VM that uses every property. Returns its size. */
static size_t make_blob(void *blob, size_t space, unsigned type, const void *image,
			size_t image_bytes)
{
	static const char types[][8] = {"auto", "linux", "gzip", "elf", "raw"};

	fdt_create(blob, (int)space);
	fdt_finish_reservemap(blob);
	fdt_begin_node(blob, "");
	fdt_property_string(blob, "compatible", "vitrine,manifest-v1");
	fdt_begin_node(blob, "vm@0");
	fdt_property_string(blob, "compatible", "vitrine,vm");
	fdt_property_string(blob, "vm-name", "fuzzed");
	put_cells(blob, "vcpus", (const uint32_t[]){2}, 1);
	put_cells(blob, "cpu-affinity", (const uint32_t[]){0, 3}, 2);
	put_cells(blob, "memory", (const uint32_t[]){0, 0x40000000, 0, 0x200000}, 4);
	fdt_property_string(blob, "image-type", types[type % ARRAY_SIZE(types)]);
	if (type % ARRAY_SIZE(types) == IMAGE_RAW)
		put_cells(blob, "image-offset", (const uint32_t[]){0x1000}, 1);
	fdt_property(blob, "initrd", "ramdisk", 7);
	fdt_property_string(blob, "bootargs", "console=ttyAMA0");
	fdt_property_string(blob, "devices", "pl011");
	fdt_property(blob, "image", image, (int)image_bytes);
	fdt_end_node(blob);
	fdt_end_node(blob);
	CLAIM(fdt_finish(blob) == 0);
	return fdt_totalsize(blob);
}

/* A good image of this type, small. Returns its size. */
static size_t make_image(uint8_t image[IMAGE_BYTES], unsigned type)
{
	uint8_t kernel[256] = {
		[9] = 0x10, [18] = 0x02, [56] = 'A', [57] = 'R', [58] = 'M', [59] = 'd'};
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment[2];
	} elf = {
		.header = {.e_ident = ELFMAG "\2\1",
			   .e_type = ET_EXEC,
			   .e_machine = EM_AARCH64,
			   .e_entry = 0x40001000,
			   .e_phoff = sizeof(Elf64_Ehdr),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 2},
		.segment = {{.p_type = PT_LOAD,
			     .p_vaddr = 0x40001000,
			     .p_paddr = 0x40001000,
			     .p_filesz = 64,
			     .p_memsz = 64},
			    {.p_type = PT_LOAD,
			     .p_paddr = 0x40100000,
			     .p_filesz = 32,
			     .p_memsz = 4096}},
	};
	z_stream stream = {.next_in = kernel,
			   .avail_in = sizeof(kernel),
			   .next_out = image,
			   .avail_out = IMAGE_BYTES};

	if (type % 3 == 0) {
		memcpy(image, kernel, sizeof(kernel));
		return sizeof(kernel);
	}
	if (type % 3 == 1) {
		memcpy(image, &elf, sizeof(elf));
		return sizeof(elf);
	}
	CLAIM(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	CLAIM(deflate(&stream, Z_FINISH) == Z_STREAM_END);
	CLAIM(deflateEnd(&stream) == Z_OK);
	return stream.total_out;
}

static void change(uint8_t *bytes, size_t count, const uint8_t *changes, size_t changes_bytes)
{
	for (; changes_bytes >= 3; changes += 3, changes_bytes -= 3)
		bytes[(changes[0] | (size_t)changes[1] << 8) % count] ^= changes[2];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
	if (count < 2)
		return 0;

	const unsigned type = data[0] / INPUTS;
	const enum input input = data[0] % INPUTS;
	const size_t space = BLOB_BYTES + count;
	uint8_t *blob = malloc(space);
	uint8_t image[IMAGE_BYTES];
	size_t bytes = 0;

	data++;
	count--;
	switch (input) {
	case INPUT_BLOB:
		memcpy(blob, data, count);
		bytes = count;
		break;
	case INPUT_BLOB_CHANGES:
		bytes = make_blob(blob, space, type, "\1\2\3\4", 4);
		change(blob, bytes, data, count);
		break;
	case INPUT_IMAGE:
		bytes = make_blob(blob, space, type, data, count);
		break;
	case INPUT_IMAGE_CHANGES:
		bytes = make_image(image, type);
		change(image, bytes, data, count);
		bytes = make_blob(blob, space, IMAGE_AUTO, image, bytes);
		break;
	case INPUTS:
		break;
	}
	/* Exactly as long as it says: what follows is out of bounds. */
	blob = realloc(blob, bytes);
	parse_and_load(blob, bytes);
	free(blob);
	return 0;
}
