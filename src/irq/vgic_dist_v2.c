/*
 * GICD_* of GICv2 as the guest sees them. The first word of each array is the accessing vCPU's own:
 * its SGIs and PPIs. The guest's GICC_* are not here: they are the hardware's GICV_*.
 *
 * An SGI is a write to GICD_SGIR, and keeps its sender (irq/vgic_senders_v2.h). vCPU n is CPU
 * interface n.
 *
 * Source: IHI 0048 4.3.
 */
#include "irq/vgic_trace.h"

#include <stddef.h>

enum {
	GICD_CTLR = 0x000,
	GICD_TYPER = 0x004,
	GICD_IIDR = 0x008,
	GICD_ISPENDR0 = 0x200,
	GICD_ICPENDR0 = 0x280,
	GICD_IPRIORITYR = 0x400,
	GICD_ITARGETSR = 0x800,
	GICD_ICFGR = 0xc00,
	GICD_ICFGR_END = 0xd00,
	GICD_NSACR = 0xe00,
	GICD_SGIR = 0xf00,
	GICD_CPENDSGIR = 0xf10,
	GICD_SPENDSGIR = 0xf20,
	GICD_SPENDSGIR_END = 0xf30,
	GICD_IDREGS = 0xfd0,
	GICD_PIDR2 = 0xfe8,
	GICD_REGISTERS_END = 0x1000, /* VGIC_GICD_BYTES is more: the rest of 64 KiB is empty */
};

#define GICD_CTLR_GRP0 BIT(0)
#define GICD_CTLR_GRP1 BIT(1)

#define GICD_TYPER_LINES GENMASK(4, 0)
#define GICD_TYPER_CPUS	 GENMASK(7, 5)

#define SGIR_INTID   GENMASK(3, 0)
#define SGIR_TARGETS GENMASK(23, 16)
#define SGIR_FILTER  GENMASK(25, 24)

enum sgir_filter { FILTER_LIST, FILTER_OTHERS, FILTER_SELF };

static uint32_t bad_access(void)
{
	vgic_count(&vgic_stats.bad_accesses);
	return 0;
}

static uint32_t all_vcpus(const struct vgic *vgic)
{
	return (UINT32_C(1) << vgic->vcpus) - 1;
}

/* The arrays with one byte an interrupt, which may be accessed by byte. */
static bool is_byte_array(uint64_t offset, unsigned bytes, uint64_t array)
{
	return offset - array < VGIC_INTIDS && (bytes == 1 || bytes == 4);
}

/* Who gets these interrupts. Private ones name the reader itself, which is how it learns its number. */
static uint32_t targets_read(const struct vgic_cpu *cpu, unsigned intid, unsigned bytes)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < bytes; i++) {
		const uint32_t mask =
			intid < INTID_FIRST_SPI
				? UINT32_C(1) << cpu->index
				: (uint32_t)cpu->vgic->spi_router[intid + i - INTID_FIRST_SPI];

		value |= mask << (8 * i);
	}
	return value;
}

/* Of several targets the lowest gets it: the 1-of-N model lets us choose. None: it waits. */
static void targets_write(struct vgic *vgic, unsigned intid, unsigned bytes, uint32_t value)
{
	if (intid < INTID_FIRST_SPI)
		return;
	for (unsigned i = 0; i < bytes; i++, value >>= 8) {
		const uint32_t mask = value & 0xff & all_vcpus(vgic);

		vgic->spi_router[intid + i - INTID_FIRST_SPI] = mask;
		vgic_retarget(vgic, intid + i, mask ? (unsigned)__builtin_ctz(mask) : VGIC_NO_VCPU);
	}
}

/* GICD_CPENDSGIR, GICD_SPENDSGIR: a byte an SGI, a bit a sender; the vCPU's own SGIs only. */
static bool is_senders(uint64_t offset, unsigned bytes)
{
	return offset >= GICD_CPENDSGIR && offset < GICD_SPENDSGIR_END &&
	       (bytes == 1 || bytes == 4);
}

/* One sender may be in a list register. The accessing vCPU is loaded: have everything here. */
static uint32_t senders_read(struct vgic_cpu *cpu, unsigned first, unsigned bytes)
{
	const uint32_t taken_back = vgic_take_back_all(cpu);
	uint32_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value |= (uint32_t)cpu->sgi_senders[first + i] << (8 * i);
	vgic_refill(cpu, taken_back);
	return value;
}

