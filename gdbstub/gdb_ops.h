/*
 * What a target brings to the library: the tables of functions through which registers, memory and
 * threads are reached, and the words that they share with it. Included by gdbstub.h, where the
 * rules of calling stand.
 */
#ifndef GDB_OPS_H
#define GDB_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The widest register, in bytes: an SVE Z register of 2048 bits. */
#define GDB_MAX_REGISTER_BYTES 256
/** The least sizes of a caller's buffers, in bytes. A good size is 16 KiB each: fewer packets. */
#define GDB_MIN_BUFFER_BYTES 1024
/**
 * The longest path of a file and the longest name or text of a thread, in bytes, with the final
 * NUL.
 */
#define GDB_MAX_TEXT_BYTES 128

/**
 * Results. A positive one goes to GDB as "Exx", in hexadecimal; the numbers are those of errno.h,
 * where GDB has an opinion it is beside the name.
 */
enum gdb_err {
	GDB_OK = 0,
	GDB_EPERM = 1,	/* not allowed */
	GDB_ENOENT = 2, /* no such file or annex */
	GDB_ESRCH = 3,	/* no such thread or process */
	GDB_EINTR = 4,	/* ended by Ctrl-C */
	GDB_EIO = 5,	/* it should have worked */
	GDB_E2BIG = 7,	/* larger than the buffers */
	GDB_EBADF = 9,	/* no such open file */
	GDB_ENOMEM =
		12, /* no more breakpoint registers, no room: "too many hardware breakpoints" */
	GDB_EFAULT = 14, /* nothing readable or writable there: "Cannot access memory" */
	GDB_EINVAL = 22, /* malformed, or out of range */

	GDB_UNSUPPORTED = -1, /* this target has no such thing: answered by an empty packet */
	GDB_UNAVAILABLE =
		-2, /* only from read_register(): exists, has no value now: "<unavailable>" */
};

/** Numbers of GDB's own, the same for every target. */
enum gdb_signal {
	GDB_SIGNAL_NONE = 0,
	GDB_SIGNAL_INT = 2,
	GDB_SIGNAL_ILL = 4,
	GDB_SIGNAL_TRAP = 5,
	GDB_SIGNAL_ABRT = 6,
	GDB_SIGNAL_KILL = 9,
	GDB_SIGNAL_BUS = 10,
	GDB_SIGNAL_SEGV = 11,
};

/** pid and tid count from 1, at most 0xfffffffe. Without the `processes` table pid is 1. */
struct gdb_thread {
	_Alignas(8) uint32_t pid;
	uint32_t tid;
};

enum gdb_stop_reason {
	GDB_STOP_SIGNAL, /* anything that has no reason of its own below: `signal` */
	/*
	 * At a breakpoint that GDB has inserted: Z0, Z1. Never for others, such as the guest's own
	 * BRK: GDB would resume at once, silently and for ever. `signal` is not looked at, here and
	 * for watchpoints.
	 */
	GDB_STOP_SWBREAK,
	GDB_STOP_HWBREAK,
	GDB_STOP_WATCH,	 /* Z2; `address`: inside what was asked for, its start if in doubt */
	GDB_STOP_RWATCH, /* Z3 */
	GDB_STOP_AWATCH, /* Z4 */
	GDB_STOP_EXITED, /* the process has ended: `status`. thread.pid tells which */
	GDB_STOP_KILLED, /* the process has been ended: `signal` */
};

struct gdb_stop {
	struct gdb_thread thread; /* the one that stopped, and that GDB then looks at */
	enum gdb_stop_reason reason;
	uint8_t signal;	  /* enum gdb_signal */
	uint8_t status;	  /* EXITED only */
	uint64_t address; /* watchpoints only: of the data */
};

enum gdb_action_kind {
	GDB_ACTION_STAY,  /* remains stopped */
	GDB_ACTION_RUN,	  /* goes on */
	GDB_ACTION_STEP,  /* one instruction, then stops with GDB_SIGNAL_TRAP */
	GDB_ACTION_RANGE, /* steps on while begin <= pc < end, but at least once */
};

/** What one thread is to do. */
struct gdb_action {
	enum gdb_action_kind kind;
	uint8_t signal;	     /* to be given to the thread; GDB_SIGNAL_NONE almost always */
	uint64_t begin, end; /* RANGE only: addresses, begin < end */
};

/**
 * What every target has. `target` is always the pointer from struct gdb_config.
 *
 * Functions that take a thread get one that exists (next_thread() lists it). They are called only
 * while the target is stopped, save stop() and tx().
 */
