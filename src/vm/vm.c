/*
 * A VM's life: made from its description at boot, started, stopped, reset or ended. Creation runs
 * on the boot CPU; the rest is called from whichever CPU brings it about.
 */
#include "vm/vm.h"

#include <vitrine/percpu.h>

#include "core/id_regs.h"
#include "dev/console.h"
#include "hal/arm64.h"
#include "hal/hal.h"
#include "irq/gic.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "mm/phys.h"
#include "mm/vmid.h"
#include "mm/zero_pages.h"
#include "trace/writers.h"
#include "vm/debug_hook.h"
#include "vm/sched.h"

struct vm *vms[MANIFEST_MAX_VMS];
unsigned vm_count;
bool vm_quit;

static unsigned next_vcpu_id;
static uint32_t vms_alive; /* atomic */

static char complaint[160];

static const char *complain(const struct vm_config *config, const char *what)
{
	vt_snprintf(complaint, sizeof(complaint), "vm %s: %s", config->name, what);
	return complaint;
}

/*
 * Fill the RAM with images. Everything the guest finds was written through EL2's caches, and it
 * starts with its own off: clean all of it to memory. What an earlier guest left there is gone,
 * unless `keep`: then only the images are fresh.
 */
static const char *fill_ram(struct vm *vm, bool keep)
{
	const char *problem;

	/* Of gigabytes: other VMs' timers and the keyboard do not wait for it. */
	irq_window_open();
	if (!keep)
		zero_pages((void *)(uintptr_t)vm->ram_pa, vm->config->ram_bytes);
	problem = loader_load(vm->config, (void *)(uintptr_t)vm->ram_pa, &vm->guest);
	if (!problem)
		clean_to_memory((void *)(uintptr_t)vm->ram_pa, vm->config->ram_bytes);
	irq_window_close();
	if (problem)
		return problem;
	ic_ialluis();
	dsb_ish();
	return 0;
}

/* Virtual time starts at 0 for each VM, and again after a reset. */
static void start_first_vcpu(struct vm *vm)
{
	const uint64_t now = READ_SYSREG(CNTPCT_EL0);

	for (unsigned i = 0; i < vm->vcpus; i++)
		vm->vcpu[i]->timer = (struct vtimer){.offset_ticks = now};
	vm_power_init(vm);
	vm_request(vm->vcpu[0], REQUEST_POWER_ON);
}

static enum vt_err add_vcpu(struct vm *vm, unsigned index)
{
	struct vm_vcpu *vcpu = boot_alloc(sizeof(*vcpu), 64, "vcpu");
	const struct vcpu_setup setup = {
		.id = next_vcpu_id++,
		.mpidr = index,
		.vttbr = vm->stage2.vttbr,
		.vtcr = vm->stage2.vtcr,
		.hcr = vm->config->hcr,
		.cnthctl = vm->config->cnthctl,
		.sctlr_el1 = vm->config->sctlr_el1,
	};

	vm->vcpu[index] = vcpu;
	vcpu->vm = vm;
	vcpu->index = index;
	vcpu->home = sched_place(vm->config->cpu[index]);
	vgic_cpu_init(&vm->vgic, &vcpu->vgic, index);

	const enum vt_err err = vcpu_init(&vcpu->core, &setup);

	if (err == VT_OK && this_cpu()->ring)
		vcpu_use_costs(&vcpu->core,
			       boot_alloc(sizeof(struct vcpu_costs), 64, "exit counters"));
	return err != VT_OK ? err : sched_add(vcpu);
}

/*
 * As many IPA bits as RAM and devices need, no more, as a short walk starts at level 1; or as the
 * manifest says.
 */
static unsigned ipa_bits_for(const struct vm_config *config)
{
	unsigned bits = MANIFEST_IPA_BITS_MIN;

	if (config->ipa_bits)
		return config->ipa_bits;

	while (bits < cpu_pa_bits() && config->ram_base + config->ram_bytes > BIT(bits))
		bits++;
	return bits;
}

static enum vt_err map(struct stage2 *stage2, uint64_t ipa, uint64_t pa, uint64_t bytes,
		       enum stage2_attr attr)
{
	const enum vt_err err = stage2_map(stage2, ipa, pa, bytes, attr);

	if (err == VT_OK)
		trace_STAGE2_MAP(this_cpu()->ring, TRACE_NO_VCPU, ipa, bytes);
	return err;
}

/* GICv2: the guest's CPU interface is the hardware's virtual one, that of the CPU it runs on. */
static enum vt_err map_cpu_interface(struct stage2 *stage2)
{
	enum vt_err err = map(stage2, VGIC_GICC_IPA, hal.gicv_base, PAGE_BYTES, STAGE2_DEVICE);

	return err ? err : map(stage2, VGIC_GICC_DIR_IPA, hal.gicv_dir, PAGE_BYTES, STAGE2_DEVICE);
}

