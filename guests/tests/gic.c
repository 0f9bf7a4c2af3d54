/*
 * The GIC of a test guest, of whichever version it has: GICv3 has its CPU interface in system registers and a redistributor a
 * vCPU; GICv2 has it in memory, and each vCPU sees its own part of the one distributor. Nothing is in Group 1 on GICv2: a driver
 * without the Security Extensions uses Group 0.
 *
 * Source: IHI 0069 (GICv3), IHI 0048 (GICv2).
 */
#include "guest.h"

#define GICC_BASE UL(0x08010000)
#define GICC_CTLR 0x00
#define GICC_PMR  0x04
#define GICC_BPR  0x08
#define GICC_IAR  0x0c
#define GICC_EOIR 0x10

#define GICD_ITARGETSR 0x800
#define GICD_SGIR      0xf00
#define SGIR_OTHERS    (1u << 24)

#define SGI1R_LIST UL(0xffff)
#define SGI1R_IRM  (UL(1) << 40)

/* The device tree says it too, but only in words. Asked once: reading an ID register is an exit. */
static bool is_v2(void)
{
	static volatile enum { UNKNOWN, V2, V3 } version;

	if (version == UNKNOWN)
		version = MRS(id_aa64pfr0_el1) >> 24 & 0xf ? V3 : V2;
	return version == V2;
}

uint32_t gic_take(void)
{
	return is_v2() ? read32(GICC_BASE + GICC_IAR)
		       : (uint32_t)MRS(S3_0_C12_C12_0); /* ICC_IAR1_EL1 */
}

void gic_end(uint32_t taken)
{
	if (is_v2())
		write32(GICC_BASE + GICC_EOIR, taken); /* of an SGI: with its sender */
	else
		MSR(S3_0_C12_C12_1, taken); /* ICC_EOIR1_EL1 */
}

static uint64_t bank(unsigned vcpu, unsigned intid)
{
	return intid < 32 && !is_v2() ? GICR_BASE + GICR_STRIDE * vcpu + SGI_FRAME : GICD_BASE;
}

void gic_distributor(bool on)
{
	if (is_v2())
		write32(GICD_BASE + GIC_CTLR, on);
	else
		write32(GICD_BASE + GIC_CTLR, 1 << 4 | (uint32_t)on << 1); /* ARE, EnableGrp1 */
}

void gic_mask(uint8_t priority)
{
	if (is_v2())
		write32(GICC_BASE + GICC_PMR, priority);
	else
		MSR(S3_0_C4_C6_0, priority); /* ICC_PMR_EL1 */
}

void gic_on_this_vcpu(unsigned vcpu)
{
	gic_distributor(true);
	if (is_v2()) {
		write32(GICC_BASE + GICC_BPR, 0);
		write32(GICC_BASE + GICC_CTLR, 1);
	} else {
		write32(GICR_BASE + GICR_STRIDE * vcpu + GICR_WAKER, 0);
		MSR(S3_0_C12_C12_5, 7); /* ICC_SRE_EL1 */
		MSR(S3_0_C12_C12_3, 0); /* ICC_BPR1_EL1 */
		MSR(S3_0_C12_C12_7, 1); /* ICC_IGRPEN1_EL1 */
	}
	gic_mask(0xff);
}

static void write_byte(uint64_t address, uint8_t value)
{
	__asm__ volatile("strb %w0, [%1]" ::"r"(value), "r"(address) : "memory");
}

void gic_route(unsigned spi, unsigned vcpu)
{
	if (is_v2())
		write_byte(GICD_BASE + GICD_ITARGETSR + spi, (uint8_t)(1u << vcpu));
	else
		write32(GICD_BASE + GIC_IROUTER + 8 * spi, vcpu);
}

/* On GICv2 an SPI goes nowhere until it is told. */
void gic_enable(unsigned vcpu, unsigned intid)
{
	if (is_v2() && intid >= 32)
		gic_route(intid, vcpu);
	write32(bank(vcpu, intid) + GIC_ISENABLER + intid / 32 * 4, 1u << intid % 32);
}

void gic_set_priority(unsigned vcpu, unsigned intid, uint8_t priority)
{
	write_byte(bank(vcpu, intid) + GIC_IPRIORITYR + intid, priority);
}

void gic_set_edge(unsigned spi, bool edge)
{
	const uint64_t address = GICD_BASE + GIC_ICFGR + spi / 16 * 4;
	const uint32_t bit = 2u << spi % 16 * 2;

	write32(address, edge ? read32(address) | bit : read32(address) & ~bit);
}

void gic_set_pending(unsigned spi)
{
	write32(GICD_BASE + GIC_ISPENDR + spi / 32 * 4, 1u << spi % 32);
}

/* GICv2 has no other affinities or ranges: whom they name does not exist there either. */
static uint32_t sgir_of(uint64_t targets)
{
	if (targets & SGI1R_IRM)
		return SGIR_OTHERS;
	return targets & ~SGI1R_LIST ? 0 : (uint32_t)(targets & 0xff) << 16;
}

void send_sgi(uint64_t targets, unsigned intid)
{
	if (is_v2())
		write32(GICD_BASE + GICD_SGIR, sgir_of(targets) | intid);
	else
		MSR(S3_0_C12_C11_5, targets | (uint64_t)intid << 24); /* ICC_SGI1R_EL1 */
}
