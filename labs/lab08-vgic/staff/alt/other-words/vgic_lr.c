/*
 * List registers, the thorough way: take all of them back into the banks' bits, choose the best of
 * what is pending, write them again. On a load, a kick, a maintenance interrupt, a change of
 * configuration; the fast paths are in irq/vgic.c.
 *
 * Locks: the caller holds LOCK_VGIC. Source: IHI 0069 5.3, 12.4.
 */
#include "irq/vgic_trace.h"

/* An SPI that this vCPU gives up but another one should get: it is routed there now. */
static void hand_over(struct vgic_cpu *cpu, unsigned intid)
{
	struct vgic *vgic = cpu->vgic;
	const unsigned target = vgic->spi_target[intid - INTID_FIRST_SPI];

	if (target != cpu->index && target != VGIC_NO_VCPU &&
	    (vgic_deliverable(&vgic->spi[intid / 32 - 1]) & vgic_bit_of(intid)))
		vgic_look(vgic, UINT32_C(1) << target);
}

/* Read one list register back into the bits of its bank, applying what other CPUs have asked for
 * meanwhile. */
static void take_back(struct vgic_cpu *cpu, unsigned n)
{
	const uint64_t lr = ich_read_lr(n);
	const unsigned intid = cpu->lr_intid[n];
	struct vgic_bank *bank = vgic_bank_of(cpu, intid);
	const uint32_t bit = vgic_bit_of(intid);
	bool active = lr & ICH_LR_ACTIVE;

	if (cpu->thorough & VGIC_TRACED)
		vgic_trace_lr(cpu, n, lr);

	bool latched = false;

	if (bank->deactivate & bit)
		active = false;
	else if (bank->activate & bit)
		active = true;
	switch (lr & (ICH_LR_PENDING | ICH_LR_ACTIVE)) {
	case 0:
		if (lr & ICH_LR_HW && intid == INTID_VIRT_TIMER)
			cpu->vtimer_phys = false;
		break;
	case ICH_LR_ACTIVE:
		break;
	default:
		latched = !(bank->unlatched & bit);
	}
	vgic_sender_take_back(cpu, intid, lr, latched);
	if (latched)
		bank->pending |= bit;
	bank->active &= ~bit;
	if (active)
		bank->active |= bit;
	bank->unlatched &= ~bit;
	bank->deactivate &= ~bit;
	bank->activate &= ~bit;
	bank->in_lr &= ~bit;
	if (intid >= INTID_FIRST_SPI)
		hand_over(cpu, intid);
}

/*
 * All list registers back into the banks. Those that a fill does not write again must be emptied:
 * returned as a mask, so that the usual one, which is written again at once, is written once.
 */
uint32_t vgic_take_back_all(struct vgic_cpu *cpu)
{
	const uint32_t used = cpu->lr_used;

	for (uint32_t left = used; left; left &= left - 1)
		take_back(cpu, (unsigned)__builtin_ctz(left));
	cpu->lr_used = 0;
	__atomic_fetch_add(&vgic_stats.injected, cpu->injected, __ATOMIC_RELAXED);
	cpu->injected = 0;
	return used;
}

void vgic_empty_lrs(uint32_t lrs)
{
	for (; lrs; lrs &= lrs - 1)
		ich_write_lr((unsigned)__builtin_ctz(lrs), 0);
}

/* INTIDs that want a list register, in the order of the banks. */
struct candidates {
	unsigned count;
	uint8_t intid[VGIC_INTIDS];
};

/* Active ones too: without a list register their EOI would have no effect. */
static void gather_private(struct vgic_cpu *cpu, struct candidates *list)
{
	const struct vgic_bank *bank = &cpu->bank;

	for (uint32_t left = bank->active | (vgic_pending(bank) & bank->ready); left;
	     left &= left - 1)
		list->intid[list->count++] = (uint8_t)__builtin_ctz(left);
}

