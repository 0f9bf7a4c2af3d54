/* `monitor` commands that show something and change nothing. */
#include <vitrine/percpu.h>

#include "core/decode.h"
#include "debug/memory.h"
#include "debug/monitor.h"
#include "debug/registers.h"
#include "hal/arm64.h"
#include "lib/string.h"
#include "lib/words.h"

typedef unsigned long long ull;

#define LAST_DEFAULT 8u

void monitor_vms(struct debug_vcpu *debug, const char *rest)
{
	(void)rest;
	for (unsigned i = 0; i < vm_count; i++) {
		const struct vm *vm = vms[i];

		monitor_say("%c %u %-12s %u vcpus  RAM 0x%llx..0x%llx  %s%s\n",
			    debug->vm->vm == vm ? '*' : ' ', i + 1, vm->config->name, vm->vcpus,
			    (ull)vm->config->ram_base,
			    (ull)vm->config->ram_base + vm->config->ram_bytes,
			    world_is_stopped(&debug_vms[i]) ? "stopped" : "runs",
			    debug_vms[i].attached ? ", attached" : "");
	}
}

void monitor_vcpus(struct debug_vcpu *debug, const char *rest)
{
	(void)rest;
	for (unsigned i = 0; i < vm_count; i++) {
		for (unsigned n = 0; n < vms[i]->vcpus; n++) {
			const struct vm_vcpu *vcpu = vms[i]->vcpu[n];
			const struct debug_vcpu *of = debug_vcpu_of(vcpu);

			monitor_say("%c %u.%u %s.vcpu%u  cpu %u  %-8s%s pc 0x%llx\n",
				    of == debug ? '*' : ' ', i + 1, n + 1, vms[i]->config->name, n,
				    vcpu->home, vcpu_state_name(vcpu->core.state),
				    of->held && of->waited ? " (waits)" : "",
				    (ull)vcpu->core.frame.pc);
		}
	}
}

void monitor_exits(struct debug_vcpu *debug, const char *rest)
{
	const struct vm *vm = debug->vm->vm;

	(void)rest;
	for (unsigned reason = 0; reason < EXIT_REASONS; reason++) {
		uint64_t count = 0;

		for (unsigned i = 0; i < vm->vcpus; i++)
			count += vm->vcpu[i]->core.exits[reason];
		if (count)
			monitor_say("%-24s %12llu\n", exit_reason_name(reason), (ull)count);
	}
}

void monitor_last(struct debug_vcpu *debug, const char *rest)
{
	const struct percpu *cpu = &percpu_table[debug->vcpu->home];
	uint64_t count = LAST_DEFAULT;

	monitor_number(&rest, &count);
	count = MIN(count, MIN(cpu->exits, (uint64_t)EXIT_HISTORY));
	for (uint64_t i = cpu->exits - count; i < cpu->exits; i++) {
		const struct exit_note *note = &cpu->history[i % EXIT_HISTORY];
		const uint64_t esr = note->esr & GENMASK(36, 0);

		monitor_say("#%llu vcpu %u pc 0x%llx %s", (ull)i, (unsigned)(note->esr >> 56),
			    (ull)note->pc,
			    esr ? exception_class_name((unsigned)FIELD_GET(ESR_EC, esr))
				: "interrupt");
		if (esr)
			monitor_say(", esr 0x%llx", (ull)esr);
		monitor_say("\n");
	}
}

void monitor_explain(struct debug_vcpu *debug, const char *rest)
{
	const struct vcpu_exit *exit = &debug->vcpu->core.exit;
	char text[160];

	(void)rest;
	exit_format(text, sizeof(text), exit);
	monitor_say("%s\nat pc 0x%llx; esr 0x%llx (%s)\n", text, (ull)exit->pc, (ull)exit->esr,
		    exit->esr ? exception_class_name((unsigned)FIELD_GET(ESR_EC, exit->esr))
			      : "an interrupt has none");
}

static void say_bank(const struct vgic_bank *bank, unsigned base)
{
	const uint32_t wanted = bank->enabled | bank->pending | bank->level | bank->active;

	for (unsigned i = 0; i < 32; i++) {
		const uint32_t bit = UINT32_C(1) << i;

		if (!(wanted & bit))
			continue;
		monitor_say("%4u  priority 0x%02x%s%s%s%s  %s\n", base + i, bank->priority[i],
			    bank->enabled & bit ? "  enabled" : "",
			    (bank->pending | (bank->level & ~bank->edge)) & bit ? "  pending" : "",
			    bank->active & bit ? "  active" : "",
			    bank->level & bit ? "  line high" : "",
			    bank->edge & bit ? "edge" : "level");
	}
}

