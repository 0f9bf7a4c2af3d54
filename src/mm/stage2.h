/*
 * Stage-2 translation of one VM: IPA to PA, 4 KiB granule, blocks of 2 MiB and 1 GiB,
 * break-before-make.
 *
 * Tables come from the VM's own page pool. The walk starts at level 0 (more than 39 bits of IPA) or
 * level 1. All functions lock LOCK_STAGE2; maintenance is broadcast to all CPUs. Pure apart from
 * the TLB instructions: unit tests run it on the host.
 *
 * Splitting a block makes it vanish for a moment (break-before-make). A vCPU of the same VM that
 * runs on another CPU may take a stage-2 fault then. So the fault handler asks stage2_walk() first
 * and, when the IPA is mapped, lets the guest try again.
 *
 * Source: Arm ARM D8.2 (translation process), D8.14 (TLB maintenance), D8.16.1 (break-before-make).
 */
#ifndef MM_STAGE2_H
#define MM_STAGE2_H

#include <stdbool.h>
#include <stdint.h>

#include <vitrine/err.h>
#include "lib/spinlock.h"
#include "mm/page_pool.h"

enum stage2_attr {
	STAGE2_RWX,    /* guest RAM: normal write-back, inner shareable */
	STAGE2_RO,     /* guest RAM that it may only read and execute */
	STAGE2_DEVICE, /* passed-through device registers: Device-nGnRE, never executable */
};

struct stage2 {
	struct spinlock lock;
	struct page_pool *pool;
	uint64_t *root;
	uint64_t vttbr;	       /* VTTBR_EL2: root and VMID */
	uint64_t vtcr;	       /* VTCR_EL2 */
	unsigned ipa_bits;     /* 32..48 */
	unsigned pa_bits;      /* 32..48: output addresses end here */
	unsigned start_level;  /* 0 or 1 */
	unsigned root_entries; /* 512 times the number of concatenated root tables: always 1 */
};

struct stage2_leaf {
	uint64_t pa;	/* of the byte asked for */
	uint64_t bytes; /* size of the block or page that holds it */
	enum stage2_attr attr;
};

/*
 * @param ipa_bits  size of the guest's physical space, 32..48; not more than the machine's pa_bits.
 * @param pa_bits   the machine's PARange in bits (ID_AA64MMFR0_EL1), clamped to 48:
 *                  machine_pa_bits() in mm/pa_range.h.
 * @param vmid      1..255, unique among live VMs (0 is the host's). What TLBs still hold under it
 *                  is dropped.
 * VT_EINVAL on a bad range, and for pa_bits without an encoding (pa_range_encode(): 41 has none, nor
 * has 52). VT_ENOSYS for more than 39 IPA bits on a machine with less than 44 PA bits (it cannot
 * start a stage-2 walk at level 0), VT_ENOMEM when the pool is empty.
 */
enum vt_err stage2_init(struct stage2 *s2, struct page_pool *pool, unsigned ipa_bits,
			unsigned pa_bits, unsigned vmid);

/*
 * Map [ipa, ipa + bytes) to [pa, ...); all 4 KiB aligned. A range that is already mapped is an
 * error (VT_EEXIST) and nothing changes. VT_ENOMEM leaves the part before the failing table mapped;
 * VT_EINVAL for alignment or range.
 */
enum vt_err stage2_map(struct stage2 *s2, uint64_t ipa, uint64_t pa, uint64_t bytes,
		       enum stage2_attr attr);

/*
 * Remove [ipa, ipa + bytes); blocks at the edges are split. Holes are fine. TLBs of all CPUs are
 * clean on return, and tables that became empty are back in the pool. VT_ENOMEM when an edge cannot
 * be split: nothing has been removed then.
 */
enum vt_err stage2_unmap(struct stage2 *s2, uint64_t ipa, uint64_t bytes);

/* Look one IPA up in the tables. VT_ENOENT when nothing is mapped there. */
enum vt_err stage2_walk(struct stage2 *s2, uint64_t ipa, struct stage2_leaf *leaf);

/*
 * Take rights to the RAM in [ipa, ipa + bytes) away from the guest, so that it must come to EL2 for them; 0 gives them back. 4 KiB
 * aligned; holes, devices and what it may only read are passed over. TLBs of all CPUs are clean on return. VT_ENOMEM when a block
 * at an edge cannot be split: nothing has changed then.
 */
enum stage2_limit { STAGE2_NO_READ = 1, STAGE2_NO_WRITE = 2, STAGE2_NO_EXECUTE = 4 };
enum vt_err stage2_limit(struct stage2 *s2, uint64_t ipa, uint64_t bytes, unsigned limits);

/* For stage2_limit.c, under the lock: the entry that decides what becomes of `ipa`, a leaf or a hole, and its level. */
uint64_t *stage2_entry(const struct stage2 *s2, uint64_t ipa, unsigned *level);
/* Split until no block lies across `ipa`. */
enum vt_err stage2_split_at(struct stage2 *s2, uint64_t ipa);

/*
 * Unmap everything and give all tables back, the root too. No vCPU of the VM may run or be loaded
 * any more; its VMID may be given to another VM afterwards.
 */
void stage2_destroy(struct stage2 *s2);

/*
 * How many table pages a VM with `ram_bytes` of block-mapped RAM may need at worst: for sizing its
 * pool. There is room in it for splitting some blocks and for three far-apart windows of device
 * registers.
 */
unsigned stage2_pages_needed(uint64_t ram_bytes);

#endif
