/*
 * What a debugger keeps of VMs and vCPUs. Beside struct vm, not in it: images without a debugger have none of it.
 *
 * Who may touch what: while a VM is stopped (world_is_stopped()) all of it belongs to the CPU that serves the debugger. While
 * it runs, a vCPU's part belongs to its home CPU, and `breaks` is only read.
 */
#ifndef DEBUG_STATE_H
#define DEBUG_STATE_H

#include "debug/breaks.h"
#include "gdbstub/gdbstub.h"
#include "vm/vm.h"

#define DEBUG_VCPUS (MANIFEST_MAX_VMS * MANIFEST_MAX_VCPUS)
#define SERVER_CPU  0u /* the physical CPU that serves the debugger's port */

#define POINTS_MOST 32u
/* Pages that one instruction may need: its own, two of data, and those of the tables on the way to each. */
#define OVER_PAGES 16u

enum point_kind {
	POINT_NONE,
	POINT_EXIT,
	POINT_SYSREG,
	POINT_PSCI,
	POINT_IRQ,
	POINT_IPA,
	POINT_EXEC
};

/* By kind, `value` is a reason, a register's key, a function, an INTID or the first address. */
struct point {
	uint64_t value, end;
	uint8_t kind; /* enum point_kind */
	bool read, write;
};

/* Breakpoints, by their place, that a vCPU has passed of late: see pass.c. */
#define PASSES 8u

struct pass {
	uint64_t pc, pa;  /* of the instruction */
	uint64_t address; /* of GDB's breakpoint, which may be another name of that place */
	struct gdb_thread thread;
	uint32_t epoch; /* that it was in: in another one GDB may have changed it; 0: none */
	uint32_t word;	/* below the patch */
	bool hardware;
};

struct debug_vcpu {
	struct vm_vcpu *vcpu;
	struct debug_vm *vm;
	uint32_t seen; /* the epoch of its VM on which its home CPU has acted */
	bool held;     /* out of the hardware, and not to be run */
	bool waited;   /* it was BLOCKED when it was stopped */
	bool registers_written;
	struct gdb_action action; /* what it is to do at the next resume, and then does */
	struct gdb_action later;  /* and when the VM has been taken over a breakpoint: see over.c */
	struct {
		uint64_t pc, pa;	   /* pa: of the patched word; 0: a breakpoint register's */
		uint64_t page[OVER_PAGES]; /* and guarded pages that it has met there */
		unsigned pages;
		bool active; /* the breakpoint is lifted, for one instruction */
		bool done;   /* that was executed */
	} over;
	uint64_t interrupted_pc;  /* where such a stop was, until it has moved */
	uint32_t interrupts_seen; /* a bit a point: its interrupt is there still */
	bool passes; /* it has stopped at over.pc, where GDB knows of nothing to step over */
	struct pass pass[PASSES];
};

struct debug_vm {
	struct vm *vm;
	struct spinlock lock;	/* LOCK_DEBUG: beginning a stop */
	uint32_t epoch;		/* atomic; odd: its vCPUs are to stand still */
	uint32_t unparked;	/* atomic: vCPUs that do not stand still yet */
	uint64_t stopped_ticks; /* CNTPCT_EL0 when the last one did */
	struct gdb_stop
		why; /* what began this stop; reason SIGNAL, signal NONE: nothing of its own */
	struct debug_vcpu
		*over; /* the VM stops, or has stopped, to take this one over a breakpoint */
	struct breaks breaks;
	/* What stops it beside breakpoints: `monitor break`. The first `points_used` of them matter. */
	struct point points[POINTS_MOST];
	unsigned points_used;
	bool stopped; /* atomic: all vCPUs do */
	bool attached;
	bool killed;   /* stands still until the debugger runs it anew, or leaves: then it is off */
	bool reported; /* its stop has been told to GDB */
	bool resetting;	      /* a reset that the debugger has asked for is on its way */
	bool time_runs;	      /* its clock goes on while it is stopped */
	bool step_interrupts; /* it takes interrupts while it is stepped */
	bool crash_stays;     /* at a crash it waits for a debugger, even if there is none */
	bool crash_ends;      /* it does not, even if there is one */
	bool crashed;	      /* it waits at a crash: what goes on is its end */
	bool over_goes;	      /* it goes, the others stand still */
};

extern struct debug_vcpu debug_vcpus[DEBUG_VCPUS];
extern struct debug_vm debug_vms[MANIFEST_MAX_VMS];

