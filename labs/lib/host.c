/* Linked into every host test of a lab: what a skeleton's LAB_TODO() does there, and one case of many by the environment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/lab.h"

#define STATUS_TODO 64

void lab_todo(const char *lab, unsigned task, const char *function, const void *caller)
{
	(void)caller;
	fprintf(stderr, "LAB %s: %s() is yours to write, see task %u\n", lab, function, task);
	_Exit(STATUS_TODO);
}

__attribute__((constructor)) static void choose_case(void)
{
	const char *name = getenv("LAB_CASE");

	if (name)
		cmocka_set_test_filter(name);
}
