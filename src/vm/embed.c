/*
 * The core's questions, answered for our VMs: what include/vitrine/embed.h asks for. All of this is
 * the hot path.
 */
#include <vitrine/embed.h>

#include "core/sysreg_trap.h"
#include "hal/arm64.h"
#include "hal/hal.h"
#include "irq/gic.h"
#include "trace/writers.h"
#include "vm/sched.h"

/*
 * The guest's own access has changed what it should be interrupted by (it enabled a pending
 * interrupt, emptied a FIFO): let the list registers say so before it runs on.
 */
static inline void sync_interrupts(struct vm_vcpu *vcpu)
{
	/* LAB 13.2 */
	if (__builtin_expect(__atomic_load_n(&vcpu->requests, __ATOMIC_RELAXED) & REQUEST_INTERRUPT,
			     0)) {
		__atomic_fetch_and(&vcpu->requests, ~REQUEST_INTERRUPT, __ATOMIC_ACQUIRE);
		vgic_sync(&vcpu->vgic);
	}
	/* END LAB */
}

/* By its first byte: one that reaches over the end is not aligned, and the device's to refuse. */
static inline bool is_in(uint64_t ipa, uint64_t base, uint64_t size)
{
	return ipa - base < size;
}

bool embed_mmio_read(struct vcpu *core, const struct mmio_access *access, uint64_t *value)
{
	struct vm_vcpu *vcpu = vm_vcpu_of(core);
	struct vm *vm = vcpu->vm;
	const uint64_t ipa = access->ipa;

	if (is_in(ipa, VGIC_GICD_IPA, VGIC_GICD_BYTES))
		*value = vgicd_read(&vcpu->vgic, ipa - VGIC_GICD_IPA, access->bytes);
	else if (is_in(ipa, VUART_IPA, VUART_BYTES) && vm->config->has_pl011)
		*value = vuart_read(&vm->vuart, ipa - VUART_IPA, access->bytes);
	else if (HAL_GIC_VERSION == 3 &&
		 is_in(ipa, VGIC_GICR_IPA, VGIC_GICR_BYTES_PER_VCPU * vm->vcpus))
		*value = vgicr_read(&vcpu->vgic, ipa - VGIC_GICR_IPA, access->bytes);
	else
		return false;
	sync_interrupts(vcpu);
	return true;
}

bool embed_mmio_write(struct vcpu *core, const struct mmio_access *access, uint64_t value)
{
	struct vm_vcpu *vcpu = vm_vcpu_of(core);
	struct vm *vm = vcpu->vm;
	const uint64_t ipa = access->ipa;

	if (is_in(ipa, VUART_IPA, VUART_BYTES) && vm->config->has_pl011)
		vuart_write(&vm->vuart, ipa - VUART_IPA, access->bytes, value);
	else if (is_in(ipa, VGIC_GICD_IPA, VGIC_GICD_BYTES))
		vgicd_write(&vcpu->vgic, ipa - VGIC_GICD_IPA, access->bytes, value);
	else if (HAL_GIC_VERSION == 3 &&
		 is_in(ipa, VGIC_GICR_IPA, VGIC_GICR_BYTES_PER_VCPU * vm->vcpus))
		vgicr_write(&vcpu->vgic, ipa - VGIC_GICR_IPA, access->bytes, value);
	else
		return false;
	sync_interrupts(vcpu);
	return true;
}

void embed_send_sgi(struct vcpu *core, uint64_t value)
{
	struct vm_vcpu *vcpu = vm_vcpu_of(core);

	vgic_write_sgi1r(&vcpu->vgic, value);
	sync_interrupts(vcpu);
}

/* CNTP_TVAL_EL0, CNTP_CTL_EL0, CNTP_CVAL_EL0. */
static bool is_physical_timer(uint32_t key)
{
	return (key & ~(uint32_t)ISS_SYSREG_OP2) == SYSREG_KEY(3, 3, 14, 2, 0);
}

bool embed_sysreg_read(struct vcpu *core, uint32_t key, uint64_t *value)
{
	if (!is_physical_timer(key))
		return false;
	*value = ptimer_read(&vm_vcpu_of(core)->timer.physical, FIELD_GET(ISS_SYSREG_OP2, key),
			     READ_SYSREG(CNTPCT_EL0));
	return true;
}

bool embed_sysreg_write(struct vcpu *core, uint32_t key, uint64_t value)
{
	struct vm_vcpu *vcpu = vm_vcpu_of(core);

	if (is_physical_timer(key)) {
		ptimer_write(&vcpu->timer.physical, FIELD_GET(ISS_SYSREG_OP2, key), value,
			     READ_SYSREG(CNTPCT_EL0));
		sched_timer_changed(vcpu);
	} else {
		vgic_write_sgi0r(&vcpu->vgic, value);
	}
	sync_interrupts(vcpu);
	return true;
}

void embed_pmu_line(struct vcpu *core, bool level)
{
	struct vm_vcpu *vcpu = vm_vcpu_of(core);

	vgic_set_level(&vcpu->vm->vgic, vcpu->index, INTID_PMU, level);
}

bool embed_may_resume_from_wait(struct vcpu *core)
{
	return vgic_has_pending(&vm_vcpu_of(core)->vgic);
}

static __attribute__((noinline)) enum exit_action other_interrupt(struct vm_vcpu *vcpu,
								  uint32_t intid)
{
	if (intid < INTID_SPECIAL)
		trace_IRQ(vcpu->core.ring, vcpu->core.id, false, intid);
	if (sched_interrupt(intid))
		return EXIT_LEAVE;
	sync_interrupts(vcpu);
	return EXIT_RESUME;
}

/* The guest's own timer is by far the usual one, and concerns nobody else. */
enum exit_action embed_interrupt(struct vcpu *core, uint32_t *intid)
{
	struct vm_vcpu *vcpu = vm_vcpu_of(core);
	const uint32_t taken = gic_acknowledge();

	*intid = taken;
	if (__builtin_expect(taken != INTID_VIRT_TIMER, 0))
		return other_interrupt(vcpu, taken);
	/* It stays active: the guest deactivates it through the list register. */
	gic_drop_priority(taken);
	vgic_inject_vtimer(&vcpu->vgic);
	return EXIT_RESUME;
}

/* See irq/vgic.h. A kick to oneself is seen by sync_interrupts(). */
void vgic_kick(void *owner, unsigned index)
{
	struct vm *vm = owner;

	vm_request(vm->vcpu[index], REQUEST_INTERRUPT);
}

/* An edge is made pending; a level stays up until vgic_set_level() lowers it. */
enum vt_err embed_inject_interrupt(struct vcpu *core, uint32_t intid)
{
	struct vm_vcpu *vcpu = vm_vcpu_of(core);

	return vgic_set_level(&vcpu->vm->vgic, vcpu->index, intid, true);
}
