/*
 * Offsets for assembly, generated from the C structures: this file is compiled to assembly text
 * only, and the Makefile turns each marker line into a #define of asm-offsets.h in the build folder.
 */
#include <stddef.h>

#include <vitrine/embed.h>
#include <vitrine/percpu.h>

#include "core/fault.h"
#include "core/secondary.h"
#include "trace/trace.h"

#define OFFSET(name, value) __asm__ volatile("\n.ascii \"@define " #name " %c0\"" ::"i"(value));

void asm_offsets(void);
void asm_offsets(void)
{
#include "asm-offsets.def"
}