static void gather_shared(struct vgic_cpu *cpu, struct candidates *list)
{
	struct vgic *vgic = cpu->vgic;

	for (unsigned i = 0; i < VGIC_SPI_BANKS; i++) {
		const struct vgic_bank *bank = &vgic->spi[i];
		uint32_t left = (bank->active | (vgic_pending(bank) & bank->ready)) & ~bank->in_lr;

		for (; left; left &= left - 1) {
			const unsigned intid = 32 * (i + 1) + (unsigned)__builtin_ctz(left);

			if (vgic_spi_vcpu(vgic, intid) == cpu->index)
				list->intid[list->count++] = (uint8_t)intid;
		}
	}
}

/* Active interrupts first, as only a list register can end them; then by priority; then by INTID.
 * Lower is better. */
static unsigned rank(struct vgic_cpu *cpu, unsigned intid)
{
	const struct vgic_bank *bank = vgic_bank_of(cpu, intid);
	const unsigned order = 256 * bank->priority[intid % 32] + intid;

	return bank->active & vgic_bit_of(intid) ? order : order + 0x10000;
}

/* Move the best `wanted` candidates to the front. Only when there are more than list registers. */
static void choose_best(struct vgic_cpu *cpu, struct candidates *list, unsigned wanted)
{
	/* All of them in order, by insertion: more than is needed. */
	(void)wanted;
	for (unsigned i = 1; i < list->count; i++) {
		const uint8_t intid = list->intid[i];
		unsigned at = i;

		for (; at && rank(cpu, intid) < rank(cpu, list->intid[at - 1]); at--)
			list->intid[at] = list->intid[at - 1];
		list->intid[at] = intid;
	}
}

/* Must EL2 hear of this interrupt's end? When something may be waiting for it. */
static bool wants_eoi_maintenance(struct vgic_cpu *cpu, unsigned intid)
{
	const struct vgic_bank *bank = vgic_bank_of(cpu, intid);
	const uint32_t bit = vgic_bit_of(intid);

	if (!(bank->edge & bit)) /* its line may still be high */
		return true;
	if (cpu->overflow &&
	    (bank->active & bit)) /* another interrupt waits for this list register */
		return true;
	if (vgic_sender_waits(cpu, intid))
		return true;
	/* It has been routed elsewhere meanwhile: its next occurrence waits there. */
	return intid >= INTID_FIRST_SPI &&
	       cpu->vgic->spi_target[intid - INTID_FIRST_SPI] != cpu->index;
}

/* Write list register n. Returns whether it is plainly pending. */
static bool place(struct vgic_cpu *cpu, unsigned n, unsigned intid)
{
	struct vgic_bank *bank = vgic_bank_of(cpu, intid);
	const uint32_t bit = vgic_bit_of(intid);
	const bool active = bank->active & bit;
	/* A hardware-mapped end is silent: not while another interrupt waits for it.
	 * settle_vtimer() then does the rest. */
	const bool hardware =
		intid == INTID_VIRT_TIMER && cpu->vtimer_phys && !(cpu->overflow && active);
	uint64_t lr = vgic_sender_place(cpu, intid, active) | intid;

	const bool reports = !hardware && wants_eoi_maintenance(cpu, intid);
	const bool again = bank->edge & bank->ready & bank->pending & bit;
	const bool pending = !active || (again && !hardware && !reports);

	lr |= (uint64_t)bank->priority[intid % 32] << 48;
	lr |= bank->group1 & bit ? ICH_LR_GROUP1 : 0;
	lr |= hardware ? ICH_LR_HW | (uint64_t)INTID_VIRT_TIMER << 32 : 0;
	lr |= reports ? ICH_LR_EOI : 0;
	lr |= active ? ICH_LR_ACTIVE : 0;
	lr |= pending ? ICH_LR_PENDING : 0;
	if (intid >= INTID_FIRST_SPI)
		cpu->vgic->spi_holder[intid - INTID_FIRST_SPI] = (uint8_t)cpu->index;
	bank->in_lr |= bit;
	if (!pending || !(bank->pending & bit))
		bank->unlatched |= bit;
	if (pending && !vgic_sender_waits(cpu, intid))
		bank->pending &= ~bit;

	ich_write_lr(n, lr);
	cpu->lr_intid[n] = (uint8_t)intid;
	cpu->lr_used |= UINT32_C(1) << n;
	if (cpu->thorough & VGIC_TRACED)
		vgic_trace_lr(cpu, n, lr);
	return (lr & (ICH_LR_PENDING | ICH_LR_ACTIVE)) == ICH_LR_PENDING;
}

