/*
 * GICD_*: the distributor's registers as the guest sees them. One Security state, affinity routing
 * always on, no message-based interrupts, no LPIs. SGIs and PPIs are in the redistributors, so the
 * first word of each array is reserved.
 *
 * Source: IHI 0069 12.9.
 */
#include "irq/vgic_internal.h"

#include <stddef.h>

enum {
	GICD_CTLR = 0x0000,
	GICD_TYPER = 0x0004,
	GICD_IIDR = 0x0008,
	GICD_TYPER2 = 0x000c,
	GICD_STATUSR = 0x0010,
	GICD_IPRIORITYR = 0x0400,
	GICD_ICFGR = 0x0c00,
	GICD_IGRPMODR = 0x0d00,
	GICD_NSACR = 0x0e00,
	GICD_NSACR_END = 0x0f00,
	GICD_IROUTER = 0x6000,
	GICD_IDREGS = 0xffd0,
	GICD_PIDR2 = 0xffe8,
};

#define GICD_CTLR_GRP0 BIT(0)
#define GICD_CTLR_GRP1 BIT(1)
#define GICD_CTLR_ARE  BIT(4)
#define GICD_CTLR_DS   BIT(6)

/* CPUNumber is 0 as affinity routing cannot be turned off; no LPIS, no MBIS. */
#define GICD_TYPER_VALUE                                                     \
	(FIELD_PREP(GENMASK(4, 0), VGIC_INTIDS / 32 - 1) /* ITLinesNumber */ \
	 | FIELD_PREP(GENMASK(23, 19), 10 - 1)		 /* IDbits */        \
	 | BIT(24)					 /* A3V */           \
	 | BIT(25) /* No1N */)

#define IROUTER_AFFINITY (GENMASK(39, 32) | GENMASK(23, 0))

static uint64_t bad_access(void)
{
	vgic_count(&vgic_stats.bad_accesses);
	return 0;
}

static uint64_t ctlr_read(const struct vgic *vgic)
{
	return GICD_CTLR_ARE | GICD_CTLR_DS | (vgic->enabled_group0 ? GICD_CTLR_GRP0 : 0) |
	       (vgic->enabled_group1 ? GICD_CTLR_GRP1 : 0);
}

/* A route that names no vCPU is kept and readable; the interrupt then waits. */
static void route(struct vgic *vgic, unsigned intid, uint64_t router)
{
	router &= IROUTER_AFFINITY;
	vgic->spi_router[intid - INTID_FIRST_SPI] = router;
	vgic_retarget(vgic, intid, router < vgic->vcpus ? (unsigned)router : VGIC_NO_VCPU);
}

/* The SPI a 64-bit GICD_IROUTER<n> stands for; 0 when there is none. */
static unsigned irouter_intid(uint64_t offset)
{
	const uint64_t intid = (offset - GICD_IROUTER) / 8;

	return offset >= GICD_IROUTER && intid >= INTID_FIRST_SPI && intid < VGIC_INTIDS
		       ? (unsigned)intid
		       : 0;
}

static bool router_access(uint64_t offset, unsigned bytes)
{
	return irouter_intid(offset) && (bytes == 8 || bytes == 4);
}

static uint64_t router_read(const struct vgic *vgic, uint64_t offset, unsigned bytes)
{
	const uint64_t router = vgic->spi_router[irouter_intid(offset) - INTID_FIRST_SPI];

	return bytes == 8 ? router : (uint32_t)(router >> (8 * (offset & 4)));
}

static void router_write(struct vgic *vgic, uint64_t offset, unsigned bytes, uint64_t value)
{
	const unsigned intid = irouter_intid(offset);
	const uint64_t old = vgic->spi_router[intid - INTID_FIRST_SPI];

	if (bytes == 4 && offset & 4)
		value = value << 32 | (uint32_t)old;
	else if (bytes == 4)
		value = (old & GENMASK(63, 32)) | (uint32_t)value;
	route(vgic, intid, value);
}

/* The first INTID of a register in an array with `bits` bits an INTID; 0 when it is reserved. */
static unsigned first_spi(uint64_t offset, uint64_t array, unsigned bits)
{
	const uint64_t intid = (offset - array) * 8 / bits;

	return intid >= INTID_FIRST_SPI && intid < VGIC_INTIDS ? (unsigned)intid : 0;
}

