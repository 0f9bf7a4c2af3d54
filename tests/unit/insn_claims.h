/* What must hold of a decoded instruction, whatever the word: for the unit test and the fuzzer. */
#ifndef TESTS_UNIT_INSN_CLAIMS_H
#define TESTS_UNIT_INSN_CLAIMS_H

#include <string.h>

#include "core/insn.h"
#include "tests/unit/esr_claims.h"

static inline const char *element_claims(const struct insn_access *access, unsigned index)
{
	const struct insn_element *element = &access->element[index];

	CLAIM(is_size(element->bytes) && element->reg <= 31);
	CLAIM(element->offset == index * access->element[0].bytes);
	CLAIM(element->bytes < 8 || element->reg_is_64);
	CLAIM(!element->sign_extend || (!access->write && element->bytes < 8));
	CLAIM(!access->write_back || element->reg != access->base_reg || element->reg == INSN_SP);
	return NULL;
}

static inline const char *insn_claims(enum insn_status status, const struct insn_access *access)
{
	CLAIM(strcmp(insn_status_name(status), "?") != 0);
	if (status != INSN_OK)
		return NULL;
	CLAIM(access->zero_block ? access->elements == 0 && access->write
				 : access->elements == 1 || access->elements == 2);
	CLAIM(access->base_reg <= 31 && access->index_reg <= 31 && access->index_shift <= 3);
	CLAIM(access->base == INSN_BASE_REGISTER || !access->write_back);
	CLAIM(access->offset >= -(1 << 20) && access->offset < 1 << 20);
	CLAIM(access->write_back_offset >= -512 && access->write_back_offset < 512);
	for (unsigned i = 0; i < access->elements; i++) {
		const char *broken = element_claims(access, i);

		if (broken)
			return broken;
	}
	return NULL;
}

#endif
