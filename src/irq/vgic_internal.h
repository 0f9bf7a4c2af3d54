/*
 * What the files of the virtual GIC share: irq/vgic.c (state and fast paths), irq/vgic_lr.c (list
 * registers), irq/vgic_regs.c (what distributor and redistributor have in common), irq/vgic_dist.c and
 * irq/vgic_redist.c on GICv3, irq/vgic_dist_v2.c on GICv2. Every function here expects the VM's
 * LOCK_VGIC held.
 */
#ifndef IRQ_VGIC_INTERNAL_H
#define IRQ_VGIC_INTERNAL_H

#include "irq/gic.h"
#include "irq/ich.h"
#include "irq/vgic.h"
#include "lib/bits.h"

#if HAL_GIC_VERSION == 2
#include "irq/vgic_senders_v2.h"
#else
#include "irq/vgic_senders_v3.h"
#endif

#define VTIMER_BIT ((uint32_t)BIT(INTID_VIRT_TIMER))
#define SGI_BITS   UINT32_C(0xffff)

/* The virtual interface implements at least 5 bits of priority, so that is what every guest gets.
 * (IHI 0069 4.8) */
#define VGIC_PRIORITY_MASK 0xf8

/*
 * At reset, on GICv3: all in Group 1, as the guest's Group 0 would be FIQs, and a small guest that
 * never writes IGROUPR means IRQs; routed to 0.0.0.0. (The architecture leaves the reset value of
 * IGROUPR to the implementation where DS = 1 is fixed.) On GICv2: Group 0, the one that a driver
 * without groups enables; to CPU interface 0.
 */
#define VGIC_RESET_GROUP1 (HAL_GIC_VERSION == 2 ? 0 : UINT32_MAX)
#define VGIC_RESET_ROUTER (HAL_GIC_VERSION == 2 ? BIT(0) : 0)

/* GICD_IIDR and GICR_IIDR: JEP106 code of Arm, as KVM and QEMU say too; our own product number. */
#define VGIC_IIDR ((uint32_t)'V' << 24 | 0x43b)
/* PIDR2 of both: ArchRev (7:4) is the GIC's version. */
#define VGIC_PIDR2 (HAL_GIC_VERSION << 4 | 0xb)

/* Only debuggers withhold interrupts. */
static inline uint64_t vgic_interface_enable(const struct vgic_cpu *cpu)
{
#ifdef VT_GDB
	return cpu->withheld ? 0 : ICH_HCR_EN;
#else
	(void)cpu;
	return ICH_HCR_EN;
#endif
}

static inline struct vgic_bank *vgic_bank_of(struct vgic_cpu *cpu, unsigned intid)
{
	return intid < INTID_FIRST_SPI ? &cpu->bank : &cpu->vgic->spi[intid / 32 - 1];
}

static inline uint32_t vgic_bit_of(unsigned intid)
{
	return UINT32_C(1) << (intid & 31);
}

/* Pending in the architecture's sense, apart from what a list register carries: latched, or a level
 * line that is high. */
static inline uint32_t vgic_pending(const struct vgic_bank *bank)
{
	return bank->pending | (bank->level & ~bank->edge);
}

/* Pending and allowed to be delivered, as soon as a list register takes it. */
static inline uint32_t vgic_deliverable(const struct vgic_bank *bank)
{
	return vgic_pending(bank) & bank->ready & ~bank->active & ~bank->in_lr;
}

/* The state of SPI `intid` matters to this vCPU: the one that has it in progress, else the one it
 * is routed to. */
static inline unsigned vgic_spi_vcpu(const struct vgic *vgic, unsigned intid)
{
	const struct vgic_bank *bank = &vgic->spi[intid / 32 - 1];
	const bool held = (bank->in_lr | bank->active) & vgic_bit_of(intid);

	return held ? vgic->spi_holder[intid - INTID_FIRST_SPI]
		    : vgic->spi_target[intid - INTID_FIRST_SPI];
}

static inline bool vgic_loaded_here(const struct vgic_cpu *cpu)
{
	return cpu->loaded && cpu->loaded_on == ich_this_cpu();
}

/* irq/vgic_lr.c. Take back, fill and empty are the parts of a sync; a put has no second half, a
 * load no first. */
void vgic_sync_locked(struct vgic_cpu *cpu);
void vgic_queue_vtimer(struct vgic_cpu *cpu);
uint32_t vgic_take_back_all(struct vgic_cpu *cpu);
void vgic_refill(struct vgic_cpu *cpu, uint32_t lrs_taken_back);
void vgic_fill(struct vgic_cpu *cpu);
void vgic_empty_lrs(uint32_t lrs);

/* irq/vgic.c */
void vgic_look(struct vgic *vgic, uint32_t vcpus);
void vgic_update_ready(const struct vgic *vgic, struct vgic_bank *bank);
void vgic_count(uint64_t *counter);

/* irq/vgic_regs.c. Of the distributor: GICD_CTLR's enables; who gets an SPI (VGIC_NO_VCPU: nobody). */
void vgic_enable_groups(struct vgic *vgic, bool group0, bool group1);
void vgic_retarget(struct vgic *vgic, unsigned intid, unsigned target);
/* And what distributor and redistributor have in common. `owner` is the vCPU of a private bank, NULL for SPIs; `base` the bank's first
 * INTID. */
bool vgic_bank_register(uint64_t offset);
uint32_t vgic_bank_read(struct vgic *vgic, struct vgic_cpu *owner, unsigned base, uint64_t offset);
void vgic_bank_write(struct vgic *vgic, struct vgic_cpu *owner, unsigned base, uint64_t offset,
		     uint32_t value);
uint32_t vgic_priority_read(const struct vgic_bank *bank, unsigned first, unsigned bytes);
void vgic_priority_write(struct vgic_bank *bank, unsigned first, unsigned bytes, uint32_t value);
uint32_t vgic_config_read(const struct vgic_bank *bank, unsigned half);
void vgic_config_write(struct vgic_bank *bank, unsigned half, uint32_t value);

#endif