struct gdb_core_ops {
	/**
	 * Registers are numbered as in the target description; 0 .. g_registers-1 make up the `g`
	 * packet.
	 */
	unsigned g_registers;
	unsigned pc_register;
	/**
	 * Register numbers that each stop reply carries, so that GDB need not ask: fp, lr, sp, pc.
	 * May be NULL.
	 */
	const uint8_t *expedited;
	unsigned expedited_count;
	/**
	 * resume() takes GDB_ACTION_RANGE: `next` then costs one packet, not one an instruction.
	 */
	bool range_step;
	bool big_endian; /* registers, and data in memory */

	/**
	 * Send up to `count` bytes; says how many were taken, 0 too. The rest is offered again at
	 * gdb_poll().
	 */
	size_t (*tx)(void *target, const uint8_t *bytes, size_t count);

	/** Size of a register: 1..GDB_MAX_REGISTER_BYTES; 0: there is none of this number. */
	size_t (*register_bytes)(void *target, unsigned reg);
	/**
	 * A register's value in the target's byte order, register_bytes() of them.
	 * @return GDB_OK, GDB_UNAVAILABLE, or an error.
	 */
	enum gdb_err (*read_register)(void *target, struct gdb_thread thread, unsigned reg,
				      uint8_t *value);
	/**
	 * @return GDB_OK; GDB_EPERM, GDB_EINVAL (the value is not allowed), ...: then nothing has
	 * changed.
	 */
	enum gdb_err (*write_register)(void *target, struct gdb_thread thread, unsigned reg,
				       const uint8_t *value);

	/**
	 * Read memory as the thread sees it. [address, address + count) never wraps round, count >=
	 * 1.
	 * @return how many bytes are readable from `address` on: a prefix is fine; 0: not even the
	 * first.
	 */
	size_t (*read_memory)(void *target, struct gdb_thread thread, uint64_t address,
			      uint8_t *bytes, size_t count);
	/** Write all of it: GDB_OK. Otherwise an error, and a part may have been written. */
	enum gdb_err (*write_memory)(void *target, struct gdb_thread thread, uint64_t address,
				     const uint8_t *bytes, size_t count);

	/**
	 * The thread that follows *thread in the order, whether that exists or not; {0, 0} precedes
	 * all. Ordered by pid, then tid, attached processes only. At least one while the target is
	 * stopped, unless the last process has ended.
	 * @return false: there is none, *thread is unchanged.
	 */
	bool (*next_thread)(void *target, struct gdb_thread *thread);

	/**
	 * Say what a thread is to do at the next resume(): called for *every* thread before each
	 * resume(). An error goes to GDB; nothing is resumed then.
	 */
	enum gdb_err (*set_action)(void *target, struct gdb_thread thread,
				   const struct gdb_action *action);
	/**
	 * Go. When one thread has stopped and then all: gdb_stopped(), from here already if it is
	 * so quick.
	 */
	enum gdb_err (*resume)(void *target);
	/**
	 * Stop all threads of the attached processes; if none is attached, attach the one a
	 * debugger would want. When they have stopped, or had already, or there is nothing left to
	 * stop (EXITED): gdb_stopped(), from here or later, always. GDB_SIGNAL_INT is the customary
	 * reason.
	 */
	void (*stop)(void *target);
	/** Let go of a process: it runs on. Its breakpoints have been removed before. */
	void (*detach)(void *target, uint32_t pid);
};

/** The target description: without it GDB guesses. */
struct gdb_description_ops {
	/**
	 * A piece of the XML document `annex` ("target.xml" and what it includes), from `offset`
	 * on. *count: on entry the room, on return what was copied: less only where it ends.
	 * @return GDB_OK, GDB_ENOENT (no such annex).
	 */
	enum gdb_err (*read)(void *target, uint32_t pid, const char *annex, uint64_t offset,
			     uint8_t *bytes, size_t *count);
};

/** Names and states in `info threads`. */
struct gdb_thread_info_ops {
	/**
	 * Write a text of at most `room` - 1 bytes and a NUL. Control characters, <, & and quotes
	 * appear as question marks.
	 */
	void (*name)(void *target, struct gdb_thread thread, char *text, size_t room);
	void (*state)(void *target, struct gdb_thread thread, char *text, size_t room);
	/** The processor that it is on: 0..; negative: on none. */
	int (*core)(void *target, struct gdb_thread thread);
};

/**
 * Z0 and Z1. Both functions are idempotent: to insert what is there or remove what is not is
 * GDB_OK.
 */
