/*
 * The numbers that assembly was given are those of the structures as the hypervisor is compiled. No
 * code comes of this file: it compiles, or the build ends here.
 */
#include <stddef.h>

#include <vitrine/percpu.h>

#include "core/fault.h"
#include "core/secondary.h"
#include "trace/trace.h"

#include "asm-offsets.h" /* generated */

#define OFFSET(name, value) _Static_assert((name) == (value), "asm-offsets.h is stale: " #value);
#include "asm-offsets.def"
#undef OFFSET

/* What asm/vectors.S takes for granted beside the numbers. */
_Static_assert(sizeof(((struct vcpu_costs *)0)->of[0]) == 1 << 9,
	       "count_exit shifts the reason by 9");
_Static_assert(offsetof(struct trace_ring, last) == RING_POS + 8, "record loads them as a pair");
_Static_assert(offsetof(struct trace_note, value) == 8, "the same");
_Static_assert(offsetof(struct vcpu, id) == VCPU_RING + 8, "the same, and the state with it");
_Static_assert(offsetof(struct vcpu_open_exit, begin_ticks) == 0,
	       "leave_open stores the PC with it");
_Static_assert(offsetof(struct vcpu_open_exit, pc) == 8, "the same");
_Static_assert(offsetof(struct vcpu, open.to_word0) == VCPU_OPEN_ANSWER + 8,
	       "end_open_exit loads them as a pair");
_Static_assert(VCPU_X(30) + 8 == VCPU_PC, "x30 and the PC are stored as a pair");
_Static_assert(FAULT_FRAME_BYTES % 16 == 0, "SP stays 16-byte aligned");
_Static_assert(offsetof(struct fault_frame, sp) == 31 * 8, "SP stands behind x30");
