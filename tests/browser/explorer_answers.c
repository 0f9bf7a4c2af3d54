/*
 * What the explorer must answer, by the decoder as the host's compiler made it: for each line of six hexadecimal numbers (ESR, FAR,
 * HPFAR, SPSR, PC, w0) one line of JSON. tests/browser/explorer.mjs compares it with the page's.
 */
#include <inttypes.h>
#include <stdio.h>

#include "web/explorer/answers.h"

int main(void)
{
	uint64_t esr, far, hpfar, spsr, pc;
	uint32_t function;

	while (scanf("%" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx32, &esr,
		     &far, &hpfar, &spsr, &pc, &function) == 6)
		puts(explore_exit(esr, far, hpfar, spsr, pc, function));
	return 0;
}
