/*
 * Faults of EL2 on purpose: boot argument panic-test=NAME, for tests of the report in main/panic.c.
 */
#include "hal/arm64.h"
#include "lib/log.h"
#include "lib/string.h"
#include "main/machine.h"

/*
 * Each call needs more stack than the last: ends in the guard page. The volatile use keeps it from
 * becoming a loop.
 */
static unsigned overflow_stack(unsigned depth)
{
	volatile char space[512];

	space[0] = (char)depth;
	return depth == 0 ? 0 : overflow_stack(depth + 1) + (unsigned char)space[0];
}

/*
 * x0 to x30 hold 0x101 times their numbers, but for x27, which holds SP: the report is to say so.
 */
static _Noreturn void fault_with_known_registers(void)
{
	__asm__ volatile(".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, "
			 "18, 19, 20, 21, 22, 23, 24, 25, 26, 28, 29, 30\n\t"
			 "movz x\\n, #0x101 * \\n\n\t"
			 ".endr\n\t"
			 "mov x27, sp\n\t"
			 "brk #7");
	__builtin_unreachable();
}

/*
 * As if the exception of this kind had been taken from EL2: the vector is entered, and what the syndrome registers hold is old.
 */
static void enter_vector(unsigned kind)
{
	__asm__ volatile("br %0" ::"r"(READ_SYSREG(VBAR_EL2) + 0x80 * kind));
}

void panic_test(const char *name)
{
	/* The page at 0 is not mapped. Volatile: a compiler that knew the address would refuse it. */
	const volatile uint64_t nowhere = 8;

	if (strcmp(name, "null") == 0)
		mmio_write32(nowhere, 1);
	else if (strcmp(name, "text") == 0)
		mmio_write32((uint64_t)(uintptr_t)text_start, 1);
	else if (strcmp(name, "stack") == 0)
		overflow_stack(1);
	else if (strcmp(name, "brk") == 0)
		__asm__ volatile("brk #7");
	else if (strcmp(name, "registers") == 0)
		fault_with_known_registers();
	else if (strncmp(name, "vector", 6) == 0)
		enter_vector((unsigned)name[6] & 7);
	else if (strcmp(name, "assert") == 0)
		ASSERT(name == 0);
	else
		log_line("boot argument panic-test=%s: no such test (null, text, stack, brk, "
			 "registers, vector0 to vector7, assert)",
			 name);
}
