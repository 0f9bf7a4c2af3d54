/* Exceptions that EL2 gives to a guest: what EL1 finds in its registers, and where. */
/* sources: src/core/inject.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <vitrine/vcpu.h>

#include "core/esr.h"
#include "tests/unit/fake_sysregs.h"

#define VBAR	  UINT64_C(0xffff800010010800)
#define PC	  UINT64_C(0xffff800010234560)
#define NZCV	  (UINT64_C(0xa) << 28)
#define SS	  (UINT64_C(1) << 21)
#define PAN	  (UINT64_C(1) << 22)
#define UAO	  (UINT64_C(1) << 23)
#define DIT	  (UINT64_C(1) << 24)
#define SSBS	  (UINT64_C(1) << 12)
#define ILLEGAL	  (UINT64_C(1) << 20)
#define SPAN	  (UINT64_C(1) << 23)
#define DSSBS	  (UINT64_C(1) << 44)
#define EL1H_DAIF UINT64_C(0x3c5)
#define EL1H	  5u
#define EL1T	  4u
#define EL0	  0u
#define AARCH32	  0x10u /* User mode */

static struct vcpu vcpu;

/* At EL1, SP_EL1, interrupts on, SCTLR_EL1 as Linux has it in what concerns us: SPAN = 1. */
static int set_up(void **state)
{
	(void)state;
	fake_sysregs_reset();
	fake_sysreg_write("VBAR_EL1", VBAR);
	fake_sysreg_write("SCTLR_EL1", SPAN);
	memset(&vcpu, 0, sizeof(vcpu));
	vcpu.frame.pc = PC;
	vcpu.frame.pstate = EL1H;
	return 0;
}

static uint64_t reg(const char *name)
{
	return fake_sysreg_read(name);
}

static void undefined_goes_to_the_vector_of_the_same_level(void **state)
{
	(void)state;
	vcpu.frame.pstate = EL1H | NZCV;
	assert_int_equal(vcpu_inject_undefined(&vcpu), VT_OK);
	assert_int_equal(vcpu.frame.pc, VBAR + 0x200);
	assert_int_equal(reg("ESR_EL1"), 0x02000000); /* EC 0, IL */
	assert_int_equal(reg("ELR_EL1"), PC);
	assert_int_equal(reg("SPSR_EL1"), EL1H | NZCV);
	assert_int_equal(vcpu.frame.pstate, EL1H_DAIF | NZCV);
}

static void the_vector_is_that_of_level_and_stack(void **state)
{
	static const struct {
		uint64_t pstate, offset;
	} row[] = {{EL1T, 0x000},
		   {EL1H, 0x200},
		   {EL0, 0x400},
		   {AARCH32, 0x600},
		   {AARCH32 | 0x20, 0x600}};

	(void)state;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		set_up(NULL);
		vcpu.frame.pstate = row[i].pstate;
		assert_int_equal(vcpu_inject_undefined(&vcpu), VT_OK);
		assert_int_equal(vcpu.frame.pc, VBAR + row[i].offset);
		assert_int_equal(reg("SPSR_EL1"), row[i].pstate);
		assert_int_equal(vcpu.frame.pstate, EL1H_DAIF);
	}
}

/* The handler starts with a state of its own: no single step, no UAO, not the illegal state of who faulted. */
static void what_a_handler_inherits(void **state)
{
	(void)state;
	vcpu.frame.pstate = EL1H | NZCV | DIT | PAN | SS | UAO | ILLEGAL | SSBS;
	vcpu_inject_undefined(&vcpu);
	assert_int_equal(reg("SPSR_EL1"), EL1H | NZCV | DIT | PAN | SS | UAO | ILLEGAL | SSBS);
	assert_int_equal(vcpu.frame.pstate, EL1H_DAIF | NZCV | DIT | PAN);
}

static void pan_and_ssbs_are_as_sctlr_says(void **state)
{
	(void)state;
	fake_sysreg_write("SCTLR_EL1", 0); /* SPAN = 0: set PAN */
	vcpu_inject_undefined(&vcpu);
	assert_int_equal(vcpu.frame.pstate, EL1H_DAIF | PAN);

	set_up(NULL);
	vcpu_inject_undefined(&vcpu);
	assert_int_equal(vcpu.frame.pstate, EL1H_DAIF);

	set_up(NULL);
	fake_sysreg_write("SCTLR_EL1", SPAN | DSSBS);
	vcpu_inject_undefined(&vcpu);
	assert_int_equal(vcpu.frame.pstate, EL1H_DAIF | SSBS);
}

