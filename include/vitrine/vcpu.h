/*
 * The virtual CPU: everything of one guest CPU that EL2 must keep, and what can be done with it.
 *
 * A vCPU is used by one physical CPU at a time: vcpu_load() makes this CPU's hardware hold its EL1
 * state, vcpu_run() enters it, vcpu_put() takes the state out again. Between exits EL1 registers,
 * FP/SIMD and the stage-2 root stay live in hardware. EL2 keeps interrupts masked all the while.
 *
 * Source: Arm ARM DDI 0487, D1 (exception model), D19 (registers).
 */
#ifndef VITRINE_VCPU_H
#define VITRINE_VCPU_H

#include <stdbool.h>
#include <stdint.h>

#include <vitrine/err.h>
#include <vitrine/exit.h>
#include <vitrine/frame.h>
#include <vitrine/guest_debug.h>
#include <vitrine/guest_pmu.h>
#include "trace/format.h"

/** EL1 and EL0 system registers, one field a row of core/sysregs.def. */
struct vcpu_sysregs {
#define SYSREG(name, bits, reset)	   uint##bits##_t name;
#define SYSREG_PAUTH(name, bits, encoding) uint##bits##_t name;
#include "core/sysregs.def"
};

/** FP and SIMD registers. */
struct vcpu_fpsimd {
	__attribute__((aligned(16))) uint64_t v[64]; /* V0..V31, 128 bits each, low half first */
	uint64_t fpsr, fpcr;
};

/** The states of a vCPU; which may follow which: core/vcpu_state.c. */
enum vcpu_state {
	VCPU_CREATED, /* has no entry point yet */
	VCPU_READY,   /* may run */
	VCPU_RUNNING, /* in the guest, or handling its exit */
	VCPU_BLOCKED, /* waits for an interrupt (WFI) */
	VCPU_OFF,     /* PSCI */
	VCPU_STOPPED, /* by a debugger */
	VCPU_CRASHED, /* its VM has been stopped for cause */
	VCPU_STATES,
};

struct percpu;
struct trace_ring;

/** While tracing: an exit that is being handled outside vcpu_run(). The vectors write it, and read it back. */
struct vcpu_open_exit {
	uint64_t begin_ticks; /* CNTPCT_EL0; 0: there is none */
	uint64_t pc;
	uint64_t answer; /* the handler's; bits 31:29: what became of it, less TRACE_RESULT_LEFT */
	uint64_t
		to_word0; /* makes word 0 of the record of it, without the time: added. Always the same */
};
/** This bit of begin_ticks: the exit is to be counted, not recorded. */
#define VCPU_OPEN_COUNTED 63

/** What exits have cost, at the trace's level "counters": buckets by powers of two. */
#define VCPU_COST_BUCKETS 32u
/** One bucket. */
struct vcpu_cost {
	uint64_t count, ticks;
};
/** Those of one vCPU. */
struct vcpu_costs {
	/*
	 * By reason, and written by the vectors. [n - 1]: exits whose duration has n leading zeros in 32
	 * bits, 2..32; what is longer is in [1]. [0]: the shortest, and the longest that the vectors take to
	 * be no news.
	 */
	struct vcpu_cost of[EXIT_REASONS][VCPU_COST_BUCKETS];
	uint64_t longest[EXIT_REASONS];
};

/** A virtual CPU. Its registers that are not in `frame` are in hardware while it is loaded. */
struct vcpu {
	struct vcpu_frame frame;
	struct percpu *cpu;	 /* where it is loaded, or NULL */
	struct trace_ring *ring; /* of that CPU; NULL when not tracing */
	uint32_t id;		 /* unique in the machine; 0..254: the trace's vCPU index */
	enum vcpu_state state;
	uint64_t hcr;	     /* HCR_EL2 while it runs */
	uint64_t cptr, mdcr; /* CPTR_EL2, MDCR_EL2 */
	uint64_t cnthctl;    /* CNTHCTL_EL2 */
	uint64_t vttbr, vtcr;
	uint64_t sctlr_reset; /* SCTLR_EL1 at its first instruction */
	uint64_t vmpidr;
	struct vcpu_exit exit; /* the exit being handled, when it left the fast path */

	/* For the trace: what the fast path wants recorded beside ESR and PC. */
	struct trace_note note;
	/* Where the handlers' answers go, while something is traced: asm/vectors.S. */
	const void *after_sync, *after_irq;
	struct vcpu_costs *cost; /* NULL: exits cannot be counted */
	struct vcpu_open_exit open;

	uint64_t exits[EXIT_REASONS]; /* how many exits, by reason: always counted */
	uint64_t ticks[EXIT_REASONS]; /* time spent on those that were recorded */

	struct vcpu_sysregs sysregs;
	struct vcpu_fpsimd fpsimd;
	struct guest_debug debug;
	struct guest_pmu pmu;
	uint32_t kicked; /* atomic: vcpu_kick() */
};

/** Changes to a register's default: first `set`, then `clear`. */
struct vcpu_bits {
	uint64_t set, clear;
};

