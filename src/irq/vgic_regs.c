/*
 * The registers that distributor and redistributor have in common: for each interrupt a bit
 * (enable, pending, active, group), a byte (priority) or two bits (configuration). The distributor
 * has them for SPIs, the redistributor, at the same offsets from its SGI frame, for its vCPU's SGIs
 * and PPIs.
 *
 * Locks: the caller holds LOCK_VGIC. Source: IHI 0069 12.9 (GICD_*), 12.11 (GICR_*). On GICv2
 * all of it is in the distributor (IHI 0048 4.3), at the same offsets.
 */
#include "irq/vgic_internal.h"

#include <stddef.h>

/* Offsets of the first word of each array; an array of bits has up to 32 words. */
enum {
	IGROUPR = 0x080,
	ISENABLER = 0x100,
	ICENABLER = 0x180,
	ISPENDR = 0x200,
	ICPENDR = 0x280,
	ISACTIVER = 0x300,
	ICACTIVER = 0x380,
	BITS_END = 0x400,
	ARRAY_MASK = ~0x7f,
};

bool vgic_bank_register(uint64_t offset)
{
	return offset >= IGROUPR && offset < BITS_END;
}

/* Turning a group on or off concerns every interrupt of every vCPU. */
void vgic_enable_groups(struct vgic *vgic, bool group0, bool group1)
{
	if (group0 == vgic->enabled_group0 && group1 == vgic->enabled_group1)
		return;
	vgic->enabled_group0 = group0;
	vgic->enabled_group1 = group1;
	for (unsigned i = 0; i < VGIC_SPI_BANKS; i++)
		vgic_update_ready(vgic, &vgic->spi[i]);
	for (unsigned i = 0; i < vgic->vcpus; i++)
		vgic_update_ready(vgic, &vgic->cpu[i]->bank);
	vgic_look(vgic, (UINT32_C(1) << vgic->vcpus) - 1);
}

/* The SPI may be in progress under the old route: then it ends there. */
void vgic_retarget(struct vgic *vgic, unsigned intid, unsigned target)
{
	struct vgic_bank *bank = &vgic->spi[intid / 32 - 1];
	const unsigned before = vgic_spi_vcpu(vgic, intid);

	vgic->spi_target[intid - INTID_FIRST_SPI] = (uint8_t)target;

	const unsigned after = vgic_spi_vcpu(vgic, intid);

	if (bank->in_lr & vgic_bit_of(intid))
		vgic_look(vgic, UINT32_C(1) << before);
	else if (after != before && after != VGIC_NO_VCPU &&
		 vgic_deliverable(bank) & vgic_bit_of(intid))
		vgic_look(vgic, UINT32_C(1) << after);
}

static struct vgic_bank *bank_at(struct vgic *vgic, struct vgic_cpu *owner, unsigned base)
{
	return owner ? &owner->bank : &vgic->spi[base / 32 - 1];
}

/* The vCPUs that have one of these interrupts in a list register, or should get it into one. */
static uint32_t concerned(struct vgic *vgic, struct vgic_cpu *owner, unsigned base, uint32_t bits)
{
	uint32_t vcpus = 0;

	if (owner)
		return bits ? UINT32_C(1) << owner->index : 0;
	for (; bits; bits &= bits - 1) {
		const unsigned vcpu = vgic_spi_vcpu(vgic, base + (unsigned)__builtin_ctz(bits));

		if (vcpu < vgic->vcpus)
			vcpus |= UINT32_C(1) << vcpu;
	}
	return vcpus;
}

/*
 * Pending and active bits live in list registers. Our own are read back now; for a vCPU that runs
 * on another CPU the answer is what its last sync saw, and it is asked for another one: a guest
 * that polls gets there.
 */
static void refresh(struct vgic *vgic, struct vgic_cpu *owner, unsigned base)
{
	vgic_look(vgic, concerned(vgic, owner, base, bank_at(vgic, owner, base)->in_lr));
}

uint32_t vgic_bank_read(struct vgic *vgic, struct vgic_cpu *owner, unsigned base, uint64_t offset)
{
	struct vgic_bank *bank = bank_at(vgic, owner, base);

	switch (offset & ARRAY_MASK) {
	case IGROUPR:
		return bank->group1;
	case ISENABLER:
	case ICENABLER:
		return bank->enabled;
	case ISPENDR:
	case ICPENDR:
		refresh(vgic, owner, base);
		return vgic_pending(bank) | (bank->in_lr & ~bank->unlatched);
	case ISACTIVER:
	case ICACTIVER:
		refresh(vgic, owner, base);
		return bank->active;
	}
	return 0;
}

