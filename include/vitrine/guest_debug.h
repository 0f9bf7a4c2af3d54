/*
 * A guest's own debug registers: breakpoints, watchpoints, single step. What a vCPU keeps of them.
 *
 * They cost nothing until they matter: every access traps and works on the values here. While MDSCR_EL1 enables a debug
 * exception, they are also in hardware whenever the vCPU is loaded.
 *
 * Source: Arm ARM DDI 0487, D2 (self-hosted debug), D19.3 (registers).
 */
#ifndef VITRINE_GUEST_DEBUG_H
#define VITRINE_GUEST_DEBUG_H

#include <stdbool.h>
#include <stdint.h>

#define GUEST_DEBUG_MOST 16u /* breakpoints, and watchpoints, that the architecture has at most */

/** A guest's debug registers. */
struct guest_debug {
	uint64_t mdscr, mdccint; /* MDSCR_EL1, MDCCINT_EL1 */
	uint64_t bvr[GUEST_DEBUG_MOST], bcr[GUEST_DEBUG_MOST];
	uint64_t wvr[GUEST_DEBUG_MOST], wcr[GUEST_DEBUG_MOST];
	uint8_t claim;	  /* DBGCLAIMSET_EL1 */
	bool os_locked;	  /* OSLSR_EL1.OSLK */
	bool double_lock; /* OSDLR_EL1.DLK */
	bool in_hardware; /* whenever the vCPU is loaded */
	bool held;	  /* EL2's own debugger has the hardware: these have no effect */
};

#endif
