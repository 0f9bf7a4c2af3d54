/*
 * Names for addresses: a table that the Makefile makes from the first link and puts into the second
 * (tools/symbols.py). Functions in ascending order; names one after the other in the same order.
 */
#include "lib/bits.h"
#include "main/machine.h"

/* build/symbols.S; empty in the first link. */
extern const uint32_t symbol_offsets[]; /* from image_start */
extern const uint32_t symbol_count;
extern const char symbol_names[]; /* NUL-terminated each */

const char *symbol_at(uint64_t address, uint64_t *offset)
{
	const uint64_t wanted = address - (uint64_t)(uintptr_t)text_start;
	const char *name = symbol_names;

	if (wanted >= (uint64_t)(uintptr_t)text_end - (uint64_t)(uintptr_t)text_start)
		return 0;
	for (uint32_t i = 0; i < symbol_count; i++) {
		if (wanted >= symbol_offsets[i] &&
		    (i + 1 == symbol_count || wanted < symbol_offsets[i + 1])) {
			*offset = wanted - symbol_offsets[i];
			return name;
		}
		while (*name)
			name++;
		name++;
	}
	return 0;
}
