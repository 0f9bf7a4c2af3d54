/* What core/insn.c makes of instruction words: hexadecimal in, one line each out. */
/* sources: src/core/insn.c */
/*
 * Not a test by itself: test_insn_objdump.py compares what this says with what binutils says.
 */
#include <inttypes.h>
#include <stdio.h>

#include "core/insn.h"

static void print_access(const struct insn_access *access)
{
	printf("ok %s%s", access->write ? "store" : "load", access->ordered ? " ordered" : "");
	if (access->zero_block)
		printf(" zva");
	for (unsigned i = 0; i < access->elements; i++) {
		const struct insn_element *element = &access->element[i];

		printf(" %c%u:%u@%u%s", element->reg_is_64 ? 'x' : 'w', element->reg,
		       element->bytes, element->offset, element->sign_extend ? "s" : "");
	}
	if (access->base == INSN_BASE_PC)
		printf(" [pc");
	else
		printf(" [%u", access->base_reg);
	printf("%+" PRId32, access->offset);
	if (access->extend)
		printf(" index %u extend %u shift %u", access->index_reg, access->extend,
		       access->index_shift);
	printf("]");
	if (access->write_back)
		printf(" wb%+" PRId32, access->write_back_offset);
	printf("\n");
}

int main(void)
{
	uint32_t word;

	while (scanf("%" SCNx32, &word) == 1) {
		struct insn_access access;
		const enum insn_status status = insn_decode(word, &access);

		if (status == INSN_OK)
			print_access(&access);
		else
			printf("%s\n", insn_status_name(status));
	}
	return 0;
}
