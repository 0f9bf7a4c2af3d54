/*
 * Reading a recording: bytes to pages, pages to records.
 *
 * Nothing here trusts its input. A page header or a record that cannot be right gives READ_BAD and a reason; the
 * caller knows the offset. Used by both passes of vtrace and, over memory, by the fuzzer.
 */
#ifndef TRACE_HOST_READER_H
#define TRACE_HOST_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/format.h"

#define MAX_CPUS       256u
#define MAX_VCPUS      255u	  /* index 0xff means "none" */
#define MAX_PAGE_BYTES (1u << 20) /* ring pages are 4 KiB; anything past this is damage, not data */

/*
 * A recording: a file, or bytes in memory when `memory` is set. Of a stream that is read as it comes, memory holds what stands
 * from offset `origin` on.
 */
struct source {
	const char *name;
	const uint8_t *memory;
	int fd;
	uint64_t origin;
	uint64_t bytes;
};

/* One page in the recording. `bytes` is what can be read of it: less than the header's commit when the file is cut. */
struct page {
	uint64_t offset; /* of the header */
	uint64_t seq;
	uint64_t base_ticks;
	uint64_t lost;
	uint32_t bytes;
	uint16_t cpu;
	bool cut;
	bool overwrite; /* of a flight recorder */
};

/* One record, decoded. Fields that its event does not have are 0; of value[] only the first `values` mean anything. */
struct record {
	uint64_t end_ticks;
	uint64_t duration_ticks;
	uint64_t pc;
	uint64_t value
		[TRACE_RECORD_LIMIT_WORDS]; /* EXIT: address or value, then MMIO's value; other events: words 1.. */
	uint32_t esr;
	uint16_t cpu;
	uint8_t event;
	uint8_t words;
	uint8_t vcpu;
	uint8_t arg;	/* EXIT: the reason */
	uint8_t result; /* EXIT: enum trace_exit_result */
	uint8_t values; /* how many of value[] the record holds */
};

enum read_status { READ_OK, READ_END, READ_BAD };

bool source_open(struct source *source, const char *path);
/* Learn how far a file has grown. */
void source_refresh(struct source *source);
void source_close(struct source *source);

/* Read `bytes` at `offset`; false when they are not all there (the file shrank, or an I/O error). */
bool source_read(const struct source *source, uint64_t offset, void *to, size_t bytes);

/*
 * The page at `offset`. READ_END: nothing more there, or only a part of a header (*cut is then true).
 * READ_BAD: *why says what is wrong.
 */
enum read_status page_read(const struct source *source, uint64_t offset, struct page *page,
			   bool *cut, const char **why);

/* Offset of the byte after `page`. */
static inline uint64_t page_end(const struct page *page)
{
	return page->offset + sizeof(struct trace_page_header) + page->bytes;
}

/*
 * The record at `at` in a page of `bytes` bytes. READ_END: the page ends here, or cuts the record in two on a cut
 * page (*cut). On READ_OK the record takes record->words * 8 bytes.
 */
enum read_status record_decode(const struct page *page, const uint8_t *records, uint32_t at,
			       struct record *record, bool *cut, const char **why);

#endif
