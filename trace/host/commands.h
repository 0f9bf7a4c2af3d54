/* What vtrace's commands share: the options they were given, and what each does. */
#ifndef TRACE_HOST_COMMANDS_H
#define TRACE_HOST_COMMANDS_H

#include <stdio.h>

#include "trace/host/reader.h"
#include "trace/host/summary.h"
#include "trace/host/symbols.h"

enum exit_status { EXIT_DONE = 0, EXIT_BAD_DATA = 1, EXIT_USAGE = 2 };

enum option_id {
#define OPTION(command, id, ...) OPTION_##command##_##id,
#include "trace/host/commands.def"
	OPTION_COUNT
};

#define MAX_OPERANDS 8u
#define MAX_GIVEN    64u

struct arguments {
	const char *command;
	const char *operand[MAX_OPERANDS];
	uint32_t operands, options;
	struct given {
		enum option_id id;
		const char *value; /* "" for a switch */
	} given[MAX_GIVEN];
};

/* The option's value, the last one given; NULL: not given. */
const char *option_value(const struct arguments *arguments, enum option_id id);

/* As a number from `low` to `high`; *number stays when it is not given. False, with a message: it is no such number. */
bool option_number(const struct arguments *arguments, enum option_id id, uint64_t low,
		   uint64_t high, uint64_t *number);

/* One line on stderr, and the status to end with. */
__attribute__((format(printf, 2, 3))) int usage_error(const struct arguments *arguments,
						      const char *format, ...);

/* cli.c */
int vtrace_main(int argc, char **argv);

/* A recording that is open and counted. */
struct recording {
	struct source source;
	struct summary *summary;
	uint8_t *gathered;		  /* a RAM dump's rings as a recording; NULL: a file */
	const struct symbol_set *symbols; /* for addresses in its trace; NULL: none */
};

/* Open and count. False, with a message: it can not be read. `groups` may be NULL. */
bool recording_open(struct recording *recording, const char *path, bool ram_dump,
		    struct groups *groups);
void recording_close(struct recording *recording);

/* A failure found while reading outlives success in what was done with the sound part. */
static inline int worse(int status, bool bad_recording)
{
	return bad_recording ? EXIT_BAD_DATA : status;
}

/* Flush; EXIT_BAD_DATA when not all could be written. */
int finish_output(FILE *out);

#define COMMAND(name, ...) int command_##name(const struct arguments *arguments);
#include "trace/host/commands.def"

/* convert.c. `symbols` may be NULL; `out_name` is for messages. */
int convert_recording(const struct source *source, const struct summary *summary,
		      const struct symbol_set *symbols, FILE *out, const char *out_name);

/*
 * Read what --symbols names; `id` is that option of the command. Gives the exit status, with a message when it is not
 * EXIT_DONE.
 */
int symbols_given(struct symbol_set *set, const struct arguments *arguments, enum option_id id,
		  const struct summary *summary);
/* Before long work: can those files be opened? */
int symbols_check(const struct arguments *arguments, enum option_id id);

/* Open `out_name` (- is standard output), convert, close. Gives the exit status. */
int convert_to_file(const struct recording *recording, const char *out_name);

/* dump.c */
int dump_recording(const struct source *source, const struct summary *summary,
		   const struct symbol_set *symbols, FILE *out);
int dump_without_time(const struct source *source, const struct summary *summary, FILE *out);

/* stat.c. `top`: as many groups at most. */
int stat_recording(const struct summary *summary, const struct groups *groups, uint32_t top,
		   FILE *out);
/* stat_json.c */
int stat_json(const struct summary *summary, const struct groups *groups, uint32_t top, FILE *out);

/* diff.c: two recordings by kind of exit, and two golden texts line by line (EXIT_BAD_DATA: they differ). */
struct diff_side {
	const struct summary *summary;
	const struct groups *groups;
};
int diff_recordings(const struct diff_side sides[2], uint32_t top, FILE *out);
int diff_golden(FILE *a, FILE *b, FILE *out);

/* check.c. `pftrace` may be NULL. */
int check_recording(const struct source *source, const struct summary *summary, const char *pftrace,
		    FILE *out);
/* Does the hypervisor's own count agree with what is here plus what was lost? */
enum verdict { VERDICT_UNKNOWN, VERDICT_GOOD, VERDICT_BAD };
enum verdict check_cpu_balance(const struct summary *summary, uint32_t cpu);
enum verdict check_exit_count(const struct summary *summary);
/* Of the exits by vCPU and reason; *counters: how many were compared, *missing: exits that were counted and are not here. */
enum verdict check_counters(const struct summary *summary, uint32_t *counters, uint64_t *missing);

#endif