struct gdb_breakpoint_ops {
	/**
	 * @param hardware  Z1 rather than Z0.
	 * @param kind      the length of the instruction in bytes (AArch64: 4), as GDB has sent it.
	 * @return GDB_OK, GDB_EFAULT, GDB_ENOMEM (no more registers), GDB_UNSUPPORTED (not this
	 * sort). A software breakpoint must stay hidden from read_memory().
	 */
	enum gdb_err (*insert)(void *target, struct gdb_thread thread, bool hardware,
			       uint64_t address, uint64_t kind);
	enum gdb_err (*remove)(void *target, struct gdb_thread thread, bool hardware,
			       uint64_t address, uint64_t kind);
	/** All of a process; pid 0: of all processes. A new session, a detach. */
	void (*remove_all)(void *target, uint32_t pid);
};

enum gdb_watch { GDB_WATCH_WRITE, GDB_WATCH_READ, GDB_WATCH_ACCESS };

/**
 * Z2, Z3 and Z4. Any alignment, any length from 1 on, no wrap-round: the target splits or refuses.
 */
struct gdb_watchpoint_ops {
	enum gdb_err (*insert)(void *target, struct gdb_thread thread, enum gdb_watch watch,
			       uint64_t address, uint64_t bytes);
	enum gdb_err (*remove)(void *target, struct gdb_thread thread, enum gdb_watch watch,
			       uint64_t address, uint64_t bytes);
	void (*remove_all)(void *target, uint32_t pid);
};

/**
 * `monitor`: start() takes the line, then more() is asked for the text piece by piece as GDB takes
 * it, so that a long answer needs no large buffer.
 */
struct gdb_monitor_ops {
	/**
	 * @param line  what the person typed, NUL-terminated, may be empty. An error goes to GDB as
	 *   such.
	 */
	enum gdb_err (*start)(void *target, struct gdb_thread thread, const char *line);
	/** The next piece of the answer, at most `room` bytes; 0 when there is no more. */
	size_t (*more)(void *target, char *text, size_t room);
};

/** `run` (vRun, R): everything from the start. */
struct gdb_reset_ops {
	/**
	 * Start again, stopped at the first instruction; then gdb_stopped(), from here or later.
	 */
	enum gdb_err (*reset)(void *target);
};

/** Several processes: `attach`, `kill`, `info inferiors`. */
struct gdb_process_ops {
	/**
	 * Attach and stop it: when it has stopped, gdb_stopped(), from here or later. GDB_ESRCH.
	 */
	enum gdb_err (*attach)(void *target, uint32_t pid);
	/**
	 * End it for good (its breakpoints are gone by then). GDB_ESRCH: no such attached process.
	 */
	enum gdb_err (*kill)(void *target, uint32_t pid);
};

/** The program that runs, as a file: GDB then needs no file of its own. */
struct gdb_exec_file_ops {
	/**
	 * Its absolute path, as GDB shows it: at most room - 1 bytes and a NUL. GDB_ENOENT: there
	 * is none.
	 */
	enum gdb_err (*path)(void *target, uint32_t pid, char *path, size_t room);
	/** Bytes of the file at `offset`; *count as in the target description. */
	enum gdb_err (*read)(void *target, uint32_t pid, uint64_t offset, uint8_t *bytes,
			     size_t *count);
	uint64_t (*size)(void *target, uint32_t pid);
	/** How far it runs from where it was linked (qOffsets). */
	uint64_t (*load_offset)(void *target, uint32_t pid);
};

/**
 * Conditions and commands of breakpoints, evaluated at the target (gdb_breakpoint_hit()). Both
 * functions are like those in the core, but are called for a thread that has just hit a breakpoint
 * while others may run: on its CPU, without the instance's lock.
 */
struct gdb_agent_ops {
	enum gdb_err (*read_register)(void *target, struct gdb_thread thread, unsigned reg,
				      uint8_t *value);
	size_t (*read_memory)(void *target, struct gdb_thread thread, uint64_t address,
			      uint8_t *bytes, size_t count);
};

/**
 * What a target can do. `core` and all its functions must be there, any other table may be NULL.
 */
struct gdb_ops {
	const struct gdb_core_ops *core;
	const struct gdb_description_ops *description;
	const struct gdb_thread_info_ops *thread_info;
	const struct gdb_breakpoint_ops *breakpoints;
	const struct gdb_watchpoint_ops *watchpoints;
	const struct gdb_monitor_ops *monitor;
	const struct gdb_reset_ops *reset;
	const struct gdb_process_ops *processes;
	const struct gdb_exec_file_ops *exec_file;
	const struct gdb_agent_ops *agent; /* counts only with `breakpoints` and agent_space */
};

#endif
