/* The life of a vCPU: made, configured, loaded, put; states; interrupts and SErrors into it. */
/* sources: src/core/vcpu.c src/core/vcpu_state.c src/core/vcpu_regs.c src/core/aarch32.c src/core/frame.c src/core/sysregs.c src/core/id_regs.c src/core/pmu.c src/core/pmu_hardware.c src/core/guest_debug.c src/core/inject_interrupt.c src/core/exit_format.c src/core/decode.c src/core/fault_codes.c src/core/sysreg_names.c src/lib/printf.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/id_regs.h"
#include "core/traps.h"
#include "lib/bits.h"
#include "tests/unit/fake_sysregs.h"

#include "tests/unit/fake_core.h"

/* The statement leaves the vCPU, the CPU's registers and the trace as they were. */
#define NOTHING_CHANGES(which, statement)                                 \
	do {                                                              \
		struct vcpu before_;                                      \
		const unsigned writes_ = fake_sysreg_writes;              \
		const unsigned events_ = fake_state_events;               \
		memcpy(&before_, &(which), sizeof(before_));              \
		statement;                                                \
		assert_memory_equal(&(which), &before_, sizeof(before_)); \
		assert_int_equal(fake_sysreg_writes, writes_);            \
		assert_int_equal(fake_state_events, events_);             \
	} while (0)

static struct vcpu vcpu, other;

static int fresh(void **state)
{
	const struct vcpu_setup setup = {
		.id = 3, .mpidr = 0x101, .vttbr = 0x2000041000000, .vtcr = 0x80023558};

	(void)state;
	fake_core_reset();
	id_regs_init();
	assert_int_equal(vcpu_init(&vcpu, &setup), VT_OK);
	assert_int_equal(vcpu_init(&other, &setup), VT_OK);
	return 0;
}

static void force(enum vcpu_state state)
{
	vcpu.state = state;
}

/* design.md's states, written down apart from core/vcpu_state.c: rows from, columns to. */
static void only_the_states_that_may_follow_do(void **state)
{
	/*			   CR RE RU BL OF ST CX */
	static const bool may[VCPU_STATES][VCPU_STATES] = {
		[VCPU_CREATED] = {0, 1, 0, 0, 1, 0, 1}, [VCPU_READY] = {1, 0, 1, 0, 1, 1, 1},
		[VCPU_RUNNING] = {1, 1, 0, 1, 1, 1, 1}, [VCPU_BLOCKED] = {1, 1, 0, 0, 1, 1, 1},
		[VCPU_OFF] = {1, 1, 0, 0, 0, 0, 1},	[VCPU_STOPPED] = {1, 1, 0, 1, 1, 0, 1},
		[VCPU_CRASHED] = {1, 0, 0, 0, 0, 0, 0},
	};

	struct trace_ring ring = {.classes = TRACE_CLASS_SCHED};

	(void)state;
	fake_here->ring = &ring; /* somebody records */
	for (unsigned from = 0; from < VCPU_STATES; from++) {
		for (unsigned to = 0; to < VCPU_STATES; to++) {
			force(from);
			if (may[from][to]) {
				const unsigned events = fake_state_events;

				assert_int_equal(vcpu_set_state(&vcpu, to), VT_OK);
				assert_int_equal(vcpu.state, to);
				assert_int_equal(fake_state_events, events + 1);
				assert_int_equal(fake_last_state, to);
			} else {
				NOTHING_CHANGES(vcpu, assert_int_equal(vcpu_set_state(&vcpu, to),
								       VT_ESTATE));
			}
		}
		force(from);
		NOTHING_CHANGES(vcpu,
				assert_int_equal(vcpu_set_state(&vcpu, VCPU_STATES), VT_ESTATE));
		NOTHING_CHANGES(vcpu, assert_int_equal(vcpu_set_state(&vcpu, (enum vcpu_state) - 1),
						       VT_ESTATE));
	}
}

static void each_state_has_its_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < VCPU_STATES; i++)
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(vcpu_state_name(i), vcpu_state_name(j));
	assert_string_equal(vcpu_state_name(VCPU_STATES), "?");
}

