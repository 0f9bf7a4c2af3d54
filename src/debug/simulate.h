/*
 * Executes an instruction in place of the CPU: those that compute or branch, and touch neither memory nor system registers. Pure.
 *
 * Source: Arm ARM DDI 0487, C4.1 (encodings), C6.2 (what they do).
 */
#ifndef DEBUG_SIMULATE_H
#define DEBUG_SIMULATE_H

#include <stdbool.h>
#include <stdint.h>

#include <vitrine/frame.h>

/* The frame is as behind the instruction `word`, at frame->pc. False: it is none of those, and nothing has changed. */
bool simulate(struct vcpu_frame *frame, uint64_t sp, uint32_t word);

#endif
