/* See reader.h. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/host/names.h"

#define EVENT_IDS 256u

/* Payload words that an event has at least, plus one so that 0 means "no such event". */
static const uint8_t least_words[EVENT_IDS] = {
#define EVENT0(name, id, ...) [id] = 1,
#define EVENT1(name, id, ...) [id] = 2,
#define EVENT2(name, id, ...) [id] = 3,
#define EVENT3(name, id, ...) [id] = 4,
#define EVENTV(name, id, ...) [id] = 2,
#include "trace/events.def"
};

/* Only regular files: the two passes read the recording twice, and out of order. */
bool source_open(struct source *source, const char *path)
{
	struct stat st;

	*source = (struct source){.name = path, .fd = open(path, O_RDONLY | O_CLOEXEC)};
	if (source->fd < 0 || fstat(source->fd, &st) != 0) {
		fprintf(stderr, "vtrace: %s: %s\n", path, strerror(errno));
		source_close(source);
		return false;
	}
	if (!S_ISREG(st.st_mode)) {
		fprintf(stderr, "vtrace: %s: not a regular file\n", path);
		source_close(source);
		return false;
	}
	source->bytes = (uint64_t)st.st_size;
	return true;
}

void source_refresh(struct source *source)
{
	struct stat st;

	if (!source->memory && fstat(source->fd, &st) == 0 && (uint64_t)st.st_size > source->bytes)
		source->bytes = (uint64_t)st.st_size;
}

void source_close(struct source *source)
{
	if (!source->memory && source->fd >= 0)
		close(source->fd);
	source->fd = -1;
}

