/*
 * HCR_EL2: what of a guest is trapped, and who gets its interrupts.
 *
 * Source: Arm ARM DDI 0487, D19.2 (HCR_EL2).
 */
#ifndef CORE_HCR_H
#define CORE_HCR_H

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
#define HCR_TID3      BIT(18)
#define HCR_TSC	      BIT(19)
#define HCR_TIDCP     BIT(20)
#define HCR_TACR      BIT(21)
#define HCR_RW	      BIT(31)
#define HCR_E2H	      BIT(34)
#define HCR_APK	      BIT(40)
#define HCR_API	      BIT(41)

/* What is trapped: WFI, SMC, ID registers, ACTLR, implementation-defined ones; interrupts are EL2's. */
#define HCR_DEFAULT                                                                           \
	(HCR_VM | HCR_SWIO | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB | HCR_BSU_INNER | \
	 HCR_TWI | HCR_TID3 | HCR_TSC | HCR_TIDCP | HCR_TACR | HCR_RW)

/* The interrupt lines into the guest: they change while a vCPU lives. */
#define HCR_LINES (HCR_VF | HCR_VI | HCR_VSE)

#endif
