/*
 * What of a guest is trapped, and who gets its interrupts, timers and debug registers: the fields and their
 * defaults. struct vcpu_setup may change them for a vCPU.
 *
 * Source: Arm ARM DDI 0487, D19.2 (HCR_EL2, CPTR_EL2, MDCR_EL2, CNTHCTL_EL2).
 */
#ifndef CORE_TRAPS_H
#define CORE_TRAPS_H

#include "lib/bits.h"

#define HCR_VM	      BIT(0)
#define HCR_SWIO      BIT(1)
#define HCR_PTW	      BIT(2) /* a table walk through device memory is a fault, not a wild access */
#define HCR_FMO	      BIT(3)
#define HCR_IMO	      BIT(4)
#define HCR_AMO	      BIT(5)
#define HCR_VF	      BIT(6)
#define HCR_VI	      BIT(7)
#define HCR_VSE	      BIT(8)  /* a virtual SError is pending */
#define HCR_FB	      BIT(9)  /* TLB maintenance is broadcast */
#define HCR_BSU_INNER BIT(10) /* barriers reach at least the inner shareable domain */
#define HCR_TWI	      BIT(13)
#define HCR_TWE	      BIT(14)
#define HCR_TID1      BIT(16)
#define HCR_TID2      BIT(17) /* CTR_EL0, CCSIDR_EL1, CLIDR_EL1, CSSELR_EL1 */
#define HCR_TID3      BIT(18)
#define HCR_TSC	      BIT(19)
#define HCR_TIDCP     BIT(20)
#define HCR_TACR      BIT(21)
#define HCR_TSW	      BIT(22) /* cache maintenance by set and way */
#define HCR_TPC	      BIT(23) /* cache maintenance to the point of coherency */
#define HCR_TPU	      BIT(24) /* and to that of unification */
#define HCR_TTLB      BIT(25)
#define HCR_TVM	      BIT(26) /* writes of SCTLR_EL1, TTBR0_EL1 and the like */
#define HCR_TGE	      BIT(27)
#define HCR_TDZ	      BIT(28)
#define HCR_TRVM      BIT(30) /* and reads */
#define HCR_RW	      BIT(31)
#define HCR_E2H	      BIT(34)
#define HCR_TLOR      BIT(35) /* limited ordering regions, where the CPU has them */
#define HCR_TERR      BIT(36) /* error records, likewise */
#define HCR_APK	      BIT(40)
#define HCR_API	      BIT(41)

/*
 * What is trapped: WFI, SMC, ID registers, ACTLR, implementation-defined ones, set/way; interrupts are
 * EL2's.
 */
#define HCR_DEFAULT                                                                           \
	(HCR_VM | HCR_SWIO | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB | HCR_BSU_INNER | \
	 HCR_TWI | HCR_TID3 | HCR_TSC | HCR_TIDCP | HCR_TACR | HCR_TSW | HCR_RW)

/* The interrupt lines into the guest: they change while a vCPU lives. */
#define HCR_LINES (HCR_VF | HCR_VI | HCR_VSE)

/* CPTR_EL2, in the layout of E2H = 0. */
#define CPTR_RES1    UINT64_C(0x32ff)
#define CPTR_TZ	     BIT(8)  /* SVE */
#define CPTR_TFP     BIT(10) /* FP; stays 0: it belongs to the guest */
#define CPTR_TSM     BIT(12) /* SME, else RES1 */
#define CPTR_TTA     BIT(20) /* trace registers */
#define CPTR_TAM     BIT(30) /* activity monitors, where the CPU has them */
#define CPTR_DEFAULT (CPTR_RES1 | CPTR_TZ | CPTR_TSM | CPTR_TTA)

/* MDCR_EL2: the PMU and the debug registers trap. */
#define MDCR_HPMN    GENMASK(4, 0) /* the CPU's: how many event counters EL1 may have */
#define MDCR_TPMCR   BIT(5)
#define MDCR_TPM     BIT(6)
#define MDCR_TDA     BIT(9)
#define MDCR_TDOSA   BIT(10)
#define MDCR_TDRA    BIT(11)
#define MDCR_TPMS    BIT(14) /* statistical profiling, where the CPU has it */
#define MDCR_TTRF    BIT(19) /* trace filter, likewise */
#define MDCR_DEFAULT (MDCR_TPMCR | MDCR_TPM | MDCR_TDA | MDCR_TDOSA | MDCR_TDRA)

/* CNTHCTL_EL2: the physical counter may be read; the physical timer traps. */
#define CNTHCTL_EL1PCTEN BIT(0)
#define CNTHCTL_EL1PCEN	 BIT(1)
#define CNTHCTL_DEFAULT	 CNTHCTL_EL1PCTEN

#endif
