/* See progress.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "trace/host/progress.h"

#define WORTH_A_BAR_BYTES (64ull << 20)
#define BAR_CELLS	  40u

static const char *work;
static uint64_t all_bytes, next_bytes;

/* The environment may say otherwise: a test has neither a terminal nor 64 MiB. */
static uint64_t least_bytes(void)
{
	const char *said = getenv("VTRACE_PROGRESS_BYTES");

	return said ? strtoull(said, NULL, 10) : WORTH_A_BAR_BYTES;
}

void progress_begin(const char *what, uint64_t bytes)
{
	work = bytes && bytes >= least_bytes() && isatty(STDERR_FILENO) ? what : NULL;
	all_bytes = bytes;
	next_bytes = 0;
}

void progress_at(uint64_t bytes)
{
	static const char full[BAR_CELLS + 1] = "########################################";
	static const char empty[BAR_CELLS + 1] = "........................................";
	uint32_t cells, percent;

	if (!work || bytes < next_bytes)
		return;
	if (bytes > all_bytes)
		bytes = all_bytes;
	percent = (uint32_t)((double)bytes * 100 / (double)all_bytes);
	cells = percent * BAR_CELLS / 100;
	next_bytes = bytes + all_bytes / 100 + 1;
	fprintf(stderr, "\r%s [%.*s%.*s] %3" PRIu32 "%%", work, (int)cells, full,
		(int)(BAR_CELLS - cells), empty, percent);
	fflush(stderr);
}

void progress_end(void)
{
	if (work)
		fprintf(stderr, "\r\033[K");
	work = NULL;
}
