/*
 * libFuzzer target: everything in vtrace that reads a recording, over bytes in memory.
 *
 * Built and run by `make fuzz-vtrace` (trace/host/rules.mk) with AddressSanitizer. What it claims beyond "no crash":
 * the second pass delivers exactly the records that the first one counted.
 */
#include <stdint.h>
#include <stdlib.h>

#include "trace/host/commands.h"
#include "trace/host/merge.h"
#include "trace/host/ramdump.h"
#include "trace/host/stat.h"

static void counts_agree(const struct source *source, const struct summary *summary)
{
	struct merge *merge = merge_begin(source, summary);
	struct item item;
	uint64_t records = 0;

	if (!merge)
		abort();
	while (merge_next(merge, &item))
		records += item.lost == 0;
	merge_end(merge);
	if (records != summary->events)
		abort();
}

/* The two halves of the input as golden texts; a text is the same as itself. */
static void compare_texts(const uint8_t *data, size_t bytes, FILE *nowhere)
{
	FILE *a, *b;

	if (bytes < 2)
		return;
	a = fmemopen((void *)(uintptr_t)data, bytes / 2, "rb");
	b = fmemopen((void *)(uintptr_t)(data + bytes / 2), bytes - bytes / 2, "rb");
	if (!a || !b)
		abort();
	diff_golden(a, b, nowhere);
	fclose(b);
	rewind(a);
	b = fmemopen((void *)(uintptr_t)data, bytes / 2, "rb");
	if (!b || diff_golden(a, b, nowhere) != EXIT_DONE)
		abort();
	fclose(a);
	fclose(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	uint8_t *gathered;
	size_t gathered_bytes;
	static struct summary *summary;
	static FILE *nowhere;
	struct groups groups, none;
	const struct source source = {.name = "fuzz", .memory = data, .fd = -1, .bytes = bytes};

	if (!summary) {
		summary = malloc(sizeof(*summary));
		nowhere = fopen("/dev/null", "wb");
		if (!summary || !nowhere)
			abort();
	}
	if (!groups_begin(&groups, bytes ? 1 + data[bytes - 1] % 15u : BY_REASON))
		abort();
	if (!groups_begin(&none, groups.by))
		abort();
	summarize(&source, summary, &groups);
	counts_agree(&source, summary);
	convert_recording(&source, summary, NULL, nowhere, "nowhere");
	dump_recording(&source, summary, &(struct symbol_set){0}, nowhere);
	dump_without_time(&source, summary, nowhere);
	groups_from_counters(&groups, summary);
	stat_recording(summary, &groups, 20, nowhere);
	stat_json(summary, &groups, 20, nowhere);
	diff_recordings((struct diff_side[2]){{summary, &groups},
					      {summary, bytes & 1 ? &groups : &none}},
			20, nowhere);
	groups_end(&none);
	groups_end(&groups);
	compare_texts(data, bytes, nowhere);
	if (ramdump_gather(&source, &gathered, &gathered_bytes)) {
		const struct source rings = {
			.name = "rings", .memory = gathered, .fd = -1, .bytes = gathered_bytes};

		summarize(&rings, summary, NULL);
		free(gathered);
	}
	check_recording(&source, summary, NULL, nowhere);
	return 0;
}
