/*
 * The virtual GIC: how an interrupt becomes pending, and who must look at it.
 *
 * Between exits the list registers stay as they are. The fast paths here (an SGI to oneself, the
 * virtual timer) put one more interrupt into a free one; everything else goes through
 * vgic_sync_locked() in irq/vgic_lr.c.
 *
 * Locks: the VM's LOCK_VGIC in every function of the public header. Source: IHI 0069 4, 5.3, 12.4.
 */
#include "irq/vgic_trace.h"

struct vgic_stats vgic_stats;

/* The counts are shared by all VMs, whose locks differ. */
void vgic_count(uint64_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static void bank_reset(struct vgic_bank *bank)
{
	*bank = (struct vgic_bank){.group1 = VGIC_RESET_GROUP1};
}

void vgic_init(struct vgic *vgic, unsigned vcpus, void *owner)
{
	*vgic = (struct vgic){
		.lock = SPINLOCK_INIT(LOCK_VGIC),
		.vcpus = vcpus,
		.owner = owner,
	};
	for (unsigned i = 0; i < VGIC_SPI_BANKS; i++)
		bank_reset(&vgic->spi[i]);
	/* spi_target is vCPU 0. */
	for (unsigned i = 0; i < VGIC_SPIS; i++)
		vgic->spi_router[i] = VGIC_RESET_ROUTER;
}

void vgic_cpu_init(struct vgic *vgic, struct vgic_cpu *cpu, unsigned index)
{
	*cpu = (struct vgic_cpu){.vgic = vgic, .index = index};
	bank_reset(&cpu->bank);
	cpu->bank.edge = SGI_BITS;
	vgic->cpu[index] = cpu;
}

void vgic_update_ready(const struct vgic *vgic, struct vgic_bank *bank)
{
	bank->ready = bank->enabled & ((vgic->enabled_group1 ? bank->group1 : 0) |
				       (vgic->enabled_group0 ? ~bank->group1 : 0));
}

/* Something that concerns these vCPUs has changed: look at once if one is loaded here, have the
 * others look. */
void vgic_look(struct vgic *vgic, uint32_t vcpus)
{
	for (; vcpus; vcpus &= vcpus - 1) {
		const unsigned index = (unsigned)__builtin_ctz(vcpus);

		if (vgic_loaded_here(vgic->cpu[index])) {
			vgic_sync_locked(vgic->cpu[index]);
			continue;
		}
		/* Its fast paths know nothing of what has changed. */
		vgic->cpu[index]->thorough |= VGIC_SLOW;
		vgic_kick(vgic->owner, index);
	}
}

/*
 * FAST PATH. Forget list registers that the guest has finished with; return those that are free.
 * What else a sync would do for them is not wanted here: a level's end is reported apart
 * (ICH_LR_EOI), and cpu->thorough excludes the rest.
 */
static inline __attribute__((always_inline)) uint32_t reap(struct vgic_cpu *cpu)
{
	const uint32_t empty = ich_empty_lrs();

	for (uint32_t done = cpu->lr_used & empty; done; done &= done - 1) {
		const unsigned intid = cpu->lr_intid[__builtin_ctz(done)];

		vgic_bank_of(cpu, intid)->in_lr &= ~vgic_bit_of(intid);
		if (intid == INTID_VIRT_TIMER)
			cpu->vtimer_phys = false; /* the guest's EOI has deactivated it, too */
	}
	cpu->lr_used &= ~empty;
	return empty;
}

/*
 * FAST PATH. Put an SGI or PPI, latched as pending, into a list register; false when that takes
 * more thought. Inlined into its two callers, whose slow halves are kept out of line so that they
 * cost no saved registers.
 */
static inline __attribute__((always_inline)) bool place_private(struct vgic_cpu *cpu,
								unsigned intid, uint64_t hardware)
{
	struct vgic_bank *bank = &cpu->bank;
	const uint32_t bit = vgic_bit_of(intid);
	const uint32_t free = reap(cpu);

	if (!free || !(bank->ready & ~bank->in_lr & bit))
		return false;

	const unsigned n = (unsigned)__builtin_ctz(free);

	ich_write_lr(n, ICH_LR_PENDING | hardware | (bank->group1 & bit ? ICH_LR_GROUP1 : 0) |
				FIELD_PREP(ICH_LR_PRIORITY, bank->priority[intid]) | intid);
	cpu->lr_used |= UINT32_C(1) << n;
	cpu->lr_intid[n] = (uint8_t)intid;
	bank->in_lr |= bit;
	cpu->injected++;
	return true;
}

/* FAST PATH. */
static inline __attribute__((always_inline)) bool place_private_now(struct vgic_cpu *cpu,
								    unsigned intid,
								    uint64_t hardware)
{
	return !cpu->thorough && place_private(cpu, intid, hardware);
}

/* The same when being traced is all that speaks against it. Where tracing is off, this is never so. */
static TRACE_COLD bool place_private_traced(struct vgic_cpu *cpu, unsigned intid, uint64_t hardware)
{
	if (cpu->thorough != VGIC_TRACED)
		return false;
	if (!place_private(cpu, intid, hardware))
		return false;
	for (uint32_t left = cpu->lr_used; left; left &= left - 1) {
		const unsigned n = (unsigned)__builtin_ctz(left);

		if (cpu->lr_intid[n] == intid)
			vgic_trace_lr(cpu, n, ICH_LR_PENDING);
	}
	return true;
}

OUT_OF_LINE void vgic_sync(struct vgic_cpu *cpu)
{
	spin_lock(&cpu->vgic->lock);
	vgic_sync_locked(cpu);
	spin_unlock(&cpu->vgic->lock);
}

void vgic_maintenance(struct vgic_cpu *cpu)
{
	vgic_count(&vgic_stats.refills);
	vgic_sync(cpu);
}

void vgic_withhold(struct vgic_cpu *cpu, bool withheld)
{
	if (cpu->withheld == withheld)
		return;
	cpu->withheld = withheld;
	if (cpu->loaded)
		vgic_sync(cpu);
}

void vgic_load(struct vgic_cpu *cpu)
{
	spin_lock(&cpu->vgic->lock);
	cpu->loaded = true;
	cpu->loaded_on = ich_this_cpu();
	ich_write_vmcr(cpu->vmcr);
	ich_write_ap0(cpu->ap0);
	ich_write_ap1(cpu->ap1);
	/* The guest was in its timer handler: its EOI will deactivate the physical interrupt, so
	 * that must be active. */
	cpu->vtimer_phys = cpu->vtimer_phys && cpu->bank.active & VTIMER_BIT;
	if (cpu->vtimer_phys)
		gic_set_vtimer_active(true);
	vgic_fill(cpu);
	spin_unlock(&cpu->vgic->lock);
}

void vgic_put(struct vgic_cpu *cpu)
{
	spin_lock(&cpu->vgic->lock);
	vgic_empty_lrs(vgic_take_back_all(cpu));
	ich_write_hcr(0);
	cpu->vmcr = ich_read_vmcr();
	cpu->ap0 = ich_read_ap0();
	cpu->ap1 = ich_read_ap1();
	/*
	 * The physical timer interrupt belongs to the next vCPU now. If it is only pending here,
	 * nothing need be kept: with this vCPU's timer its line comes back high, and it fires
	 * again.
	 */
	if (cpu->vtimer_phys) {
		cpu->bank.pending &= ~VTIMER_BIT;
		gic_set_vtimer_active(false);
	}
	cpu->loaded = false;
	spin_unlock(&cpu->vgic->lock);
}

/* The line of an SPI or PPI as one bank sees it. Returns the vCPUs that must look. */
static uint32_t change_line(struct vgic *vgic, struct vgic_bank *bank, uint32_t bit, bool level,
			    unsigned vcpu)
{
	const uint32_t owner = vcpu < vgic->vcpus ? UINT32_C(1) << vcpu : 0;
	const uint32_t before = bank->level;

	if (level)
		bank->level |= bit;
	else
		bank->level &= ~bit;
	if (bank->level == before)
		return 0;
	if (!level) /* only a level in a list register minds */
		return bank->in_lr & ~bank->edge & bit ? owner : 0;
	vgic_count(&vgic_stats.injected);
	if (bank->edge & bit) {
		bank->pending |= bit;
		if (bank->in_lr & bit)
			return owner;
	}
	return vgic_deliverable(bank) & bit ? owner : 0;
}

enum vt_err vgic_set_level(struct vgic *vgic, unsigned vcpu, uint32_t intid, bool level)
{
	const bool shared = intid >= INTID_FIRST_SPI;

	if (intid < INTID_SGIS || intid >= VGIC_INTIDS || intid == INTID_VIRT_TIMER)
		return VT_EINVAL;
	if (!shared && vcpu >= vgic->vcpus)
		return VT_EINVAL;

	spin_lock(&vgic->lock);
	struct vgic_bank *bank = shared ? &vgic->spi[intid / 32 - 1] : &vgic->cpu[vcpu]->bank;

	if (shared)
		vcpu = vgic_spi_vcpu(vgic, intid);
	if (level && !(bank->level & vgic_bit_of(intid)))
		vgic_trace_inject(vgic, vcpu, intid);
	vgic_look(vgic, change_line(vgic, bank, vgic_bit_of(intid), level, vcpu));
	spin_unlock(&vgic->lock);
	return VT_OK;
}

#define VTIMER_HARDWARE (ICH_LR_HW | FIELD_PREP(ICH_LR_PINTID, INTID_VIRT_TIMER))

/* Apart and last, so that the fast half needs no stack. */
static __attribute__((noinline)) void queue_vtimer_and_unlock(struct vgic_cpu *cpu)
{
	struct trace_ring *ring = ich_trace_ring();
	const unsigned id = vgic_trace_id(cpu->vgic, cpu->index);

	if (cpu->thorough & VGIC_TRACED)
		vgic_trace_lrs(cpu); /* the old one's end before the new one's begin */
	trace_IRQ(ring, id, cpu->in_el2, INTID_VIRT_TIMER);
	trace_TIMER_FIRE(ring, id, TRACE_TIMER_VIRTUAL, ich_vtimer_deadline());
	vgic_trace_inject(cpu->vgic, cpu->index, INTID_VIRT_TIMER);
	if (place_private_traced(cpu, INTID_VIRT_TIMER, VTIMER_HARDWARE))
		cpu->vtimer_phys = true;
	else
		vgic_queue_vtimer(cpu);
	spin_unlock(&cpu->vgic->lock);
}

void vgic_inject_vtimer(struct vgic_cpu *cpu)
{
	spin_lock(&cpu->vgic->lock);
	if (__builtin_expect(!place_private_now(cpu, INTID_VIRT_TIMER, VTIMER_HARDWARE), 0)) {
		queue_vtimer_and_unlock(cpu);
		return;
	}
	cpu->vtimer_phys = true;
	spin_unlock(&cpu->vgic->lock);
}

/* An SGI for other vCPUs, or for ourselves when the fast path could not take it. */
static __attribute__((noinline)) void queue_sgi(struct vgic_cpu *sender, uint32_t targets,
						unsigned intid)
{
	struct vgic *vgic = sender->vgic;
	const uint32_t bit = vgic_bit_of(intid);

	if (sender->thorough & VGIC_TRACED)
		vgic_trace_lrs(sender);
	trace_SGI_SEND(ich_trace_ring(), vgic_trace_id(vgic, sender->index), intid, targets);
	for (; targets; targets &= targets - 1) {
		const unsigned index = (unsigned)__builtin_ctz(targets);
		struct vgic_bank *bank = &vgic->cpu[index]->bank;

		vgic_trace_inject(vgic, index, intid);
		if (index == sender->index && place_private_traced(sender, intid, 0))
			continue;
		vgic_count(&vgic_stats.injected);
		bank->pending |= bit;
		if (bank->ready & bit)
			vgic_look(vgic, UINT32_C(1) << index);
	}
}

/* ICC_SGI1R_EL1 (IHI 0069 12.2.31): Aff3 55:48, RS 47:44, IRM 40, Aff2 39:32, INTID 27:24, Aff1
 * 23:16, TargetList 15:0. */
#define SGI1R_TARGETS	GENMASK(15, 0)
#define SGI1R_INTID	GENMASK(27, 24)
#define SGI1R_IRM	BIT(40)
#define SGI1R_ELSEWHERE (GENMASK(55, 48) | GENMASK(47, 44) | GENMASK(39, 32) | GENMASK(23, 16))

/* Our vCPUs are 0.0.0.n with n < 16: any other affinity or range has nobody. */
static uint32_t sgi_targets(const struct vgic_cpu *cpu, uint64_t value)
{
	uint32_t targets = 0;

	for (unsigned i = 0; i < cpu->vgic->vcpus; i++) {
		const bool listed = !(value & SGI1R_ELSEWHERE) && value >> i & 1;

		if (value & SGI1R_IRM ? i != cpu->index : listed)
			targets |= UINT32_C(1) << i;
	}
	return targets;
}

void vgic_write_sgi1r(struct vgic_cpu *cpu, uint64_t value)
{
	const unsigned intid = (unsigned)FIELD_GET(SGI1R_INTID, value);
	const uint32_t self = UINT32_C(1) << cpu->index;
	uint32_t targets = sgi_targets(cpu, value);

	spin_lock(&cpu->vgic->lock);
	if (targets & self && place_private_now(cpu, intid, 0))
		targets &= ~self;
	if (targets)
		queue_sgi(cpu, targets, intid);
	spin_unlock(&cpu->vgic->lock);
}

void vgic_write_sgi0r(struct vgic_cpu *cpu, uint64_t value)
{
	struct vgic *vgic = cpu->vgic;
	const unsigned intid = (unsigned)FIELD_GET(SGI1R_INTID, value);
	const uint32_t bit = vgic_bit_of(intid);
	uint32_t targets = 0;

	spin_lock(&vgic->lock);
	for (uint32_t left = sgi_targets(cpu, value); left; left &= left - 1) {
		const unsigned index = (unsigned)__builtin_ctz(left);

		if (!(vgic->cpu[index]->bank.group1 & bit))
			targets |= UINT32_C(1) << index;
	}
	queue_sgi(cpu, targets, intid);
	spin_unlock(&vgic->lock);
}

static bool better_than_mask(uint8_t priority, bool group1, uint64_t vmcr)
{
	return vmcr & (group1 ? ICH_VMCR_VENG1 : ICH_VMCR_VENG0) &&
	       priority < FIELD_GET(ICH_VMCR_VPMR, vmcr);
}

/* No lock: only this CPU changes in_lr of what is loaded here, and a priority is one byte. */
bool vgic_would_take_vtimer(const struct vgic_cpu *cpu)
{
	const struct vgic_bank *bank = &cpu->bank;

	return bank->in_lr & VTIMER_BIT &&
	       better_than_mask(bank->priority[INTID_VIRT_TIMER], bank->group1 & VTIMER_BIT,
				ich_read_vmcr());
}

static bool bank_has_pending(struct vgic_cpu *cpu, unsigned base, uint64_t vmcr)
{
	const struct vgic_bank *bank = vgic_bank_of(cpu, base);

	for (uint32_t left = vgic_deliverable(bank); left; left &= left - 1) {
		const unsigned i = (unsigned)__builtin_ctz(left);

		if (base && cpu->vgic->spi_target[base + i - INTID_FIRST_SPI] != cpu->index)
			continue;
		if (better_than_mask(bank->priority[i], bank->group1 >> i & 1, vmcr))
			return true;
	}
	return false;
}

static bool lrs_have_pending(struct vgic_cpu *cpu, uint64_t vmcr)
{
	for (uint32_t left = cpu->lr_used; left; left &= left - 1) {
		const uint64_t lr = ich_read_lr((unsigned)__builtin_ctz(left));

		if ((lr & (ICH_LR_PENDING | ICH_LR_ACTIVE)) == ICH_LR_PENDING &&
		    better_than_mask((uint8_t)FIELD_GET(ICH_LR_PRIORITY, lr), lr & ICH_LR_GROUP1,
				     vmcr))
			return true;
	}
	return false;
}

bool vgic_has_pending(struct vgic_cpu *cpu)
{
	bool pending = false;

	spin_lock(&cpu->vgic->lock);
	const uint64_t vmcr = vgic_loaded_here(cpu) ? ich_read_vmcr() : cpu->vmcr;

	if (cpu->thorough & VGIC_TRACED && vgic_loaded_here(cpu))
		vgic_trace_lrs(cpu); /* it waits: what it has ended is not known otherwise */
	for (unsigned base = 0; base < VGIC_INTIDS && !pending; base += 32)
		pending = bank_has_pending(cpu, base, vmcr);
	if (!pending && vgic_loaded_here(cpu))
		pending = lrs_have_pending(cpu, vmcr);
	spin_unlock(&cpu->vgic->lock);
	return pending;
}