/* Let physical PPI 27 fire again. Its line is a level: if the timer still asserts it, it will. */
static void release_vtimer(struct vgic_cpu *cpu)
{
	cpu->vtimer_phys = false;
	gic_set_vtimer_active(false);
}

/*
 * The guest may have reprogrammed its timer before it took the interrupt: then nothing is pending
 * any more. And when nothing of ours needs physical PPI 27 to be active, it must not stay so, or
 * the timer would never fire again.
 */
static void settle_vtimer(struct vgic_cpu *cpu)
{
	struct vgic_bank *bank = &cpu->bank;

	if (!cpu->vtimer_phys)
		return;
	if (bank->active & VTIMER_BIT || !ich_vtimer_line())
		bank->pending &= ~VTIMER_BIT;
	if (!((bank->active | bank->pending) & VTIMER_BIT))
		release_vtimer(cpu);
}

/*
 * Fill the list registers, none of which is in use, with the best that there is.
 *
 * When something is left over, a maintenance interrupt asks for the next fill: once at most one
 * list register is valid (UIE: gic_init_cpu() has refused CPUs with fewer than two), or once the
 * guest has acknowledged all that is pending (NPIE: it may keep interrupts active after a priority
 * drop). Neither condition holds on entry to the guest.
 */
void vgic_fill(struct vgic_cpu *cpu)
{
	const unsigned lrs = gic_list_registers();
	struct candidates list;
	uint64_t hcr = vgic_interface_enable(cpu);
	bool any_pending = false;

	list.count = 0;
	gather_private(cpu, &list);
	gather_shared(cpu, &list);
	cpu->overflow = list.count > lrs;
	cpu->thorough =
		(cpu->overflow ? VGIC_SLOW : 0) |
		(trace_wants(ich_trace_ring(), TRACE_CLASS_IRQ | TRACE_CLASS_TIMER) ? VGIC_TRACED
										    : 0);
	unsigned plain = 0;

	choose_best(cpu, &list, MIN(list.count, lrs));
	for (unsigned n = 0; n < lrs && n < list.count; n++)
		plain += place(cpu, n, list.intid[n]);
	any_pending = plain > 0;
	if (plain < MIN(list.count, lrs))
		cpu->thorough |= VGIC_SLOW;
	if (list.count > lrs) {
		vgic_count(&vgic_stats.overflows);
		hcr |= ICH_HCR_UIE;
		if (any_pending)
			hcr |= ICH_HCR_NPIE;
	}
	ich_write_hcr(hcr);
}

/* The end of a sync, after vgic_take_back_all(). */
void vgic_refill(struct vgic_cpu *cpu, uint32_t lrs_taken_back)
{
	settle_vtimer(cpu);
	vgic_fill(cpu);
	vgic_empty_lrs(lrs_taken_back & ~cpu->lr_used);
}

/* On the CPU where it is loaded: everything back, and the best of it in again. */
void vgic_sync_locked(struct vgic_cpu *cpu)
{
	vgic_refill(cpu, vgic_take_back_all(cpu));
}

/*
 * Physical PPI 27 has become active, and the fast path could not take it: the guest has disabled
 * it, or there is no list register free. The old end of it is taken back before the new start
 * counts.
 */
void vgic_queue_vtimer(struct vgic_cpu *cpu)
{
	const uint32_t taken_back = vgic_take_back_all(cpu);

	vgic_count(&vgic_stats.injected);
	cpu->vtimer_phys = true;
	cpu->bank.pending |= VTIMER_BIT;
	vgic_refill(cpu, taken_back);
}
