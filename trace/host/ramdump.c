/* See ramdump.h. */
#include <elf.h>
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/host/progress.h"
#include "trace/host/ramdump.h"

#define SCAN_BYTES	   (1u << 20)
#define MAX_SEGMENTS	   256u
#define MAX_RECORDING	   (64u << 20) /* eight rings of 2,048 pages */
#define MAX_METADATA_BYTES 65536u
#define HEADER_BYTES	   sizeof(struct trace_page_header)

struct segment {
	uint64_t address, offset, bytes; /* physical address, where in the file, how long */
};

struct ram {
	const struct source *dump;
	struct segment segment[MAX_SEGMENTS];
	uint32_t segments;
};

struct output {
	uint8_t *data;
	size_t bytes, room;
};

/* Physical memory; false when the dump does not hold all of it. */
static bool ram_read(const struct ram *ram, uint64_t address, void *to, uint64_t bytes)
{
	for (uint32_t i = 0; i < ram->segments; i++) {
		const struct segment *s = &ram->segment[i];

		if (address >= s->address && address - s->address < s->bytes &&
		    bytes <= s->bytes - (address - s->address))
			return source_read(ram->dump, s->offset + (address - s->address), to,
					   bytes);
	}
	return false;
}

/* The segments of an ELF core. False: it is not one, and the whole file is memory. */
static bool read_elf(struct ram *ram)
{
	Elf64_Ehdr header;
	Elf64_Phdr program;

	if (!source_read(ram->dump, 0, &header, sizeof(header)) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    le16toh(header.e_type) != ET_CORE)
		return false;
	for (uint32_t i = 0; i < le16toh(header.e_phnum) && ram->segments < MAX_SEGMENTS; i++) {
		const uint64_t at = le64toh(header.e_phoff) + (uint64_t)i * sizeof(program);

		if (!source_read(ram->dump, at, &program, sizeof(program)))
			break;
		if (le32toh(program.p_type) == PT_LOAD)
			ram->segment[ram->segments++] = (struct segment){le64toh(program.p_paddr),
									 le64toh(program.p_offset),
									 le64toh(program.p_filesz)};
	}
	return true;
}

static void rings_to_host(struct trace_rings *r)
{
	r->version = le32toh(r->version);
	r->rings = le32toh(r->rings);
	r->page_count = le32toh(r->page_count);
	r->page_bytes = le32toh(r->page_bytes);
	r->self = le64toh(r->self);
	r->metadata = le64toh(r->metadata);
	r->metadata_bytes = le64toh(r->metadata_bytes);
	for (uint32_t i = 0; i < TRACE_RINGS_MAX; i++)
		r->ring[i] = le64toh(r->ring[i]);
}

static bool sensible(const struct trace_rings *r)
{
	return r->version == TRACE_RINGS_VERSION && r->rings && r->rings <= TRACE_RINGS_MAX &&
	       r->page_bytes > HEADER_BYTES && r->page_bytes <= MAX_PAGE_BYTES && r->page_count &&
	       (uint64_t)r->page_count * r->page_bytes * r->rings <= MAX_RECORDING;
}

/*
 * Is this the descriptor, and not a copy of it (in the image, or in what somebody sent)? In an ELF core its own address must
 * be where it lies. A plain dump may begin anywhere, and then this is what says where.
 */
static bool accept_rings(struct ram *ram, bool elf, uint64_t offset, struct trace_rings *rings)
{
	if (!source_read(ram->dump, offset, rings, sizeof(*rings)))
		return false;
	rings_to_host(rings);
	if (!sensible(rings))
		return false;
	if (!elf) {
		if (rings->self < offset)
			return false;
		ram->segment[0] = (struct segment){rings->self - offset, 0, ram->dump->bytes};
		ram->segments = 1;
		return true;
	}
	for (uint32_t i = 0; i < ram->segments; i++) {
		const struct segment *s = &ram->segment[i];

		if (offset >= s->offset && offset - s->offset < s->bytes &&
		    s->address + (offset - s->offset) == rings->self)
			return true;
	}
	return false;
}

/* An address is a multiple of 8 in memory; in the file it may lie anywhere, so look at each byte. */
static bool find_rings(struct ram *ram, bool elf, struct trace_rings *rings)
{
	const size_t magic = sizeof(rings->magic), overlap = magic - 1;
	uint8_t *chunk = malloc(ram->dump->bytes < SCAN_BYTES ? ram->dump->bytes + 1 : SCAN_BYTES);
	bool found = false;

	progress_begin("searching", ram->dump->bytes);
	for (uint64_t at = 0; chunk && !found && at + magic <= ram->dump->bytes;) {
		const uint64_t left = ram->dump->bytes - at;
		const size_t bytes = left < SCAN_BYTES ? (size_t)left : SCAN_BYTES;
		const uint8_t *hit = chunk;

		if (!source_read(ram->dump, at, chunk, bytes))
			break;
		while (!found &&
		       (hit = memmem(hit, bytes - (size_t)(hit - chunk), TRACE_RINGS_MAGIC, magic)))
			found = accept_rings(ram, elf, at + (uint64_t)(hit++ - chunk), rings);
		at += bytes > overlap ? bytes - overlap : bytes;
		if (bytes < SCAN_BYTES)
			break;
		progress_at(at);
	}
	progress_end();
	free(chunk);
	return found;
}

/* A page with its header put right; false: no memory. */
static bool put_page(struct output *out, struct trace_page_header header, const uint8_t *records)
{
	const size_t bytes = HEADER_BYTES + le32toh(header.commit);

	if (out->bytes + bytes > out->room) {
		const size_t room = 2 * out->room + bytes;
		uint8_t *bigger = realloc(out->data, room);

		if (!bigger)
			return false;
		out->data = bigger;
		out->room = room;
	}
	memcpy(out->data + out->bytes, &header, HEADER_BYTES);
	memcpy(out->data + out->bytes + HEADER_BYTES, records, le32toh(header.commit));
	out->bytes += bytes;
	return true;
}

