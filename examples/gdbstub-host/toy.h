/*
 * The toy: a processor, its breakpoints, and one instance of the library.
 */
#ifndef TOY_H
#define TOY_H

#include "cpu.h"
#include "gdbstub.h"

#define POINTS	    16
#define BUFFER	    0x4000
#define XML_BYTES   4096
#define AGENT_BYTES 4096

struct point {
	bool used, watch;
	uint64_t address, bytes;
};

struct toy {
	struct cpu cpu;
	struct gdb_stub stub;
	struct point points[POINTS];
	struct gdb_action action;
	bool running, stepping_over;
	int client; /* negative: nobody */
	char text[64], xml[XML_BYTES];
	uint8_t rx[BUFFER], tx[BUFFER];
	_Alignas(8) uint8_t agent[AGENT_BYTES];
};

extern struct toy toy;
extern const struct gdb_thread the_thread;
extern const struct gdb_ops toy_ops;

/* It does not run any more, and GDB is told. */
void toy_stop(enum gdb_stop_reason reason, uint8_t signal, uint64_t address);
bool toy_has_breakpoint(uint64_t address);
void toy_describe(void);

#endif
