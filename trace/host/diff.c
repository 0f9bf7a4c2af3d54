/* `vtrace diff`: two runs side by side, kind of exit by kind of exit; or event by event, with time removed. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trace/host/commands.h"
#include "trace/host/stat.h"

#define DEFAULT_TOP   30
#define LABEL_COLUMNS 30
#define LABEL_BYTES   (NAME_BYTES + EXIT_NAME_BYTES + 64)
#define CONTEXT_LINES 3u
#define MAX_LINE      4096u

struct side {
	struct recording recording;
	struct groups groups;
};

/* One kind of exits in both runs; its label joins them, since global vCPU numbers may differ. */
struct change {
	char label[LABEL_BYTES];
	const struct group *group[2]; /* NULL: none in that run */
	double effect_ns;
	bool waits;
};

static bool open_side(struct side *side, const char *path, unsigned by, bool *bad)
{
	if (!groups_begin(&side->groups, by)) {
		fprintf(stderr, "vtrace: out of memory\n");
		return false;
	}
	if (!recording_open(&side->recording, path, false, &side->groups)) {
		groups_end(&side->groups);
		return false;
	}
	*bad |= summary_complain(&side->recording.source, side->recording.summary);
	groups_from_counters(&side->groups, side->recording.summary);
	return true;
}

static void close_side(struct side *side)
{
	recording_close(&side->recording);
	groups_end(&side->groups);
}

static int by_label(const void *a, const void *b)
{
	return strcmp(((const struct change *)a)->label, ((const struct change *)b)->label);
}

static int by_effect(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	if (x->waits != y->waits)
		return x->waits - y->waits;
	if (fabs(x->effect_ns) != fabs(y->effect_ns))
		return fabs(x->effect_ns) < fabs(y->effect_ns) ? 1 : -1;
	return strcmp(x->label, y->label);
}

static uint32_t take_side(struct change *change, const struct diff_side *side, uint32_t which)
{
	uint32_t count;
	struct group **sorted = groups_sorted(side->groups, &count);

	for (uint32_t i = 0; sorted && i < count; i++) {
		change[i] = (struct change){.effect_ns = 0};
		change[i].group[which] = sorted[i];
		change[i].waits = side->groups->by & BY_REASON && sorted[i]->reason == REASON_HALT;
		group_label(side->groups, sorted[i], &side->summary->metadata, change[i].label,
			    LABEL_BYTES);
		if (strcmp(change[i].label, "WFI") == 0 || strcmp(change[i].label, "WFE") == 0)
			change[i].waits = true;
	}
	free(sorted);
	return sorted ? count : 0;
}

/* Both runs' groups in one list, equal labels put together. */
static uint32_t join(struct change *change, uint32_t count)
{
	uint32_t kept = 0;

	qsort(change, count, sizeof(*change), by_label);
	for (uint32_t i = 0; i < count; i++) {
		if (kept && strcmp(change[kept - 1].label, change[i].label) == 0) {
			for (uint32_t which = 0; which < 2; which++)
				if (change[i].group[which])
					change[kept - 1].group[which] = change[i].group[which];
		} else {
			change[kept++] = change[i];
		}
	}
	return kept;
}

static double total_ns(const struct change *change, const struct diff_side *sides, uint32_t which)
{
	const struct group *group = change->group[which];

	return group ? (double)group->total_ticks * ns_per_tick(sides[which].summary) : 0;
}

static void print_times(FILE *out, const struct change *change, const struct diff_side *sides,
			double share)
{
	for (uint32_t which = 0; which < 2; which++) {
		const struct group *group = change->group[which];
		char text[TIME_TEXT_BYTES] = "-";
		uint64_t ticks;
		const double ns = ns_per_tick(sides[which].summary);

		if (group && share == 0)
			format_time((double)group->total_ticks / (double)group->exits * ns, text);
		else if (group && group_quantile(group, share, &ticks))
			format_time((double)ticks * ns, text);
		fprintf(out, " %9s", text);
	}
}

static void print_change(FILE *out, const struct change *change, const struct diff_side *sides)
{
	const uint64_t a = change->group[0] ? change->group[0]->exits : 0;
	const uint64_t b = change->group[1] ? change->group[1]->exits : 0;
	char effect[TIME_TEXT_BYTES];

	format_time(fabs(change->effect_ns), effect);
	fprintf(out, "%-*s %10" PRIu64 " %10" PRIu64 " %+10" PRId64, LABEL_COLUMNS, change->label,
		a, b, (int64_t)(b - a));
	print_times(out, change, sides, 0);
	print_times(out, change, sides, 0.99);
	fprintf(out, "  %s%s\n", change->effect_ns < 0 ? "-" : "+", effect);
}

int diff_recordings(const struct diff_side sides[2], uint32_t top, FILE *out)
{
	const uint32_t most = sides[0].groups->count + sides[1].groups->count;
	struct change *change = calloc(most, sizeof(*change));
	uint32_t count;

	if (!change || sides[0].groups->out_of_memory || sides[1].groups->out_of_memory) {
		fprintf(stderr, "vtrace: out of memory\n");
		free(change);
		return EXIT_BAD_DATA;
	}
	count = take_side(change, &sides[0], 0);
	count += take_side(change + count, &sides[1], 1);
	count = join(change, count);
	for (uint32_t i = 0; i < count; i++)
		change[i].effect_ns =
			total_ns(&change[i], sides, 1) - total_ns(&change[i], sides, 0);
	qsort(change, count, sizeof(*change), by_effect);
	fprintf(out, "%-*s %10s %10s %10s %9s %9s %9s %9s  %s\n", LABEL_COLUMNS, "EXITS", "COUNT A",
		"COUNT B", "B - A", "MEAN A", "MEAN B", "P99 A", "P99 B", "TIME B - A");
	for (uint32_t i = 0; i < count && i < top; i++)
		print_change(out, &change[i], sides);
	if (count > top)
		fprintf(out, "(%" PRIu32 " more)\n", count - top);
	fprintf(out, "%-*s %10" PRIu64 " %10" PRIu64 " %+10" PRId64 "\n", LABEL_COLUMNS,
		"exits read", sides[0].summary->exits, sides[1].summary->exits,
		(int64_t)(sides[1].summary->exits - sides[0].summary->exits));
	free(change);
	return finish_output(out);
}

