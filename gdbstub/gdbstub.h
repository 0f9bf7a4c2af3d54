/*
 * GDB's remote serial protocol, the target's side: a freestanding C17 library that knows no
 * operating system, no hypervisor and no transport.
 *
 * The embedder feeds received bytes to gdb_rx(), gives time with gdb_poll(), says with
 * gdb_stopped() that its threads have stopped, and brings tables of functions (struct gdb_ops)
 * through which the library reaches registers, memory and threads. What is not in the tables is not
 * offered to GDB: the answers to qSupported and vCont? are made from them.
 *
 * Vocabulary: a *process* is what shares memory (a virtual machine), a *thread* is what has
 * registers (a vCPU). All-stop: when the library says resume, what was asked for runs; when one
 * thread stops, the embedder stops the others that run too and then calls gdb_stopped(), once.
 *
 * Calls: nothing blocks, allocates or recurses; the work of one call is bounded by the size of the
 * buffers and by the number of threads. One instance is used by one caller at a time (the
 * embedder's lock); several instances are independent. The one exception is gdb_breakpoint_hit().
 * The functions in the tables are called from within gdb_rx() and gdb_poll() only, save agent's;
 * they may call gdb_stopped() and gdb_console(), nothing else of the library.
 *
 * Needs of the C library: memcpy, memmove, memset, memcmp, strlen. README.md has a whole small
 * embedder.
 *
 * Source: GDB manual, appendix "GDB Remote Serial Protocol" and "The GDB Agent Expression
 * Mechanism".
 */
#ifndef GDBSTUB_H
#define GDBSTUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gdb_ops.h"

/** An instance's environment. All of it belongs to the caller and must outlive the instance. */
struct gdb_config {
	const struct gdb_ops *ops;
	void *target; /* handed to every function in ops */
	uint8_t *rx;  /* one packet from GDB */
	size_t rx_bytes;
	uint8_t *tx; /* one packet to GDB */
	size_t tx_bytes;
	void *agent_space; /* conditions and commands of breakpoints, aligned to 8; or NULL */
	size_t agent_bytes;
};

/** One instance. The fields are the library's. */
struct gdb_stub {
	struct gdb_config config;

	/* The packet being received (rx.c). */
	uint8_t rx_state, rx_sum, rx_sum_sent;
	bool rx_oversize;
	size_t rx_count;

	/* The packet being read: what is left of it, and what has been found in it (args.c). */
	uint8_t *at, *end;
	bool malformed;
	struct gdb_thread thread, selected;
	uint64_t address, length; /* a long job goes on from here */

	/* What is to be sent: tx[tx_done..tx_count), the latest packet from tx_last on (tx.c). */
	size_t tx_count, tx_done, tx_last;
	uint8_t tx_sum, tx_run_of;
	unsigned tx_run;
	bool tx_open, tx_overflow;
	/* The piece of a document that is wanted (xfer.c). */
	bool windowed, window_cut;
	uint64_t window_skip, window_left;

	/* The session (session.c). */
	bool no_ack, multiprocess;
	bool reasons;		  /* it knows swbreak and hwbreak */
	bool fresh;		  /* no `?` yet: breakpoints of an earlier one may be in place */
	bool running, stopping;	  /* not known to be stopped; stop() has been called */
	bool awaited;		  /* GDB waits for a stop reply */
	bool stop_new;		  /* gdb_stopped() has been called, not yet looked at */
	bool held;		  /* a packet waits for the stop */
	bool inside;		  /* a call from below must not start anything */
	struct gdb_stop stop;	  /* the latest */
	struct gdb_thread g, c;	  /* what H has selected; 0: any, UINT32_MAX: all */
	struct gdb_thread listed; /* how far qfThreadInfo has come */

	/* A long job, which goes on from gdb_poll() to gdb_poll(). */
	enum gdb_err (*job)(struct gdb_stub *stub); /* one step; GDB_NO_REPLY (internal.h): go on */
	uint32_t crc;
	const uint8_t *pattern;
	size_t pattern_bytes;

	size_t agent_used;

	/**
	 * For the embedder to read: bytes of gdb_console() that found no room, packets with a bad
	 * checksum.
	 */
	uint64_t console_lost, bad_packets;
};

/**
 * Make an instance. The target counts as running: the first packet calls stop(). Where it is
 * stopped already (a machine halted at its first instruction), say so with gdb_stopped().
 *
 * @return GDB_OK; GDB_EINVAL: a buffer is too small or badly aligned. (tx must also hold a whole `g` reply, two
 * digits a byte: otherwise that is answered by an error.)
 */
enum gdb_err gdb_init(struct gdb_stub *stub, const struct gdb_config *config);

/**
 * A byte has come from GDB.
 *
 * @return true: taken. false: not now, since output is still to be sent, the target has not stopped
 * yet, or a long job goes on: offer the same byte again after the next gdb_poll() or gdb_stopped().
 * That is the flow control.
 */
bool gdb_rx(struct gdb_stub *stub, uint8_t byte);

/**
 * Go on with what could not be finished: send, answer, search. To be called when the transport has
 * room again, and from time to time.
 * @return true: call again soon, there is more to do.
 */
bool gdb_poll(struct gdb_stub *stub);

/**
 * All threads have stopped, this one first. Reports it if GDB waits for that; otherwise it is kept
 * for `?`. A second call without a resume in between replaces the first if that has not been
 * reported.
 */
void gdb_stopped(struct gdb_stub *stub, const struct gdb_stop *stop);

/**
 * Text for GDB's terminal. Only while GDB waits for a stop. @return bytes taken, the rest is
 * counted as lost.
 */
size_t gdb_console(struct gdb_stub *stub, const char *text, size_t count);

/**
 * The transport has lost GDB: unsent output, half a packet and the session's choices are forgotten.
 * The target stays as it is, breakpoints too; they go at the next session's `?`. An embedder that
 * wants the target to run on removes them and resumes it, by its own means, then calls
 * gdb_released().
 */
void gdb_disconnected(struct gdb_stub *stub);
/** The target runs again, and not because GDB asked for it: as after gdb_init(). */
void gdb_released(struct gdb_stub *stub);

/** GDB waits for the target to stop. */
bool gdb_is_awaiting_stop(const struct gdb_stub *stub);

/** What a breakpoint that has been hit is to do. */
enum gdb_verdict {
	GDB_HIT_STOP,	  /* stop and report */
	GDB_HIT_GO_ON,	  /* its condition is false: step over it and go on */
	GDB_HIT_COMMANDS, /* call gdb_breakpoint_commands(), then step over it and go on */
};

/**
 * A thread has hit a breakpoint that GDB has inserted: look at its conditions. With none, or where
 * one cannot be evaluated, it is GDB_HIT_STOP. At most GDB_AGENT_STEPS bytecodes a condition.
 *
 * May be called on several CPUs at once, without the lock, between resume() and gdb_stopped(): the
 * tables do not change then.
 */
enum gdb_verdict gdb_breakpoint_hit(const struct gdb_stub *stub, struct gdb_thread thread,
				    bool hardware, uint64_t address);
/** Run its commands (dprintf): needs the instance's lock, writes by gdb_console(). */
void gdb_breakpoint_commands(struct gdb_stub *stub, struct gdb_thread thread, bool hardware,
			     uint64_t address);

/** Bounds of an agent expression: bytecodes executed, values on its stack. */
#define GDB_AGENT_STEPS 4096
#define GDB_AGENT_STACK 32

#endif
