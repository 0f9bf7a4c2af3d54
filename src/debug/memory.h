/*
 * A stopped (or loaded here) vCPU's memory as its guest sees it, through both stages of translation, with breakpoints hidden.
 * Only RAM: a device is never touched.
 */
#ifndef DEBUG_MEMORY_H
#define DEBUG_MEMORY_H

#include "debug/state.h"
#include "vm/walk.h"

/* What a walk needs of the vCPU, loaded on this CPU or on none. */
struct walk_regime memory_regime(const struct vm_vcpu *vcpu);

enum vt_err memory_walk(const struct debug_vcpu *debug, uint64_t va, struct walk *walk);

/* Where the byte is, and how many follow it in the same page. False: no RAM there. */
bool memory_find(const struct debug_vcpu *debug, uint64_t va, uint64_t *pa, uint64_t *count);
bool memory_find_ipa(const struct debug_vm *vm, uint64_t ipa, uint64_t *pa, uint64_t *count);

/* How many could be read from the first on. */
size_t memory_read(const struct debug_vcpu *debug, uint64_t va, uint8_t *bytes, size_t count);
/* VT_ENOENT: not all of it is RAM; what stands before that has been written. */
enum vt_err memory_write(struct debug_vcpu *debug, uint64_t va, const uint8_t *bytes, size_t count);

/* The same by guest-physical address. */
size_t memory_read_ipa(const struct debug_vm *vm, uint64_t ipa, uint8_t *bytes, size_t count);
enum vt_err memory_write_ipa(struct debug_vm *vm, uint64_t ipa, const uint8_t *bytes, size_t count);

/* One instruction, its patch and all, and every cache told. */
void memory_patch(uint64_t pa, uint32_t instruction);

#endif
