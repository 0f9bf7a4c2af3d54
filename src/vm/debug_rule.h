/* The rules of a manifest by which a VM waits for a debugger: src/debug/rules.c knows them, in images built with GDB=1. */
#ifndef VM_DEBUG_RULE_H
#define VM_DEBUG_RULE_H

#include <stddef.h>

#ifdef VT_GDB
/* NULL: it is understood. Else why it is not, in one line. */
const char *debug_rule_error(const char *rule);
#else
static inline const char *debug_rule_error(const char *rule)
{
	(void)rule;
	return NULL;
}
#endif

#endif
