/*
 * The console multiplexer: one terminal (the machine's UART) shared by the guests and, at first,
 * the log.
 *
 * One VM: its output passes through byte for byte. Several: output is collected by line and
 * prefixed `[name] `; an unfinished line is shown after 100 ms, at a switch, or when it is long, so
 * that prompts appear. Input goes to the selected VM; C-a is the escape key: C-a x quit, n/p
 * next/previous VM, 1-9 that VM, a (or C-a, as in QEMU) a literal C-a, h or ? help. Anything else
 * after C-a is ignored with a hint.
 *
 * Locks: LOCK_CONSOLE for the terminal. It is not held while input is handed to a vuart.
 */
#ifndef DEV_CONSOLE_H
#define DEV_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dev/vuart.h"

#define CONSOLE_MAX  8u
#define CONSOLE_NONE CONSOLE_MAX

/*
 * Register a guest console; the index is what console_output() wants. name is kept, not copied.
 * CONSOLE_NONE: no more room.
 */
unsigned console_add(const char *name);
/*
 * Where input for this console goes (set once the VM has its vuart). NULL: the VM is gone, its
 * input is dropped and counted.
 */
void console_set_vuart(unsigned console, struct vuart *uart);

/* One byte that a guest has written. */
void console_output(unsigned console, uint8_t byte);
/*
 * The UART has input: take what the selected guest can take. Called from the UART's interrupt on
 * one CPU, and when a guest's queue has drained (console_input_ready()). Any CPU, no lock held.
 * While the selected guest's queue and the console's own 64 bytes are full, the UART's receive
 * interrupt is masked and nothing is read, the escape key included.
 */
void console_input_poll(void);
/* A vuart's queue has room again: give it what waits and read on. No lock held. */
void console_input_ready(unsigned console);
/*
 * Flush half lines that are older than 100 ms, called about every 50 ms by the boot CPU's tick when
 * several VMs share the terminal.
 */
void console_tick(void);

/*
 * Has any guest written yet? (Then the log no longer goes to the terminal, if it has its own port.)
 */
bool console_guest_has_spoken(void);
/*
 * Write a line of the hypervisor's own to the terminal, prefixed `[vitrine] `, after ending a
 * guest's unfinished one.
 */
void console_host_line(const char *text);

#ifdef VT_GDB
/* terminal_lend() and terminal_take(), for who does not hold LOCK_CONSOLE. */
void console_lend(bool lent);
size_t console_take(char *to, size_t room);
#endif

/* Input bytes that had nowhere to go: their VM has no UART or is gone. */
extern uint64_t console_input_dropped;

/* Supplied by vm/: C-a x was typed. */
void console_quit_requested(void);

#endif
