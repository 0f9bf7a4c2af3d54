/* Commands, options and help, from commands.def; the work is in the other files. */
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "trace/host/commands.h"

enum command_id {
#define COMMAND(name, ...) COMMAND_##name,
#include "trace/host/commands.def"
	COMMAND_COUNT
};

static const struct command {
	const char *name;
	uint32_t least, most; /* operands */
	const char *operands, *about, *help;
	int (*run)(const struct arguments *arguments);
} commands[] = {
#define COMMAND(name, least, most, operands, about, help) \
	{#name, least, most, operands, about, help, command_##name},
#include "trace/host/commands.def"
};

static const struct option_row {
	enum command_id command;
	const char *name;
	int letter;
	const char *metavar, *help;
} rows[] = {
#define OPTION(command, id, name, letter, metavar, help) \
	{COMMAND_##command, name, letter, metavar, help},
#include "trace/host/commands.def"
};

const char *option_value(const struct arguments *arguments, enum option_id id)
{
	for (uint32_t i = arguments->options; i-- > 0;)
		if (arguments->given[i].id == id)
			return arguments->given[i].value;
	return NULL;
}

static const struct command *command_named(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

int usage_error(const struct arguments *arguments, const char *format, ...)
{
	const struct command *command = command_named(arguments->command);
	va_list args;

	fprintf(stderr, "vtrace %s: ", command->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nusage: vtrace %s %s\n", command->name, command->operands);
	return EXIT_USAGE;
}

bool option_number(const struct arguments *arguments, enum option_id id, uint64_t low,
		   uint64_t high, uint64_t *number)
{
	const char *text = option_value(arguments, id);
	unsigned long long value;
	char *end;

	if (!text)
		return true;
	value = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && value >= low && value <= high) {
		*number = value;
		return true;
	}
	usage_error(arguments, "--%s: '%s' is not a number from %llu to %llu", rows[id].name, text,
		    (unsigned long long)low, (unsigned long long)high);
	return false;
}

static void print_help(FILE *to)
{
	fputs("usage: vtrace COMMAND [OPTION]... FILE...\n\nWhat can be done with a recording made "
	      "by Vitrine:\n",
	      to);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].about);
	fputs("\n`vtrace COMMAND --help` tells more, `man vtrace` all. Exit status: 0 done; 1 bad "
	      "data, a failed check or a\ndifference; 2 usage.\n",
	      to);
}

static void print_option(FILE *to, const char *name, int letter, const char *metavar,
			 const char *help)
{
	char text[64], short_form[8] = "    ";

	if (letter)
		snprintf(short_form, sizeof(short_form), "-%c, ", letter);
	snprintf(text, sizeof(text), "%s--%s%s%s", short_form, name, metavar ? " " : "",
		 metavar ? metavar : "");
	fprintf(to, "  %-22s %s\n", text, help);
}

static void print_command_help(const struct command *command, FILE *to)
{
	fprintf(to, "usage: vtrace %s %s\n\n%c%s.\n\n", command->name, command->operands,
		command->about[0] - 'a' + 'A', command->about + 1);
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (&commands[rows[i].command] == command)
			print_option(to, rows[i].name, rows[i].letter, rows[i].metavar,
				     rows[i].help);
	print_option(to, "help", 'h', NULL, "this text");
	fprintf(to, "\n%s", command->help);
}

/* getopt_long's two descriptions of one command's options. An option's value there is its row, plus one. */
static void describe_options(const struct command *command, struct option *longs, char *shorts)
{
	*shorts++ = ':';
	*shorts++ = 'h';
	*longs++ = (struct option){"help", no_argument, NULL, 'h'};
	for (int i = 0; i < OPTION_COUNT; i++) {
		const int argument = rows[i].metavar ? required_argument : no_argument;

		if (&commands[rows[i].command] != command)
			continue;
		*longs++ = (struct option){rows[i].name, argument, NULL, 0x100 + i};
		if (rows[i].letter)
			*shorts++ = (char)rows[i].letter;
		if (rows[i].letter && rows[i].metavar)
			*shorts++ = ':';
	}
	*longs = (struct option){0};
	*shorts = '\0';
}

static int row_of(const struct command *command, int option)
{
	if (option >= 0x100)
		return option - 0x100;
	for (int i = 0; i < OPTION_COUNT; i++)
		if (&commands[rows[i].command] == command && rows[i].letter == option)
			return i;
	return -1;
}

/* Parse what follows the command's name. >= 0: stop with that exit status. */
static int parse(const struct command *command, int argc, char **argv, struct arguments *arguments)
{
	struct option longs[OPTION_COUNT + 2];
	char shorts[2 * OPTION_COUNT + 8];
	int option;

	describe_options(command, longs, shorts);
	arguments->command = command->name;
	opterr = 0;
	while ((option = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const int row = row_of(command, option);

		if (option == 'h') {
			print_command_help(command, stdout);
			return EXIT_DONE;
		}
		if (option == ':')
			return usage_error(arguments, "%s: its value is missing", argv[optind - 1]);
		if (row < 0)
			return usage_error(arguments, "unknown option '%s'", argv[optind - 1]);
		if (arguments->options == MAX_GIVEN)
			return usage_error(arguments, "more than %u options", MAX_GIVEN);
		arguments->given[arguments->options++] =
			(struct given){(enum option_id)row, optarg ? optarg : ""};
	}
	arguments->operands = (uint32_t)(argc - optind);
	if (arguments->operands < command->least || arguments->operands > command->most)
		return usage_error(arguments, "%u operand%s given", arguments->operands,
				   arguments->operands == 1 ? "" : "s");
	for (uint32_t i = 0; i < arguments->operands; i++)
		arguments->operand[i] = argv[optind + (int)i];
	return -1;
}

int vtrace_main(int argc, char **argv)
{
	struct arguments arguments = {0};
	const char *name = argc > 1 ? argv[1] : "";
	const struct command *command = command_named(name);
	int stop;

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		print_help(stdout);
		return EXIT_DONE;
	}
	if (!command) {
		if (*name)
			fprintf(stderr, "vtrace: unknown command '%s'\n", name);
		print_help(stderr);
		return EXIT_USAGE;
	}
	stop = parse(command, argc - 1, argv + 1, &arguments);
	return stop >= 0 ? stop : command->run(&arguments);
}
