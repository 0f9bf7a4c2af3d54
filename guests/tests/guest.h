/*
 * What the test guests share: a console, checks that print one line each, faults that are expected, PSCI, and a GIC.
 *
 * A guest's lines are for tests/system/: "ok: CLAIM" or "FAIL: CLAIM", at the end "done: N checks". Only vCPU 0 prints.
 */
#ifndef GUESTS_TESTS_GUEST_H
#define GUESTS_TESTS_GUEST_H

#define MAX_VCPUS   8
#define STACK_BYTES 4096
#define TRAP_BYTES  288

#ifdef __ASSEMBLER__
#define UL(number) number
#else
#define UL(number) number##ul
#endif

#define RAM_BASE  UL(0x40000000)
#define RAM_BYTES UL(0x00200000)
#define NOWHERE	  UL(0x70000000) /* an IPA with nothing behind it */

#define UART_BASE UL(0x09000000)
#define GICD_BASE UL(0x08000000)
#define GICR_BASE UL(0x080a0000)

#define GICR_STRIDE UL(0x20000)
#define GICR_WAKER  0x14
#define SGI_FRAME   0x10000

/* GICD, and GICR from its SGI frame on. */
#define GIC_CTLR       0x000
#define GIC_TYPER      0x004
#define GIC_IIDR       0x008
#define GIC_ISENABLER  0x100
#define GIC_ISPENDR    0x200
#define GIC_IPRIORITYR 0x400
#define GIC_ICFGR      0xc00
#define GIC_IROUTER    0x6000

#define INTID_PMU      23
#define INTID_VTIMER   27
#define INTID_PTIMER   30
#define INTID_UART     33
#define INTID_SPURIOUS 1023

#define PSCI_VERSION	       0x84000000u
#define PSCI_CPU_SUSPEND       0xc4000001u
#define PSCI_CPU_OFF	       0x84000002u
#define PSCI_CPU_ON_32	       0x84000003u
#define PSCI_CPU_ON	       0xc4000003u
#define PSCI_AFFINITY_INFO     0xc4000004u
#define PSCI_MIGRATE_INFO_TYPE 0x84000006u
#define PSCI_SYSTEM_OFF	       0x84000008u
#define PSCI_FEATURES	       0x8400000au

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stdint.h>

/* Hidden: addresses are then found relative to the PC, not through a table of absolute ones. */
#pragma GCC visibility push(hidden)

#define MRS(name)                                                            \
	({                                                                   \
		uint64_t value_;                                             \
		__asm__ volatile("mrs %0, " #name : "=r"(value_)::"memory"); \
		value_;                                                      \
	})
#define MSR(name, value) \
	__asm__ volatile("msr " #name ", %x0\n\tisb" ::"rZ"((uint64_t)(value)) : "memory")

/* As start.S builds it. */
struct trap {
	uint64_t x[31], elr, spsr, esr, far, spare;
};
_Static_assert(sizeof(struct trap) == TRAP_BYTES, "start.S builds struct trap");

/* Supplied by each case. */
void first(const void *device_tree);
void secondary(uint64_t vcpu); /* only cases with several vCPUs */
/* A synchronous exception: true when the case has dealt with it. Only cases that want to see them have one. */
bool on_exception(struct trap *trap, unsigned class);

void say(const char *text);
void say_number(uint64_t value); /* hexadecimal, with 0x */

/* One line of the test's outcome. */
void check(bool ok, const char *claim);
#define CHECK_EQUAL(got, wanted, claim) check_equal((uint64_t)(got), (uint64_t)(wanted), claim)
void check_equal(uint64_t got, uint64_t wanted, const char *claim);
_Noreturn void finish(void); /* "done", power off */

/* Where checks go beside the console: nowhere, but for a lab's grader (labs/lib/mailbox.c). */
void report(bool ok, const char *claim);
void report_values(uint64_t got, uint64_t wanted);
void report_end(uint64_t checks);
/* Something measured, for the console and the grader's table: guests of labs only. */
void figure(const char *name, uint64_t value);

/* The value of "name=" among the guest's boot arguments as a number; 0 when it is not there. */
uint64_t option(const void *device_tree, const char *name);

/*
 * FAULTS(statement): how many synchronous exceptions it brings; the last one is in `fault`. The faulting instruction is skipped; a
 * fetch that fails returns to its caller.
 */
struct fault {
	unsigned count;
	uint64_t esr, far, elr;
};
extern volatile struct fault fault;
extern volatile bool faults_expected;
#define FAULTS(statement)                \
	({                               \
		fault.count = 0;         \
		faults_expected = true;  \
		statement;               \
		faults_expected = false; \
		fault.count;             \
	})
#define FAULT_CLASS()	((unsigned)(fault.esr >> 26) & 0x3f)
#define FAULT_STATUS()	((unsigned)fault.esr & 0x3f)
#define CLASS_UNKNOWN	0x00
#define CLASS_FETCH	0x21 /* instruction abort, same EL */
#define CLASS_DATA	0x25 /* data abort, same EL */
#define STATUS_EXTERNAL 0x10
#define FAULT_WRITE	(1u << 6) /* in ESR_EL1: WnR */

struct result {
	uint64_t x0, x1, x2, x3;
};
int64_t hvc(uint64_t function, uint64_t a, uint64_t b, uint64_t c);
int64_t smc(uint64_t function, uint64_t a, uint64_t b, uint64_t c);
extern char secondary_start[];
int64_t start_vcpu(unsigned vcpu);

uint64_t ticks(void); /* CNTVCT_EL0 */
uint64_t ticks_of_ms(uint64_t ms);
void wait_ms(uint64_t ms);

/* Group 1 interrupts on for this vCPU; `handler` runs between acknowledge and end. Interrupts stay masked in PSTATE. */
typedef void (*irq_handler)(unsigned vcpu, unsigned intid);
void gic_on(unsigned vcpu, irq_handler handler);
void irq_unmask(void);
void irq_mask(void);
void gic_enable(unsigned vcpu, unsigned intid);
void gic_set_priority(unsigned vcpu, unsigned intid, uint8_t priority);
void gic_set_edge(unsigned spi, bool edge);
void gic_set_pending(unsigned spi);
void gic_route(unsigned spi, unsigned vcpu);
void gic_distributor(bool on);
void gic_mask(uint8_t priority); /* only more urgent ones come */
/* `targets`: what ICC_SGI1R_EL1 holds apart from the INTID, whatever the GIC. */
void send_sgi(uint64_t targets, unsigned intid);
/* What gic_on() and its handler are made of. */
void gic_on_this_vcpu(unsigned vcpu);
uint32_t gic_take(void);
void gic_end(uint32_t taken);
#define INTID_OF(taken) ((taken)&0x3ff) /* above it GICv2 names the sender of an SGI */

static inline unsigned this_vcpu(void)
{
	return (unsigned)MRS(mpidr_el1) & 0xff;
}

static inline volatile uint32_t *reg32(uint64_t address)
{
	return (volatile uint32_t *)address;
}

/* Out of the compiler's hands: plain loads and stores only, so that the syndrome is valid. */
static inline uint32_t read32(uint64_t address)
{
	uint32_t value;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
	return value;
}

static inline void write32(uint64_t address, uint32_t value)
{
	__asm__ volatile("str %w0, [%1]" ::"rZ"(value), "r"(address) : "memory");
}

#pragma GCC visibility pop

#endif
#endif