const char *vm_create(const struct vm_config *config)
{
	const uint64_t ram_alignment = config->ram_bytes >= BLOCK_1G ? BLOCK_1G : BLOCK_2M;
	const unsigned pages = stage2_pages_needed(config->ram_bytes) + DEBUG_TABLE_PAGES;
	uint64_t ram = phys_take(config->ram_bytes, ram_alignment);
	uint64_t tables = phys_take((uint64_t)pages * PAGE_BYTES, PAGE_BYTES);
	struct vm *vm;

	if (!ram)
		ram = phys_take(config->ram_bytes, BLOCK_2M);
	if (!ram || !tables)
		return complain(config, "memory: the machine has not enough RAM for it");

	vm = boot_alloc(sizeof(*vm), 64, "vm");
	vm->lock = SPINLOCK_INIT(LOCK_VM);
	vm->config = config;
	vm->ram_pa = ram;
	vm->vcpus = config->vcpus;
	page_pool_init(&vm->tables, (void *)(uintptr_t)tables, pages);
	if (config->ipa_bits > cpu_pa_bits())
		return complain(config, "ipa-bits: more than this machine has");
	if (stage2_init(&vm->stage2, &vm->tables, ipa_bits_for(config), cpu_pa_bits(),
			vmid_take()) != VT_OK)
		return complain(config, "memory: does not fit this machine's address space");
	if (map(&vm->stage2, config->ram_base, ram, config->ram_bytes, STAGE2_RWX) != VT_OK)
		return complain(config, "memory: stage-2 tables exhausted");
	if (HAL_GIC_VERSION == 2 && map_cpu_interface(&vm->stage2) != VT_OK)
		return complain(config, "memory: overlaps the interrupt controller's registers");

	const char *problem = fill_ram(vm, false);

	if (problem)
		return problem;

	vgic_init(&vm->vgic, vm->vcpus, vm);
	vm->vgic.first_vcpu = next_vcpu_id;
	for (unsigned i = 0; i < vm->vcpus; i++)
		if (add_vcpu(vm, i) != VT_OK)
			return complain(config, "vcpus: too many for this machine's CPUs");

	vm->console = console_add(config->name);
	vuart_init(&vm->vuart, &vm->vgic, vm->console);
	console_set_vuart(vm->console, &vm->vuart);
	vms[vm_count++] = vm;
	vm->unparked = vm->vcpus;
	vms_alive++;
	log_line("vm %s: %u vcpus, %llu MiB at IPA 0x%llx, entry 0x%llx", config->name, vm->vcpus,
		 (unsigned long long)(config->ram_bytes / MIB),
		 (unsigned long long)config->ram_base, (unsigned long long)vm->guest.entry_ipa);
	start_first_vcpu(vm);
	return 0;
}

/* From `old` to `phase`, if it still is `old`; else *old is what it is now. */
static bool change_phase(struct vm *vm, uint32_t *old, enum vm_phase phase, unsigned stops)
{
	return __atomic_compare_exchange_n(&vm->phase, old, VM_PHASE_WORD(phase, stops), false,
					   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

void vm_stop(struct vm *vm, enum vm_phase phase)
{
	uint32_t old = vm_phase_word(vm);

	/* If it stops already: a power-off or a crash outranks a reset. */
	while (VM_PHASE(old) < phase) {
		const bool first = VM_PHASE(old) == VM_RUNNING;

		if (!change_phase(vm, &old, phase, VM_STOPS(old) + first))
			continue;
		for (unsigned i = 0; first && i < vm->vcpus; i++)
			vm_request(vm->vcpu[i], REQUEST_INTERRUPT);
		return;
	}
}

static bool is_reset(uint32_t phase_word)
{
	return VM_PHASE(phase_word) == VM_RESETTING || VM_PHASE(phase_word) == VM_WARM_RESETTING;
}

/*
 * All vCPUs are out of hardware: as after power-on, with the images loaded afresh. False when that
 * can not be, or when a power-off has overtaken it.
 */
static bool reset(struct vm *vm)
{
	uint32_t phase = vm_phase_word(vm);
	const bool warm = VM_PHASE(phase) == VM_WARM_RESETTING;
	const char *problem = fill_ram(vm, warm);

	if (problem) {
		log_line("%s: reset failed, the VM is dead", problem);
		vm->crashed = true;
		return false;
	}
	vgic_init(&vm->vgic, vm->vcpus, vm);
	vm->vgic.first_vcpu = vm->vcpu[0]->core.id;
	for (unsigned i = 0; i < vm->vcpus; i++) {
		struct vm_vcpu *vcpu = vm->vcpu[i];

		vgic_cpu_init(&vm->vgic, &vcpu->vgic, i);
		__atomic_store_n(&vcpu->requests, 0, __ATOMIC_RELAXED);
	}
	vuart_reset(&vm->vuart);
	vm->unparked = vm->vcpus;
	log_line("vm %s: %sreset", vm->config->name, warm ? "warm " : "");
	if (!is_reset(phase) || !change_phase(vm, &phase, VM_RUNNING, VM_STOPS(phase)))
		return false;
	start_first_vcpu(vm);
	return true;
}

void vm_parked(struct vm_vcpu *vcpu)
{
	struct vm *vm = vcpu->vm;

	if (__atomic_sub_fetch(&vm->unparked, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	if (is_reset(vm_phase_word(vm)) && reset(vm))
		return;

	__atomic_store_n(&vm->phase, VM_PHASE_WORD(VM_DEAD, VM_STOPS(vm_phase_word(vm))),
			 __ATOMIC_RELEASE);
	console_set_vuart(vm->console, 0);
	log_line("vm %s: %s", vm->config->name,
		 vm->crashed ? "stopped after its crash" : "powered off");
	if (__atomic_sub_fetch(&vms_alive, 1, __ATOMIC_ACQ_REL) == 0) {
		debug_end();
		machine_end();
	}
}

void console_quit_requested(void)
{
	log_line("quit: C-a x");
	vm_quit = true;
	for (unsigned i = 0; i < vm_count; i++)
		vm_stop(vms[i], VM_POWERING_OFF);
}
