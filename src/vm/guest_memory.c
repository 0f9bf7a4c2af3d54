/* See guest_memory.h. Stage 1 is the CPU's (core/fault_address.h), stage 2 our own tables. */
#include "vm/guest_memory.h"

#include "core/fault_address.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "vm/vm.h"

#define GUEST_PAGE_BYTES \
	UINT64_C(4096) /* the smallest: what is next to each other stays so in it */

/* EL2 is identity mapped, so a guest's RAM is at its physical address. */
static enum vt_err find_ram(struct vm_vcpu *vcpu, uint64_t va, const void **at)
{
	struct stage2_leaf leaf;
	uint64_t ipa;
	enum vt_err err = translate_va(va, &ipa);

	if (err == VT_OK)
		err = stage2_walk(&vcpu->vm->stage2, ipa, &leaf);
	if (err != VT_OK)
		return VT_ENOENT;
	if (leaf.attr == STAGE2_DEVICE)
		return VT_EIO;
	*at = (const void *)(uintptr_t)leaf.pa;
	return VT_OK;
}

enum vt_err guest_read_va(struct vm_vcpu *vcpu, uint64_t va, void *to, size_t bytes)
{
	uint8_t *next = to;

	while (bytes > 0) {
		const uint64_t in_page = GUEST_PAGE_BYTES - va % GUEST_PAGE_BYTES;
		const size_t count = MIN(bytes, in_page);
		const void *from;
		const enum vt_err err = find_ram(vcpu, va, &from);

		if (err != VT_OK)
			return err;
		memcpy(next, from, count);
		next += count;
		va += count;
		bytes -= count;
	}
	return VT_OK;
}
