/*
 * The TLB of a host build: no TLB at all. It counts what was asked for, and a test may watch, so
 * that a test can show that nothing stale is left (tests/unit/test_stage2_model.c keeps a fake TLB
 * this way).
 */
#ifndef MM_TLB_FAKE_H
#define MM_TLB_FAKE_H

#include <stdint.h>

struct tlb_fake {
	unsigned guest_ipa; /* invalidations of one IPA */
	unsigned guest_s1;  /* invalidations of the stage-1 entries of a VMID */
	unsigned guest_all; /* invalidations of a whole VMID */
	unsigned el2;
	uint64_t vttbr; /* of the last stage-2 sequence */
	unsigned depth; /* sequences begun and not ended */
	void (*on_guest_ipa)(uint64_t ipa);
	void (*on_guest_all)(void);
};

/* Weak: a header may define it, and all files of a program share the one. */
__attribute__((weak)) struct tlb_fake tlb_fake;

static inline uint64_t tlb_guest_begin(uint64_t vttbr)
{
	tlb_fake.vttbr = vttbr;
	tlb_fake.depth++;
	return 0;
}

static inline void tlb_guest_ipa(uint64_t ipa)
{
	tlb_fake.guest_ipa++;
	if (tlb_fake.on_guest_ipa)
		tlb_fake.on_guest_ipa(ipa);
}

static inline void tlb_guest_end(uint64_t loaded, uint64_t vttbr)
{
	(void)loaded;
	(void)vttbr;
	tlb_fake.guest_s1++;
	tlb_fake.depth--;
}

static inline void tlb_guest_all(uint64_t vttbr)
{
	tlb_fake.vttbr = vttbr;
	tlb_fake.guest_all++;
	if (tlb_fake.on_guest_all)
		tlb_fake.on_guest_all();
}

static inline void tlb_el2_replace(uint64_t *entry, uint64_t desc, uint64_t va)
{
	(void)va;
	tlb_fake.el2++;
	*entry = desc;
}

#endif