static bool priority_access(uint64_t offset, unsigned bytes)
{
	return offset >= GICD_IPRIORITYR && offset < GICD_IPRIORITYR + 1020 &&
	       (bytes == 1 || bytes == 4) && first_spi(offset, GICD_IPRIORITYR, 8);
}

/* Registers that exist and read as zero: optional ones, and those that one Security state does not
 * need. */
static bool reads_as_zero(uint64_t offset)
{
	return offset == GICD_TYPER2 || offset == GICD_STATUSR ||
	       (offset >= GICD_IGRPMODR && offset < GICD_NSACR_END) || offset >= GICD_IDREGS;
}

static uint64_t array_read(struct vgic *vgic, uint64_t offset)
{
	unsigned intid;

	if (vgic_bank_register(offset) && (intid = first_spi(offset & 0x7f, 0, 1)))
		return vgic_bank_read(vgic, NULL, intid, offset);
	if (offset >= GICD_ICFGR && offset < GICD_IGRPMODR &&
	    (intid = first_spi(offset, GICD_ICFGR, 2)))
		return vgic_config_read(&vgic->spi[intid / 32 - 1], intid / 16 % 2);
	return reads_as_zero(offset) ? 0 : bad_access();
}

static void array_write(struct vgic *vgic, uint64_t offset, uint32_t value)
{
	unsigned intid;

	if (vgic_bank_register(offset) && (intid = first_spi(offset & 0x7f, 0, 1)))
		vgic_bank_write(vgic, NULL, intid, offset, value);
	else if (offset >= GICD_ICFGR && offset < GICD_IGRPMODR &&
		 (intid = first_spi(offset, GICD_ICFGR, 2)))
		vgic_config_write(&vgic->spi[intid / 32 - 1], intid / 16 % 2, value);
	else if (!reads_as_zero(offset))
		bad_access();
}

static uint64_t locked_read(struct vgic *vgic, uint64_t offset, unsigned bytes)
{
	if (router_access(offset, bytes))
		return router_read(vgic, offset, bytes);
	if (priority_access(offset, bytes))
		return vgic_priority_read(
			&vgic->spi[first_spi(offset, GICD_IPRIORITYR, 8) / 32 - 1], offset & 31,
			bytes);
	if (bytes != 4)
		return bad_access();
	return array_read(vgic, offset);
}

static void locked_write(struct vgic *vgic, uint64_t offset, unsigned bytes, uint64_t value)
{
	if (router_access(offset, bytes))
		router_write(vgic, offset, bytes, value);
	else if (priority_access(offset, bytes))
		vgic_priority_write(&vgic->spi[first_spi(offset, GICD_IPRIORITYR, 8) / 32 - 1],
				    offset & 31, bytes, (uint32_t)value);
	else if (bytes != 4)
		bad_access();
	else if (offset == GICD_CTLR)
		vgic_enable_groups(vgic, value & GICD_CTLR_GRP0, value & GICD_CTLR_GRP1);
	else
		array_write(vgic, offset, (uint32_t)value);
}

static __attribute__((noinline)) uint64_t state_read(struct vgic *vgic, uint64_t offset,
						     unsigned bytes)
{
	uint64_t value;

	if (offset & (bytes - 1) || offset >= VGIC_GICD_BYTES)
		return bad_access();
	spin_lock(&vgic->lock);
	value = locked_read(vgic, offset, bytes);
	spin_unlock(&vgic->lock);
	return value;
}

/*
 * FAST PATH for what is constant, or one word: no lock. Linux polls GICD_CTLR; GICD_TYPER is what
 * benchmarks read.
 */
uint64_t vgicd_read(struct vgic_cpu *cpu, uint64_t offset, unsigned bytes)
{
	if (bytes == 4) {
		switch (offset) {
		case GICD_TYPER:
			return GICD_TYPER_VALUE;
		case GICD_CTLR:
			return ctlr_read(cpu->vgic);
		case GICD_IIDR:
			return VGIC_IIDR;
		case GICD_PIDR2:
			return VGIC_PIDR2;
		}
	}
	return state_read(cpu->vgic, offset, bytes);
}

void vgicd_write(struct vgic_cpu *cpu, uint64_t offset, unsigned bytes, uint64_t value)
{
	struct vgic *vgic = cpu->vgic;

	if (offset & (bytes - 1) || offset >= VGIC_GICD_BYTES) {
		bad_access();
		return;
	}
	spin_lock(&vgic->lock);
	locked_write(vgic, offset, bytes, value);
	spin_unlock(&vgic->lock);
}
