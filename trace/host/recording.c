/* Opening recordings for the commands, and the commands that need no more than that. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace/host/commands.h"
#include "trace/host/ramdump.h"

/* The rings of the RAM dump that is open take its place. */
static bool gather(struct recording *recording)
{
	size_t bytes;
	struct source *source = &recording->source;

	if (!ramdump_gather(source, &recording->gathered, &bytes))
		return false;
	close(source->fd);
	*source = (struct source){
		.name = source->name, .memory = recording->gathered, .fd = -1, .bytes = bytes};
	return true;
}

bool recording_open(struct recording *recording, const char *path, bool ram_dump,
		    struct groups *groups)
{
	*recording = (struct recording){.summary = malloc(sizeof(*recording->summary))};
	if (!recording->summary) {
		fprintf(stderr, "vtrace: out of memory\n");
		return false;
	}
	if (!source_open(&recording->source, path) || (ram_dump && !gather(recording))) {
		recording_close(recording);
		return false;
	}
	summarize(&recording->source, recording->summary, groups);
	return true;
}

void recording_close(struct recording *recording)
{
	source_close(&recording->source);
	free(recording->summary);
	free(recording->gathered);
}

int finish_output(FILE *out)
{
	if (fflush(out) == 0 && !ferror(out))
		return EXIT_DONE;
	fprintf(stderr, "vtrace: cannot write all of it: %s\n", strerror(errno));
	return EXIT_BAD_DATA;
}

int convert_to_file(const struct recording *recording, const char *out_name)
{
	const bool to_stdout = strcmp(out_name, "-") == 0;
	FILE *out = to_stdout ? stdout : fopen(out_name, "wb");
	int status;

	if (!out) {
		fprintf(stderr, "vtrace: %s: %s\n", out_name, strerror(errno));
		return EXIT_BAD_DATA;
	}
	status = convert_recording(&recording->source, recording->summary, recording->symbols, out,
				   out_name);
	if (!to_stdout && fclose(out) != 0)
		status = EXIT_BAD_DATA;
	return status;
}

int command_convert(const struct arguments *arguments)
{
	const char *output = option_value(arguments, OPTION_convert_OUTPUT);
	struct symbol_set symbols = {0};
	struct recording recording;
	int status;

	if (!output)
		return usage_error(arguments, "say where the trace goes: -o FILE");
	if (!recording_open(&recording, arguments->operand[0],
			    option_value(arguments, OPTION_convert_RAM_DUMP), NULL))
		return EXIT_BAD_DATA;
	recording.symbols = &symbols;
	status = symbols_given(&symbols, arguments, OPTION_convert_SYMBOLS, recording.summary);
	if (status == EXIT_DONE) {
		status = summary_complain(&recording.source, recording.summary);
		status = worse(convert_to_file(&recording, output), status);
	}
	symbol_set_free(&symbols);
	recording_close(&recording);
	return status;
}

int command_check(const struct arguments *arguments)
{
	struct recording recording;
	int status;

	if (!recording_open(&recording, arguments->operand[0],
			    option_value(arguments, OPTION_check_RAM_DUMP), NULL))
		return EXIT_BAD_DATA;
	status = check_recording(&recording.source, recording.summary,
				 option_value(arguments, OPTION_check_PFTRACE), stdout);
	recording_close(&recording);
	return status;
}

int command_dump(const struct arguments *arguments)
{
	struct symbol_set symbols = {0};
	struct recording recording;
	bool bad;
	int status;

	if (!recording_open(&recording, arguments->operand[0],
			    option_value(arguments, OPTION_dump_RAM_DUMP), NULL))
		return EXIT_BAD_DATA;
	status = symbols_given(&symbols, arguments, OPTION_dump_SYMBOLS, recording.summary);
	if (status == EXIT_DONE) {
		bad = summary_complain(&recording.source, recording.summary);
		status = option_value(arguments, OPTION_dump_NO_TIME)
				 ? dump_without_time(&recording.source, recording.summary, stdout)
				 : dump_recording(&recording.source, recording.summary, &symbols,
						  stdout);
		status = worse(status, bad);
	}
	symbol_set_free(&symbols);
	recording_close(&recording);
	return status;
}
