/*
 * A guest's memory as the guest sees it: by virtual address, through both stages of its own
 * translation. For the vCPU that is loaded on this CPU.
 */
#ifndef VM_GUEST_MEMORY_H
#define VM_GUEST_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include <vitrine/err.h>

struct vm_vcpu;

/*
 * Copy `bytes` from the guest's RAM; may cross pages. VT_ENOENT: no translation, or no memory at
 * some of it. VT_EIO: a device is there, which is not read. *to may have been written in part then.
 * Takes LOCK_STAGE2.
 */
enum vt_err guest_read_va(struct vm_vcpu *vcpu, uint64_t va, void *to, size_t bytes);

#endif
