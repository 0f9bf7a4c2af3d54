/*
 * A safe, and somebody who takes money from it: for a debugger. What is printed here on no console, and is another thing in each
 * boot (`number=`), can be seen only by who stops at the right place. At the end it tells the grader.
 */
#include "guest.h"

#define MASK_BEFORE 0x1f
#define MASK_AFTER  0x07

__attribute__((used)) volatile uint64_t money;
static volatile uint64_t hands;

uint64_t turn(uint64_t dial); /* safe-asm.S */

/* One of them takes something; each looks as if it did. It is never the first: who stops there because it is there has found nobody. */
#define HAND(name, number)                                             \
	__attribute__((noipa)) void name(uint64_t thief, uint64_t sum) \
	{                                                              \
		if (thief == (number))                                 \
			money -= sum;                                  \
		hands += (number);                                     \
	}
HAND(anna, 1)
HAND(boris, 2)
HAND(clara, 3)
HAND(dmitri, 4)

__attribute__((noipa)) void open_safe(uint64_t key)
{
	hands = key & 1;
	__asm__ volatile("" ::"r"(key)); /* or GDB says "optimized out" */
}

static void call_for_help(uint64_t times)
{
	for (uint64_t i = 0; i < times; i++)
		hvc(PSCI_VERSION, 0, 0, 0);
}

static void tell(const char *name, uint64_t value)
{
	check(true, name);
	report_values(value, value);
}

void first(const void *device_tree)
{
	static void (*const who[])(uint64_t, uint64_t) = {anna, boris, clara, dmitri};
	const uint64_t number = option(device_tree, "number");
	const uint64_t key = number * UL(0x9e3779b97f4a7c15) >> 16;
	const uint64_t calls = 3 + (key & MASK_BEFORE), dial = key >> 8 & 0xffffff;
	const uint64_t thief = 2 + (key >> 5) % 3, sum = 1000 + (key >> 7 & 0xfff);

	money = 1000000;
	call_for_help(calls);
	open_safe(key);
	call_for_help(1 + (key >> 16 & MASK_AFTER));
	turn(dial);
	for (unsigned i = 0; i < sizeof(who) / sizeof(who[0]); i++)
		who[i](thief, sum);
	tell("hypercalls", calls);
	tell("key", key);
	tell("dial", ((dial * 3) ^ 0x3c) + dial);
	tell("thief", (uint64_t)who[thief - 1]);
	tell("money", money);
	finish();
}