/** How a vCPU is to be made. What is zero has its default. */
struct vcpu_setup {
	uint32_t id;	/* 0..254 */
	uint64_t mpidr; /* affinity fields; bit 31 (RES1) is added */
	uint64_t vttbr; /* VTTBR_EL2: stage-2 root and VMID; or vcpu_set_stage2_root() later */
	uint64_t vtcr;	/* VTCR_EL2, the whole register */

	/*
	 * What is trapped, and whose the interrupts and timers are. The defaults: core/traps.h. Interrupts
	 * go straight to the guest with hcr.clear = IMO | FMO, the physical timer with cnthctl.set = EL1PCEN.
	 */
	struct vcpu_bits hcr, cptr, mdcr, cnthctl;
	struct vcpu_bits sctlr_el1; /* the guest's SCTLR_EL1 at its first instruction */
};

/**
 * Make a vCPU in state CREATED with registers as after a warm reset: EL1h, DAIF masked, MMU off.
 *
 * @return VT_OK; VT_EINVAL when the id is out of range, or the changes would take the guest out of stage 2
 * (HCR_EL2.VM), out of AArch64 (RW) or into EL2 (E2H, TGE), or FP registers away from the core that
 * switches them (CPTR_EL2.TFP). Then nothing has changed.
 */
enum vt_err vcpu_init(struct vcpu *vcpu, const struct vcpu_setup *setup);

/**
 * Another stage-2 table: its root, 4 KiB aligned, below 2^48; VMID 1..255, or ..65535 with VTCR_EL2.VS. The
 * caller invalidates what the TLBs hold of that VMID.
 * VT_EINVAL for what is outside these, VT_ESTATE while the vCPU is loaded.
 */
enum vt_err vcpu_set_stage2_root(struct vcpu *vcpu, uint64_t root, unsigned vmid);

/** Back to the reset values, keeping identity and stage-2; state becomes CREATED. VT_ESTATE while
 * it is loaded. */
enum vt_err vcpu_reset(struct vcpu *vcpu);

/** First instruction and x0. CREATED or OFF becomes READY; else VT_ESTATE. */
enum vt_err vcpu_set_entry(struct vcpu *vcpu, uint64_t pc, uint64_t x0);

/**
 * Change state, if the table in core/vcpu_state.c allows it; VT_ESTATE otherwise, and nothing has
 * changed. Each change is a trace event.
 */
enum vt_err vcpu_set_state(struct vcpu *vcpu, enum vcpu_state state);

/**
 * A debugger stops it: READY, RUNNING (its exit is being handled) or BLOCKED becomes STOPPED, else VT_ESTATE.
 */
enum vt_err vcpu_pause(struct vcpu *vcpu);
/**
 * STOPPED becomes READY, else VT_ESTATE. Also for one that waited: a WFI may end without an interrupt, and
 * the guest then waits again.
 */
enum vt_err vcpu_resume(struct vcpu *vcpu);

/** General register `index`: 31 is XZR, reads 0 and ignores writes. Larger: VT_EINVAL. */
enum vt_err vcpu_get_gpr(const struct vcpu *vcpu, unsigned index, uint64_t *value);
/** Likewise. */
enum vt_err vcpu_set_gpr(struct vcpu *vcpu, unsigned index, uint64_t value);

/** The result of a call: x0. More of them, and PC and arguments: include/vitrine/frame.h on vcpu->frame. */
void vcpu_set_return_value(struct vcpu *vcpu, uint64_t value);

/** Put this vCPU's EL1 state, FP state and stage-2 root into the current CPU. VT_ESTATE when it is
 * loaded somewhere. */
enum vt_err vcpu_load(struct vcpu *vcpu);
/** Take it out again. VT_ESTATE when it is not loaded here. */
enum vt_err vcpu_put(struct vcpu *vcpu);

/**
 * Enter the guest; come back when an exit needs the caller. Exits with a cheap answer are handled
 * on the way.
 *
 * @param vcpu  loaded on this CPU, state RUNNING.
 * On return vcpu->exit tells why. Guest FP/SIMD state stays in the registers. Two reasons are no guest's:
 *
 *   FAIL_ENTRY  the guest has not run, as what the vCPU holds can not be entered: exit.fail_entry. It will not be
 *               until the caller has mended that
 *   NOTHING     there is nothing to do: vcpu_kick() has been called, and the guest has not run; or the interrupt that
 *               stopped it has gone (INTID 1020..1023)
 *
 * Only exits that a guest has made are counted in vcpu->exits.
 *
 * @return VT_OK; VT_ESTATE when it is not loaded here or not RUNNING: nothing has run, and vcpu->exit is as before.
 */
enum vt_err vcpu_run(struct vcpu *vcpu);

/**
 * The next vcpu_run() comes back with NOTHING, before it enters the guest. From any CPU. A guest that is running there
 * already stops only for an interrupt: send one after this, and have embed_interrupt() answer EXIT_LEAVE to it.
 */
void vcpu_kick(struct vcpu *vcpu);

