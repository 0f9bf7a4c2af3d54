/* The command `vtrace stat`: once over a whole recording, or every second over one that grows. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "trace/host/commands.h"
#include "trace/host/stat.h"
#include "trace/host/stream.h"

#define REFRESH_MS     1000
#define CONNECT_WAIT_S 10
#define DEFAULT_TOP    30
#define CLEAR_SCREEN   "\033[H\033[J"

struct view {
	uint32_t top;
	bool json;
};

static int print(const struct summary *summary, struct groups *groups, const struct view *view)
{
	groups_from_counters(groups, summary);
	return view->json ? stat_json(summary, groups, view->top, stdout)
			  : stat_recording(summary, groups, view->top, stdout);
}

static int stat_once(const char *path, bool ram_dump, struct groups *groups,
		     const struct view *view)
{
	struct recording recording;
	bool bad;
	int status;

	if (!recording_open(&recording, path, ram_dump, groups))
		return EXIT_BAD_DATA;
	bad = summary_complain(&recording.source, recording.summary);
	status = worse(print(recording.summary, groups, view), bad);
	recording_close(&recording);
	return status;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The final counts stand in a run's last page: nothing comes after it. */
static bool run_has_ended(const struct summary *summary)
{
	return summary->metadata.exits.known;
}

static int follow(struct stream *stream, struct summary *summary, struct groups *groups,
		  const struct view *view)
{
	const bool terminal = isatty(STDOUT_FILENO) && !view->json;
	uint64_t shown = now_ms();
	bool sound = true;

	while (sound && !stream_interrupted() && !run_has_ended(summary) &&
	       stream_wait(stream, REFRESH_MS / 4, -1, NULL)) {
		sound = stream_read(stream, summary, false);
		if (now_ms() - shown < REFRESH_MS || !summary->events || run_has_ended(summary))
			continue;
		shown = now_ms();
		fputs(terminal ? CLEAR_SCREEN : "", stdout);
		if (print(summary, groups, view) != EXIT_DONE)
			return EXIT_BAD_DATA;
		if (!terminal && !view->json)
			fputs("\n\n", stdout);
	}
	if (sound)
		stream_read(stream, summary, true);
	fputs(terminal ? CLEAR_SCREEN : "", stdout);
	sound = !summary_complain(&stream->source, summary);
	return worse(print(summary, groups, view), !sound);
}

static int stat_live(const char *name, struct groups *groups, const struct view *view)
{
	struct summary *summary = malloc(sizeof(*summary));
	struct stream stream;
	int status = EXIT_BAD_DATA;

	stream_catch_signals();
	if (!summary)
		fprintf(stderr, "vtrace: out of memory\n");
	else if (stream_open(&stream, name, CONNECT_WAIT_S)) {
		summary_begin(summary, groups);
		status = follow(&stream, summary, groups, view);
		stream_close(&stream);
	}
	free(summary);
	return status;
}

int command_stat(const struct arguments *arguments)
{
	const char *by = option_value(arguments, OPTION_stat_BY);
	const unsigned groups_by = by ? parse_group_by(by) : BY_REASON;
	const bool live = option_value(arguments, OPTION_stat_LIVE);
	const bool ram_dump = option_value(arguments, OPTION_stat_RAM_DUMP);
	uint64_t top = groups_by & (BY_NAME | BY_PC) ? DEFAULT_TOP : MAX_GROUPS;
	struct view view = {.json = option_value(arguments, OPTION_stat_JSON)};
	struct groups groups;
	int status;

	if (!groups_by)
		return usage_error(arguments, "--by: '%s' is not of reason, name, vcpu, pc", by);
	if (!option_number(arguments, OPTION_stat_TOP, 1, MAX_GROUPS, &top))
		return EXIT_USAGE;
	if (live && ram_dump)
		return usage_error(arguments, "--live: a RAM dump does not grow");
	if (!groups_begin(&groups, groups_by)) {
		fprintf(stderr, "vtrace: out of memory\n");
		return EXIT_BAD_DATA;
	}
	view.top = (uint32_t)top;
	status = live ? stat_live(arguments->operand[0], &groups, &view)
		      : stat_once(arguments->operand[0], ram_dump, &groups, &view);
	groups_end(&groups);
	return status;
}
