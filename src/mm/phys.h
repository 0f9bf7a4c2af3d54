/*
 * Physical memory at boot: which ranges are free, and the only two ways to take from them.
 * Everything is taken before the first guest runs; nothing is ever given back. Boot CPU only, no
 * locks.
 */
#ifndef MM_PHYS_H
#define MM_PHYS_H

#include <stdint.h>

#include <vitrine/err.h>

#define PAGE_BYTES UINT64_C(4096)
#define BLOCK_2M   (UINT64_C(1) << 21)
#define BLOCK_1G   (UINT64_C(1) << 30)

/*
 * Add a range of RAM; at most 4. Only its whole pages count. VT_ENOMEM when the table is full,
 * VT_EEXIST when it overlaps another, VT_EINVAL when there is no whole page in it or its end is
 * beyond 2^64.
 */
enum vt_err phys_add_ram(uint64_t base, uint64_t bytes);

/*
 * Keep a range (our image, the DTB, the manifest) from being handed out; need not be aligned.
 * VT_ENOMEM when the table is full, VT_EINVAL for an empty range or one that ends beyond 2^64.
 * Before or after phys_add_ram().
 */
enum vt_err phys_reserve(uint64_t base, uint64_t bytes);

/*
 * Take `bytes` contiguous bytes aligned to `alignment` (a power of two >= 4096). 0 when nothing
 * fits. Not zeroed.
 */
uint64_t phys_take(uint64_t bytes, uint64_t alignment);

/*
 * Take zeroed memory for a hypervisor object: small ones share pages. `what` names it in the log
 * when memory runs out. Never returns NULL: an EL2 that cannot hold its own tables cannot start
 * (panic). EL2 must have mapped RAM.
 */
void *boot_alloc(uint64_t bytes, uint64_t alignment, const char *what);

/*
 * Bytes of the pages that boot_alloc() has taken so far: the benchmark el2_ram_bytes counts them.
 */
uint64_t boot_alloc_used(void);

#endif
