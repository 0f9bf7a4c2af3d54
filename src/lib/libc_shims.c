/*
 * What Debian's libfdt.a and libz.a ask of a C library beyond lib/string.h.
 *
 * Both are compiled with a stack protector, which wants a canary and somebody to call. zlib falls back on an allocator of
 * its own (malloc) when the caller brings none; ours always does (vm/image_gzip.c), and a definition here keeps zlib's, and
 * malloc with it, out of the image.
 */
#include <stddef.h>
#include <stdint.h>

#include "lib/log.h"

/*
 * The symbols are the libraries' choice. `used`: with LTO the linker sees the references only after the optimiser is done.
 */
#define LIBRARY_WANTS __attribute__((used, visibility("default")))

void __stack_chk_fail(void);
void *zcalloc(void *opaque, unsigned items, unsigned bytes);
void zcfree(void *opaque, void *address);

/* Constant: it guards against our libraries' mistakes, not against an attacker who has read the image. Low byte 0 stops a
 * runaway string copy before the canary. */
LIBRARY_WANTS uintptr_t __stack_chk_guard = 0x7669747269006e00;

LIBRARY_WANTS _Noreturn void __stack_chk_fail(void)
{
	panic("stack overrun in libfdt or zlib");
}

/* NULL: zlib reports that it is out of memory. */
LIBRARY_WANTS void *zcalloc(void *opaque, unsigned items, unsigned bytes)
{
	(void)opaque;
	(void)items;
	(void)bytes;
	return NULL;
}

LIBRARY_WANTS void zcfree(void *opaque, void *address)
{
	(void)opaque;
	(void)address;
}