static bool put_metadata(const struct ram *ram, const struct trace_rings *rings, struct output *out)
{
	const uint64_t bytes = rings->metadata_bytes;
	struct trace_page_header header = {.magic = htole32(TRACE_PAGE_MAGIC),
					   .version = htole16(TRACE_PAGE_VERSION),
					   .cpu = htole16(TRACE_CPU_METADATA)};
	uint8_t *text;
	bool put;

	if (bytes > MAX_METADATA_BYTES)
		return true;
	text = calloc(1, bytes + 8);
	if (!text)
		return false;
	header.commit = htole32((uint32_t)(bytes + 7) & ~7u);
	put = true;
	if (!ram_read(ram, rings->metadata, text, bytes))
		fprintf(stderr, "vtrace: %s: warning: the metadata is not in the dump\n",
			ram->dump->name);
	else
		put = put_page(out, header, text);
	free(text);
	return put;
}

static void ring_to_host(struct trace_ring_memory *ring)
{
	ring->pos = le64toh(ring->pos);
	ring->base = le64toh(ring->base);
	ring->pages = le64toh(ring->pages);
	ring->cpu = le32toh(ring->cpu);
	ring->open = le32toh(ring->open);
	ring->filled = le32toh(ring->filled);
	ring->oldest = le32toh(ring->oldest);
	ring->overwritten = le64toh(ring->overwritten);
}

/* How many bytes of records the page has; UINT32_MAX: that can not be right. */
static uint32_t records_in(const struct trace_rings *rings, const struct trace_ring_memory *ring,
			   uint32_t number, uint64_t address,
			   const struct trace_page_header *header)
{
	uint64_t bytes = le32toh(header->commit);

	if (le32toh(header->magic) != TRACE_PAGE_MAGIC || le16toh(header->cpu) != ring->cpu ||
	    (uint32_t)le64toh(header->seq) != number)
		return UINT32_MAX;
	if (number == ring->filled) /* being written */
		bytes = ring->pos - address - HEADER_BYTES;
	return bytes % 8 == 0 && bytes <= rings->page_bytes - HEADER_BYTES ? (uint32_t)bytes
									   : UINT32_MAX;
}

/* False: out of memory. */
static bool put_ring(const struct ram *ram, const struct trace_rings *rings,
		     const struct trace_ring_memory *ring, struct output *out)
{
	const uint32_t end = ring->filled + (ring->open != 0);
	const uint32_t begin = end > rings->page_count ? end - rings->page_count : 0;
	uint8_t *page = malloc(rings->page_bytes);
	uint32_t damaged = 0;
	bool put = page != NULL;

	for (uint32_t n = begin; put && n < end; n++) {
		const uint64_t address =
			ring->pages + (uint64_t)(n % rings->page_count) * rings->page_bytes;
		struct trace_page_header header;
		uint32_t bytes = UINT32_MAX;

		if (ram_read(ram, address, page, rings->page_bytes)) {
			memcpy(&header, page, HEADER_BYTES);
			bytes = records_in(rings, ring, n, address, &header);
		}
		if (bytes == UINT32_MAX) {
			damaged++;
			continue;
		}
		header.commit = htole32(bytes);
		if (le32toh(header.flags) & TRACE_PAGE_OVERWRITE && n >= ring->oldest)
			header.lost = htole64(le64toh(header.lost) + ring->overwritten);
		if (n == begin &&
		    n > 0) /* what was sent before is not here, and that is no damage */
			header.flags |= htole32(TRACE_PAGE_OVERWRITE);
		put = put_page(out, header, page + HEADER_BYTES);
	}
	if (damaged)
		fprintf(stderr,
			"vtrace: %s: warning: CPU %" PRIu32 ": %" PRIu32
			" page(s) of the ring are damaged or not in the dump\n",
			ram->dump->name, ring->cpu, damaged);
	free(page);
	return put;
}

static bool put_all(const struct ram *ram, const struct trace_rings *rings, struct output *out)
{
	if (!put_metadata(ram, rings, out))
		return false;
	for (uint32_t i = 0; i < rings->rings; i++) {
		struct trace_ring_memory ring;

		if (!ram_read(ram, rings->ring[i], &ring, sizeof(ring))) {
			fprintf(stderr,
				"vtrace: %s: warning: ring %" PRIu32 " is not in the dump\n",
				ram->dump->name, i);
			continue;
		}
		ring_to_host(&ring);
		if (!put_ring(ram, rings, &ring, out))
			return false;
	}
	return true;
}

bool ramdump_gather(const struct source *dump, uint8_t **recording, size_t *bytes)
{
	struct ram *ram = calloc(1, sizeof(*ram));
	struct trace_rings rings;
	struct output out = {0};
	bool elf, done = false;

	if (!ram) {
		fprintf(stderr, "vtrace: out of memory\n");
		return false;
	}
	ram->dump = dump;
	elf = read_elf(ram);
	if (!find_rings(ram, elf, &rings))
		fprintf(stderr,
			"vtrace: %s: no trace rings in this dump (nothing says \"" TRACE_RINGS_MAGIC
			"\" where it should)\n",
			dump->name);
	else if (!put_all(ram, &rings, &out))
		fprintf(stderr, "vtrace: out of memory\n");
	else
		done = true;
	free(ram);
	if (!done)
		free(out.data);
	*recording = done ? out.data : NULL;
	*bytes = done ? out.bytes : 0;
	return done;
}
