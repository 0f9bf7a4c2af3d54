/*
 * ELF64 for AArch64: every PT_LOAD segment goes to its physical address, which must be in the guest's RAM.
 *
 * Source: System V ABI, "Object Files" and "Program Loading"; ELF for the Arm 64-bit Architecture. Pure: checks and copies.
 */
#include "lib/bits.h"
#include "lib/string.h"
#include "vm/image.h"

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
_Static_assert(sizeof(struct elf_header) == 64, "Elf64_Ehdr is 64 bytes on disk");

struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
_Static_assert(sizeof(struct elf_segment) == 56, "Elf64_Phdr is 56 bytes on disk");

#define ELF_MAGIC   "\177ELF"
#define EI_CLASS    4
#define EI_DATA	    5
#define ELFCLASS64  2
#define ELFDATA2LSB 1
#define ET_EXEC	    2
#define ET_DYN	    3
#define EM_AARCH64  183
#define PT_LOAD	    1

bool image_is_elf(const struct image *image)
{
	return image->count >= sizeof(ELF_MAGIC) - 1 &&
	       memcmp(image->bytes, ELF_MAGIC, sizeof(ELF_MAGIC) - 1) == 0;
}

static const char *check_header(const struct image *image, struct elf_header *header)
{
	if (!image_is_elf(image))
		return image_complaint("bad magic: no ELF file");
	if (image->count < sizeof(*header))
		return image_complaint("truncated: %lu bytes, an ELF header has %lu", image->count,
				       sizeof(*header));
	memcpy(header, image->bytes, sizeof(*header));

	if (header->ident[EI_CLASS] != ELFCLASS64 || header->ident[EI_DATA] != ELFDATA2LSB)
		return image_complaint("an ELF file, but not 64-bit little-endian");
	if (header->machine != EM_AARCH64)
		return image_complaint("an ELF file for machine %u, not AArch64 (%u)",
				       header->machine, EM_AARCH64);
	if (header->type != ET_EXEC && header->type != ET_DYN)
		return image_complaint("ELF type %u cannot be run: link it first", header->type);
	if (header->phnum == 0)
		return image_complaint("an ELF file without program headers");
	if (header->phentsize != sizeof(struct elf_segment))
		return image_complaint("ELF program headers of %u bytes, %lu wanted",
				       header->phentsize, sizeof(struct elf_segment));
	if (header->phoff > image->count ||
	    header->phnum * sizeof(struct elf_segment) > image->count - header->phoff)
		return image_complaint(
			"truncated: ELF program headers end beyond the file's %lu bytes",
			image->count);
	return NULL;
}

static const char *check_segment(const struct image *image, const struct image_room *room,
				 unsigned number, const struct elf_segment *segment)
{
	if (segment->filesz > segment->memsz)
		return image_complaint(
			"ELF segment %u: %#lx bytes in the file, only %#lx in memory", number,
			segment->filesz, segment->memsz);
	if (segment->offset > image->count || segment->filesz > image->count - segment->offset)
		return image_complaint("truncated: ELF segment %u ends beyond the file's %lu bytes",
				       number, image->count);
	if (segment->paddr < room->ram_base ||
	    !image_fits(room, segment->paddr - room->ram_base, segment->memsz))
		return image_complaint("ELF segment %u: %#lx bytes at %#lx are outside the RAM "
				       "free for it, %#lx..%#lx",
				       number, segment->memsz, segment->paddr, room->ram_base,
				       room->ram_base + room->bytes - 1);
	return NULL;
}

/* The entry point is a virtual address, the guest starts with its MMU off: find the physical one. */
static bool holds_entry(const struct elf_segment *segment, uint64_t entry)
{
	return entry >= segment->vaddr && entry - segment->vaddr < segment->memsz;
}

const char *image_load_elf(const struct image *image, const struct image_room *room,
			   uint64_t *entry)
{
	struct elf_header header = {0};
	bool entry_found = false;
	const char *complaint = check_header(image, &header);

	if (complaint)
		return complaint;

	for (unsigned i = 0; i < header.phnum; i++) {
		struct elf_segment segment;

		memcpy(&segment, image->bytes + header.phoff + i * sizeof(segment),
		       sizeof(segment));
		if (segment.type != PT_LOAD || segment.memsz == 0)
			continue;

		complaint = check_segment(image, room, i, &segment);
		if (complaint)
			return complaint;

		uint8_t *start = room->ram + (segment.paddr - room->ram_base);

		memcpy(start, image->bytes + segment.offset, segment.filesz);
		/* BSS. After a warm reset the RAM is not zero. */
		memset(start + segment.filesz, 0, segment.memsz - segment.filesz);
		if (!entry_found && holds_entry(&segment, header.entry)) {
			*entry = segment.paddr + (header.entry - segment.vaddr);
			entry_found = true;
		}
	}

	if (!entry_found)
		return image_complaint("ELF entry point %#lx is in none of the loaded segments",
				       header.entry);
	if (!IS_ALIGNED(*entry, 4))
		return image_complaint("ELF entry point %#lx is no multiple of 4", header.entry);
	return NULL;
}