/* The class says whether the abort came from the handler's own level: its lowest bit. */
static void aborts_name_class_and_address(void **state)
{
	const uint64_t far = UINT64_C(0x7000123);

	(void)state;
	assert_int_equal(vcpu_inject_data_abort(&vcpu, far, 0x50), VT_OK);
	assert_int_equal(reg("ESR_EL1"), 0x96000050); /* EC 0x25, IL */
	assert_int_equal(reg("FAR_EL1"), far);
	assert_int_equal(vcpu.frame.pc, VBAR + 0x200);

	set_up(NULL);
	vcpu.frame.pstate = EL0;
	assert_int_equal(vcpu_inject_data_abort(&vcpu, far, 0x10), VT_OK);
	assert_int_equal(reg("ESR_EL1"), 0x92000010); /* EC 0x24 */
	assert_int_equal(vcpu.frame.pc, VBAR + 0x400);

	set_up(NULL);
	assert_int_equal(vcpu_inject_instruction_abort(&vcpu, far, 0x10), VT_OK);
	assert_int_equal(reg("ESR_EL1"), 0x86000010); /* EC 0x21 */
	assert_int_equal(reg("FAR_EL1"), far);

	set_up(NULL);
	vcpu.frame.pstate = AARCH32;
	assert_int_equal(vcpu_inject_instruction_abort(&vcpu, far, 0x10), VT_OK);
	assert_int_equal(reg("ESR_EL1"), 0x82000010); /* EC 0x20: EL0, whatever it executes */
	assert_int_equal(vcpu.frame.pc, VBAR + 0x600);
}

/* Its vectors can not be fetched: sent there again, it would fault for ever. The guest is as it was. */
static void vectors_that_can_not_be_fetched_are_told(void **state)
{
	static const uint64_t inside[] = {0, 0x200, 0x7fc};

	(void)state;
	for (unsigned i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
		set_up(NULL);
		vcpu.frame.pc = VBAR + inside[i];
		assert_int_equal(vcpu_inject_instruction_abort(&vcpu, vcpu.frame.pc, 0x10),
				 VT_EFORMAT);
		assert_int_equal(vcpu.frame.pc, VBAR + inside[i]);
		assert_int_equal(vcpu.frame.pstate, EL1H);
		assert_int_equal(reg("ELR_EL1"), 0);
		assert_int_equal(reg("ESR_EL1"), 0);
	}
}

static void only_a_fetch_from_the_vectors_is_hopeless(void **state)
{
	(void)state;
	vcpu.frame.pc = VBAR + 0x800; /* behind the table */
	assert_int_equal(vcpu_inject_instruction_abort(&vcpu, vcpu.frame.pc, 0x10), VT_OK);
	set_up(NULL);
	vcpu.frame.pc = VBAR - 4;
	assert_int_equal(vcpu_inject_instruction_abort(&vcpu, vcpu.frame.pc, 0x10), VT_OK);
	set_up(NULL);
	vcpu.frame.pc = VBAR + 0x204; /* it has been fetched: what it did then has failed */
	assert_int_equal(vcpu_inject_data_abort(&vcpu, 0, 0x10), VT_OK);
	set_up(NULL);
	vcpu.frame.pc = VBAR + 0x204;
	assert_int_equal(vcpu_inject_undefined(&vcpu), VT_OK);
	set_up(NULL);
	vcpu.frame.pc =
		VBAR +
		0x200; /* a program at EL0 has jumped there: EL1 may well be able to fetch it */
	vcpu.frame.pstate = EL0;
	assert_int_equal(vcpu_inject_instruction_abort(&vcpu, vcpu.frame.pc, 0x10), VT_OK);
	assert_int_equal(vcpu.frame.pc, VBAR + 0x400);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(undefined_goes_to_the_vector_of_the_same_level),
		TEST(the_vector_is_that_of_level_and_stack),
		TEST(what_a_handler_inherits),
		TEST(pan_and_ssbs_are_as_sctlr_says),
		TEST(aborts_name_class_and_address),
		TEST(vectors_that_can_not_be_fetched_are_told),
		TEST(only_a_fetch_from_the_vectors_is_hopeless),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