static void senders_write(struct vgic_cpu *cpu, unsigned first, unsigned bytes, uint32_t value,
			  bool set)
{
	const uint32_t taken_back = vgic_take_back_all(cpu);

	for (unsigned i = 0; i < bytes; i++, value >>= 8) {
		const uint8_t mask = (uint8_t)(value & all_vcpus(cpu->vgic));
		const uint32_t bit = vgic_bit_of(first + i);
		uint8_t *senders = &cpu->sgi_senders[first + i];

		*senders = set ? *senders | mask : *senders & (uint8_t)~mask;
		cpu->bank.pending = *senders ? cpu->bank.pending | bit : cpu->bank.pending & ~bit;
	}
	vgic_refill(cpu, taken_back);
}

static uint32_t sgir_targets(const struct vgic_cpu *cpu, uint32_t value)
{
	const uint32_t self = UINT32_C(1) << cpu->index;

	switch (FIELD_GET(SGIR_FILTER, value)) {
	case FILTER_LIST:
		return (uint32_t)FIELD_GET(SGIR_TARGETS, value) & all_vcpus(cpu->vgic);
	case FILTER_OTHERS:
		return all_vcpus(cpu->vgic) & ~self;
	case FILTER_SELF:
		return self;
	}
	return 0;
}

static void sgir_write(struct vgic_cpu *cpu, uint32_t value)
{
	const unsigned intid = (unsigned)FIELD_GET(SGIR_INTID, value);
	const uint32_t bit = vgic_bit_of(intid), targets = sgir_targets(cpu, value);

	trace_SGI_SEND(ich_trace_ring(), vgic_trace_id(cpu->vgic, cpu->index), intid, targets);
	for (uint32_t left = targets; left; left &= left - 1) {
		const unsigned index = (unsigned)__builtin_ctz(left);
		struct vgic_cpu *to = cpu->vgic->cpu[index];

		vgic_trace_inject(cpu->vgic, index, intid);
		vgic_count(&vgic_stats.injected);
		vgic_sender_add(to, intid, cpu->index);
		to->bank.pending |= bit;
		if (to->bank.ready & bit)
			vgic_look(cpu->vgic, UINT32_C(1) << index);
	}
}

/* What exists and reads as zero: GICD_SGIR, which is write-only, and what is optional. */
static bool reads_as_zero(uint64_t offset)
{
	return offset == GICD_SGIR || (offset >= GICD_NSACR && offset < GICD_SGIR) ||
	       (offset >= GICD_IDREGS && offset < GICD_REGISTERS_END);
}

/* The first INTID of a word in an array with `bits` bits an INTID; VGIC_INTIDS when there is none. */
static unsigned first_intid(uint64_t offset, uint64_t array, unsigned bits)
{
	return (unsigned)MIN((offset - array) * 8 / bits, (uint64_t)VGIC_INTIDS);
}

/* The vCPU that a bank belongs to, as irq/vgic_regs.c wants it. */
static struct vgic_cpu *owner(struct vgic_cpu *cpu, unsigned intid)
{
	return intid < INTID_FIRST_SPI ? cpu : NULL;
}

static bool is_config(uint64_t offset)
{
	return offset >= GICD_ICFGR && offset < GICD_ICFGR_END &&
	       first_intid(offset, GICD_ICFGR, 2) < VGIC_INTIDS;
}

static bool is_bank(uint64_t offset)
{
	return vgic_bank_register(offset) && first_intid(offset & 0x7f, 0, 1) < VGIC_INTIDS;
}

