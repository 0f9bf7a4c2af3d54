/* One of two VMs with RAM at the same IPA: what each writes stays what it wrote, however often they take turns. */
#include "guest.h"

#define FREE_RAM (RAM_BASE + UL(0x100000)) /* the upper half: neither code nor stack */
#define WORDS	 (UL(0x80000) / 8)
#define TURNS	 6

static uint64_t pattern(uint64_t who, uint64_t turn, uint64_t word)
{
	return who << 56 | turn << 48 | word;
}

void first(const void *device_tree)
{
	volatile uint64_t *ram = (volatile uint64_t *)FREE_RAM;
	const uint64_t who = option(device_tree, "who");
	uint64_t wrong = 0, foreign = 0;

	for (uint64_t word = 0; word < WORDS; word++)
		foreign += ram[word] != 0;
	CHECK_EQUAL(foreign, 0, "RAM that nobody has written holds nothing of another VM");

	for (uint64_t turn = 0; turn < TURNS; turn++) {
		for (uint64_t word = 0; word < WORDS; word += 512)
			ram[word] = pattern(who, turn, word);
		wait_ms(3); /* longer than a time slice: the other one writes now */
		for (uint64_t word = 0; word < WORDS; word += 512)
			wrong += ram[word] != pattern(who, turn, word);
	}
	CHECK_EQUAL(wrong, 0, "RAM keeps what this VM wrote while another one runs");
	finish();
}
