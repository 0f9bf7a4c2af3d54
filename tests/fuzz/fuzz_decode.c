/* libFuzzer over what decodes a guest's doings: exits and instructions. */
/* sources: src/core/decode.c src/core/fault_codes.c src/core/exit_format.c src/core/sysreg_names.c src/core/insn.c src/core/insn_place.c src/lib/printf.c */
/*
 * The input is registers as the CPU would leave them: ESR, FAR, HPFAR, PC, x0, an instruction word,
 * and the length of the buffer for the line. What must hold of the answers is in
 * tests/unit/esr_claims.h and insn_claims.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/insn_claims.h"

struct input {
	uint64_t esr, far, hpfar, pc, x0, sp;
	uint32_t word;
	uint8_t zva_log2, line_bytes;
};

/* What must hold whatever came in; a trap is a finding. */
static void check(const char *broken)
{
	if (broken) {
		fprintf(stderr, "not %s\n", broken);
		__builtin_trap();
	}
}

static void fuzz_exit(const struct input *input)
{
	static struct vcpu_exit exit; /* finds what the input before has left */

	/* Exactly as long as it says: the sanitizer sees what is written past it. */
	char *line = malloc(input->line_bytes);
	char whole[256];

	exit_decode(&exit, input->esr, input->far, input->hpfar, input->pc, (uint32_t)input->x0);
	check(exit_claims(&exit));
	const int length = exit_format(whole, sizeof(whole), &exit);

	check(length > 0 && length < (int)sizeof(whole) ? NULL : "a line of text");
	check(exit_format(line, input->line_bytes, &exit) == length ? NULL : "the same length");
	for (int i = 0; i < length; i++)
		check(whole[i] >= ' ' && whole[i] <= '~' ? NULL : "printable");
	free(line);
}

static void fuzz_insn(const struct input *input)
{
	const uint32_t zva_bytes = 4u << input->zva_log2 % 10;
	uint64_t x[31];
	struct insn_registers registers = {.x = x, .sp = input->sp, .pc = input->pc};
	struct insn_access access;
	const enum insn_status status = insn_decode(input->word, &access);

	check(insn_claims(status, &access));
	if (status != INSN_OK)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(x); i++)
		x[i] = input->x0 * (i + 1);

	const struct insn_place place = insn_resolve(&access, &registers, zva_bytes);

	check(access.zero_block ? (place.bytes == zva_bytes && place.address % zva_bytes == 0
					   ? NULL
					   : "an aligned block")
				: (place.bytes <= 16 ? NULL : "at most two registers"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
	struct input input = {0};

	memcpy(&input, data, MIN(count, sizeof(input)));
	fuzz_exit(&input);
	fuzz_insn(&input);
	return 0;
}
