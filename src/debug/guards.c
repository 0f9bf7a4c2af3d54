/*
 * `monitor break exec` and `monitor break ipa` in RAM: the guest is denied the right by its stage-2 tables, and so comes by here. It
 * stands at the instruction then, which has not been executed. Rights are by the page: what else is on it goes on over.c's way, by
 * one instruction with the page open while the VM's other vCPUs stand still, so that none of them passes unseen.
 */
#include "core/esr.h"
#include "core/insn.h"
#include "debug/memory.h"
#include "mm/phys.h"
#include "trace/format.h"

#define PAGE_OF(address) ALIGN_DOWN(address, PAGE_BYTES)
/* Of an access that nobody knows the size of: a SIMD pair's. */
#define ACCESS_MOST_BYTES 32u

struct access {
	uint64_t ipa, bytes;
	bool fetch, write;
	bool any; /* false: a cache's, or a walk's through the guest's tables */
};

static unsigned limits_of(const struct point *point)
{
	if (point->kind == POINT_EXEC)
		return STAGE2_NO_EXECUTE;
	if (point->kind != POINT_IPA)
		return 0;
	return (point->read ? STAGE2_NO_READ : 0) | (point->write ? STAGE2_NO_WRITE : 0);
}

static unsigned limits_at(const struct debug_vm *vm, uint64_t page)
{
	unsigned limits = 0;

	for (unsigned i = 0; i < vm->points_used; i++) {
		const struct point *point = &vm->points[i];

		if (page < point->end && point->value < page + PAGE_BYTES)
			limits |= limits_of(point);
	}
	return limits;
}

/* Where the limits end that begin at `page`: the next page that some point begins or ends in. */
static uint64_t same_until(const struct debug_vm *vm, uint64_t page, uint64_t end)
{
	for (unsigned i = 0; i < vm->points_used; i++) {
		const struct point *point = &vm->points[i];
		const uint64_t edges[] = {PAGE_OF(point->value),
					  PAGE_OF(point->end + PAGE_BYTES - 1)};

		for (unsigned j = 0; limits_of(point) && j < ARRAY_SIZE(edges); j++)
			if (edges[j] > page && edges[j] < end)
				end = edges[j];
	}
	return end;
}

enum vt_err guards_set(struct debug_vm *vm, uint64_t first, uint64_t end)
{
	uint64_t next;

	end = PAGE_OF(end + PAGE_BYTES - 1);
	for (uint64_t page = PAGE_OF(first); page < end; page = next) {
		next = same_until(vm, page, end);

		const enum vt_err err =
			stage2_limit(&vm->vm->stage2, page, next - page, limits_at(vm, page));

		if (err != VT_OK)
			return err;
	}
	return VT_OK;
}

void guards_open(const struct debug_vcpu *debug)
{
	for (unsigned i = 0; i < debug->over.pages; i++)
		stage2_limit(&debug->vm->vm->stage2, debug->over.page[i], PAGE_BYTES, 0);
}

void guards_close(const struct debug_vcpu *debug)
{
	for (unsigned i = 0; i < debug->over.pages; i++)
		guards_set(debug->vm, debug->over.page[i], debug->over.page[i] + 1);
}

/* How much a load or store touches; its syndrome says so, or its instruction. */
static uint64_t size_of_access(const struct debug_vcpu *debug)
{
	const struct vcpu_exit *exit = &debug->vcpu->core.exit;
	struct insn_access access;
	uint32_t word;

	if (exit->esr & ISS_ABT_ISV)
		return UINT64_C(1) << FIELD_GET(ISS_ABT_SAS, exit->esr);
	if (memory_read(debug, exit->pc, (uint8_t *)&word, sizeof(word)) != sizeof(word) ||
	    insn_decode(word, &access) != INSN_OK || access.zero_block || !access.elements)
		return ACCESS_MOST_BYTES;
	return access.element[access.elements - 1].offset +
	       access.element[access.elements - 1].bytes;
}

/* False: the guest's own tables have changed since, and it may try again. */
static bool find_access(const struct debug_vcpu *debug, struct access *access)
{
	const struct vcpu_exit *exit = &debug->vcpu->core.exit;
	const struct fault *fault = &exit->fault;
	struct walk walk;

	*access = (struct access){.ipa = fault->ipa,
				  .fetch = fault->fetch,
				  .write = fault->write,
				  .any = !fault->maintenance && !fault->table_walk};
	if (!fault->ipa_known) { /* the CPU could not tell: a table of the guest's is guarded, too */
		if (memory_walk(debug, exit->far, &walk) != VT_OK)
			return false;
		access->ipa = walk.ipa;
	}
	access->bytes = fault->fetch ? sizeof(uint32_t) : size_of_access(debug);
	return true;
}

static bool is_met(const struct point *point, const struct access *access)
{
	if (access->ipa >= point->end || access->ipa + access->bytes <= point->value)
		return false;
	if (access->fetch)
		return point->kind == POINT_EXEC;
	return point->kind == POINT_IPA && (access->write ? point->write : point->read);
}

bool guards_fault(struct debug_vcpu *debug)
{
	const struct vcpu_exit *exit = &debug->vcpu->core.exit;
	const struct debug_vm *vm = debug->vm;
	struct access access;
	bool met = false;

	if (exit->reason != EXIT_NESTED_PAGE_FAULT || exit->fault.type != FAULT_PERMISSION ||
	    !vm->points_used)
		return false;
	if (!find_access(debug, &access))
		return true;
	if (!limits_at(vm, PAGE_OF(access.ipa)))
		return false;
	for (unsigned i = 0; access.any && i < vm->points_used; i++)
		met |= is_met(&vm->points[i], &access);
	over_add(debug, PAGE_OF(access.ipa));
	if (!met) {
		over(debug, debug->over.pa);
		return true;
	}
	debug_record(debug, access.fetch ? TRACE_DEBUG_BREAKPOINT : TRACE_DEBUG_WATCHPOINT);
	debug->passes = step_stop(debug, GDB_STOP_SIGNAL, 0);
	return true;
}
