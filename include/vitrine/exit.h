/*
 * An exit as a value: why the guest came back to EL2, decoded.
 */
#ifndef VITRINE_EXIT_H
#define VITRINE_EXIT_H

#include <stdbool.h>
#include <stdint.h>

enum exit_reason {
#define REASON(name, text) EXIT_##name,
#include "core/exit_reasons.def"
#undef REASON
	EXIT_REASONS,
};

/** What a person reads: "hypercall", "MMIO read", ... "?" for a number that is none. */
const char *exit_reason_name(unsigned reason);

/** A load or store to an address with nothing mapped behind it, taken from a valid syndrome. */
struct mmio_access {
	uint64_t ipa;	  /* intermediate physical address of the first byte */
	uint8_t bytes;	  /* 1, 2, 4 or 8 */
	uint8_t reg;	  /* 0..30, or 31 for the zero register */
	bool write;	  /* the guest stores */
	bool sign_extend; /* LDRSB, LDRSH, LDRSW */
	bool reg_is_64;	  /* the register written is Xt, not Wt */
};

/** MRS or MSR that was trapped. */
struct sysreg_access {
	uint32_t key; /* SYSREG_KEY(op0, op1, CRn, CRm, op2): see core/esr.h */
	uint8_t reg;  /* 0..31, 31 is XZR */
	bool write;
};

struct vcpu_exit {
	enum exit_reason reason;
	uint64_t esr;	/* ESR_EL2 at the exit; 0 for interrupts */
	uint64_t far;	/* FAR_EL2, valid for aborts and alignment faults */
	uint64_t hpfar; /* HPFAR_EL2, valid for stage-2 aborts */
	uint64_t pc;	/* the guest's PC when it was stopped */
	union {
		struct mmio_access mmio;     /* MMIO_READ, MMIO_WRITE */
		struct sysreg_access sysreg; /* SYSREG_READ, SYSREG_WRITE, SEND_IPI */
		struct {
			uint64_t ipa;
			bool write, fetch, table_walk;
		} fault; /* NESTED_PAGE_FAULT */
		struct {
			uint32_t function; /* w0: SMCCC function identifier */
			bool smc;	   /* conduit: SMC, not HVC */
		} call;			   /* HYPERCALL, CPU_*, SYSTEM_* */
		struct {
			bool wfe;
		} halt; /* HALT */
		struct {
			uint32_t intid;
		} interrupt; /* EXTERNAL_INTERRUPT */
	};
};

#endif