/** The instruction has been emulated: go past it. Also ends a debugger's or guest's single step
 * (PSTATE.SS = 0). */
void vcpu_advance_pc(struct vcpu *vcpu);

/** Finish an MMIO read: width, sign extension and register width as the guest's instruction asked;
 * then advance. */
void vcpu_complete_mmio_read(struct vcpu *vcpu, const struct mmio_access *access, uint64_t value);

/** The value that a guest store puts on the bus, cut to its width. */
uint64_t vcpu_mmio_write_value(const struct vcpu *vcpu, const struct mmio_access *access);

/** Take an exception to the guest's EL1: the vCPU must be loaded here. VT_EFORMAT: it would fetch a
 * vector that faulted. */
enum vt_err vcpu_inject_undefined(struct vcpu *vcpu);

/** What an abort says of itself, fields of ESR_EL1.ISS: the bus has refused the access. (Arm ARM D19.2, ESR_EL1.) */
#define VCPU_ABORT_EXTERNAL 0x10u
/** Or a table of stage 1, of level 0..3, that led there. */
#define VCPU_ABORT_ON_WALK(level) (0x14u + (level))
/** By a store. */
#define VCPU_ABORT_WRITE (1u << 6)
/** By cache maintenance; with VCPU_ABORT_WRITE. */
#define VCPU_ABORT_MAINTENANCE (1u << 8)
/** `far` is not known; with VCPU_ABORT_EXTERNAL only. */
#define VCPU_ABORT_NO_FAR (1u << 10)

/** An abort of a load or store at virtual address `far`; `iss` of VCPU_ABORT_*. */
enum vt_err vcpu_inject_data_abort(struct vcpu *vcpu, uint64_t far, uint32_t iss);
/** The same of an instruction fetch, which neither writes nor maintains. */
enum vt_err vcpu_inject_instruction_abort(struct vcpu *vcpu, uint64_t far, uint32_t iss);
/** A debug exception that was routed to EL2 (MDCR_EL2.TDE) but is the guest's: ESR_EL2 and FAR_EL2 of the exit. */
enum vt_err vcpu_inject_debug(struct vcpu *vcpu, uint64_t esr, uint64_t far);

/**
 * Make an SError pending: the guest takes it when PSTATE.A lets it, even after a vcpu_put(). VT_ENOSYS when
 * HCR_EL2.AMO is not set for this vCPU. The vCPU is loaded here, or nowhere; else VT_ESTATE.
 */
enum vt_err vcpu_inject_serror(struct vcpu *vcpu);

/**
 * The level of the virtual IRQ line, for an embedder whose guest has no virtual GIC: HCR_EL2.VI. VT_ENOSYS
 * when HCR_EL2.IMO is not set for this vCPU; VT_ESTATE while it is loaded elsewhere.
 */
enum vt_err vcpu_set_irq_line(struct vcpu *vcpu, bool level);

/**
 * Interrupt `intid` becomes pending for this vCPU: 0..1019, or from 8192 on (LPIs); else VT_EINVAL. The core
 * has no interrupt controller: embed_inject_interrupt() does it.
 */
enum vt_err vcpu_inject_interrupt(struct vcpu *vcpu, uint32_t intid);

/** The machine's PMU interrupt has come while this vCPU is loaded here: tells embed_pmu_line(). */
void vcpu_pmu_interrupt(struct vcpu *vcpu);

/** Close the exit that left the fast path: writes its trace record. Called by vcpu_run() and when
 * the vCPU stops. */
void vcpu_exit_done(struct vcpu *vcpu);

/** What became of it: not ANSWERED, and LEFT unless somebody says something else. Before vcpu_exit_done(). */
static inline void vcpu_exit_result(struct vcpu *vcpu, enum trace_exit_result result)
{
	vcpu->open.answer = (vcpu->open.answer & ~(UINT64_C(7) << TRACE_EXIT_RESULT_SHIFT)) |
			    (uint64_t)(result - TRACE_RESULT_LEFT) << TRACE_EXIT_RESULT_SHIFT;
}

/** Empty counters, from now on this vCPU's. While it is not loaded. */
void vcpu_use_costs(struct vcpu *vcpu, struct vcpu_costs *cost);

/** What is traced on this CPU is about to change, or has changed: the vCPU that is loaded here follows. */
void vcpu_trace_pause(struct vcpu *vcpu);
/** The other half: it is traced as its CPU's ring now says. */
void vcpu_trace_resume(struct vcpu *vcpu);

/** Is each exit of it recorded? While it is loaded. */
bool vcpu_is_recorded(const struct vcpu *vcpu);

/** What exits of one reason have cost, recorded or counted ones. min and max: of the counted. */
struct vcpu_cost_sum {
	uint64_t ticks, min, max;
};
/** The sum over all buckets, for one reason. */
struct vcpu_cost_sum vcpu_cost_sum(const struct vcpu *vcpu, unsigned reason);

/** For a person; "?" for no state. */
const char *vcpu_state_name(unsigned state);

#endif
