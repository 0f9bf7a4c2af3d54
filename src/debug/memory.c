/* See memory.h. EL2 is identity mapped, so a guest's RAM is at its physical address. */
#include "debug/memory.h"

#include "hal/arm64.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "vm/guest_state.h"

#define WRITE_PIECE_BYTES 512u

struct walk_regime memory_regime(const struct vm_vcpu *vcpu)
{
	const struct vcpu_sysregs *regs = &vcpu->core.sysregs;

	if (!vcpu->core.cpu)
		return (struct walk_regime){.sctlr = regs->SCTLR_EL1,
					    .tcr = regs->TCR_EL1,
					    .ttbr0 = regs->TTBR0_EL1,
					    .ttbr1 = regs->TTBR1_EL1};
	return guest_walk_regime();
}

bool memory_find_ipa(const struct debug_vm *vm, uint64_t ipa, uint64_t *pa, uint64_t *count)
{
	struct stage2_leaf leaf;

	if (stage2_walk(&vm->vm->stage2, ipa, &leaf) != VT_OK || leaf.attr == STAGE2_DEVICE)
		return false;
	*pa = leaf.pa;
	*count = leaf.bytes - (leaf.pa & (leaf.bytes - 1));
	return true;
}

static bool read_descriptor(void *memory, uint64_t ipa, uint64_t *descriptor)
{
	uint64_t pa, count;

	if (!memory_find_ipa(memory, ipa, &pa, &count))
		return false;
	memcpy(descriptor, (const void *)(uintptr_t)pa, sizeof(*descriptor));
	return true;
}

enum vt_err memory_walk(const struct debug_vcpu *debug, uint64_t va, struct walk *walk)
{
	const struct walk_regime regime = memory_regime(debug->vcpu);

	return walk_stage1(&regime, va, read_descriptor, debug->vm, walk);
}

bool memory_find(const struct debug_vcpu *debug, uint64_t va, uint64_t *pa, uint64_t *count)
{
	struct walk walk;
	uint64_t in_stage2;

	if (memory_walk(debug, va, &walk) != VT_OK ||
	    !memory_find_ipa(debug->vm, walk.ipa, pa, &in_stage2))
		return false;
	*count = MIN(walk.bytes - (walk.ipa & (walk.bytes - 1)), in_stage2);
	return true;
}

/* From one place in memory, at most `here` bytes of it. */
static size_t read_piece(const struct debug_vm *vm, uint64_t pa, uint64_t here, uint8_t *bytes,
			 size_t count)
{
	here = MIN(here, count);
	memcpy(bytes, (const void *)(uintptr_t)pa, here);
	breaks_hide(&vm->breaks, pa, bytes, here);
	return here;
}

size_t memory_read(const struct debug_vcpu *debug, uint64_t va, uint8_t *bytes, size_t count)
{
	size_t done = 0;
	uint64_t pa, here;

	while (done < count && memory_find(debug, va + done, &pa, &here))
		done += read_piece(debug->vm, pa, here, bytes + done, count - done);
	return done;
}

size_t memory_read_ipa(const struct debug_vm *vm, uint64_t ipa, uint8_t *bytes, size_t count)
{
	size_t done = 0;
	uint64_t pa, here;

	while (done < count && memory_find_ipa(vm, ipa + done, &pa, &here))
		done += read_piece(vm, pa, here, bytes + done, count - done);
	return done;
}

/*
 * The guest may look with its caches off, and what was data may be instructions. IC IALLUIS, as another CPU's instruction
 * cache may know the address by another name. (Arm ARM D7.5.9.)
 */
static void make_visible(uint64_t pa, uint64_t bytes)
{
	clean_to_memory((const void *)(uintptr_t)pa, bytes);
	ic_ialluis();
	dsb_ish();
	isb();
}

/* To one place, below the patches that are there; says how much it was. */
static size_t write_piece(struct debug_vm *vm, uint64_t pa, uint64_t here, const uint8_t *bytes,
			  size_t count)
{
	uint8_t piece[WRITE_PIECE_BYTES];

	here = MIN(here, MIN(count, sizeof(piece)));
	memcpy(piece, bytes, here);
	breaks_write_below(&vm->breaks, pa, piece, here);
	memcpy((void *)(uintptr_t)pa, piece, here);
	make_visible(pa, here);
	return here;
}

enum vt_err memory_write(struct debug_vcpu *debug, uint64_t va, const uint8_t *bytes, size_t count)
{
	size_t done = 0;
	uint64_t pa, here;

	while (done < count && memory_find(debug, va + done, &pa, &here))
		done += write_piece(debug->vm, pa, here, bytes + done, count - done);
	return done == count ? VT_OK : VT_ENOENT;
}

enum vt_err memory_write_ipa(struct debug_vm *vm, uint64_t ipa, const uint8_t *bytes, size_t count)
{
	size_t done = 0;
	uint64_t pa, here;

	while (done < count && memory_find_ipa(vm, ipa + done, &pa, &here))
		done += write_piece(vm, pa, here, bytes + done, count - done);
	return done == count ? VT_OK : VT_ENOENT;
}

void memory_patch(uint64_t pa, uint32_t instruction)
{
	*(volatile uint32_t *)(uintptr_t)pa = instruction;
	make_visible(pa, sizeof(instruction));
}