static void an_entry_is_for_one_that_does_not_run(void **state)
{
	(void)state;
	for (unsigned from = 0; from < VCPU_STATES; from++) {
		force(from);
		if (from == VCPU_CREATED || from == VCPU_OFF) {
			assert_int_equal(vcpu_set_entry(&vcpu, 0x40080000, 0x44), VT_OK);
			assert_int_equal(vcpu.frame.pc, 0x40080000);
			assert_int_equal(vcpu.frame.x[0], 0x44);
			assert_int_equal(vcpu.state, VCPU_READY);
		} else {
			NOTHING_CHANGES(vcpu,
					assert_int_equal(vcpu_set_entry(&vcpu, 8, 9), VT_ESTATE));
		}
	}
}

static void pause_and_resume(void **state)
{
	static const bool pausable[VCPU_STATES] = {
		[VCPU_READY] = true, [VCPU_RUNNING] = true, [VCPU_BLOCKED] = true};

	(void)state;
	for (unsigned from = 0; from < VCPU_STATES; from++) {
		force(from);
		if (from != VCPU_STOPPED)
			NOTHING_CHANGES(vcpu, assert_int_equal(vcpu_resume(&vcpu), VT_ESTATE));
		if (!pausable[from]) {
			NOTHING_CHANGES(vcpu, assert_int_equal(vcpu_pause(&vcpu), VT_ESTATE));
			continue;
		}
		assert_int_equal(vcpu_pause(&vcpu), VT_OK);
		assert_int_equal(vcpu.state, VCPU_STOPPED);
		assert_int_equal(vcpu_resume(&vcpu), VT_OK);
		assert_int_equal(vcpu.state, VCPU_READY);
	}
}

static void the_defaults_hold_a_guest(void **state)
{
	(void)state;
	assert_int_equal(vcpu.state, VCPU_CREATED);
	assert_int_equal(vcpu.vmpidr, 0x80000101);
	assert_int_equal(vcpu.frame.pstate, 0x3c5);
	assert_true(vcpu.hcr == HCR_DEFAULT);
	assert_true((vcpu.hcr & (HCR_VM | HCR_IMO | HCR_FMO | HCR_AMO | HCR_TSC | HCR_TWI)) ==
		    (HCR_VM | HCR_IMO | HCR_FMO | HCR_AMO | HCR_TSC | HCR_TWI));
	assert_int_equal(vcpu.sysregs.SCTLR_EL1, 0x30d00800);
	assert_int_equal(vcpu.cnthctl, CNTHCTL_EL1PCTEN);
}

/* What the setup asks for is there, at first and after a reset. */
static void the_setup_changes_registers(void **state)
{
	const struct vcpu_setup setup = {
		.hcr = {.set = BIT(14), .clear = HCR_IMO | HCR_FMO | HCR_TWI},
		.cptr = {.clear = CPTR_TTA},
		.mdcr = {.set = BIT(8), .clear = MDCR_TPM},
		.cnthctl = {.set = CNTHCTL_EL1PCEN},
		.sctlr_el1 = {.set = BIT(12), .clear = BIT(23)},
	};

	(void)state;
	assert_int_equal(vcpu_init(&vcpu, &setup), VT_OK);
	for (unsigned turn = 0; turn < 2; turn++) {
		assert_true(vcpu.hcr == ((HCR_DEFAULT | BIT(14)) & ~(HCR_IMO | HCR_FMO | HCR_TWI)));
		assert_true(vcpu.cptr == (CPTR_DEFAULT & ~CPTR_TTA));
		assert_true(vcpu.mdcr == ((MDCR_DEFAULT | BIT(8)) & ~MDCR_TPM));
		assert_int_equal(vcpu.cnthctl, CNTHCTL_EL1PCTEN | CNTHCTL_EL1PCEN);
		assert_int_equal(vcpu.sysregs.SCTLR_EL1, 0x30501800);
		vcpu.sysregs.SCTLR_EL1 = 0;
		assert_int_equal(vcpu_reset(&vcpu), VT_OK);
	}
	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	assert_true(fake_sysreg("HCR_EL2")->value == vcpu.hcr);
	assert_true(fake_sysreg("CPTR_EL2")->value == vcpu.cptr);
	assert_true(fake_sysreg("CNTHCTL_EL2")->value == vcpu.cnthctl);
}

