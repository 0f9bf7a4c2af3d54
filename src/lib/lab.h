/*
 * The labs' builds only: what stands in a student's file where a body is still to be written. The
 * Makefile includes this header into each of these files, on the target and in host tests.
 */
#ifndef LIB_LAB_H
#define LIB_LAB_H

#define LAB_TODO(lab, task) lab_todo(lab, task, __func__, __builtin_return_address(0))

/*
 * Say which function is still to be written and where the call came from, and end the run with
 * status 64. On the target: main/lab_todo.c; in host tests: labs/lib/host.c.
 */
_Noreturn void lab_todo(const char *lab, unsigned task, const char *function, const void *caller);

#endif
