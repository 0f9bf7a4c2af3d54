/* What vcpu_load() and vcpu_put() do to a CPU, register by register; and which PSTATE may be entered. */
/* sources: src/core/sysregs.c src/core/vcpu.c src/core/vcpu_state.c src/core/frame.c src/lib/printf.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <vitrine/percpu.h>
#include <vitrine/vcpu.h>

#include "core/guest_debug.h"
#include "core/id_regs.h"
#include "core/pmu.h"
#include "core/sysregs.h"
#include "core/traps.h"
#include "lib/bits.h"
#include "trace/trace.h"

/* The machine: every register by name, and a list of all that was done to it, in order. */
#define OPS 512
enum op_kind {
	READ,
	WRITE,
	FP_SAVE,
	FP_RESTORE,
	DEBUG_LOAD,
	DEBUG_PUT,
	PMU_LOAD,
	PMU_PUT,
	PAUSE,
	RESUME,
	ENTER
};
static struct op {
	enum op_kind kind;
	char name[24];
	uint64_t value;
} ops[OPS];
static unsigned op_count;
static bool has_pauth;
static struct percpu cpu, elsewhere;
static struct vcpu vcpu;
static uint64_t pfr0 = 0x22;
static uint64_t hcr_in_hardware; /* with what the guest has taken since */
static const struct vcpu *resumed_with_ring;

static struct op *did(enum op_kind kind, const char *name, uint64_t value)
{
	struct op *op = &ops[op_count++];

	assert_in_range(op_count, 0, OPS - 1);
	op->kind = kind;
	snprintf(op->name, sizeof(op->name), "%s", name);
	op->value = value;
	return op;
}

