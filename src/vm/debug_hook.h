/*
 * Where a debugger takes hold of VMs: vm/ and main/ call these, src/debug/ defines them in images that are built with GDB=1.
 * In the others they are nothing.
 */
#ifndef VM_DEBUG_HOOK_H
#define VM_DEBUG_HOOK_H

#include "vm/vm.h"

#ifdef VT_GDB

/* Stage-2 tables of a VM for what a debugger guards by the page. */
#define DEBUG_TABLE_PAGES 128u

/* Boot: a word of the boot arguments (true: it is known); all VMs exist, none runs. */
bool debug_option(const char *word);
void debug_start(void);

/* The scheduler, on the vCPU's home CPU. See debug/world.c. */
bool debug_is_to_stop(const struct vm_vcpu *vcpu);
extern bool
	debug_engaged; /* a debugger has come, or a manifest has said what it waits for: from then on */
static inline bool debug_wants_stop(const struct vm_vcpu *vcpu) /* its turn is over */
{
	return debug_engaged && debug_is_to_stop(vcpu);
}
bool debug_must_park(
	const struct vm_vcpu *vcpu); /* take it out of the hardware, then call the next */
void debug_parked(struct vm_vcpu *vcpu);
bool debug_holds(struct vm_vcpu *vcpu); /* it may not run */
void debug_before_load(struct vm_vcpu *vcpu);
void debug_loaded(struct vm_vcpu *vcpu);
void debug_before_put(struct vm_vcpu *vcpu);
/* Its exits go where the debugger, or nobody but the trace, sees them. */
void debug_vectors(const struct vm_vcpu *vcpu);
/* The debugger's port, on one CPU: true when it should look again at once. How often it wants to, in ms; 0: never. */
bool debug_poll(void);
unsigned debug_poll_ms(void);
/* The last VM has ended, the machine goes off next: a debugger that waits is told so. */
void debug_end(void);

/* An exit that has left vcpu_run(): true when it was the debugger's own, and is done. */
bool debug_own_exit(struct vm_vcpu *vcpu);
static inline bool debug_exit(struct vm_vcpu *vcpu)
{
	const enum exit_reason reason = vcpu->core.exit.reason;

	return (reason == EXIT_DEBUG || (reason == EXIT_NESTED_PAGE_FAULT && debug_engaged)) &&
	       debug_own_exit(vcpu);
}
bool debug_steps(const struct vm_vcpu *vcpu); /* WFI is over at once then */
/* A crash: true when the VM waits for a debugger instead. */
bool debug_crashed(struct vm_vcpu *vcpu, const char *why);

#else

#define DEBUG_TABLE_PAGES 0u

static inline bool debug_option(const char *word)
{
	(void)word;
	return false;
}
static inline void debug_start(void)
{
}
static inline bool debug_wants_stop(const struct vm_vcpu *vcpu)
{
	(void)vcpu;
	return false;
}
static inline bool debug_must_park(const struct vm_vcpu *vcpu)
{
	(void)vcpu;
	return false;
}
static inline void debug_parked(struct vm_vcpu *vcpu)
{
	(void)vcpu;
}
static inline bool debug_holds(struct vm_vcpu *vcpu)
{
	(void)vcpu;
	return false;
}
static inline void debug_before_load(struct vm_vcpu *vcpu)
{
	(void)vcpu;
}
static inline void debug_loaded(struct vm_vcpu *vcpu)
{
	(void)vcpu;
}
static inline void debug_before_put(struct vm_vcpu *vcpu)
{
	(void)vcpu;
}
static inline void debug_vectors(const struct vm_vcpu *vcpu)
{
	(void)vcpu;
}
static inline bool debug_poll(void)
{
	return false;
}
static inline unsigned debug_poll_ms(void)
{
	return 0;
}
static inline void debug_end(void)
{
}
static inline bool debug_exit(struct vm_vcpu *vcpu)
{
	(void)vcpu;
	return false;
}
static inline bool debug_steps(const struct vm_vcpu *vcpu)
{
	(void)vcpu;
	return false;
}
static inline bool debug_crashed(struct vm_vcpu *vcpu, const char *why)
{
	(void)vcpu;
	(void)why;
	return false;
}

#endif

#endif
