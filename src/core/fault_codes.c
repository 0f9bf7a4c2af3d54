/* The table of fault status codes: see fault_codes.h and fault_types.def. */
#include "core/fault_codes.h"

#include "core/esr.h"
#include "lib/words.h"

static const char type_names[] =
#define FAULT_TYPE(name, text) text "\0"
#include "core/fault_types.def"
#undef FAULT_TYPE
	;

const char *fault_type_name(unsigned type)
{
	return type < FAULT_TYPES ? word_at(type_names, type) : "?";
}

static const struct {
	uint8_t first, last;
	struct fault_code code; /* of the first; levels count up from there */
} fault_codes[] = {
#define FAULT_CODES(first, last, name, level) {first, last, {FAULT_##name, level}},
#include "core/fault_types.def"
#undef FAULT_CODES
};

struct fault_code fault_code_of(uint64_t esr)
{
	const unsigned fsc = FIELD_GET(ISS_ABT_FSC, esr);

	for (unsigned i = 0; i < ARRAY_SIZE(fault_codes); i++) {
		struct fault_code code = fault_codes[i].code;

		if (fsc < fault_codes[i].first || fsc > fault_codes[i].last)
			continue;
		if (code.level != FAULT_NO_LEVEL)
			code.level = (int8_t)(code.level + (int)(fsc - fault_codes[i].first));
		return code;
	}
	return (struct fault_code){FAULT_RESERVED, FAULT_NO_LEVEL};
}