static uint32_t word_read(struct vgic_cpu *cpu, uint64_t offset)
{
	unsigned intid;

	switch (offset) {
	case GICD_CTLR:
		return (uint32_t)((cpu->vgic->enabled_group0 ? GICD_CTLR_GRP0 : 0) |
				  (cpu->vgic->enabled_group1 ? GICD_CTLR_GRP1 : 0));
	case GICD_TYPER: /* no Security Extensions */
		return (uint32_t)(FIELD_PREP(GICD_TYPER_LINES, VGIC_INTIDS / 32 - 1) |
				  FIELD_PREP(GICD_TYPER_CPUS, cpu->vgic->vcpus - 1));
	case GICD_IIDR:
		return VGIC_IIDR;
	case GICD_PIDR2:
		return VGIC_PIDR2;
	}
	if (is_bank(offset)) {
		intid = first_intid(offset & 0x7f, 0, 1);
		return vgic_bank_read(cpu->vgic, owner(cpu, intid), intid, offset);
	}
	if (is_config(offset)) {
		intid = first_intid(offset, GICD_ICFGR, 2);
		return vgic_config_read(vgic_bank_of(cpu, intid), intid / 16 % 2);
	}
	return reads_as_zero(offset) ? 0 : bad_access();
}

/* That an SGI is pending is a matter of senders: these two words are read-only for SGIs. */
static uint32_t writable(uint64_t offset, uint32_t value)
{
	return offset == GICD_ISPENDR0 || offset == GICD_ICPENDR0 ? value & ~SGI_BITS : value;
}

static void word_write(struct vgic_cpu *cpu, uint64_t offset, uint32_t value)
{
	unsigned intid;

	if (offset == GICD_CTLR) {
		vgic_enable_groups(cpu->vgic, value & GICD_CTLR_GRP0, value & GICD_CTLR_GRP1);
	} else if (offset == GICD_SGIR) {
		sgir_write(cpu, value);
	} else if (is_bank(offset)) {
		intid = first_intid(offset & 0x7f, 0, 1);
		vgic_bank_write(cpu->vgic, owner(cpu, intid), intid, offset,
				writable(offset, value));
	} else if (is_config(offset)) {
		intid = first_intid(offset, GICD_ICFGR, 2);
		if (intid >= INTID_SGIS) /* SGIs are always edge-triggered */
			vgic_config_write(vgic_bank_of(cpu, intid), intid / 16 % 2, value);
	} else if (offset > GICD_IIDR && !reads_as_zero(offset)) {
		bad_access();
	}
}

static uint32_t locked_read(struct vgic_cpu *cpu, uint64_t offset, unsigned bytes)
{
	if (is_byte_array(offset, bytes, GICD_IPRIORITYR))
		return vgic_priority_read(vgic_bank_of(cpu, (unsigned)offset - GICD_IPRIORITYR),
					  offset & 31, bytes);
	if (is_byte_array(offset, bytes, GICD_ITARGETSR))
		return targets_read(cpu, (unsigned)offset - GICD_ITARGETSR, bytes);
	if (is_senders(offset, bytes))
		return senders_read(cpu, offset & 15, bytes);
	return bytes == 4 ? word_read(cpu, offset) : bad_access();
}

static void locked_write(struct vgic_cpu *cpu, uint64_t offset, unsigned bytes, uint32_t value)
{
	if (is_byte_array(offset, bytes, GICD_IPRIORITYR))
		vgic_priority_write(vgic_bank_of(cpu, (unsigned)offset - GICD_IPRIORITYR),
				    offset & 31, bytes, value);
	else if (is_byte_array(offset, bytes, GICD_ITARGETSR))
		targets_write(cpu->vgic, (unsigned)offset - GICD_ITARGETSR, bytes, value);
	else if (is_senders(offset, bytes))
		senders_write(cpu, offset & 15, bytes, value, offset >= GICD_SPENDSGIR);
	else if (bytes == 4)
		word_write(cpu, offset, value);
	else
		bad_access();
}

uint64_t vgicd_read(struct vgic_cpu *cpu, uint64_t offset, unsigned bytes)
{
	uint32_t value;

	if (offset & (bytes - 1) || offset >= VGIC_GICD_BYTES)
		return bad_access();
	spin_lock(&cpu->vgic->lock);
	value = locked_read(cpu, offset, bytes);
	spin_unlock(&cpu->vgic->lock);
	return value;
}

void vgicd_write(struct vgic_cpu *cpu, uint64_t offset, unsigned bytes, uint64_t value)
{
	if (offset & (bytes - 1) || offset >= VGIC_GICD_BYTES) {
		bad_access();
		return;
	}
	spin_lock(&cpu->vgic->lock);
	locked_write(cpu, offset, bytes, (uint32_t)value);
	spin_unlock(&cpu->vgic->lock);
}
