/* What vtrace's subcommands share. Each takes a summarized recording and gives vtrace's exit status. */
#ifndef TRACE_HOST_COMMANDS_H
#define TRACE_HOST_COMMANDS_H

#include <stdio.h>

#include "trace/host/reader.h"
#include "trace/host/summary.h"

enum exit_status { EXIT_DONE = 0, EXIT_BAD_DATA = 1, EXIT_USAGE = 2 };

/* convert.c. `out_name` is for messages. */
int convert_recording(const struct source *source, const struct summary *summary, FILE *out,
		      const char *out_name);

/* dump.c */
int dump_recording(const struct source *source, const struct summary *summary, FILE *out);

/* report.c. `pftrace` may be NULL. */
int stat_recording(const struct summary *summary, FILE *out);
int check_recording(const struct source *source, const struct summary *summary, const char *pftrace,
		    FILE *out);

#endif
