/* See memory.h. EL2 is identity mapped, so a guest's RAM is at its physical address. */
#include "debug/memory.h"

#include "hal/arm64.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "mm/phys.h"
#include "vm/guest_state.h"

#define WRITE_PIECE_BYTES 512u
#define KNOWN_PAGES	  4u /* of a vCPU: its code, its stack, what a condition looks at */

/*
 * Where a page of a running vCPU is, and all that this follows from: registers, and descriptors where they stand in memory. (What
 * stage 2 maps where does not change.) While that is as it was the walk need not be done again.
 */
struct known_page {
	struct walk_regime regime;
	uint64_t page, pa;
	const volatile uint64_t *place[WALK_STEPS];
	uint64_t descriptor[WALK_STEPS];
	unsigned steps;
	bool valid;
};

static struct known_page known_pages[DEBUG_VCPUS][KNOWN_PAGES];

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

static bool is_known(const struct known_page *known, uint64_t page, const struct walk_regime *now)
{
	const struct walk_regime *then = &known->regime;

	if (!known->valid || known->page != page || then->ttbr0 != now->ttbr0 ||
	    then->ttbr1 != now->ttbr1 || then->tcr != now->tcr || then->sctlr != now->sctlr)
		return false;
	for (unsigned i = 0; i < known->steps; i++)
		if (*known->place[i] != known->descriptor[i])
			return false;
	return true;
}

/* Not where tables are big-endian: what is in memory is then never what the walk has seen. */
static void get_to_know(const struct debug_vm *vm, struct known_page *known,
			const struct walk_regime *regime, const struct walk *walk)
{
	uint64_t place = 0, count;

	known->regime = *regime;
	known->steps = walk->steps;
	known->valid = true;
	for (unsigned i = 0; i < walk->steps; i++) {
		known->valid &= memory_find_ipa(vm, walk->step[i].ipa, &place, &count);
		known->place[i] = (const volatile uint64_t *)(uintptr_t)place;
		known->descriptor[i] = walk->step[i].descriptor;
	}
}

bool memory_find(const struct debug_vcpu *debug, uint64_t va, uint64_t *pa, uint64_t *count)
{
	const struct vcpu *core = &debug->vcpu->core;
	const struct walk_regime regime = memory_regime(debug->vcpu);
	const uint64_t page = ALIGN_DOWN(va, PAGE_BYTES);
	struct known_page *known = &known_pages[core->id][page / PAGE_BYTES % KNOWN_PAGES];
	struct walk walk;
	uint64_t in_stage2;

	if (core->cpu && is_known(known, page, &regime)) {
		*pa = known->pa + (va - page);
		*count = PAGE_BYTES - (va - page);
		return true;
	}
	if (walk_stage1(&regime, va, read_descriptor, debug->vm, &walk) != VT_OK ||
	    !memory_find_ipa(debug->vm, walk.ipa, pa, &in_stage2))
		return false;
	*count = MIN(walk.bytes - (walk.ipa & (walk.bytes - 1)), in_stage2);
	if (core->cpu) {
		known->page = page;
		known->pa = *pa - (va - page);
		get_to_know(debug->vm, known, &regime, &walk);
	}
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
