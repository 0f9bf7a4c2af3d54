/*
 * ESR_EL2 and friends: names for the fields that the decoder reads.
 *
 * Source: Arm ARM DDI 0487, D19.2 (ESR_EL2, ISS encodings; HPFAR_EL2).
 */
#ifndef CORE_ESR_H
#define CORE_ESR_H

#include "lib/bits.h"

#define ESR_EC	GENMASK(31, 26)
#define ESR_IL	BIT(25)
#define ESR_ISS GENMASK(24, 0)

/* Exception classes that are handled by name; core/exception_classes.def has all of them. */
#define EC_UNKNOWN	 0x00
#define EC_WFX		 0x01
#define EC_CP15		 0x03
#define EC_CP15_PAIR	 0x04
#define EC_CP14		 0x05
#define EC_CP14_MEMORY	 0x06
#define EC_FP		 0x07
#define EC_VMRS		 0x08
#define EC_CP14_PAIR	 0x0c
#define EC_BTI		 0x0d
#define EC_ILLEGAL_STATE 0x0e
#define EC_SVC32	 0x11
#define EC_HVC32	 0x12
#define EC_SMC32	 0x13
#define EC_SVC64	 0x15
#define EC_HVC64	 0x16
#define EC_SMC64	 0x17
#define EC_SYSREG	 0x18
#define EC_SVE		 0x19
#define EC_ERET		 0x1a
#define EC_PAC_FAILURE	 0x1c
#define EC_SME		 0x1d
#define EC_IABT_LOWER	 0x20
#define EC_IABT_SAME	 0x21
#define EC_PC_ALIGNMENT	 0x22
#define EC_DABT_LOWER	 0x24
#define EC_DABT_SAME	 0x25
#define EC_SP_ALIGNMENT	 0x26
#define EC_SERROR	 0x2f
#define EC_BREAKPOINT	 0x30
#define EC_STEP		 0x32
#define EC_WATCHPOINT	 0x34
#define EC_BKPT		 0x38
#define EC_VECTOR_CATCH	 0x3a
#define EC_BRK		 0x3c

#define ISS_WFX_TI	  GENMASK(1, 0) /* 0 WFI, 1 WFE, 2 WFIT, 3 WFET */
#define ISS_CALL_IMM_BITS 16
#define ISS_CALL_IMM	  GENMASK(ISS_CALL_IMM_BITS - 1, 0) /* HVC, SMC: the lowest bits */

/* MSR, MRS. The fields that name the register stay where they are: together they are the key. */
#define ISS_SYSREG_OP0	GENMASK(21, 20)
#define ISS_SYSREG_OP2	GENMASK(19, 17)
#define ISS_SYSREG_OP1	GENMASK(16, 14)
#define ISS_SYSREG_CRN	GENMASK(13, 10)
#define ISS_SYSREG_RT	GENMASK(9, 5)
#define ISS_SYSREG_CRM	GENMASK(4, 1)
#define ISS_SYSREG_READ BIT(0)
#define ISS_SYSREG_KEY \
	(ISS_SYSREG_OP0 | ISS_SYSREG_OP2 | ISS_SYSREG_OP1 | ISS_SYSREG_CRN | ISS_SYSREG_CRM)

#define SYSREG_KEY(op0, op1, crn, crm, op2)                                  \
	(FIELD_PREP(ISS_SYSREG_OP0, op0) | FIELD_PREP(ISS_SYSREG_OP1, op1) | \
	 FIELD_PREP(ISS_SYSREG_CRN, crn) | FIELD_PREP(ISS_SYSREG_CRM, crm) | \
	 FIELD_PREP(ISS_SYSREG_OP2, op2))

/* Data and instruction aborts. */
#define ISS_ABT_ISV	BIT(24)
#define ISS_ABT_SAS	GENMASK(23, 22)
#define ISS_ABT_SSE	BIT(21)
#define ISS_ABT_SRT	GENMASK(20, 16)
#define ISS_ABT_SF	BIT(15)
#define ISS_ABT_FNV	BIT(10)
#define ISS_ABT_EA	BIT(9)
#define ISS_ABT_CM	BIT(8)
#define ISS_ABT_S1PTW	BIT(7)
#define ISS_ABT_WNR	BIT(6)
#define ISS_ABT_FSC	GENMASK(5, 0)
#define FSC_TYPE	GENMASK(5, 2) /* without the level */
#define FSC_TRANSLATION 0x1
#define FSC_ACCESS_FLAG 0x2
#define FSC_PERMISSION	0x3

#define HPFAR_FIPA    GENMASK(43, 4) /* IPA[51:12] */
#define HPFAR_UNKNOWN BIT(0) /* ours, in a RES0 bit: there is no IPA. core/fault_address.h */

/* Debug exceptions; watchpoints have FnV, CM and WnR where data aborts have them. */
#define ISS_STEP_ISV	BIT(24)
#define ISS_STEP_EX	BIT(6)
#define ISS_BRK_COMMENT GENMASK(15, 0)

/* SError. */
#define ISS_SERROR_IDS BIT(24) /* implementation defined syndrome */
#define ISS_SERROR_AET GENMASK(12, 10)

/* AArch32 coprocessor accesses: MCR and MRC, MCRR and MRRC, LDC and STC. */
#define ISS_CP_OPC2	 GENMASK(19, 17)
#define ISS_CP_OPC1	 GENMASK(16, 14)
#define ISS_CP_CRN	 GENMASK(13, 10)
#define ISS_CP_RT	 GENMASK(9, 5)
#define ISS_CP_CRM	 GENMASK(4, 1)
#define ISS_CP_READ	 BIT(0)
#define ISS_CP_PAIR_OPC1 GENMASK(19, 16)
#define ISS_CP_PAIR_RT2	 GENMASK(14, 10)

/* Small numbers of other classes. */
#define ISS_IMMEDIATE	 GENMASK(15, 0) /* SVC, HVC, SMC */
#define ISS_BTI_BTYPE	 GENMASK(1, 0)
#define ISS_ERET_KIND	 GENMASK(1, 0) /* 0 ERET, 2 ERETAA, 3 ERETAB */
#define ISS_PAC_KEY	 GENMASK(1, 0) /* IA, IB, DA, DB */
#define ISS_SME_SMTC	 GENMASK(2, 0)
#define ISS_WFX_RN	 GENMASK(9, 5)
#define ISS_WFX_RN_VALID BIT(2)

#define PSTATE_SS      BIT(21)
#define PSTATE_EL0     0x0u
#define PSTATE_EL1T    0x4u
#define PSTATE_EL1H    0x5u
#define PSTATE_MODE    GENMASK(3, 0)
#define PSTATE_AARCH32 BIT(4)
#define PSTATE_DAIF    GENMASK(9, 6)

#endif
