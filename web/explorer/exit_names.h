/* From an exit's name in a .pftrace back to what it was made of: the other way round of exit_name() in trace/host/names.c. */
#ifndef WEB_EXPLORER_EXIT_NAMES_H
#define WEB_EXPLORER_EXIT_NAMES_H

#include <stdint.h>

struct exit_kind {
	uint8_t reason;
	uint64_t value; /* what the name alone tells: a call's function, an interrupt's number */
};

/* EXCEPTION for a name that no exit of ours has. */
struct exit_kind exit_kind_of(const char *name);

#endif
