/*
 * Where a debugger sees every exit: src/core/dispatch.c calls this after each, in images built with GDB=1. In the others it
 * is nothing.
 */
#ifndef CORE_DEBUG_HOOK_H
#define CORE_DEBUG_HOOK_H

#include <vitrine/vcpu.h>

#ifdef VT_GDB
void core_debug_exit(struct vcpu *vcpu, enum exit_reason reason);
#else
static inline void core_debug_exit(struct vcpu *vcpu, enum exit_reason reason)
{
	(void)vcpu;
	(void)reason;
}
#endif

#endif
