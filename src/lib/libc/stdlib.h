/*
 * <stdlib.h> for libfdt's headers, which include it and take nothing from it: no function that would need a heap is
 * declared, so that a use of one does not compile.
 */
#ifndef LIBC_STDLIB_H
#define LIBC_STDLIB_H

#include <stddef.h>

#endif
