/*
 * A tour through what a guest can want of a hypervisor. What it does, where, and how often, `seed=` says: only a trace tells. Vitrine
 * emulates some of it, answers some, and refuses one thing.
 */
#include "guest.h"

#define SUSPEND_STANDBY 0

static uint64_t seed, timer;
static volatile uint64_t here;

/* `count` bits of the seed, from `first` on. */
static uint64_t chosen(unsigned first, unsigned count)
{
	return seed >> first & ((1ul << count) - 1);
}

/* In any of the rooms, w10 to or from [x9]: the syndrome does not depend on the compiler. */
static inline __attribute__((always_inline)) void touch(uint64_t address, uint64_t how)
{
	register uint64_t x9 __asm__("x9") = address;
	register uint64_t x10 __asm__("x10") = 0;

	switch (how) {
	case 0:
		__asm__ volatile("ldrb w10, [x9]" : "+r"(x10) : "r"(x9) : "memory");
		break;
	case 1:
		__asm__ volatile("strh w10, [x9]" : "+r"(x10) : "r"(x9) : "memory");
		break;
	case 2:
		__asm__ volatile("str w10, [x9]" : "+r"(x10) : "r"(x9) : "memory");
		break;
	default:
		__asm__ volatile("ldr x10, [x9]" : "+r"(x10) : "r"(x9) : "memory");
	}
}

static inline __attribute__((always_inline)) void nap(bool by_call)
{
	register uint64_t x0 __asm__("x0") = PSCI_CPU_SUSPEND;
	register uint64_t x1 __asm__("x1") = SUSPEND_STANDBY;

	if (by_call)
		__asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1)::"x2", "x3", "memory");
	else
		__asm__ volatile("wfi" ::: "memory");
}

/* Alike, so that looking into them tells nothing; `here` keeps the compiler from making one of them. */
#define ROOM(name, number)                                                             \
	__attribute__((noipa)) void name(uint64_t address, uint64_t how, bool by_call) \
	{                                                                              \
		here = (number);                                                       \
		if (address)                                                           \
			touch(address, how);                                           \
		else                                                                   \
			nap(by_call);                                                  \
		here = 0;                                                              \
	}
ROOM(attic, 1)
ROOM(cellar, 2)
ROOM(kitchen, 3)
ROOM(library, 4)

static void (*room(uint64_t number))(uint64_t, uint64_t, bool)
{
	return number == 0 ? attic : number == 1 ? cellar : number == 2 ? kitchen : library;
}

static void timer_off(unsigned vcpu, unsigned intid)
{
	(void)vcpu;
	(void)intid;
	MSR(cntv_ctl_el0, 0);
	MSR(cntp_ctl_el0, 0);
}

/* Interrupts are masked until it is awake: the timer's cannot come too early. */
static void sleep(uint64_t number, uint64_t ms, bool by_call)
{
	if (timer == INTID_VTIMER) {
		MSR(cntv_tval_el0, ticks_of_ms(ms));
		MSR(cntv_ctl_el0, 1);
	} else {
		MSR(cntp_tval_el0, ticks_of_ms(ms));
		MSR(cntp_ctl_el0, 1);
	}
	room(number)(0, 0, by_call);
	irq_unmask();
	irq_mask();
}

/* Registers that EL2 answers for; the chosen one most often. */
static void ask_registers(void)
{
	const uint64_t favourite = chosen(4, 2);

	for (uint64_t i = 0; i < 5; i++) {
		if (i < 2 || favourite == 0)
			MRS(id_aa64pfr0_el1);
		if (i < 1 || favourite == 1)
			MRS(id_aa64mmfr0_el1);
		if (i < 2 || favourite == 2)
			MRS(id_aa64isar0_el1);
		if (i < 1 || favourite == 3)
			MRS(id_aa64dfr0_el1);
	}
}

void first(const void *device_tree)
{
	seed = option(device_tree, "seed");
	timer = chosen(22, 1) ? INTID_PTIMER : INTID_VTIMER;
	gic_on(0, timer_off);
	gic_enable(0, (unsigned)timer);
	for (uint64_t i = 0; i < 5 + chosen(0, 4); i++)
		hvc(PSCI_VERSION, 0, 0, 0);
	for (uint64_t i = 0; i < 20 + chosen(23, 5); i++)
		say("*");
	say("\n");
	ask_registers();
	sleep(chosen(6, 2), 2, chosen(21, 1) == 0);
	check(FAULTS(room(chosen(8, 2))(NOWHERE + 8 * chosen(10, 8), chosen(18, 2), false)) == 1,
	      "where nothing is, nothing answers");
	sleep(chosen(28, 2), 7, chosen(21, 1));
	sleep(chosen(30, 2), 1, chosen(21, 1) == 0);
	finish();
}
