/* ESR_EL2 in words, field by field as the Arm ARM names them: "DABT write ISV=1 SAS=word SRT=x3". */
#ifndef TRACE_HOST_SYNDROME_H
#define TRACE_HOST_SYNDROME_H

#include <stddef.h>
#include <stdint.h>

#define SYNDROME_TEXT_BYTES 160u

void syndrome_text(uint32_t esr, char *to, size_t bytes);

#endif