/* As a golden text: of a recording, what `dump --no-time` writes; any other file as it is. NULL, with a message. */
static FILE *golden_text(const char *path, bool *bad)
{
	FILE *text = fopen(path, "rb");
	uint32_t magic = 0;
	struct recording recording;

	if (text && fread(&magic, sizeof(magic), 1, text) == 1 && magic != TRACE_PAGE_MAGIC) {
		rewind(text);
		return text;
	}
	if (text)
		fclose(text);
	if (!recording_open(&recording, path, false, NULL))
		return NULL;
	*bad |= summary_complain(&recording.source, recording.summary);
	text = tmpfile();
	if (!text)
		perror("vtrace: a temporary file");
	else if (dump_without_time(&recording.source, recording.summary, text) != EXIT_DONE)
		*bad = true;
	else
		rewind(text);
	recording_close(&recording);
	return text;
}

/* The next line that counts: comments and empty lines do not. False at the end. */
static bool next_line(FILE *text, char line[MAX_LINE], uint64_t *number)
{
	while (fgets(line, MAX_LINE, text)) {
		++*number;
		line[strcspn(line, "\n")] = '\0';
		if (*line && *line != '#')
			return true;
	}
	strcpy(line, "(end)");
	return false;
}

int diff_golden(FILE *a, FILE *b, FILE *out)
{
	char(*line)[MAX_LINE] =
		calloc(2 + CONTEXT_LINES, MAX_LINE); /* A's, B's, then those before */
	uint64_t number[2] = {0}, same = 0;
	bool more[2] = {true, true};

	if (!line) {
		fprintf(stderr, "vtrace: out of memory\n");
		return EXIT_BAD_DATA;
	}
	while (more[0] && more[1]) {
		more[0] = next_line(a, line[0], &number[0]);
		more[1] = next_line(b, line[1], &number[1]);
		if (more[0] != more[1] || strcmp(line[0], line[1]) != 0)
			break;
		if (more[0])
			memcpy(line[2 + same++ % CONTEXT_LINES], line[0], MAX_LINE);
	}
	if (!more[0] && !more[1]) {
		free(line);
		fprintf(out, "golden: %" PRIu64 " events, the same\n", same);
		return finish_output(out);
	}
	fprintf(out, "golden: differ at line %" PRIu64 " of A, line %" PRIu64 " of B\n", number[0],
		number[1]);
	for (uint64_t i = same > CONTEXT_LINES ? same - CONTEXT_LINES : 0; i < same; i++)
		fprintf(out, "  %s\n", line[2 + i % CONTEXT_LINES]);
	fprintf(out, "A %s\nB %s\n", line[0], line[1]);
	for (uint32_t i = 0;
	     i < CONTEXT_LINES && more[0] && (more[0] = next_line(a, line[0], number)); i++)
		fprintf(out, "A %s\n", line[0]);
	for (uint32_t i = 0;
	     i < CONTEXT_LINES && more[1] && (more[1] = next_line(b, line[1], number + 1)); i++)
		fprintf(out, "B %s\n", line[1]);
	free(line);
	finish_output(out);
	return EXIT_BAD_DATA;
}

static int command_golden(const struct arguments *arguments)
{
	bool bad = false;
	FILE *a = golden_text(arguments->operand[0], &bad);
	FILE *b = a ? golden_text(arguments->operand[1], &bad) : NULL;
	const int status = b && !bad ? diff_golden(a, b, stdout) : EXIT_BAD_DATA;

	if (a)
		fclose(a);
	if (b)
		fclose(b);
	return status;
}

int command_diff(const struct arguments *arguments)
{
	const char *by = option_value(arguments, OPTION_diff_BY);
	const unsigned groups_by = by ? parse_group_by(by) : BY_REASON;
	uint64_t top = DEFAULT_TOP;
	struct side sides[2];
	bool bad = false;
	int status = EXIT_BAD_DATA;

	if (!groups_by)
		return usage_error(arguments, "--by: '%s' is not of reason, name, vcpu, pc", by);
	if (!option_number(arguments, OPTION_diff_TOP, 1, MAX_GROUPS, &top))
		return EXIT_USAGE;
	if (option_value(arguments, OPTION_diff_GOLDEN))
		return command_golden(arguments);
	if (!open_side(&sides[0], arguments->operand[0], groups_by, &bad))
		return EXIT_BAD_DATA;
	if (open_side(&sides[1], arguments->operand[1], groups_by, &bad)) {
		const struct diff_side both[2] = {{sides[0].recording.summary, &sides[0].groups},
						  {sides[1].recording.summary, &sides[1].groups}};

		status = worse(diff_recordings(both, (uint32_t)top, stdout), bad);
		close_side(&sides[1]);
	}
	close_side(&sides[0]);
	return status;
}