static void a_setup_that_lets_the_guest_out_is_refused(void **state)
{
	const struct vcpu_setup wrong[] = {
		{.id = 255},
		{.id = ~0u},
		{.hcr.clear = HCR_VM},
		{.hcr.clear = HCR_RW},
		{.hcr.set = HCR_E2H},
		{.hcr.set = HCR_TGE},
		{.cptr.set = CPTR_TFP},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		NOTHING_CHANGES(vcpu, assert_int_equal(vcpu_init(&vcpu, &wrong[i]), VT_EINVAL));
}

static void the_stage_2_root_is_checked(void **state)
{
	(void)state;
	assert_int_equal(vcpu_set_stage2_root(&vcpu, 0x45678000, 255), VT_OK);
	assert_true(vcpu.vttbr == UINT64_C(0x00ff000045678000));
	NOTHING_CHANGES(vcpu,
			assert_int_equal(vcpu_set_stage2_root(&vcpu, 0x45678000, 0), VT_EINVAL));
	NOTHING_CHANGES(vcpu,
			assert_int_equal(vcpu_set_stage2_root(&vcpu, 0x45678000, 256), VT_EINVAL));
	NOTHING_CHANGES(vcpu,
			assert_int_equal(vcpu_set_stage2_root(&vcpu, 0x45678800, 1), VT_EINVAL));
	NOTHING_CHANGES(vcpu, assert_int_equal(vcpu_set_stage2_root(&vcpu, BIT(48), 1), VT_EINVAL));

	vcpu.vtcr |= BIT(19);
	assert_int_equal(vcpu_set_stage2_root(&vcpu, 0x1000, 65535), VT_OK);
	assert_true(vcpu.vttbr == UINT64_C(0xffff000000001000));
	NOTHING_CHANGES(vcpu,
			assert_int_equal(vcpu_set_stage2_root(&vcpu, 0x1000, 65536), VT_EINVAL));

	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	NOTHING_CHANGES(vcpu, assert_int_equal(vcpu_set_stage2_root(&vcpu, 0x1000, 1), VT_ESTATE));
}

/* Every register of the table, told apart by value, survives another vCPU's turn; 64 bits of each. */
static void registers_survive_another_vcpu(void **state)
{
	uint64_t *values = (uint64_t *)&vcpu.sysregs;
	const size_t count = sizeof(vcpu.sysregs) / sizeof(uint64_t);

	(void)state;
	/* Pointer authentication there: so its keys too. */
	fake_sysreg_write("ID_AA64ISAR1_EL1", 0x10);
	id_regs_init();
	for (size_t i = 0; i < count; i++)
		values[i] = UINT64_C(0xabcd000000000000) + i;
	for (unsigned i = 0; i < 64; i++)
		vcpu.fpsimd.v[i] = 0x100 + i;
	vcpu.fpsimd.fpsr = 0x08000000;

	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	assert_true(fake_sysreg("TTBR1_EL1")->value == vcpu.sysregs.TTBR1_EL1);
	assert_true(fake_sysreg("S3_0_C2_C1_0")->value == vcpu.sysregs.APIAKEYLO_EL1);
	fake_sysreg_write("TPIDR_EL0", 0x1234567890abcdef);
	assert_int_equal(vcpu_put(&vcpu), VT_OK);

	assert_int_equal(vcpu_load(&other), VT_OK);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(fake_fpsimd.v[i], 0); /* nothing of the first is left */
	assert_int_equal(fake_sysreg("TPIDR_EL0")->value, 0);
	assert_int_equal(fake_sysreg("S3_0_C2_C1_0")->value, 0);
	assert_int_equal(vcpu_put(&other), VT_OK);

	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	assert_true(fake_sysreg("TPIDR_EL0")->value == 0x1234567890abcdef);
	assert_int_equal(vcpu_put(&vcpu), VT_OK);
	for (size_t i = 0; i < count; i++)
		if (&values[i] != &vcpu.sysregs.TPIDR_EL0)
			assert_true(values[i] == UINT64_C(0xabcd000000000000) + i);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(vcpu.fpsimd.v[i], 0x100 + i);
}

static void keys_that_a_cpu_lacks_are_left_alone(void **state)
{
	(void)state;
	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	assert_int_equal(vcpu_put(&vcpu), VT_OK);
	assert_int_equal(fake_sysreg("S3_0_C2_C1_0")->writes, 0);
	assert_int_equal(fake_sysreg("S3_0_C2_C1_0")->reads, 0);
	assert_false(vcpu.hcr & (HCR_API | HCR_APK));
}

static void a_vcpu_is_on_one_cpu_and_a_cpu_has_one(void **state)
{
	(void)state;
	NOTHING_CHANGES(vcpu, assert_int_equal(vcpu_put(&vcpu), VT_ESTATE));
	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	assert_ptr_equal(fake_cpus[0].current, &vcpu);
	NOTHING_CHANGES(vcpu, assert_int_equal(vcpu_load(&vcpu), VT_ESTATE));
	NOTHING_CHANGES(other, assert_int_equal(vcpu_load(&other), VT_ESTATE));
	NOTHING_CHANGES(vcpu, assert_int_equal(vcpu_reset(&vcpu), VT_ESTATE));

	fake_here = &fake_cpus[1];
	NOTHING_CHANGES(vcpu, assert_int_equal(vcpu_load(&vcpu), VT_ESTATE));
	NOTHING_CHANGES(vcpu, assert_int_equal(vcpu_put(&vcpu), VT_ESTATE));
	assert_int_equal(vcpu_load(&other), VT_OK);
	assert_int_equal(vcpu_put(&other), VT_OK);
	fake_here = &fake_cpus[0];

	assert_int_equal(vcpu_put(&vcpu), VT_OK);
	assert_null(fake_cpus[0].current);
	assert_int_equal(fake_sysreg("VTTBR_EL2")->value, 0);
	/* EL1 stays AArch64 between guests: HCR_EL2 is never 0. */
	assert_int_equal(fake_sysreg("HCR_EL2")->value, HCR_RW);
}

static void only_a_running_loaded_vcpu_runs(void **state)
{
	(void)state;
	force(VCPU_RUNNING);
	NOTHING_CHANGES(vcpu, assert_int_equal(vcpu_run(&vcpu), VT_ESTATE));
	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	for (unsigned from = 0; from < VCPU_STATES; from++) {
		force(from);
		if (from != VCPU_RUNNING)
			NOTHING_CHANGES(vcpu, assert_int_equal(vcpu_run(&vcpu), VT_ESTATE));
	}
	assert_int_equal(fake_entries, 0);
	force(VCPU_RUNNING);
	assert_int_equal(vcpu_run(&vcpu), VT_OK);
	assert_int_equal(fake_entries, 1);
	fake_here = &fake_cpus[1];
	assert_int_equal(vcpu_run(&vcpu), VT_ESTATE);
	assert_int_equal(fake_entries, 1);
}

/* An entry that the CPU would refuse, or that would run the guest at EL2, is refused with a reason. */
static void an_entry_that_cannot_be_is_refused(void **state)
{
	static const struct {
		uint64_t pstate;
		int why; /* -1: none */
	} entries[] = {
		{0x3c5, -1},	     {0x3c4, -1},	  {0x3c0, -1},	       {0xf00003c5, -1},
		{0x3c9, ENTRY_MODE}, {0x3c8, ENTRY_MODE}, {0x3cd, ENTRY_MODE}, {0x3c1, ENTRY_MODE},
		{0x3cf, ENTRY_MODE}, {0x1d3, ENTRY_MODE}, {0x1d6, ENTRY_MODE}, {0x1da, ENTRY_MODE},
		{0x1df, ENTRY_MODE}, {0x1d0, -1},	  {0x600001f0, -1},
	};
	char text[100];

	(void)state;
	fake_sysreg("ID_AA64PFR0_EL1")->value = 0x2;
	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	force(VCPU_RUNNING);
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		const unsigned before = fake_entries;

		vcpu.frame.pstate = entries[i].pstate;
		vcpu.exit.reason = EXIT_REASONS;
		assert_int_equal(vcpu_run(&vcpu), VT_OK);
		assert_int_equal(fake_entries, before + (entries[i].why < 0));
		assert_int_equal(vcpu.exit.reason,
				 entries[i].why < 0 ? EXIT_REASONS : EXIT_FAIL_ENTRY);
		if (entries[i].why >= 0)
			assert_int_equal(vcpu.exit.fail_entry.why, entries[i].why);
	}

	/* AArch32 at EL0 on a CPU without it; no stage 2. */
	fake_sysreg("ID_AA64PFR0_EL1")->value = 0x1;
	assert_int_equal(vcpu_run(&vcpu), VT_OK);
	assert_int_equal(vcpu.exit.fail_entry.why, ENTRY_NO_AARCH32);
	vcpu.frame.pstate = 0x3c5;
	vcpu.vttbr &= GENMASK(47, 0);
	assert_int_equal(vcpu_run(&vcpu), VT_OK);
	assert_int_equal(vcpu.exit.fail_entry.why, ENTRY_NO_STAGE2);
	assert_int_equal(vcpu.exits[EXIT_FAIL_ENTRY], 0);
	exit_format(text, sizeof(text), &vcpu.exit);
	assert_string_equal(text, "entry refused at pc 0x0: VMID 0 in VTTBR");
}

