/*
 * A VM's program as a file, out of the manifest in memory: GDB takes its symbols from there when nobody has given it a file. Only an
 * ELF file has any.
 */
#include "debug/server.h"

#include "lib/bits.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "vm/image.h"

static struct image image_of(uint32_t pid)
{
	const struct vm_config *config = debug_vm_of(pid)->vm->config;

	return (struct image){.bytes = config->image, .count = config->image_bytes};
}

static enum gdb_err path_of(void *target, uint32_t pid, char *path, size_t room)
{
	const struct image image = image_of(pid);

	(void)target;
	if (!image_is_elf(&image))
		return GDB_ENOENT;
	vt_snprintf(path, room, "/%s.elf", debug_vm_of(pid)->vm->config->name);
	return GDB_OK;
}

static enum gdb_err read_file(void *target, uint32_t pid, uint64_t offset, uint8_t *bytes,
			      size_t *count)
{
	const struct image image = image_of(pid);

	(void)target;
	*count = offset < image.count ? MIN(*count, image.count - offset) : 0;
	if (*count)
		memcpy(bytes, image.bytes + offset, *count);
	return GDB_OK;
}

static uint64_t size_of(void *target, uint32_t pid)
{
	(void)target;
	return image_of(pid).count;
}

/* The loader puts a segment where it was linked. */
static uint64_t load_offset(void *target, uint32_t pid)
{
	(void)target;
	(void)pid;
	return 0;
}

const struct gdb_exec_file_ops exec_file_ops = {
	.path = path_of, .read = read_file, .size = size_of, .load_offset = load_offset};