void monitor_gic(struct debug_vcpu *debug, const char *rest)
{
	const struct vgic_cpu *cpu = &debug->vcpu->vgic;
	const struct vgic *vgic = &debug->vm->vm->vgic;

	(void)rest;
	monitor_say("distributor: group 0 %s, group 1 %s; vmcr 0x%llx\n",
		    vgic->enabled_group0 ? "on" : "off", vgic->enabled_group1 ? "on" : "off",
		    (ull)cpu->vmcr);
	say_bank(&cpu->bank, 0);
	for (unsigned i = 0; i < VGIC_SPI_BANKS; i++)
		say_bank(&vgic->spi[i], 32 * (i + 1));
}

void monitor_timer(struct debug_vcpu *debug, const char *rest)
{
	const struct vtimer *timer = &debug->vcpu->timer;
	const uint64_t hz = READ_SYSREG(CNTFRQ_EL0);
	const uint64_t physical =
		debug->vm->time_runs ? READ_SYSREG(CNTPCT_EL0) : debug->vm->stopped_ticks;
	const uint64_t now = physical - timer->offset_ticks;

	(void)rest;
	monitor_say("virtual counter %llu (%llu.%03llu s), offset %llu, %llu Hz\n", (ull)now,
		    (ull)(now / hz), (ull)(now % hz * 1000 / hz), (ull)timer->offset_ticks,
		    (ull)hz);
	monitor_say("virtual timer: ctl 0x%llx, fires at %llu (%lld us from now)\n",
		    (ull)timer->ctl, (ull)timer->cval,
		    (long long)(timer->cval - now) / (long long)(hz / 1000000));
	monitor_say("physical timer: ctl 0x%llx, fires at %llu\n", (ull)timer->physical.ctl,
		    (ull)timer->physical.cval);
}

void monitor_sysreg(struct debug_vcpu *debug, const char *rest)
{
	bool found = false;

	for (unsigned i = 0; i < system_registers_count; i++) {
		const struct system_register *row = &system_registers[i];
		uint64_t value;

		if (*rest && !is_same_word(row->name, rest))
			continue;
		found = true;
		if (register_read(debug, REGISTER_SYSTEM + i, (uint8_t *)&value) == GDB_OK)
			monitor_say("%-16s 0x%016llx\n", row->name, (ull)value);
		else
			monitor_say("%-16s has no value\n", row->name);
	}
	if (!found)
		monitor_say("%.40s: no such register; `monitor sysreg` lists them\n", rest);
}

void monitor_s1(struct debug_vcpu *debug, const char *rest)
{
	struct walk walk;
	uint64_t va;

	if (!monitor_address(debug, rest, &va)) {
		monitor_say("which address? monitor s1 0xVA\n");
		return;
	}

	const enum vt_err err = memory_walk(debug, va, &walk);

	for (unsigned i = 0; i < walk.steps; i++)
		monitor_say("level %u: descriptor 0x%016llx at IPA 0x%llx\n", walk.step[i].level,
			    (ull)walk.step[i].descriptor, (ull)walk.step[i].ipa);
	if (err == VT_OK)
		monitor_say("VA 0x%llx -> IPA 0x%llx (%s, %llu KiB)\n", (ull)va, (ull)walk.ipa,
			    walk.mmu_off ? "the MMU is off" : "mapped", (ull)(walk.bytes / KIB));
	else
		monitor_say("VA 0x%llx: %s\n", (ull)va,
			    err == VT_ENOENT ? "not mapped"
			    : err == VT_EIO  ? "its table is where no memory is"
					     : "no address that TCR_EL1 allows");
}

void monitor_s2(struct debug_vcpu *debug, const char *rest)
{
	static const char *const attributes[] = {
		[STAGE2_RWX] = "RAM", [STAGE2_RO] = "RAM, read only", [STAGE2_DEVICE] = "device"};
	struct stage2_leaf leaf;
	uint64_t ipa;

	if (!monitor_address(debug, rest, &ipa))
		monitor_say("which address? monitor s2 0xIPA\n");
	else if (stage2_walk(&debug->vm->vm->stage2, ipa, &leaf) != VT_OK)
		monitor_say("IPA 0x%llx: not mapped: an access exits to Vitrine\n", (ull)ipa);
	else
		monitor_say("IPA 0x%llx -> PA 0x%llx (%s, %llu KiB)\n", (ull)ipa, (ull)leaf.pa,
			    attributes[leaf.attr], (ull)(leaf.bytes / KIB));
}