/* A value of its own for each register. */
static uint64_t value_of(const char *name)
{
	uint64_t value = UINT64_C(0xcbf29ce484222325);

	for (; *name; name++)
		value = (value ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
	return value;
}

uint64_t fake_sysreg_read(const char *name)
{
	if (strcmp(name, "ID_AA64PFR0_EL1") == 0)
		return pfr0;
	if (strcmp(name, "HCR_EL2") == 0)
		return did(READ, name, hcr_in_hardware)->value;
	return did(READ, name, value_of(name))->value;
}

void fake_sysreg_write(const char *name, uint64_t value)
{
	did(WRITE, name, value);
}

struct percpu *this_cpu(void)
{
	return &cpu;
}

bool cpu_has_pauth(void)
{
	return has_pauth;
}

struct hidden_traps cpu_hidden_traps(void)
{
	return (struct hidden_traps){0};
}

void fpsimd_save(struct vcpu_fpsimd *state)
{
	did(FP_SAVE, "", (uint64_t)(uintptr_t)state);
}

void fpsimd_restore(const struct vcpu_fpsimd *state)
{
	did(FP_RESTORE, "", (uint64_t)(uintptr_t)state);
}

void guest_debug_load(const struct guest_debug *debug)
{
	did(DEBUG_LOAD, "", (uint64_t)(uintptr_t)debug);
}

void guest_debug_put(void)
{
	did(DEBUG_PUT, "", 0);
}

void guest_pmu_load(struct guest_pmu *pmu)
{
	did(PMU_LOAD, "", (uint64_t)(uintptr_t)pmu);
}

void guest_pmu_put(struct vcpu *which)
{
	did(PMU_PUT, "", (uint64_t)(uintptr_t)which);
}

void vcpu_trace_pause(struct vcpu *which)
{
	did(PAUSE, "", (uint64_t)(uintptr_t)which);
}

void vcpu_trace_resume(struct vcpu *which)
{
	did(RESUME, "", (uint64_t)(uintptr_t)which);
	resumed_with_ring = which->ring && which->cpu ? which : NULL;
}

void vcpu_exit_done(struct vcpu *which)
{
	(void)which;
}

void vcpu_enter(struct vcpu *which, struct vcpu_costs *cost)
{
	(void)cost;
	did(ENTER, "", (uint64_t)(uintptr_t)which);
}

void trace_emit(struct trace_ring *ring, uint64_t word0, uint64_t word1, uint64_t word2)
{
	(void)ring;
	(void)word0;
	(void)word1;
	(void)word2;
}

static unsigned count(enum op_kind kind, const char *name)
{
	unsigned found = 0;

	for (unsigned i = 0; i < op_count; i++)
		found += ops[i].kind == kind && strcmp(ops[i].name, name) == 0;
	return found;
}

static unsigned count_kind(enum op_kind kind)
{
	unsigned found = 0;

	for (unsigned i = 0; i < op_count; i++)
		found += ops[i].kind == kind;
	return found;
}

/* Where it was done last; -1: never. */
static int last(enum op_kind kind, const char *name)
{
	for (unsigned i = op_count; i-- > 0;)
		if (ops[i].kind == kind && strcmp(ops[i].name, name) == 0)
			return (int)i;
	return -1;
}

static uint64_t written(const char *name)
{
	const int at = last(WRITE, name);

	if (at < 0)
		fail_msg("%s has not been written", name);
	return ops[at].value;
}

static int fresh(void **state)
{
	const struct vcpu_setup setup = {
		.id = 3, .mpidr = 0x101, .vttbr = 0x2000041000000, .vtcr = 0x80023558};

	(void)state;
	has_pauth = false;
	pfr0 = 0x22;
	memset(&cpu, 0, sizeof(cpu));
	cpu.event_counters = 6;
	assert_int_equal(vcpu_init(&vcpu, &setup), VT_OK);
	hcr_in_hardware = vcpu.hcr;
	op_count = 0;
	resumed_with_ring = NULL;
	return 0;
}

static void fill(struct vcpu_sysregs *regs)
{
#define SYSREG(name, bits, reset)	   regs->name = ~value_of(#name);
#define SYSREG_PAUTH(name, bits, encoding) regs->name = ~value_of(#encoding);
#include "core/sysregs.def"
}

/* Task 1. */
static void store_reads_each_register_under_its_own_name(void **state)
{
	struct vcpu_sysregs regs = {0};
	unsigned rows = 0;

	(void)state;
	sysregs_store(&regs);
#define SYSREG(name, bits, reset)                  \
	assert_true(regs.name == value_of(#name)); \
	assert_int_equal(count(READ, #name), 1);   \
	rows++;
#include "core/sysregs.def"
	assert_int_equal(count_kind(READ), rows);
	assert_int_equal(count_kind(WRITE), 0);
}

static void restore_writes_each_register_under_its_own_name(void **state)
{
	struct vcpu_sysregs regs;
	unsigned rows = 0;

	(void)state;
	fill(&regs);
	sysregs_restore(&regs);
#define SYSREG(name, bits, reset)                        \
	assert_true(written(#name) == ~value_of(#name)); \
	assert_int_equal(count(WRITE, #name), 1);        \
	rows++;
#include "core/sysregs.def"
	assert_int_equal(count_kind(WRITE), rows);
}

static void keys_are_switched_where_the_cpu_has_them(void **state)
{
	struct vcpu_sysregs regs;

	(void)state;
	has_pauth = true;
	fill(&regs);
	sysregs_restore(&regs);
#define SYSREG_PAUTH(name, bits, encoding) assert_true(written(#encoding) == ~value_of(#encoding));
#include "core/sysregs.def"
	memset(&regs, 0, sizeof(regs));
	sysregs_store(&regs);
#define SYSREG_PAUTH(name, bits, encoding) assert_true(regs.name == value_of(#encoding));
#include "core/sysregs.def"
}

static void keys_are_left_alone_where_it_has_none(void **state)
{
	struct vcpu_sysregs regs;

	(void)state;
	fill(&regs);
	sysregs_restore(&regs);
	sysregs_store(&regs);
#define SYSREG_PAUTH(name, bits, encoding)            \
	assert_int_equal(count(READ, #encoding), 0);  \
	assert_int_equal(count(WRITE, #encoding), 0); \
	assert_true(regs.name == ~value_of(#encoding));
#include "core/sysregs.def"
}

/* Task 2. */
static void load_writes_what_holds_the_guest(void **state)
{
	(void)state;
	vcpu.mdcr = 0xe60;
	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	assert_true(written("HCR_EL2") == vcpu.hcr);
	assert_true(written("CPTR_EL2") == vcpu.cptr);
	assert_true(written("MDCR_EL2") == (0xe60 | 6));
	assert_true(written("CNTHCTL_EL2") == vcpu.cnthctl);
	assert_true(written("VTCR_EL2") == 0x80023558);
	assert_true(written("VTTBR_EL2") == 0x2000041000000);
	assert_true(written("VMPIDR_EL2") == 0x80000101);
}

static void load_puts_the_guests_registers_in(void **state)
{
	(void)state;
	fill(&vcpu.sysregs);
	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	assert_true(written("TTBR1_EL1") == ~value_of("TTBR1_EL1"));
	assert_int_equal(count_kind(FP_RESTORE), 1);
	assert_ptr_equal(ops[last(FP_RESTORE, "")].value, &vcpu.fpsimd);
	assert_int_equal(count_kind(FP_SAVE), 0);
}

static void load_is_known_on_both_sides(void **state)
{
	(void)state;
	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	assert_ptr_equal(vcpu.cpu, &cpu);
	assert_ptr_equal(cpu.current, &vcpu);
	assert_null(vcpu.ring);
}

static void load_refuses_what_is_loaded_and_a_cpu_that_is_taken(void **state)
{
	struct vcpu before, other;

	(void)state;
	vcpu.cpu = &elsewhere;
	before = vcpu;
	assert_int_equal(vcpu_load(&vcpu), VT_ESTATE);
	assert_memory_equal(&vcpu, &before, sizeof(vcpu));
	assert_null(cpu.current);
	vcpu.cpu = NULL;
	cpu.current = &other;
	assert_int_equal(vcpu_load(&vcpu), VT_ESTATE);
	assert_ptr_equal(cpu.current, &other);
	assert_null(vcpu.cpu);
	assert_int_equal(op_count, 0);
}

static void load_and_put_touch_debug_and_pmu_only_when_in_use(void **state)
{
	(void)state;
	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	assert_int_equal(vcpu_put(&vcpu), VT_OK);
	assert_int_equal(count_kind(DEBUG_LOAD) + count_kind(DEBUG_PUT), 0);
	assert_int_equal(count_kind(PMU_LOAD) + count_kind(PMU_PUT), 0);

	vcpu.debug.in_hardware = true;
	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	assert_int_equal(vcpu_put(&vcpu), VT_OK);
	assert_int_equal(count_kind(DEBUG_LOAD), 1);
	assert_int_equal(count_kind(DEBUG_PUT), 1);
	assert_int_equal(count_kind(PMU_LOAD) + count_kind(PMU_PUT), 0);
	assert_ptr_equal(ops[last(DEBUG_LOAD, "")].value, &vcpu.debug);

	vcpu.debug.in_hardware = false;
	vcpu.pmu.enabled = 1;
	vcpu.pmu.control = PMCR_E;
	assert_true(guest_pmu_is_used(&vcpu.pmu));
	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	assert_int_equal(vcpu_put(&vcpu), VT_OK);
	assert_int_equal(count_kind(PMU_LOAD), 1);
	assert_int_equal(count_kind(PMU_PUT), 1);
	assert_int_equal(count_kind(DEBUG_LOAD), 1);
}

static void a_trace_is_told(void **state)
{
	struct trace_ring ring = {.classes = 0};

	(void)state;
	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	assert_int_equal(vcpu_put(&vcpu), VT_OK);
	assert_int_equal(count_kind(PAUSE) + count_kind(RESUME), 0);

	cpu.ring = &ring;
	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	assert_ptr_equal(vcpu.ring, &ring);
	assert_int_equal(count_kind(RESUME), 1);
	assert_ptr_equal(resumed_with_ring, &vcpu); /* it looks at the ring */
	assert_int_equal(vcpu_put(&vcpu), VT_OK);
	assert_int_equal(count_kind(PAUSE), 1);
}

static void put_takes_the_guests_registers_out(void **state)
{
	(void)state;
	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	op_count = 0;
	assert_int_equal(vcpu_put(&vcpu), VT_OK);
#define SYSREG(name, bits, reset) assert_true(vcpu.sysregs.name == value_of(#name));
#include "core/sysregs.def"
	assert_int_equal(count_kind(FP_SAVE), 1);
	assert_ptr_equal(ops[last(FP_SAVE, "")].value, &vcpu.fpsimd);
	assert_int_equal(count_kind(FP_RESTORE), 0);
	assert_null(vcpu.cpu);
	assert_null(cpu.current);
}

/* HCR_EL2 without VM and VTTBR_EL2 0; and EL1 stays AArch64. */
static void put_leaves_no_guest_behind(void **state)
{
	(void)state;
	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	assert_int_equal(vcpu_put(&vcpu), VT_OK);
	assert_true(written("VTTBR_EL2") == 0);
	assert_true(written("HCR_EL2") == HCR_RW);
}

static void put_refuses_what_is_not_loaded_here(void **state)
{
	struct vcpu before;

	(void)state;
	assert_int_equal(vcpu_put(&vcpu), VT_ESTATE);
	vcpu.cpu = &elsewhere;
	before = vcpu;
	assert_int_equal(vcpu_put(&vcpu), VT_ESTATE);
	assert_memory_equal(&vcpu, &before, sizeof(vcpu));
	assert_int_equal(op_count, 0);
}

/* Pending until the guest takes it: the CPU clears its bit then. */
static void an_serror_comes_back_only_when_it_was_not_taken(void **state)
{
	(void)state;
	vcpu.hcr |= HCR_VSE | HCR_VI;
	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	assert_true(written("HCR_EL2") & HCR_VSE);
	hcr_in_hardware = vcpu.hcr;
	assert_int_equal(vcpu_put(&vcpu), VT_OK);
	assert_true(vcpu.hcr & HCR_VSE);
	assert_true(vcpu.hcr & HCR_VI);

	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	hcr_in_hardware = vcpu.hcr & ~HCR_VSE;
	assert_int_equal(vcpu_put(&vcpu), VT_OK);
	assert_false(vcpu.hcr & HCR_VSE);
	assert_true(vcpu.hcr & HCR_VI);
	assert_true(vcpu.hcr & HCR_VM);
}

/* Task 3: M[4:0] of all values, on CPUs with AArch32 at EL0 (2) and without (1). */
static void only_el0_and_el1_are_entered(void **state)
{
	(void)state;
	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	vcpu.state = VCPU_RUNNING;
	for (unsigned el0 = 1; el0 <= 2; el0++) {
		pfr0 = el0 | 0x20;
		for (unsigned mode = 0; mode < 32; mode++) {
			const bool user = mode == 0x10;
			const bool may = mode == 0 || mode == 4 || mode == 5 || (user && el0 == 2);

			op_count = 0;
			vcpu.frame.pstate = 0xf00003c0 | mode;
			vcpu.exit.reason = EXIT_REASONS;
			assert_int_equal(vcpu_run(&vcpu), VT_OK);
			assert_int_equal(count_kind(ENTER), may);
			if (may)
				continue;
			assert_int_equal(vcpu.exit.reason, EXIT_FAIL_ENTRY);
			assert_int_equal(vcpu.exit.fail_entry.why,
					 user ? ENTRY_NO_AARCH32 : ENTRY_MODE);
		}
	}
}

static void nothing_is_entered_without_stage_2(void **state)
{
	(void)state;
	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	vcpu.state = VCPU_RUNNING;
	vcpu.vttbr = 0x41000000; /* a root, but VMID 0 */
	assert_int_equal(vcpu_run(&vcpu), VT_OK);
	assert_int_equal(count_kind(ENTER), 0);
	assert_int_equal(vcpu.exit.fail_entry.why, ENTRY_NO_STAGE2);
	vcpu.vttbr |= UINT64_C(0x80) << 56; /* the highest bit of a VMID is one of it */
	assert_int_equal(vcpu_run(&vcpu), VT_OK);
	assert_int_equal(count_kind(ENTER), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
	const struct CMUnitTest tests[] = {
		TEST(store_reads_each_register_under_its_own_name),
		TEST(restore_writes_each_register_under_its_own_name),
		TEST(keys_are_switched_where_the_cpu_has_them),
		TEST(keys_are_left_alone_where_it_has_none),
		TEST(load_writes_what_holds_the_guest),
		TEST(load_puts_the_guests_registers_in),
		TEST(load_is_known_on_both_sides),
		TEST(load_refuses_what_is_loaded_and_a_cpu_that_is_taken),
		TEST(load_and_put_touch_debug_and_pmu_only_when_in_use),
		TEST(a_trace_is_told),
		TEST(put_takes_the_guests_registers_out),
		TEST(put_leaves_no_guest_behind),
		TEST(put_refuses_what_is_not_loaded_here),
		TEST(an_serror_comes_back_only_when_it_was_not_taken),
		TEST(only_el0_and_el1_are_entered),
		TEST(nothing_is_entered_without_stage_2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
