/*
 * What the programs of this folder have in common: QEMU's virt from EL2, with no hypervisor but theirs. They tell what is wrong on
 * the UART, say "checked" at their end, and switch the machine off.
 */
#ifndef LIBRARY_BARE_H
#define LIBRARY_BARE_H

#include <stdbool.h>
#include <stdint.h>

#define UART		0x09000000ul
#define PSCI_SYSTEM_OFF 0x84000008u

#define READ(name)                                                 \
	({                                                         \
		uint64_t value_;                                   \
		__asm__ volatile("mrs %0, " #name : "=r"(value_)); \
		value_;                                            \
	})

static inline volatile uint32_t *reg(uint64_t address)
{
	return (volatile uint32_t *)address;
}

static inline void put(char character)
{
	*reg(UART) = (unsigned char)character;
}

static inline void say(const char *text)
{
	while (*text)
		put(*text++);
}

static inline void check(bool condition, const char *what)
{
	if (condition)
		return;
	say("wrong: ");
	say(what);
	say("\n");
}

static inline _Noreturn void checked(void)
{
	register uint64_t x0 __asm__("x0") = PSCI_SYSTEM_OFF;

	say("checked\n");
	__asm__ volatile("smc #0" : "+r"(x0)::"x1", "x2", "x3", "memory");
	for (;;)
		;
}

#endif
