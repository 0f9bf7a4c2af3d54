/*
 * An exit as a value: why the guest came back to EL2, decoded.
 */
#ifndef VITRINE_EXIT_H
#define VITRINE_EXIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Why vcpu_run() has come back: EXIT_ and a name of core/exit_reasons.def. */
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

/** What kind of stage-2 fault: FAULT_ and a name of core/fault_types.def. */
enum fault_type {
#define FAULT_TYPE(name, text) FAULT_##name,
#include "core/fault_types.def"
#undef FAULT_TYPE
	FAULT_TYPES,
};

/** In fault.level: the fault has none. */
#define FAULT_NO_LEVEL (-128)

/** What a person reads: "permission fault", ... "?" for a number that is none. */
const char *fault_type_name(unsigned type);

/** An abort that is not a plain load or store to nothing. */
struct fault {
	uint64_t ipa;	  /* when ipa_known: of the byte at `far`; of a table, only its page */
	uint8_t type;	  /* enum fault_type */
	int8_t level;	  /* of the translation table, -2..3, or FAULT_NO_LEVEL */
	bool write;	  /* a store, or cache maintenance */
	bool fetch;	  /* an instruction abort */
	bool table_walk;  /* stage 2 has refused a table of the guest's stage 1 */
	bool maintenance; /* a cache maintenance instruction, not a load or store */
	bool ipa_known;	  /* see core/fault_address.h */
	bool far_known;	  /* exit.far holds the address */
	/* ISV = 0 where an emulated device could answer: only the instruction says what it was. */
	bool needs_instruction;
};

/** The debug exceptions. */
enum debug_kind {
	DEBUG_BREAKPOINT,
	DEBUG_STEP,
	DEBUG_WATCHPOINT,
	DEBUG_VECTOR_CATCH,
	DEBUG_BRK,
	DEBUG_BKPT,
};

/** FAIL_ENTRY: why vcpu_run() has not entered the guest. */
enum entry_failure {
	ENTRY_NO_STAGE2, /* VTTBR_EL2 has VMID 0: no stage-2 root has been set */
	ENTRY_MODE, /* PSTATE asks for a mode that a guest cannot have: EL2, EL3, AArch32 EL1, none at all */
	ENTRY_NO_AARCH32, /* for AArch32 EL0, which this CPU lacks */
};

/** MCR, MRC, MCRR, MRRC, LDC, STC, VMRS of an AArch32 EL0. */
struct coproc_access {
	uint8_t coproc; /* 15, 14; 10 for VMRS */
	uint8_t opc1, crn, crm, opc2;
	uint8_t reg, reg2; /* reg2: of MCRR and MRRC */
	bool read;	   /* the guest reads the register (MRC), or loads it (LDC) */
	bool pair;	   /* MCRR, MRRC */
	bool memory;	   /* LDC, STC: then opc1..crm are meaningless */
};

/** Wait instructions: the numbers of ISS.TI. */
enum wait_kind { WAIT_WFI, WAIT_WFE, WAIT_WFIT, WAIT_WFET };

/** An exit in full: which of the union holds is told by `reason`. */
struct vcpu_exit {
	enum exit_reason reason;
	uint64_t esr;	/* ESR_EL2 at the exit; 0 for interrupts */
	uint64_t far;	/* FAR_EL2, valid for aborts and alignment faults */
	uint64_t hpfar; /* HPFAR_EL2's fields, or HPFAR_UNKNOWN: core/fault_address.h */
	uint64_t pc;	/* the guest's PC when it was stopped */
	union {
		struct mmio_access mmio;     /* MMIO_READ, MMIO_WRITE */
		struct sysreg_access sysreg; /* SYSREG_READ, SYSREG_WRITE, SEND_IPI */
		struct fault fault;	     /* NESTED_PAGE_FAULT */
		struct {
			uint32_t function;  /* w0: SMCCC function identifier */
			uint16_t immediate; /* the number in HVC, SMC */
			bool smc;	    /* conduit: SMC, not HVC */
		} call;			    /* HYPERCALL, CPU_*, SYSTEM_* */
		struct {
			uint8_t kind; /* enum wait_kind */
			bool wfe;     /* WFE or WFET */
			uint8_t reg;  /* WFIT, WFET: Xt, a CNTVCT_EL0 value */
		} halt;		      /* HALT */
		struct {
			uint32_t intid;
		} interrupt; /* EXTERNAL_INTERRUPT */
		struct {
			uint8_t why; /* enum entry_failure */
		} fail_entry;	     /* FAIL_ENTRY */
		struct {
			uint8_t kind;	  /* enum debug_kind */
			bool write;	  /* watchpoint: by a store */
			bool maintenance; /* watchpoint: by cache maintenance */
			bool exclusive;	  /* step: over a load-exclusive */
			uint16_t comment; /* the number in BRK, BKPT */
		} debug;		  /* DEBUG; the watchpoint's address is exit.far */
		struct {
			bool implementation_defined; /* the rest says nothing then */
			bool external;
			uint8_t severity;    /* ISS.AET: how far the CPU can recover */
			uint8_t code;	     /* ISS.DFSC */
		} serror;		     /* SERROR */
		struct coproc_access coproc; /* EXCEPTION, classes 0x03..0x06, 0x08, 0x0c */
		struct {
			/* SVC, HVC, SMC (AArch32): the immediate. BTI: BTYPE. SME: SMTC. ERET, PAC
			 * failure: which key. Else 0. */
			uint16_t detail;
		} trap; /* EXCEPTION, other classes */
	};
};

/**
 * One line for a person: "data abort: read of 4 bytes at IPA 0x9000018 into w3, translation fault
 * level 3". Writes at most `size` bytes with the final NUL; returns the length of the whole text.
 */
int exit_format(char *buffer, size_t size, const struct vcpu_exit *exit);

#endif
