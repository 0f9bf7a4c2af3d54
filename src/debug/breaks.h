/*
 * The breakpoints and watchpoints that a debugger has put into one VM: what is inserted where, and the values of the debug
 * registers that follow from it. Pure: memory is patched by the caller.
 *
 * Source: Arm ARM DDI 0487, D2.8 (breakpoints), D2.10 (watchpoints), D19.3 (DBGBCR<n>_EL1, DBGWCR<n>_EL1).
 */
#ifndef DEBUG_BREAKS_H
#define DEBUG_BREAKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vitrine/err.h>
#include <vitrine/guest_debug.h>

#define BREAKS_SOFTWARE_MOST 256u
#define BREAKS_WATCH_MOST    GUEST_DEBUG_MOST

/* BRK #imm of ours: nobody else's. 0xd0d0 is not used by Linux, GDB (0) or firmware. */
#define BREAKS_COMMENT	   0xd0d0u
#define BREAKS_INSTRUCTION (UINT32_C(0xd4200000) | BREAKS_COMMENT << 5)

struct software_break {
	uint64_t va, pa; /* pa: of the patched word */
	uint32_t original;
};

enum watch_kind { WATCH_WRITE, WATCH_READ, WATCH_ACCESS };

struct watch {
	enum watch_kind kind;
	uint64_t address, bytes;
	uint16_t slots; /* one bit a watchpoint register */
};

struct breaks {
	struct software_break software[BREAKS_SOFTWARE_MOST];
	unsigned softwares;
	struct watch watch[BREAKS_WATCH_MOST];
	unsigned watches;
	uint16_t breakpoints, watchpoints;	     /* registers in use, one bit each */
	unsigned breakpoint_slots, watchpoint_slots; /* that the machine has */
	struct guest_debug registers;		     /* bvr, bcr, wvr, wcr */
};

void breaks_init(struct breaks *breaks, unsigned breakpoint_slots, unsigned watchpoint_slots);

/* Is anything inserted? */
static inline bool breaks_any(const struct breaks *breaks)
{
	return breaks->softwares || breaks->breakpoints || breaks->watchpoints;
}

/* Software: by virtual address, by physical one (its word). NULL: none. */
struct software_break *breaks_find(struct breaks *breaks, uint64_t va);
struct software_break *breaks_find_pa(struct breaks *breaks, uint64_t pa);
/* VT_ENOMEM: the table is full. The caller patches memory. Another one may have the same `pa`. */
enum vt_err breaks_add(struct breaks *breaks, uint64_t va, uint64_t pa, uint32_t original);
void breaks_drop(struct breaks *breaks, struct software_break *which);

/* What `bytes` bytes read at `pa` would be without our patches; and what is written there stays below them. */
void breaks_hide(const struct breaks *breaks, uint64_t pa, uint8_t *bytes, size_t count);
void breaks_write_below(struct breaks *breaks, uint64_t pa, uint8_t *bytes, size_t count);

/* Hardware: idempotent. VT_EINVAL: not aligned to 4; VT_ENOMEM: no register left. */
enum vt_err breaks_add_hardware(struct breaks *breaks, uint64_t va);
void breaks_drop_hardware(struct breaks *breaks, uint64_t va);
bool breaks_has_hardware(const struct breaks *breaks, uint64_t va);

/* Watchpoints: any alignment and length >= 1; split over as many registers as it takes. */
enum vt_err breaks_add_watch(struct breaks *breaks, enum watch_kind kind, uint64_t address,
			     uint64_t bytes);
void breaks_drop_watch(struct breaks *breaks, enum watch_kind kind, uint64_t address,
		       uint64_t bytes);
/*
 * Whose is a hit that FAR reports? A CPU may report an address below the watched ones, up to the start of the access: the
 * one it is in, else the nearest above within an access's length. NULL: none of ours.
 */
const struct watch *breaks_watch_at(const struct breaks *breaks, uint64_t far);

#endif
