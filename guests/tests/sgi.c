/*
 * Whom the SGI registers mean: target list, range selector, affinities, IRM, and the groups of ICC_SGI0R_EL1 and ICC_ASGI1R_EL1.
 * Nothing is enabled and only vCPU 0 runs: the redistributors tell what has become pending.
 */
#include "guest.h"

#define VCPUS 4
#define IRM   (1ul << 40)
#define RS(n) ((uint64_t)(n) << 44)
#define AFF1  (1ul << 16)
#define AFF2  (1ul << 32)
#define AFF3  (1ul << 48)

#define GIC_IGROUPR 0x080
#define GIC_ICPENDR 0x280

enum how { SGI1R, ASGI1R, SGI0R };

static uint64_t sgi_frame(unsigned vcpu)
{
	return GICR_BASE + GICR_STRIDE * vcpu + SGI_FRAME;
}

/* Send SGI `intid`; one bit a vCPU where it is pending afterwards. */
static unsigned who_gets(enum how how, uint64_t targets, unsigned intid)
{
	const uint64_t value = targets | (uint64_t)intid << 24;
	unsigned got = 0;

	if (how == SGI1R)
		MSR(S3_0_C12_C11_5, value);
	else if (how == ASGI1R)
		MSR(S3_0_C12_C11_6, value);
	else
		MSR(S3_0_C12_C11_7, value);
	for (unsigned vcpu = 0; vcpu < VCPUS; vcpu++) {
		if (read32(sgi_frame(vcpu) + GIC_ISPENDR) == 1u << intid)
			got |= 1u << vcpu;
		write32(sgi_frame(vcpu) + GIC_ICPENDR, 0xffff);
	}
	return got;
}

void first(const void *device_tree)
{
	(void)device_tree;
	CHECK_EQUAL(who_gets(SGI1R, 1, 3), 1, "an SGI to oneself");
	CHECK_EQUAL(who_gets(SGI1R, 0xa, 15), 0xa, "a target list of two");
	CHECK_EQUAL(who_gets(SGI1R, 0xffff, 0), 0xf, "targets that do not exist are left out");
	CHECK_EQUAL(who_gets(SGI1R, 0, 1), 0, "an empty list has nobody");
	CHECK_EQUAL(who_gets(SGI1R, RS(1) | 0xffff, 1), 0,
		    "the range selector: 16 to 31 do not exist");
	CHECK_EQUAL(who_gets(SGI1R, RS(15) | 0xf, 1), 0, "nor does the last range");
	CHECK_EQUAL(who_gets(SGI1R, AFF1 | 0xf, 1), 0, "another Aff1 has nobody");
	CHECK_EQUAL(who_gets(SGI1R, AFF2 | 0xf, 1), 0, "another Aff2 has nobody");
	CHECK_EQUAL(who_gets(SGI1R, AFF3 | 0xf, 1), 0, "another Aff3 has nobody");
	CHECK_EQUAL(who_gets(SGI1R, IRM, 7), 0xe, "IRM means all but oneself");
	CHECK_EQUAL(who_gets(SGI1R, IRM | RS(2) | AFF1 | AFF2 | AFF3 | 1, 7), 0xe,
		    "IRM overrides the rest");

	CHECK_EQUAL(who_gets(SGI0R, 0xf, 5), 0, "ICC_SGI0R_EL1 sends no Group 1 SGI");
	CHECK_EQUAL(who_gets(ASGI1R, 0xf, 5), 0, "nor does ICC_ASGI1R_EL1");
	for (unsigned vcpu = 0; vcpu < 2; vcpu++)
		write32(sgi_frame(vcpu) + GIC_IGROUPR, ~(1u << 5));
	CHECK_EQUAL(who_gets(SGI0R, 0xf, 5), 3,
		    "ICC_SGI0R_EL1 reaches those who have it in Group 0");
	CHECK_EQUAL(who_gets(ASGI1R, 0xf, 5), 3, "so does ICC_ASGI1R_EL1");
	CHECK_EQUAL(who_gets(SGI0R, IRM, 5), 2, "with IRM, too");
	CHECK_EQUAL(who_gets(SGI1R, 0xf, 5), 0xf, "ICC_SGI1R_EL1 sends to either group");
	check(FAULTS(MRS(S3_0_C12_C11_5)) == 1 && FAULT_CLASS() == CLASS_UNKNOWN,
	      "they cannot be read");
	finish();
}
