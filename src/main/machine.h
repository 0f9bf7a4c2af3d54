/* What the files of main/ share: the image's own layout, stacks, options, and how a run ends. */
#ifndef MAIN_MACHINE_H
#define MAIN_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/* asm/vitrine.ld */
extern const char image_start[], image_end[], text_start[], text_end[], rodata_start[],
	rodata_end[], data_start[];

/* Exit statuses, as docs/use/running.md gives them. */
enum exit_status {
	EXIT_STATUS_OK = 0,
	EXIT_STATUS_GUEST_CRASH = 3,
	EXIT_STATUS_PANIC = 4,
	EXIT_STATUS_NO_VM = 5,
	EXIT_STATUS_LAB = 64, /* a lab's image: a function is still to be written */
};

/* The machine's boot arguments. */
struct options {
	char trace[10];	     /* trace=WORD; "" when it is not given */
	char trace_more[48]; /* trace-COMMAND=ARGUMENT, the last one */
	char manifest[52];   /* manifest=TEXT: what whoever started us calls it; for the trace */
	bool semihosting;    /* end by semihosting, so that QEMU's own exit status is ours */
	char panic_test[16]; /* provoke a fault of EL2: tests of the report */
};
extern struct options options;

/* Log the last line and power off. */
_Noreturn void machine_exit(unsigned status, const char *reason);

/* boot_map.c */
uint64_t boot_dtb_bytes(const void *dtb);
void boot_stack_guard_on(void);
uint64_t stack_for(unsigned cpu); /* top of that CPU's stack; there is a hole below it */
uint64_t emergency_stack_for(unsigned cpu);

/*
 * metadata.c: who is who in the records, at the start; what a reader must find, at the end. `writing`: CPUs that have not
 * stopped, a bit each. Their rings stay as they are, for a dump of memory, and nothing is said of what they hold.
 */
void metadata_begin(void);
void metadata_end(bool panicking, uint32_t writing);

/* panic_test.c: fault on purpose in the way that `name` says. */
void panic_test(const char *name);

/* symbols.c: the function that holds `address`, and how far in; NULL when there is none. */
const char *symbol_at(uint64_t address, uint64_t *offset);

#endif