/* One kick, one return before the guest has run. */
static void a_kick_comes_back_once(void **state)
{
	(void)state;
	vcpu_kick(&vcpu);
	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	force(VCPU_RUNNING);
	assert_int_equal(vcpu_run(&vcpu), VT_OK);
	assert_int_equal(vcpu.exit.reason, EXIT_NOTHING);
	assert_int_equal(vcpu.exits[EXIT_NOTHING], 0);
	assert_int_equal(fake_entries, 0);
	assert_int_equal(vcpu_run(&vcpu), VT_OK);
	assert_int_equal(fake_entries, 1);
}

/* A reset leaves nothing of the old life but identity, stage 2 and set-up. */
static void reset_forgets(void **state)
{
	struct vcpu made;

	(void)state;
	memcpy(&made, &vcpu, sizeof(made));
	memset(&vcpu.frame, 0x5a, sizeof(vcpu.frame));
	memset(&vcpu.fpsimd, 0x5a, sizeof(vcpu.fpsimd));
	memset(&vcpu.sysregs, 0x5a, sizeof(vcpu.sysregs));
	vcpu.debug.mdscr = 1;
	assert_int_equal(vcpu_inject_serror(&vcpu), VT_OK);
	force(VCPU_CRASHED);
	assert_int_equal(vcpu_reset(&vcpu), VT_OK);
	assert_memory_equal(&vcpu, &made, sizeof(vcpu));
}

