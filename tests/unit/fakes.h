/*
 * What unit tests give in place of the machine: panic() and log_line(). Include it in the one file
 * of the test that has main(), after <cmocka.h>.
 */
#ifndef TESTS_UNIT_FAKES_H
#define TESTS_UNIT_FAKES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/log.h"

static jmp_buf fake_panic_landing;
static bool fake_panic_expected;
static char fake_panic_text[256];
static char fake_log_text[256]; /* the last line */
static unsigned fake_log_lines;

/* Run the statement; true when it ended in panic(), whose text is then in fake_panic_text. */
#define PANICS(statement)            \
	(fake_panic_expected = true, \
	 setjmp(fake_panic_landing) == 0 ? (statement, fake_panic_expected = false) : true)

/* A panic that no test expects ends the program: code under test must not go on after it. */
_Noreturn void panic(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(fake_panic_text, sizeof(fake_panic_text), format, args);
	va_end(args);

	if (!fake_panic_expected) {
		fprintf(stderr, "unexpected panic: %s\n", fake_panic_text);
		abort();
	}
	fake_panic_expected = false;
	longjmp(fake_panic_landing, 1);
}

void log_line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(fake_log_text, sizeof(fake_log_text), format, args);
	va_end(args);
	fake_log_lines++;
}

/* Repeatable random numbers (xorshift64*): a failing run can be run again. */
struct fake_random {
	uint64_t state;
};

static inline uint64_t fake_random_next(struct fake_random *random)
{
	uint64_t x = random->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	random->state = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

static inline uint64_t fake_random_below(struct fake_random *random, uint64_t limit)
{
	return fake_random_next(random) % limit;
}

#endif
