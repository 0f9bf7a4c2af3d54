/*
 * The guest's debug registers. Their accesses always trap, so that what EL2 keeps of them is the truth: the hardware's hold it
 * only while it has an effect, and nothing ever needs to be read back.
 *
 * EL2 itself is never stopped by them: debug exceptions whose target is EL1 are not taken from EL2. (Arm ARM D2.4.) A guest's
 * OS lock is its own: it takes the registers out of hardware, as debug exceptions stop while it is held.
 */
#include "core/guest_debug.h"

#include "core/esr.h"
#include "core/id_regs.h"
#include "hal/arm64.h"

#define MDSCR_SS	  BIT(0)
#define MDSCR_TDCC	  BIT(12)
#define MDSCR_KDE	  BIT(13)
#define MDSCR_MDE	  BIT(15)
#define MDSCR_CONTROL	  (MDSCR_SS | MDSCR_TDCC | MDSCR_KDE | MDSCR_MDE)
#define OSLSR_IMPLEMENTED BIT(3) /* OSLM = 0b10 */
#define OSLSR_OSLK	  BIT(1)
#define OSDLR_DLK	  BIT(0)
#define CLAIM_TAGS	  UINT64_C(0xff)

#define KEY_MDCCINT	  SYSREG_KEY(2, 0, 0, 2, 0)
#define KEY_MDSCR	  SYSREG_KEY(2, 0, 0, 2, 2)
#define KEY_OSLAR	  SYSREG_KEY(2, 0, 1, 0, 4)
#define KEY_OSLSR	  SYSREG_KEY(2, 0, 1, 1, 4)
#define KEY_OSDLR	  SYSREG_KEY(2, 0, 1, 3, 4)
#define KEY_DBGCLAIMSET	  SYSREG_KEY(2, 0, 7, 8, 6)
#define KEY_DBGCLAIMCLR	  SYSREG_KEY(2, 0, 7, 9, 6)
#define KEY_DBGAUTHSTATUS SYSREG_KEY(2, 0, 7, 14, 6)
#define OP2_DBGBVR	  4
#define OP2_DBGBCR	  5
#define OP2_DBGWVR	  6
#define OP2_DBGWCR	  7

/* MSR and MRS name their register in the instruction: one line a pair, entered at the highest that the CPU has. */
#define PAIRS(PAIR) \
	PAIR(15)    \
	PAIR(14)    \
	PAIR(13)    \
	PAIR(12)    \
	PAIR(11)    \
	PAIR(10) PAIR(9) PAIR(8) PAIR(7) PAIR(6) PAIR(5) PAIR(4) PAIR(3) PAIR(2) PAIR(1) PAIR(0)

#define RESTORE_BREAKPOINT(n)                                 \
	case n + 1:                                           \
		WRITE_SYSREG(DBGBVR##n##_EL1, debug->bvr[n]); \
		WRITE_SYSREG(DBGBCR##n##_EL1, debug->bcr[n]); \
		__attribute__((fallthrough));
#define RESTORE_WATCHPOINT(n)                                 \
	case n + 1:                                           \
		WRITE_SYSREG(DBGWVR##n##_EL1, debug->wvr[n]); \
		WRITE_SYSREG(DBGWCR##n##_EL1, debug->wcr[n]); \
		__attribute__((fallthrough));
void guest_debug_load(const struct guest_debug *debug)
{
	switch (cpu_breakpoints()) {
		PAIRS(RESTORE_BREAKPOINT)
	default:
		break;
	}
	switch (cpu_watchpoints()) {
		PAIRS(RESTORE_WATCHPOINT)
	default:
		break;
	}
	/* Locked at reset: no debug exception would come. The guest's lock is emulated. */
	WRITE_SYSREG(OSLAR_EL1, 0);
	WRITE_SYSREG(MDSCR_EL1, debug->mdscr);
}

void guest_debug_put(void)
{
	WRITE_SYSREG(MDSCR_EL1, 0); /* whatever the others still hold has no effect now */
}

static bool has_effect(const struct guest_debug *debug)
{
	return !debug->held && !debug->os_locked && debug->mdscr & (MDSCR_SS | MDSCR_MDE);
}

void guest_debug_hold(struct guest_debug *debug, bool held)
{
	debug->held = held;
	debug->in_hardware = has_effect(debug);
}

/* The guest has changed something: is the hardware to have it? */
static void take_effect(struct guest_debug *debug)
{
	const bool was_there = debug->in_hardware;

	debug->in_hardware = has_effect(debug);
	if (debug->in_hardware)
		guest_debug_load(debug);
	else if (was_there)
		guest_debug_put();
}

/* DBGBVR<n> and the like: where it is kept, or NULL. They are (2, 0, 0, n, 4..7). */
static const uint64_t *numbered(const struct guest_debug *debug, uint32_t key)
{
	const unsigned n = (unsigned)FIELD_GET(ISS_SYSREG_CRM, key);

	if (FIELD_GET(ISS_SYSREG_CRN, key) != 0)
		return 0;
	switch (FIELD_GET(ISS_SYSREG_OP2, key)) {
	case OP2_DBGBVR:
		return n < cpu_breakpoints() ? &debug->bvr[n] : 0;
	case OP2_DBGBCR:
		return n < cpu_breakpoints() ? &debug->bcr[n] : 0;
	case OP2_DBGWVR:
		return n < cpu_watchpoints() ? &debug->wvr[n] : 0;
	case OP2_DBGWCR:
		return n < cpu_watchpoints() ? &debug->wcr[n] : 0;
	default:
		return 0;
	}
}

bool guest_debug_read(const struct vcpu *vcpu, uint32_t key, uint64_t *value)
{
	const struct guest_debug *debug = &vcpu->debug;
	const uint64_t *place;

	switch (key) {
	case KEY_MDSCR:
		*value = debug->mdscr;
		return true;
	case KEY_MDCCINT:
		*value = debug->mdccint;
		return true;
	case KEY_OSLSR:
		*value = OSLSR_IMPLEMENTED | (debug->os_locked ? OSLSR_OSLK : 0);
		return true;
	case KEY_OSDLR:
		*value = debug->double_lock ? OSDLR_DLK : 0;
		return true;
	case KEY_DBGCLAIMSET:
		*value = CLAIM_TAGS; /* which tags there are */
		return true;
	case KEY_DBGCLAIMCLR:
		*value = debug->claim;
		return true;
	case KEY_DBGAUTHSTATUS:
		*value = READ_SYSREG(DBGAUTHSTATUS_EL1);
		return true;
	default:
		place = numbered(debug, key);
		*value = place ? *place : 0;
		return place != 0;
	}
}

bool guest_debug_write(struct vcpu *vcpu, uint32_t key, uint64_t value)
{
	struct guest_debug *debug = &vcpu->debug;
	uint64_t *place;

	switch (key) {
	case KEY_MDSCR:
		debug->mdscr = value & MDSCR_CONTROL;
		take_effect(debug);
		return true;
	case KEY_MDCCINT:
		debug->mdccint = value;
		return true;
	case KEY_OSLAR:
		debug->os_locked = value & 1;
		take_effect(debug);
		return true;
	case KEY_OSDLR:
		debug->double_lock = value & OSDLR_DLK;
		return true;
	case KEY_DBGCLAIMSET:
		debug->claim |= (uint8_t)value;
		return true;
	case KEY_DBGCLAIMCLR:
		debug->claim &= (uint8_t)~value;
		return true;
	default:
		place = (uint64_t *)numbered(debug, key);
		if (!place)
			return false;
		*place = value;
		if (debug->in_hardware)
			take_effect(debug);
		return true;
	}
}