/* Pending until the guest takes it, on whichever CPU: the hardware's bit decides. */
static void an_serror_stays_pending_until_taken(void **state)
{
	(void)state;
	assert_int_equal(vcpu_inject_serror(&vcpu), VT_OK);
	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	assert_true(fake_sysreg("HCR_EL2")->value & HCR_VSE);
	assert_int_equal(vcpu_put(&vcpu), VT_OK);
	assert_true(vcpu.hcr & HCR_VSE);

	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	fake_sysreg("HCR_EL2")->value &= ~HCR_VSE; /* taken */
	/* Another line must not bring it back. */
	assert_int_equal(vcpu_set_irq_line(&vcpu, true), VT_OK);
	assert_false(fake_sysreg("HCR_EL2")->value & HCR_VSE);
	assert_int_equal(vcpu_put(&vcpu), VT_OK);
	assert_false(vcpu.hcr & HCR_VSE);
	assert_true(vcpu.hcr & HCR_VI);
}

static void the_irq_line_goes_up_and_down(void **state)
{
	(void)state;
	assert_int_equal(vcpu_set_irq_line(&vcpu, true), VT_OK);
	assert_true(vcpu.hcr & HCR_VI);
	assert_int_equal(vcpu_load(&vcpu), VT_OK);
	assert_true(fake_sysreg("HCR_EL2")->value & HCR_VI);
	assert_int_equal(vcpu_set_irq_line(&vcpu, false), VT_OK);
	assert_false(fake_sysreg("HCR_EL2")->value & HCR_VI);
	assert_false(vcpu.hcr & HCR_VI);

	fake_here = &fake_cpus[1];
	NOTHING_CHANGES(vcpu, assert_int_equal(vcpu_set_irq_line(&vcpu, true), VT_ESTATE));
	NOTHING_CHANGES(vcpu, assert_int_equal(vcpu_inject_serror(&vcpu), VT_ESTATE));
}