bool source_read(const struct source *source, uint64_t offset, void *to, size_t bytes)
{
	if (offset > source->bytes || bytes > source->bytes - offset || offset < source->origin)
		return false;
	if (source->memory) {
		memcpy(to, source->memory + (offset - source->origin), bytes);
		return true;
	}
	for (size_t done = 0; done < bytes;) {
		const ssize_t got =
			pread(source->fd, (char *)to + done, bytes - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

static const char *header_fault(const struct trace_page_header *header)
{
	if (le32toh(header->magic) != TRACE_PAGE_MAGIC)
		return "no page begins here (bad magic)";
	if (le16toh(header->version) != TRACE_PAGE_VERSION)
		return "page of another format version";
	if (le32toh(header->commit) % 8 != 0)
		return "page length is not a multiple of 8";
	if (le32toh(header->commit) > MAX_PAGE_BYTES)
		return "page longer than any ring page";
	if (le16toh(header->cpu) >= MAX_CPUS && le16toh(header->cpu) != TRACE_CPU_METADATA)
		return "page of an impossible CPU";
	return NULL;
}

/* A killed writer leaves part of a header behind. Call it a cut only if those bytes could have become a header. */
static enum read_status partial_header(const struct source *source, uint64_t offset, bool *cut,
				       const char **why)
{
	const uint32_t magic = htole32(TRACE_PAGE_MAGIC);
	uint8_t begin[sizeof(magic)];
	const uint64_t left = source->bytes - offset;
	const size_t known = left < sizeof(begin) ? (size_t)left : sizeof(begin);

	if (!source_read(source, offset, begin, known) || memcmp(begin, &magic, known) != 0) {
		*why = "no page begins here (bad magic)";
		return READ_BAD;
	}
	*cut = true;
	return READ_END;
}

enum read_status page_read(const struct source *source, uint64_t offset, struct page *page,
			   bool *cut, const char **why)
{
	struct trace_page_header header;
	uint64_t left;

	*cut = false;
	if (offset >= source->bytes)
		return READ_END;
	left = source->bytes - offset;
	if (left < sizeof(header))
		return partial_header(source, offset, cut, why);
	if (!source_read(source, offset, &header, sizeof(header))) {
		*why = "cannot read";
		return READ_BAD;
	}
	*why = header_fault(&header);
	if (*why)
		return READ_BAD;

	left -= sizeof(header);
	*page = (struct page){
		.offset = offset,
		.seq = le64toh(header.seq),
		.base_ticks = le64toh(header.base_ticks),
		.lost = le64toh(header.lost),
		.bytes = le32toh(header.commit),
		.cpu = le16toh(header.cpu),
		.overwrite = (le32toh(header.flags) & TRACE_PAGE_OVERWRITE) != 0,
	};
	if (page->bytes > left) {
		page->bytes = (uint32_t)left;
		page->cut = true;
		*cut = true;
	}
	return READ_OK;
}

static uint64_t word_at(const uint8_t *records, uint32_t at)
{
	uint64_t word;

	memcpy(&word, records + at, sizeof(word));
	return le64toh(word);
}

static uint64_t add_saturating(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* An exit: duration and ESR, PC, then words that the reason gives a meaning, then perhaps a long duration. */
static const char *decode_exit(const uint8_t *at, struct record *record)
{
	const uint64_t word1 = word_at(at, 8);
	uint32_t words = record->words - 3u;

	if (record->vcpu == TRACE_NO_VCPU)
		return "exit of no vCPU";
	record->result = TRACE_EXIT_RESULT(record->arg);
	record->arg = TRACE_EXIT_REASON(record->arg);
	record->esr = (uint32_t)(word1 >> 32);
	record->pc = word_at(at, 16);
	record->duration_ticks = (uint32_t)word1;
	if (record->duration_ticks == TRACE_DURATION_LONG) {
		if (record->words < 5)
			return "exit with a long duration, but no room for it";
		words--;
		record->duration_ticks = word_at(at, (record->words - 1u) * 8);
	}
	record->values = words < 2 ? (uint8_t)words : 2;
	for (uint32_t i = 0; i < record->values; i++)
		record->value[i] = word_at(at, 24 + i * 8);
	if (record->values == 1 && is_mmio(record->arg)) { /* address and value share a word */
		record->value[1] = record->value[0] >> 32;
		record->value[0] = (uint32_t)record->value[0];
		record->values = 2;
	}
	return NULL;
}

enum read_status record_decode(const struct page *page, const uint8_t *records, uint32_t at,
			       struct record *record, bool *cut, const char **why)
{
	const uint32_t left = page->bytes - at;
	uint64_t word0;

	*cut = false;
	if (left < 8) {
		*cut = left > 0;
		return READ_END;
	}
	word0 = word_at(records, at);
	/* Field by field: clearing all of value[] would be a good part of what reading costs. */
	record->end_ticks = add_saturating(page->base_ticks, word0 >> 32);
	record->duration_ticks = record->pc = record->value[0] = record->value[1] = 0;
	record->esr = 0;
	record->cpu = page->cpu;
	record->event = (uint8_t)word0;
	record->words = (uint8_t)(word0 >> 8);
	record->vcpu = (uint8_t)(word0 >> 16);
	record->arg = (uint8_t)(word0 >> 24);
	record->result = record->values = 0;
	*why = NULL;
	if (record->event == 0)
		*why = "record with event id 0";
	else if (record->words == 0)
		*why = "record of size 0";
	else if (record->words > TRACE_RECORD_LIMIT_WORDS)
		*why = "record longer than any event";
	else if (record->words * 8u > left && !page->cut)
		*why = "record reaches past the end of its page";
	else if (record->words < least_words[record->event])
		*why = "record too short for its event";
	if (*why)
		return READ_BAD;
	if (record->words * 8u > left) {
		*cut = true;
		return READ_END;
	}

	if (record->event == TRACE_EXIT) {
		*why = decode_exit(records + at, record);
		return *why ? READ_BAD : READ_OK;
	}
	record->values = record->words - 1;
	for (uint32_t i = 0; i < record->values; i++)
		record->value[i] = word_at(records, at + 8 + i * 8);
	return READ_OK;
}