/* An SPI that is made active belongs to the vCPU it is routed to; one that is routed to nobody
 * cannot be. */
static uint32_t claim_active(struct vgic *vgic, unsigned base, uint32_t bits)
{
	uint32_t claimed = 0;

	for (; bits; bits &= bits - 1) {
		const unsigned spi = base + (unsigned)__builtin_ctz(bits) - INTID_FIRST_SPI;

		if (vgic->spi_target[spi] == VGIC_NO_VCPU)
			continue;
		vgic->spi_holder[spi] = vgic->spi_target[spi];
		claimed |= UINT32_C(1) << (spi & 31);
	}
	return claimed;
}

static void set_active(struct vgic *vgic, struct vgic_cpu *owner, unsigned base, uint32_t bits)
{
	struct vgic_bank *bank = bank_at(vgic, owner, base);
	const uint32_t fresh = bits & ~bank->in_lr & ~bank->active;

	bank->active |= owner ? fresh : claim_active(vgic, base, fresh);
	bank->activate |= bits & bank->in_lr;
	bank->deactivate &= ~bits;
}

static void clear_active(struct vgic_bank *bank, uint32_t bits)
{
	bank->active &= ~(bits & ~bank->in_lr);
	bank->deactivate |= bits & bank->in_lr;
	bank->activate &= ~bits;
}

/* What is in a list register stays there until the vCPU that has it looks; the bits say what it is
 * to find then. */
void vgic_bank_write(struct vgic *vgic, struct vgic_cpu *owner, unsigned base, uint64_t offset,
		     uint32_t value)
{
	struct vgic_bank *bank = bank_at(vgic, owner, base);
	/* Those that leave a list register, or get a chance for one. The timer's physical side may
	 * need to be released. */
	const uint32_t before =
		bank->in_lr | bank->active | (owner && owner->vtimer_phys ? VTIMER_BIT : 0);
	uint32_t changed = value;

	switch (offset & ARRAY_MASK) {
	case IGROUPR:
		changed = bank->group1 ^ value;
		bank->group1 = value;
		vgic_update_ready(vgic, bank);
		break;
	case ISENABLER:
		changed = value & ~bank->enabled;
		bank->enabled |= value;
		vgic_update_ready(vgic, bank);
		break;
	case ICENABLER:
		changed = value & bank->enabled;
		bank->enabled &= ~value;
		vgic_update_ready(vgic, bank);
		break;
	case ISPENDR:
		bank->pending |= value;
		break;
	case ICPENDR:
		bank->pending &= ~value;
		bank->unlatched |= value & bank->in_lr;
		break;
	case ISACTIVER:
		set_active(vgic, owner, base, value);
		break;
	case ICACTIVER:
		clear_active(bank, value);
		break;
	}
	vgic_look(vgic, concerned(vgic, owner, base,
				  changed & (before | bank->active | vgic_deliverable(bank))));
}

uint32_t vgic_priority_read(const struct vgic_bank *bank, unsigned first, unsigned bytes)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value |= (uint32_t)bank->priority[first + i] << (8 * i);
	return value;
}

/* Holds from the next time that the interrupt goes into a list register. */
void vgic_priority_write(struct vgic_bank *bank, unsigned first, unsigned bytes, uint32_t value)
{
	for (unsigned i = 0; i < bytes; i++)
		bank->priority[first + i] = (value >> (8 * i)) & VGIC_PRIORITY_MASK;
}

/* GICD_ICFGR, GICR_ICFGR: two bits for each of 16 interrupts, the upper one set for edge-triggered.
 */
uint32_t vgic_config_read(const struct vgic_bank *bank, unsigned half)
{
	const uint32_t edge = bank->edge >> (16 * half);
	uint32_t value = 0;

	for (unsigned i = 0; i < 16; i++)
		value |= (edge >> i & 1) << (2 * i + 1);
	return value;
}

void vgic_config_write(struct vgic_bank *bank, unsigned half, uint32_t value)
{
	uint32_t edge = 0;

	for (unsigned i = 0; i < 16; i++)
		edge |= (value >> (2 * i + 1) & 1) << i;
	bank->edge = (bank->edge & ~(SGI_BITS << (16 * half))) | edge << (16 * half);
}