/* With physical interrupts the guest's own, EL2 has no line to raise. */
static void passthrough_has_no_virtual_lines(void **state)
{
	const struct vcpu_setup setup = {.hcr.clear = HCR_IMO | HCR_FMO | HCR_AMO};

	(void)state;
	assert_int_equal(vcpu_init(&vcpu, &setup), VT_OK);
	NOTHING_CHANGES(vcpu, assert_int_equal(vcpu_set_irq_line(&vcpu, true), VT_ENOSYS));
	NOTHING_CHANGES(vcpu, assert_int_equal(vcpu_inject_serror(&vcpu), VT_ENOSYS));
}

/* No INTID is cut to 8 bits on the way; those that are none are refused here. */
static void any_interrupt_reaches_the_embedder(void **state)
{
	static const uint32_t good[] = {0, 15, 27, 31, 32, 255, 256, 1019, 8192, 0xffffffff};
	static const uint32_t wrong[] = {1020, 1023, 1024, 8191};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(vcpu_inject_interrupt(&vcpu, good[i]), VT_OK);
		assert_ptr_equal(fake_injected_into, &vcpu);
		assert_int_equal(fake_injected, good[i]);
	}
	fake_injected_into = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(vcpu_inject_interrupt(&vcpu, wrong[i]), VT_EINVAL);
	assert_null(fake_injected_into);
}

/* In the machine: PC goes on by one instruction, and a single step is over. */
static void completing_an_instruction_moves_the_pc_once(void **state)
{
	const struct mmio_access byte = {
		.bytes = 1, .reg = 3, .sign_extend = true, .reg_is_64 = false};

	(void)state;
	vcpu.frame.pc = 0x1000;
	vcpu.frame.pstate |= BIT(21);
	vcpu.frame.x[3] = ~UINT64_C(0);
	vcpu_complete_mmio_read(&vcpu, &byte, 0x1280);
	assert_int_equal(vcpu.frame.pc, 0x1004);
	assert_false(vcpu.frame.pstate & BIT(21));
	assert_true(vcpu.frame.x[3] == 0xffffff80); /* sign-extended to w3, x3's upper half 0 */

	vcpu_set_return_value(&vcpu, 9);
	assert_int_equal(vcpu.frame.x[0], 9);
	assert_int_equal(vcpu.frame.pc, 0x1004);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
	const struct CMUnitTest tests[] = {
		TEST(only_the_states_that_may_follow_do),
		TEST(each_state_has_its_name),
		TEST(an_entry_is_for_one_that_does_not_run),
		TEST(pause_and_resume),
		TEST(the_defaults_hold_a_guest),
		TEST(the_setup_changes_registers),
		TEST(a_setup_that_lets_the_guest_out_is_refused),
		TEST(the_stage_2_root_is_checked),
		TEST(registers_survive_another_vcpu),
		TEST(keys_that_a_cpu_lacks_are_left_alone),
		TEST(a_vcpu_is_on_one_cpu_and_a_cpu_has_one),
		TEST(only_a_running_loaded_vcpu_runs),
		TEST(an_entry_that_cannot_be_is_refused),
		TEST(a_kick_comes_back_once),
		TEST(reset_forgets),
		TEST(an_serror_stays_pending_until_taken),
		TEST(the_irq_line_goes_up_and_down),
		TEST(passthrough_has_no_virtual_lines),
		TEST(any_interrupt_reaches_the_embedder),
		TEST(completing_an_instruction_moves_the_pc_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
