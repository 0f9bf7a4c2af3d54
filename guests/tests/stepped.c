/*
 * A guest to step through, under a hypervisor or not: calls, loops, recursion, branches of all kinds, exceptions of its own to its own
 * handler, and nothing that only one of two machines has. Built with line numbers, for `next`.
 */
#include "guest.h"

#define CLASS_SVC 0x15
#define CLASS_BRK 0x3c

__attribute__((used)) volatile uint64_t watched, steps;
static volatile uint64_t table[16];

bool on_exception(struct trap *trap, unsigned class)
{
	steps++;
	if (class == CLASS_BRK)
		trap->elr += 4;
	return class == CLASS_BRK || class == CLASS_SVC;
}

__attribute__((noinline)) uint64_t leaf(uint64_t number)
{
	watched = number;
	return number * 3 + 1;
}

__attribute__((noinline)) uint64_t fibonacci(uint64_t number)
{
	if (number < 2)
		return leaf(number);
	return fibonacci(number - 1) + fibonacci(number - 2);
}

__attribute__((noinline)) void sort(void)
{
	for (unsigned i = 1; i < 16; i++) {
		for (unsigned j = i; j && table[j - 1] > table[j]; j--) {
			const uint64_t other = table[j];

			table[j] = table[j - 1];
			table[j - 1] = other;
		}
	}
}

__attribute__((noinline)) void exceptions(void)
{
	__asm__ volatile("svc #7\n"
			 "brk #0x800\n"
			 "svc #8\n" ::
				 : "memory");
}

__attribute__((noinline)) uint64_t walk(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < 16; i++)
		table[i] = leaf(i * 7 % 16);
	sort();
	exceptions();
	for (unsigned i = 0; i < 16; i++)
		sum += table[i] >> i;
	return sum + fibonacci(5);
}

void first(const void *device_tree)
{
	(void)device_tree;
	CHECK_EQUAL(walk() != 0, 1, "the walk ends");
	CHECK_EQUAL(steps, 3, "each exception comes once");
	finish();
}
