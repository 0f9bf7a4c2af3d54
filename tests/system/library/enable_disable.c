/*
 * Enables EL2 on this CPU, runs nothing, disables it again, and looks whether each register has come back. Linked with
 * libvcpu.a and the boot code of examples/minimal; prints "ok" or what is wrong. See ../test_library.py.
 */
#include <vitrine/percpu.h>
#include <vitrine/vcpu.h>

#include "bare.h"

#define WRITE(name, value) __asm__ volatile("msr " #name ", %0" ::"r"((uint64_t)(value)) : "memory")

void hypervisor(void);

/* What QEMU's reset leaves is mostly 0, which would hide a register that is merely cleared. */
static const struct percpu_saved mine = {
	.TPIDR_EL2 = 0x1122334455667788,
	.VBAR_EL2 = 0x40300800,
	.HCR_EL2 = 0x80000038, /* RW, AMO, IMO, FMO */
	.CPTR_EL2 = 0x33ff & ~0x400ul,
	.MDCR_EL2 = 0x106, /* TDE, HPMN 6 */
	.HSTR_EL2 = 0x8,
	.CNTHCTL_EL2 = 0x3,
	.VPIDR_EL2 = 0x410fd034,
	.VMPIDR_EL2 = 0x80000102,
	.VTCR_EL2 = 0x80003519,
	.VTTBR_EL2 = 0x0042000040400000,
};

static struct percpu first, second;
static struct vcpu vcpu;

static struct percpu_saved now(void)
{
	struct percpu_saved values;
#define PERCPU_REGISTER(name) values.name = READ(name);
#include <vitrine/percpu_registers.def>
#undef PERCPU_REGISTER
	return values;
}

static void same(const struct percpu_saved *wanted, const char *when)
{
	const struct percpu_saved found = now();

#define PERCPU_REGISTER(name)              \
	if (found.name != wanted->name) {  \
		say("wrong: " #name ": "); \
		say(when);                 \
		say("\n");                 \
	}
#include <vitrine/percpu_registers.def>
#undef PERCPU_REGISTER
}

void hypervisor(void)
{
	const struct vcpu_setup setup = {.vttbr = 1ull << 48, .vtcr = 0x80023580 | 34};

#define PERCPU_REGISTER(name) WRITE(name, mine.name);
#include <vitrine/percpu_registers.def>
#undef PERCPU_REGISTER
	__asm__ volatile("isb");
	same(&mine, "does not hold what was written: choose another value");

	check(!percpu_is_enabled(&first), "enabled before");
	check(percpu_disable(&first) == VT_ESTATE, "disabled what is not enabled");
	same(&mine, "changed by a refused disable");

	check(percpu_enable(&first, false) == VT_OK, "not enabled");
	check(percpu_is_enabled(&first) && this_cpu() == &first, "not this CPU's");
	const struct percpu_saved enabled = now();
	check(enabled.VBAR_EL2 != mine.VBAR_EL2 && enabled.CPTR_EL2 != mine.CPTR_EL2 &&
		      enabled.VTTBR_EL2 == 0,
	      "enabling does nothing");

	check(percpu_enable(&first, false) == VT_OK, "not enabled again");
	same(&enabled, "changed by the second enable");
	same(&enabled, "changed");

	/* One on top of the other is undone from the top. */
	check(percpu_enable(&second, false) == VT_OK, "no second one");
	check(percpu_enable(&first, false) == VT_ESTATE, "enabled below another");
	check(percpu_disable(&first) == VT_ESTATE, "disabled below another");
	check(percpu_disable(&second) == VT_OK && this_cpu() == &first, "the second stays");
	same(&enabled, "not as before the second");

	/* Not while a vCPU's state is in the registers. */
	check(vcpu_init(&vcpu, &setup) == VT_OK && vcpu_load(&vcpu) == VT_OK, "no vCPU");
	check(percpu_disable(&first) == VT_ESTATE, "disabled under a vCPU");
	check(vcpu_put(&vcpu) == VT_OK, "vCPU stays");

	check(percpu_disable(&first) == VT_OK && !percpu_is_enabled(&first), "not disabled");
	same(&mine, "not restored");
	check(percpu_disable(&first) == VT_ESTATE, "disabled twice");
	same(&mine, "changed by the second disable");

	checked();
}
