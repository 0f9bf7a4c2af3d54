/*
 * The debugger's connection: bytes from the port to gdbstub/ and back, and the stops of VMs told to it. One CPU does all of it
 * (SERVER_CPU), at the top of its scheduler loop: nothing here needs a lock.
 */
#ifndef DEBUG_SERVER_H
#define DEBUG_SERVER_H

#include "debug/state.h"

/* target.c: the tables through which gdbstub/ reaches our vCPUs. */
extern const struct gdb_ops target_ops;
/* All software breakpoints and debug registers of a VM are as if there had never been a debugger. */
void target_remove_breaks(struct debug_vm *vm);

/* server.c, for target.c */
size_t server_send(const uint8_t *bytes, size_t count);

/* control.c, for target.c */
void server_resume(void);
void server_stop(void);
void server_detach(struct debug_vm *vm);
enum gdb_err server_reset(void);
void server_attach(struct debug_vm *vm);

/* control.c, for server.c */
void control_look_for_stops(struct gdb_stub *stub);
void control_end_killed(void);
void control_release(void);
/* The debugger has a VM. */
bool control_has_any(void);
/* GDB is not heard meanwhile: there is nothing to look at. */
bool control_is_resetting(void);

/*
 * For step.c, on any CPU: a vCPU has met a breakpoint of GDB's. True: it stops there. Its commands have been executed.
 */
bool server_is_hit(struct gdb_thread thread, bool hardware, uint64_t address);
/* The same as a question only: it does not stop there, and has no commands. */
bool server_goes_on(struct gdb_thread thread, bool hardware, uint64_t address);

/* What a person has chosen by `monitor`. */
extern struct server_settings {
	bool physical;	       /* GDB's addresses are guest-physical */
	bool resume_when_lost; /* a VM whose debugger has gone goes on */
} server_settings;

/* rules.c: what the VM's manifest says. */
void rules_apply(struct debug_vm *vm);

/* monitor.c, exec_file.c */
extern const struct gdb_monitor_ops monitor_ops;
extern const struct gdb_exec_file_ops exec_file_ops;

#endif
