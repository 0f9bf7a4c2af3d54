/* Fault status codes: from six bits of a syndrome to a type and a table level. Pure. */
#ifndef CORE_FAULT_CODES_H
#define CORE_FAULT_CODES_H

#include <vitrine/exit.h>

struct fault_code {
	uint8_t type; /* enum fault_type */
	int8_t level; /* of the translation table: -2..3, or FAULT_NO_LEVEL */
};

/* The one of this ESR_ELx: only for aborts and watchpoints. */
struct fault_code fault_code_of(uint64_t esr);

#endif
