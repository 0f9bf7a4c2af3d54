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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	uint8_t *gathered;
	size_t gathered_bytes;
	static struct summary *summary;
	static FILE *nowhere;
	struct groups groups;
	const struct source source = {.name = "fuzz", .memory = data, .fd = -1, .bytes = bytes};

	if (!summary) {
		summary = malloc(sizeof(*summary));
		nowhere = fopen("/dev/null", "wb");
		if (!summary || !nowhere)
			abort();
	}
	if (!groups_begin(&groups, bytes ? 1 + data[bytes - 1] % 15u : BY_REASON))
		abort();
	summarize(&source, summary, &groups);
	counts_agree(&source, summary);
	convert_recording(&source, summary, nowhere, "nowhere");
	dump_recording(&source, summary, nowhere);
	dump_without_time(&source, summary, nowhere);
	groups_from_counters(&groups, summary);
	stat_recording(summary, &groups, 20, nowhere);
	stat_json(summary, &groups, 20, nowhere);
	groups_end(&groups);
	if (ramdump_gather(&source, &gathered, &gathered_bytes)) {
		const struct source rings = {
			.name = "rings", .memory = gathered, .fd = -1, .bytes = gathered_bytes};

		summarize(&rings, summary, NULL);
		free(gathered);
	}
	check_recording(&source, summary, NULL, nowhere);
	return 0;
}
