/*
 * GICR_*: the redistributors as the guest sees them, 128 KiB for each vCPU: an RD frame that says
 * which vCPU it is, and an SGI frame with the registers of its SGIs and PPIs. Any vCPU may access
 * any redistributor.
 *
 * Source: IHI 0069 12.10, 12.11.
 */
#include "irq/vgic_internal.h"

#include <stddef.h>

enum {
	/* RD frame */
	GICR_CTLR = 0x0000,
	GICR_IIDR = 0x0004,
	GICR_TYPER = 0x0008,
	GICR_TYPER_HIGH = 0x000c,
	GICR_STATUSR = 0x0010,
	GICR_WAKER = 0x0014,
	GICR_IDREGS = 0xffd0,
	GICR_PIDR2 = 0xffe8,
	/* SGI frame, offsets from its start */
	GICR_IPRIORITYR = 0x0400,
	GICR_IPRIORITYR_END = 0x0420,
	GICR_ICFGR0 = 0x0c00,
	GICR_ICFGR1 = 0x0c04,
	GICR_IGRPMODR0 = 0x0d00,
	GICR_NSACR = 0x0e00,

	FRAME_BYTES = 0x10000,
};

#define GICR_TYPER_LAST		   BIT(4)
#define GICR_TYPER_PROCESSOR	   GENMASK(23, 8)
#define GICR_TYPER_AFFINITY	   GENMASK(63, 32)
#define GICR_WAKER_PROCESSOR_SLEEP BIT(1)
#define GICR_WAKER_CHILDREN_ASLEEP BIT(2)

static uint64_t bad_access(void)
{
	vgic_count(&vgic_stats.bad_accesses);
	return 0;
}

/* vCPU n is 0.0.0.n; the last redistributor says so, which is how a guest knows where to stop
 * looking. */
static uint64_t typer(const struct vgic_cpu *of)
{
	return FIELD_PREP(GICR_TYPER_AFFINITY, of->index) |
	       FIELD_PREP(GICR_TYPER_PROCESSOR, of->index) |
	       (of->index + 1 == of->vgic->vcpus ? GICR_TYPER_LAST : 0);
}

static uint64_t rd_read(const struct vgic_cpu *of, uint64_t offset, unsigned bytes)
{
	if (bytes == 8 && offset == GICR_TYPER)
		return typer(of);
	if (bytes != 4)
		return bad_access();
	switch (offset) {
	case GICR_TYPER:
		return (uint32_t)typer(of);
	case GICR_TYPER_HIGH:
		return typer(of) >> 32;
	case GICR_IIDR:
		return VGIC_IIDR;
	case GICR_WAKER:
		return of->awake ? 0 : GICR_WAKER_PROCESSOR_SLEEP | GICR_WAKER_CHILDREN_ASLEEP;
	case GICR_PIDR2:
		return VGIC_PIDR2;
	case GICR_CTLR:
	case GICR_STATUSR:
		return 0;
	}
	return offset >= GICR_IDREGS ? 0 : bad_access();
}

/* Sleep is remembered and has no other effect: what is pending for a sleeping vCPU wakes it, as the
 * hardware asks for. */
static void rd_write(struct vgic_cpu *of, uint64_t offset, unsigned bytes, uint64_t value)
{
	if (bytes == 4 && offset == GICR_WAKER)
		of->awake = !(value & GICR_WAKER_PROCESSOR_SLEEP);
	else if (bytes != 4 || (offset != GICR_CTLR && offset != GICR_STATUSR))
		bad_access();
}

static bool priority_access(uint64_t offset, unsigned bytes)
{
	return offset >= GICR_IPRIORITYR && offset < GICR_IPRIORITYR_END &&
	       (bytes == 1 || bytes == 4);
}

static uint64_t sgi_read(struct vgic_cpu *of, uint64_t offset, unsigned bytes)
{
	if (priority_access(offset, bytes))
		return vgic_priority_read(&of->bank, offset & 31, bytes);
	if (bytes != 4)
		return bad_access();
	if (vgic_bank_register(offset) && !(offset & 0x7f))
		return vgic_bank_read(of->vgic, of, 0, offset);
	switch (offset) {
	case GICR_ICFGR0:
	case GICR_ICFGR1:
		return vgic_config_read(&of->bank, offset == GICR_ICFGR1);
	case GICR_IGRPMODR0:
	case GICR_NSACR:
		return 0;
	}
	return bad_access();
}

/* GICR_ICFGR0 is read-only: SGIs are always edge-triggered. */
static void sgi_write(struct vgic_cpu *of, uint64_t offset, unsigned bytes, uint64_t value)
{
	if (priority_access(offset, bytes))
		vgic_priority_write(&of->bank, offset & 31, bytes, (uint32_t)value);
	else if (bytes != 4)
		bad_access();
	else if (vgic_bank_register(offset) && !(offset & 0x7f))
		vgic_bank_write(of->vgic, of, 0, offset, (uint32_t)value);
	else if (offset == GICR_ICFGR1)
		vgic_config_write(&of->bank, 1, (uint32_t)value);
	else if (offset != GICR_ICFGR0 && offset != GICR_IGRPMODR0 && offset != GICR_NSACR)
		bad_access();
}

/* The vCPU whose redistributor is at this offset, or NULL: beyond the last, or a misaligned access.
 */
static struct vgic_cpu *redistributor(const struct vgic *vgic, uint64_t offset, unsigned bytes)
{
	const uint64_t index = offset / VGIC_GICR_BYTES_PER_VCPU;

	return index < vgic->vcpus && !(offset & (bytes - 1)) ? vgic->cpu[index] : NULL;
}

OUT_OF_LINE uint64_t vgicr_read(struct vgic_cpu *cpu, uint64_t offset, unsigned bytes)
{
	struct vgic *vgic = cpu->vgic;
	struct vgic_cpu *of = redistributor(vgic, offset, bytes);
	uint64_t value;

	if (!of)
		return bad_access();
	offset %= VGIC_GICR_BYTES_PER_VCPU;
	spin_lock(&vgic->lock);
	value = offset < FRAME_BYTES ? rd_read(of, offset, bytes)
				     : sgi_read(of, offset - FRAME_BYTES, bytes);
	spin_unlock(&vgic->lock);
	return value;
}

void vgicr_write(struct vgic_cpu *cpu, uint64_t offset, unsigned bytes, uint64_t value)
{
	struct vgic *vgic = cpu->vgic;
	struct vgic_cpu *of = redistributor(vgic, offset, bytes);

	if (!of) {
		bad_access();
		return;
	}
	offset %= VGIC_GICR_BYTES_PER_VCPU;
	spin_lock(&vgic->lock);
	if (offset < FRAME_BYTES)
		rd_write(of, offset, bytes, value);
	else
		sgi_write(of, offset - FRAME_BYTES, bytes, value);
	spin_unlock(&vgic->lock);
}
