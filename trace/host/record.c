/* `vtrace record`: what a hypervisor sends, page by page into a file, and how it goes. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "trace/host/commands.h"
#include "trace/host/control.h"
#include "trace/host/stat.h"
#include "trace/host/stream.h"

#define LOOK_MS	       200
#define STATUS_MS      500
#define DEFAULT_WAIT_S 30
#define MAX_WAIT_S     86400

struct status {
	bool shown; /* a line stands on the terminal */
	bool terminal;
	uint64_t at_ms, exits; /* when and with how many exits it was last shown */
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void show_status(struct status *status, const struct summary *s)
{
	const uint64_t now = now_ms(), passed = now - status->at_ms;

	if (!status->terminal || passed < STATUS_MS)
		return;
	fprintf(stderr,
		"\r%.1f MB, %" PRIu64 " events, %.0f exits a second, %" PRIu64 " lost\033[K",
		(double)s->good_bytes / 1e6, s->events,
		(double)(s->exits - status->exits) * 1000 / (double)passed,
		summary_lost_everywhere(s));
	status->at_ms = now;
	status->exits = s->exits;
	status->shown = true;
}

static bool send_words(const struct arguments *arguments, int fd)
{
	for (uint32_t i = 0; i < arguments->options; i++)
		if (arguments->given[i].id == OPTION_record_SEND &&
		    !control_send(fd, arguments->given[i].value))
			return false;
	return true;
}

/* Until the run ends, somebody says so, or something fails: false, with a message, unless the summary tells of damage. */
static bool save(struct stream *stream, struct summary *summary, const struct arguments *arguments)
{
	struct status status = {.terminal = isatty(STDERR_FILENO) &&
					    !option_value(arguments, OPTION_record_QUIET),
				.at_ms = now_ms()};
	struct relay relay;
	const bool words_sent = send_words(arguments, stream->socket);
	bool sound = words_sent, asked;

	relay_open(&relay, arguments->operand[0]);
	while (sound && !stream_interrupted() && stream_wait(stream, LOOK_MS, relay.fd, &asked)) {
		if (asked && relay.fd >= 0)
			relay_pass(&relay, stream->socket);
		sound = stream_read(stream, summary, false);
		show_status(&status, summary);
	}
	/* What is left of a page that never became whole is of use to nobody but whoever looks for its cause. */
	if (sound && !stream_interrupted())
		stream_read(stream, summary, true);
	relay_close(&relay);
	if (status.shown)
		fputs("\r\033[K", stderr);
	return words_sent && !stream->copy_failed;
}

static void tell(const struct summary *s, const char *output)
{
	char span[TIME_TEXT_BYTES];

	format_time(summary_span_ns(s), span);
	fprintf(stderr,
		"vtrace: %s: %" PRIu64 " bytes, %" PRIu64 " events, %" PRIu64
		" exits in %s, %" PRIu64 " lost\n",
		output, s->good_bytes, s->events, s->exits, span, summary_lost_everywhere(s));
}

static int convert_saved(const struct arguments *arguments, const char *raw, const char *pftrace)
{
	struct symbol_set symbols = {0};
	struct recording recording;
	int status;

	if (!recording_open(&recording, raw, false, NULL))
		return EXIT_BAD_DATA;
	recording.symbols = &symbols;
	status = symbols_given(&symbols, arguments, OPTION_record_SYMBOLS, recording.summary);
	if (status == EXIT_DONE)
		status = convert_to_file(&recording, pftrace);
	symbol_set_free(&symbols);
	recording_close(&recording);
	return status;
}

static int record(const struct arguments *arguments, struct summary *summary, unsigned wait_s)
{
	const char *output = option_value(arguments, OPTION_record_OUTPUT);
	const char *pftrace = option_value(arguments, OPTION_record_PFTRACE);
	struct stream stream;
	bool sound;
	int file;

	stream_catch_signals();
	file = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (file < 0) {
		fprintf(stderr, "vtrace: %s: %s\n", output, strerror(errno));
		return EXIT_BAD_DATA;
	}
	if (!stream_open(&stream, arguments->operand[0], wait_s)) {
		close(file);
		return EXIT_BAD_DATA;
	}
	stream.copy = file;
	summary_begin(summary, NULL);
	sound = stream.socket >= 0;
	if (!sound)
		fprintf(stderr, "vtrace: %s: not a socket\n", arguments->operand[0]);
	else
		sound = save(&stream, summary, arguments);
	if (sound || summary->good_bytes) {
		sound &= !summary_complain(&stream.source, summary);
		tell(summary, output);
	}
	stream_close(&stream);
	if (close(file) != 0)
		sound = false;
	if (pftrace && summary->good_bytes)
		sound &= convert_saved(arguments, output, pftrace) == EXIT_DONE;
	return worse(EXIT_DONE, !sound);
}

int command_record(const struct arguments *arguments)
{
	struct summary *summary = malloc(sizeof(*summary));
	uint64_t wait_s = DEFAULT_WAIT_S;
	int status = EXIT_BAD_DATA;

	if (!option_value(arguments, OPTION_record_OUTPUT))
		status = usage_error(arguments, "say where the recording goes: -o FILE");
	else if (!option_number(arguments, OPTION_record_WAIT, 0, MAX_WAIT_S, &wait_s))
		status = EXIT_USAGE;
	else if (symbols_check(arguments, OPTION_record_SYMBOLS) != EXIT_DONE)
		status = EXIT_BAD_DATA;
	else if (summary)
		status = record(arguments, summary, (unsigned)wait_s);
	else
		fprintf(stderr, "vtrace: out of memory\n");
	free(summary);
	return status;
}
