/* The decoder over all 2^32 values of ESR_EL2[31:0]: `make exhaustive`. A minute or two. */
/* sources: src/core/decode.c src/core/fault_codes.c src/core/exit_format.c src/core/sysreg_names.c src/lib/printf.c */
/*
 * Each must give a named, valid exit (esr_claims.h); every 1021st is also written out as a line.
 */
#include <stdio.h>

#include "tests/unit/esr_claims.h"

#define FAR   UINT64_C(0xffff800008123018)
#define HPFAR UINT64_C(0x90000)

int main(void)
{
	uint64_t reasons[EXIT_REASONS] = {0};
	struct vcpu_exit exit = {0}; /* each syndrome finds what the one before has left */

	for (uint64_t esr = 0; esr <= UINT32_MAX; esr++) {
		const char *broken;

		exit_decode(&exit, esr, FAR, HPFAR, 0x40080000, 0);
		broken = exit_claims(&exit);
		char line[200];

		if (!broken && esr % 1021 == 0) {
			const int length = exit_format(line, sizeof(line), &exit);

			if (length < 3 || length >= (int)sizeof(line))
				broken = "a line of text";
		}
		if (broken) {
			printf("esr 0x%08llx: not %s\n", (unsigned long long)esr, broken);
			return 1;
		}
		reasons[exit.reason]++;
	}
	for (unsigned i = 0; i < EXIT_REASONS; i++)
		if (reasons[i])
			printf("%-24s %10llu\n", exit_reason_name(i),
			       (unsigned long long)reasons[i]);
	printf("all 4294967296 syndromes give a valid exit\n");
	return 0;
}
