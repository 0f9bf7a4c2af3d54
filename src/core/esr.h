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
#define EC_FP		 0x07
#define EC_ILLEGAL_STATE 0x0e
#define EC_SVC64	 0x15
#define EC_HVC64	 0x16
#define EC_SMC64	 0x17
#define EC_SYSREG	 0x18
#define EC_SVE		 0x19
#define EC_SME		 0x1d
#define EC_IABT_LOWER	 0x20
#define EC_IABT_SAME	 0x21
#define EC_DABT_LOWER	 0x24
#define EC_DABT_SAME	 0x25
#define EC_SERROR	 0x2f

#define ISS_WFX_TI GENMASK(1, 0) /* 0 WFI, 1 WFE, 2 WFIT, 3 WFET */

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
#define FSC_EXTERNAL	0x10 /* synchronous external abort, not on a table walk */

#define HPFAR_FIPA GENMASK(43, 4) /* IPA[51:12] */

#define PSTATE_SS      BIT(21)
#define PSTATE_EL0     0x0u
#define PSTATE_EL1T    0x4u
#define PSTATE_EL1H    0x5u
#define PSTATE_MODE    GENMASK(3, 0)
#define PSTATE_AARCH32 BIT(4)
#define PSTATE_DAIF    GENMASK(9, 6)

#endif
