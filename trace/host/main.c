/* vtrace: what a person does with a recording. Options and messages; the work is in the other files. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "trace/host/commands.h"

struct arguments {
	const char *raw;
	const char *output;
	const char *pftrace;
};

struct command {
	const char *name, *arguments, *about, *help;
	int (*run)(const struct source *source, const struct summary *summary,
		   const struct arguments *arguments);
};

/* A failure found while reading outlives success in what was done with the sound part. */
static int worse(int status, bool bad_recording)
{
	return bad_recording ? EXIT_BAD_DATA : status;
}

static int run_convert(const struct source *source, const struct summary *summary,
		       const struct arguments *arguments)
{
	const bool bad = summary_complain(source, summary);
	const bool to_stdout = strcmp(arguments->output, "-") == 0;
	FILE *out = to_stdout ? stdout : fopen(arguments->output, "wb");
	int status;

	if (!out) {
		fprintf(stderr, "vtrace: %s: %s\n", arguments->output, strerror(errno));
		return EXIT_BAD_DATA;
	}
	status = convert_recording(source, summary, out, arguments->output);
	if (!to_stdout && fclose(out) != 0)
		status = EXIT_BAD_DATA;
	return worse(status, bad);
}

static int run_dump(const struct source *source, const struct summary *summary,
		    const struct arguments *arguments)
{
	const bool bad = summary_complain(source, summary);

	(void)arguments;
	return worse(dump_recording(source, summary, stdout), bad);
}

static int run_stat(const struct source *source, const struct summary *summary,
		    const struct arguments *arguments)
{
	const bool bad = summary_complain(source, summary);

	(void)arguments;
	return worse(stat_recording(summary, stdout), bad);
}

static int run_check(const struct source *source, const struct summary *summary,
		     const struct arguments *arguments)
{
	return check_recording(source, summary, arguments->pftrace, stdout);
}

static const struct command commands[] = {
	{"convert", "RAW -o OUT.pftrace", "make a Perfetto trace of a recording",
	 "  -o, --output FILE   where the trace goes; - is standard output\n"
	 "\n"
	 "Open the trace at https://ui.perfetto.dev (Open trace file; nothing is uploaded).\n"
	 "A damaged recording is converted up to the damage; the exit status is then 1.\n",
	 run_convert},
	{"stat", "RAW", "count and time exits by reason; balance each CPU's records",
	 "READ + LOST = PRODUCED holds on each CPU when nothing went missing unseen.\n", run_stat},
	{"check", "RAW [--pftrace FILE]", "verify that a recording is whole and its counts agree",
	 "  --pftrace FILE      also verify that this converted trace holds every exit\n"
	 "\n"
	 "Prints one line: check: exits=N lost=L total=T ok (or FAILED; why is on standard "
	 "error).\n",
	 run_check},
	{"dump", "RAW", "print a recording as text, in order of time, one line an event",
	 "Columns: seconds, CPU, vCPU, event, then key=value. Lines that begin with # are the "
	 "recording's metadata.\n",
	 run_dump},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *to)
{
	fputs("usage: vtrace COMMAND RAW [OPTION]...\n\nWhat can be done with a recording made by "
	      "Vitrine:\n",
	      to);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].about);
	fputs("\n`vtrace COMMAND --help` tells more. Exit status: 0 done, 1 bad data, 2 usage.\n",
	      to);
}

static void print_command_help(const struct command *command, FILE *to)
{
	fprintf(to, "usage: vtrace %s %s\n\n%c%s.\n\n%s", command->name, command->arguments,
		command->about[0] - 'a' + 'A', command->about + 1, command->help);
}

static int usage_error(const struct command *command, const char *what)
{
	fprintf(stderr, "vtrace %s: %s\nusage: vtrace %s %s\n", command->name, what, command->name,
		command->arguments);
	return EXIT_USAGE;
}

/* Parse what follows the command's name. >= 0: stop with that exit status. */
static int parse(const struct command *command, int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {
		{"help", no_argument, NULL, 'h'},
		{"output", required_argument, NULL, 'o'},
		{"pftrace", required_argument, NULL, 'p'},
		{NULL, 0, NULL, 0},
	};
	const bool takes_output = command->run == run_convert;
	const bool takes_pftrace = command->run == run_check;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "ho:", options, NULL)) != -1) {
		if (option == 'h') {
			print_command_help(command, stdout);
			return EXIT_DONE;
		} else if (option == 'o' && takes_output) {
			arguments->output = optarg;
		} else if (option == 'p' && takes_pftrace) {
			arguments->pftrace = optarg;
		} else {
			return usage_error(command, "unknown option, or one without its value");
		}
	}
	if (argc - optind != 1)
		return usage_error(command, "name one recording");
	if (takes_output && !arguments->output)
		return usage_error(command, "say where the trace goes: -o FILE");
	arguments->raw = argv[optind];
	return -1;
}

static int run(const struct command *command, const struct arguments *arguments)
{
	struct summary *summary = malloc(sizeof(*summary));
	struct source source;
	int status;

	if (!summary) {
		fprintf(stderr, "vtrace: out of memory\n");
		return EXIT_BAD_DATA;
	}
	if (!source_open(&source, arguments->raw)) {
		free(summary);
		return EXIT_BAD_DATA;
	}
	summarize(&source, summary);
	status = command->run(&source, summary, arguments);
	source_close(&source);
	free(summary);
	return status;
}

int main(int argc, char **argv)
{
	struct arguments arguments = {0};
	const char *name = argc > 1 ? argv[1] : "";

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		print_help(stdout);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0) {
			const int stop = parse(&commands[i], argc - 1, argv + 1, &arguments);

			return stop >= 0 ? stop : run(&commands[i], &arguments);
		}
	if (*name)
		fprintf(stderr, "vtrace: unknown command '%s'\n", name);
	print_help(stderr);
	return EXIT_USAGE;
}