static inline struct debug_vcpu *debug_vcpu_of(const struct vm_vcpu *vcpu)
{
	return &debug_vcpus[vcpu->core.id];
}

static inline uint32_t debug_pid_of(const struct debug_vm *vm)
{
	return (uint32_t)(vm - debug_vms) + 1;
}

/* As the debugger numbers them: a process a VM, a thread a vCPU, both from 1. NULL: no such thing. */
struct debug_vm *debug_vm_of(uint32_t pid);
struct debug_vcpu *debug_vcpu_at(struct gdb_thread thread);
struct gdb_thread debug_thread_of(const struct vm_vcpu *vcpu);

/* Does the debugger need the debug registers, and debug exceptions to come to EL2? */
static inline bool debug_is_armed(const struct debug_vcpu *vcpu)
{
	return breaks_any(&vcpu->vm->breaks) || vcpu->action.kind >= GDB_ACTION_STEP ||
	       vcpu->over.active;
}

/* This CPU's trace hears of it; `kind` is an enum trace_debug_kind. */
void debug_record(const struct debug_vcpu *vcpu, unsigned kind);

/* world.c: all vCPUs of a VM stop and go together. */

/* Begin to stop it, for `why` (NULL: because others stop). False: it is stopping already. From any CPU. */
bool world_stop(struct debug_vm *vm, const struct gdb_stop *why);
/* The same to take a vCPU of it over a breakpoint: GDB is not told. */
bool world_stop_over(struct debug_vcpu *debug, const struct gdb_stop *why);
/* Every vCPU stands still. */
static inline bool world_is_stopped(const struct debug_vm *vm)
{
	return __atomic_load_n(&vm->stopped, __ATOMIC_ACQUIRE);
}
static inline bool world_is_to_stop(const struct debug_vm *vm)
{
	return __atomic_load_n(&vm->epoch, __ATOMIC_ACQUIRE) & 1;
}
/* Each vCPU goes on with its `action`. Only when stopped. */
void world_resume(struct debug_vm *vm);

/* step.c: on the home CPU, before the vCPU's next instruction and at its stop. */
void step_begin(struct debug_vcpu *vcpu);
void step_end(struct debug_vcpu *vcpu);
/* No more steps; and, if it is loaded, what the hardware is to do from here on. */
void step_finish(struct debug_vcpu *vcpu);
void step_load(struct debug_vcpu *vcpu);
/* It stops here, on its own CPU. False: its VM stops already, for something else. */
bool step_stop(struct debug_vcpu *vcpu, enum gdb_stop_reason reason, uint64_t address);

/* points.c: it is loaded. */
void points_loaded(const struct debug_vcpu *vcpu);
void points_drop(struct debug_vm *vm, struct point *point);
void points_drop_all(struct debug_vm *vm);

/*
 * guards.c: pages that the guest must ask for. Set anew what the points say of [first, end), while nobody goes over one; VT_ENOMEM:
 * no memory for tables that fine. On its home CPU: an exit was such a question (true: it is dealt with). For over.c: the pages that a
 * vCPU has met are open to all.
 */
enum vt_err guards_set(struct debug_vm *vm, uint64_t first, uint64_t end);
bool guards_fault(struct debug_vcpu *vcpu);
void guards_open(const struct debug_vcpu *vcpu);
void guards_close(const struct debug_vcpu *vcpu);

/*
 * over.c: on the home CPU, take a vCPU over the breakpoint at its PC, whose word is at `pa` (0: it is in a register). True: it is
 * past it, and nobody else was concerned.
 */
bool over(struct debug_vcpu *vcpu, uint64_t pa);
/* What has been met elsewhere is no more. And: this page, too, is to be open. */
void over_at(struct debug_vcpu *vcpu);
void over_add(struct debug_vcpu *vcpu, uint64_t page);
void over_begin(struct debug_vcpu *vcpu);
/* The breakpoint is in place again. False: it has been all the time. */
bool over_end(struct debug_vcpu *vcpu);
/* On the server's CPU: true while a stop of this VM is only for that. And before a resume: true when it goes on by itself. */
bool over_serve(struct debug_vm *vm);
bool over_resume(struct debug_vm *vm);

/* pass.c: it has met GDB's breakpoint at `address` at this place, whose condition was false, and over() said true. */
void pass_learn(struct debug_vcpu *vcpu, uint64_t pc, bool hardware, uint64_t address);

#endif
