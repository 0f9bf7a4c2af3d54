/* ESR_EL2 and its companions, field by field, by the table core/syndrome_fields.def. */
#ifndef WEB_EXPLORER_REGISTERS_H
#define WEB_EXPLORER_REGISTERS_H

#include <stdint.h>

/* A list of the four registers into the answer: each with its layouts, their fields and what the values say. */
void json_registers(uint64_t esr, uint64_t hpfar, uint64_t far, uint64_t spsr);

#endif
