/* <string.h> as far as libfdt and zlib need it on the target. */
#ifndef LIBC_STRING_H
#define LIBC_STRING_H

#include "lib/string.h"

#endif
