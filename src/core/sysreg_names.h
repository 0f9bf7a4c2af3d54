/* What system registers are called. Pure; for reports, not for the exit path. */
#ifndef CORE_SYSREG_NAMES_H
#define CORE_SYSREG_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYSREG_NAME_BYTES 20u

/*
 * The name of the register with this SYSREG_KEY (core/esr.h), or S<op0>_<op1>_C<n>_C<m>_<op2> when
 * it has none that we know. Returns `buffer`.
 */
const char *sysreg_name(uint32_t key, char buffer[SYSREG_NAME_BYTES]);

#ifdef VT_GDB
/* The other way round, in either case. False: no name that we know. */
bool sysreg_key(const char *name, uint32_t *key);
#endif

#endif
