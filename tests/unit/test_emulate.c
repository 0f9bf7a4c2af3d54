/* Accesses without a syndrome, completed from the guest's instruction: all of it or nothing. */
/* sources: src/vm/emulate.c src/vm/guest_memory.c src/core/insn.c src/core/insn_place.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/esr.h"
#include "lib/bits.h"
#include "vm/emulate.h"
#include "vm/guest_memory.h"
#include "vm/guest_state.h"
#include "vm/vm.h"

#define DEVICE_IPA   UINT64_C(0x09000000)
#define DEVICE_BYTES UINT64_C(0x1000)
#define DEVICE_VA    UINT64_C(0xffff800008123000)
#define PC	     UINT64_C(0xffff800010000ffc) /* the last word of a page */
#define OUTER_SP     UINT64_C(0xffff800008123800)

/* The guest's code: two pages which are next to each other for the guest only. */
static _Alignas(4096) uint8_t page_one[4096], page_two[4096];
static uint64_t mapped_pages; /* how many of them have a translation */
static enum stage2_attr attr;

static struct vm vm;
static struct vm_vcpu vcpu;
static uint64_t sp;
static struct {
	struct mmio_access access;
	uint64_t value;
} done[16];
static unsigned done_count;

/* ---- the machine below ---- */

enum vt_err translate_va(uint64_t va, uint64_t *ipa)
{
	const uint64_t page = va / 4096 - PC / 4096;

	if (page >= mapped_pages)
		return VT_ENOENT;
	*ipa = (page == 0 ? (uintptr_t)page_one : (uintptr_t)page_two) + va % 4096;
	return VT_OK;
}

enum vt_err stage2_walk(struct stage2 *s2, uint64_t ipa, struct stage2_leaf *leaf)
{
	assert_ptr_equal(s2, &vm.stage2);
	*leaf = (struct stage2_leaf){.pa = ipa, .bytes = 4096, .attr = attr};
	return VT_OK;
}

void vcpu_advance_aarch32(struct vcpu *core)
{
	(void)core;
	fail_msg("such an access is refused");
}

uint64_t guest_sp(const struct vcpu *core)
{
	assert_ptr_equal(core, &vcpu.core);
	return sp;
}

void guest_set_sp(const struct vcpu *core, uint64_t value)
{
	assert_ptr_equal(core, &vcpu.core);
	sp = value;
}

uint32_t guest_zva_bytes(void)
{
	return 64;
}

static bool is_device(const struct mmio_access *access)
{
	return access->ipa - DEVICE_IPA < DEVICE_BYTES;
}

/* Register at offset n reads as bytes 0xf0 + n, 0xf1 + n, ...: negative when sign-extended. */
bool embed_mmio_read(struct vcpu *core, const struct mmio_access *access, uint64_t *value)
{
	assert_ptr_equal(core, &vcpu.core);
	if (!is_device(access))
		return false;
	*value = 0;
	for (unsigned i = 0; i < access->bytes; i++)
		*value |= (uint64_t)(uint8_t)(0xf0 + access->ipa % 16 + i) << i * 8;
	done[done_count].access = *access;
	done[done_count++].value = *value;
	return true;
}

bool embed_mmio_write(struct vcpu *core, const struct mmio_access *access, uint64_t value)
{
	assert_ptr_equal(core, &vcpu.core);
	if (!is_device(access))
		return false;
	done[done_count].access = *access;
	done[done_count++].value = value;
	return true;
}

/* ---- the guest ---- */

/* Xn = 0x1111 * n, x2 = the device, and this instruction at the PC. */
static int set_up(void **state)
{
	(void)state;
	memset(&vcpu, 0, sizeof(vcpu));
	vcpu.vm = &vm;
	for (unsigned i = 0; i < 31; i++)
		vcpu.core.frame.x[i] = 0x1111 * i;
	vcpu.core.frame.x[2] = DEVICE_VA;
	vcpu.core.frame.pc = PC;
	vcpu.core.frame.pstate = PSTATE_EL1H | PSTATE_SS;
	sp = OUTER_SP;
	mapped_pages = 1;
	attr = STAGE2_RWX;
	done_count = 0;
	return 0;
}

/* The CPU has trapped this instruction at an access to `va`. */
static const char *emulate(uint32_t word, uint64_t va, bool write)
{
	memcpy(page_one + 0xffc, &word, sizeof(word));
	vcpu.core.exit = (struct vcpu_exit){
		.reason = EXIT_NESTED_PAGE_FAULT,
		.far = va,
		.pc = PC,
		.fault = {.ipa = va - DEVICE_VA + DEVICE_IPA,
			  .write = write,
			  .ipa_known = true,
			  .needs_instruction = true},
	};
	return emulate_access(&vcpu);
}

static void assert_access(unsigned index, uint64_t offset, unsigned bytes, uint64_t value)
{
	assert_true(index < done_count);
	assert_int_equal(done[index].access.ipa, DEVICE_IPA + offset);
	assert_int_equal(done[index].access.bytes, bytes);
	assert_int_equal(done[index].value, value);
}

static void assert_completed(const char *problem)
{
	assert_null(problem);
	assert_int_equal(vcpu.core.frame.pc, PC + 4);
	assert_false(vcpu.core.frame.pstate & PSTATE_SS);
}

static void assert_refused(uint32_t word, uint64_t va, bool write, const char *why)
{
	struct vcpu_frame before = vcpu.core.frame;
	const uint64_t sp_before = sp;

	assert_string_equal(emulate(word, va, write), why);
	assert_memory_equal(&vcpu.core.frame, &before, sizeof(before));
	assert_int_equal(sp, sp_before);
}

static void a_pair_is_stored_in_order(void **state)
{
	(void)state;
	assert_completed(emulate(0x29010c41, DEVICE_VA + 8, true)); /* stp w1, w3, [x2, #8] */
	assert_int_equal(done_count, 2);
	assert_access(0, 8, 4, 0x1111);
	assert_access(1, 12, 4, 0x3333);
}

static void a_pair_is_loaded(void **state)
{
	(void)state;
	assert_completed(emulate(0xa9400c41, DEVICE_VA, false)); /* ldp x1, x3, [x2] */
	assert_int_equal(vcpu.core.frame.x[1], 0xf7f6f5f4f3f2f1f0);
	assert_int_equal(vcpu.core.frame.x[3], 0xfffefdfcfbfaf9f8);
}

/* Its second register is the base: both loads are from where the base was. */
static void a_pair_loads_into_its_base_last(void **state)
{
	(void)state;
	assert_completed(emulate(0xa9400841, DEVICE_VA, false)); /* ldp x1, x2, [x2] */
	assert_int_equal(vcpu.core.frame.x[1], 0xf7f6f5f4f3f2f1f0);
	assert_int_equal(vcpu.core.frame.x[2], 0xfffefdfcfbfaf9f8);
}

static void an_access_may_end_with_its_page(void **state)
{
	(void)state;
	vcpu.core.frame.x[2] = DEVICE_VA + DEVICE_BYTES - 8;
	assert_completed(
		emulate(0x29000c41, DEVICE_VA + DEVICE_BYTES - 8, true)); /* stp w1, w3, [x2] */
	assert_access(1, DEVICE_BYTES - 4, 4, 0x3333);
}

static void signed_words_fill_the_register(void **state)
{
	(void)state;
	assert_completed(emulate(0x69400c41, DEVICE_VA, false)); /* ldpsw x1, x3, [x2] */
	assert_int_equal(vcpu.core.frame.x[1], 0xfffffffff3f2f1f0);
	assert_int_equal(vcpu.core.frame.x[3], 0xfffffffff7f6f5f4);
}

static void a_signed_byte_stops_at_w(void **state)
{
	(void)state;
	/* ldrsb w1, [x2], #1 */
	assert_completed(emulate(0x38c01441, DEVICE_VA, false));
	assert_int_equal(vcpu.core.frame.x[1], 0xfffffff0);
	assert_int_equal(vcpu.core.frame.x[2], DEVICE_VA + 1);
}

static void pre_index_writes_back(void **state)
{
	(void)state;
	/* str w1, [x2, #24]! */
	assert_completed(emulate(0xb8018c41, DEVICE_VA + 24, true));
	assert_access(0, 24, 4, 0x1111);
	assert_int_equal(vcpu.core.frame.x[2], DEVICE_VA + 24);
}

static void the_stack_pointer_is_written_back(void **state)
{
	(void)state;
	/* ldp x29, x30, [sp], #16 */
	assert_completed(emulate(0xa8c17bfd, OUTER_SP, false));
	assert_int_equal(sp, OUTER_SP + 16);
	assert_int_equal(vcpu.core.frame.x[29], 0xf7f6f5f4f3f2f1f0);
}

static void the_zero_register_reads_0_and_takes_nothing(void **state)
{
	(void)state;
	assert_completed(emulate(0x2900fc5f, DEVICE_VA + 4, true)); /* stp wzr, wzr, [x2, #4] */
	assert_access(0, 4, 4, 0);
	set_up(NULL);
	assert_completed(emulate(0x29407c41, DEVICE_VA, false)); /* ldp w1, wzr, [x2] */
	assert_int_equal(vcpu.core.frame.x[1], 0xf3f2f1f0);
	assert_int_equal(vcpu.core.frame.x[0], 0);
	assert_int_equal(done_count, 2);
}

/* FAR is of the element that faulted, which may be the second one. */
static void the_fault_may_be_in_the_second_element(void **state)
{
	(void)state;
	assert_completed(emulate(0x29010c41, DEVICE_VA + 12, true)); /* stp w1, w3, [x2, #8] */
	assert_access(0, 8, 4, 0x1111);
}

static void dc_zva_stores_zeroes(void **state)
{
	(void)state;
	vcpu.core.frame.x[2] = DEVICE_VA + 0x77;
	assert_completed(emulate(0xd50b7422, DEVICE_VA + 0x77, true));
	assert_int_equal(done_count, 8);
	assert_access(0, 0x40, 8, 0);
	assert_access(7, 0x78, 8, 0);
}

static void over_the_devices_end_nothing_happens(void **state)
{
	(void)state;
	vcpu.core.frame.x[2] = DEVICE_VA + DEVICE_BYTES - 4;
	/* stp w1, w3, [x2]: the second is outside */
	assert_refused(0x29000c41, DEVICE_VA + DEVICE_BYTES - 4, true,
		       "an access over the end of a page");
	assert_refused(0x29400c41, DEVICE_VA + DEVICE_BYTES - 4, false,
		       "an access over the end of a page");
	assert_int_equal(done_count, 0);
}

static void where_no_device_is_nothing_happens(void **state)
{
	(void)state;
	vcpu.core.frame.x[2] = DEVICE_VA + DEVICE_BYTES;
	/* ldr w1, [x2], #4 */
	assert_refused(0xb8404441, DEVICE_VA + DEVICE_BYTES, false, "nothing there");
	assert_refused(0xb8004441, DEVICE_VA + DEVICE_BYTES, true, "nothing there");
	assert_int_equal(done_count, 0);
}

/* Another vCPU has put this instruction there since. */
static void an_instruction_that_does_not_explain_the_fault_is_refused(void **state)
{
	static const char why[] = "not what its instruction asks for";

	(void)state;
	assert_refused(0x29010c41, DEVICE_VA + 7, true, why);
	assert_refused(0x29010c41, DEVICE_VA + 16, true, why);
	assert_refused(0x29010c41, DEVICE_VA + 8, false, why);
	assert_int_equal(done_count, 0);
}

static void refused_kinds_change_nothing(void **state)
{
	(void)state;
	assert_refused(0x885f7c41, DEVICE_VA, false, "an exclusive access"); /* ldxr w1, [x2] */
	assert_refused(0xb8210041, DEVICE_VA, true, "an atomic access");     /* ldadd */
	assert_refused(0x3dc00040, DEVICE_VA, false, "a SIMD, SVE or SME access"); /* ldr q0 */
	assert_refused(0xf9800040, DEVICE_VA, false, "a prefetch");		   /* prfm */
	assert_refused(0xd503201f, DEVICE_VA, false, "not a load or store");	   /* nop */
	assert_refused(0x29400441, DEVICE_VA, false, "constrained unpredictable"); /* ldp w1, w1 */
	vcpu.core.frame.pstate = PSTATE_AARCH32;
	assert_refused(0x29010c41, DEVICE_VA + 8, true, "an AArch32 access without a syndrome");
	assert_int_equal(done_count, 0);
}

static void an_instruction_that_can_not_be_read_is_refused(void **state)
{
	(void)state;
	mapped_pages = 0;
	assert_refused(0x29010c41, DEVICE_VA + 8, true, "its instruction can not be read");
	mapped_pages = 1;
	attr = STAGE2_DEVICE;
	assert_refused(0x29010c41, DEVICE_VA + 8, true, "its instruction can not be read");
}

/* A tag above the address (TBI) is in FAR as in the register; a different one is no difference. */
static void tags_are_not_part_of_the_address(void **state)
{
	(void)state;
	vcpu.core.frame.x[2] = (DEVICE_VA & GENMASK(55, 0)) | UINT64_C(0x5a) << 56;
	assert_completed(emulate(0x29010c41, DEVICE_VA + 8, true));
}

static void memory_is_read_page_by_page(void **state)
{
	uint8_t bytes[8];

	(void)state;
	memset(page_one, 1, sizeof(page_one));
	memset(page_two, 2, sizeof(page_two));
	mapped_pages = 2;
	assert_int_equal(guest_read_va(&vcpu, PC, bytes, sizeof(bytes)), VT_OK);
	assert_memory_equal(bytes, "\1\1\1\1\2\2\2\2", 8);
	mapped_pages = 1;
	assert_int_equal(guest_read_va(&vcpu, PC, bytes, sizeof(bytes)), VT_ENOENT);
	attr = STAGE2_DEVICE;
	assert_int_equal(guest_read_va(&vcpu, PC, bytes, 4), VT_EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_pair_is_stored_in_order, set_up),
		cmocka_unit_test_setup(a_pair_is_loaded, set_up),
		cmocka_unit_test_setup(a_pair_loads_into_its_base_last, set_up),
		cmocka_unit_test_setup(an_access_may_end_with_its_page, set_up),
		cmocka_unit_test_setup(signed_words_fill_the_register, set_up),
		cmocka_unit_test_setup(a_signed_byte_stops_at_w, set_up),
		cmocka_unit_test_setup(pre_index_writes_back, set_up),
		cmocka_unit_test_setup(the_stack_pointer_is_written_back, set_up),
		cmocka_unit_test_setup(the_zero_register_reads_0_and_takes_nothing, set_up),
		cmocka_unit_test_setup(the_fault_may_be_in_the_second_element, set_up),
		cmocka_unit_test_setup(dc_zva_stores_zeroes, set_up),
		cmocka_unit_test_setup(over_the_devices_end_nothing_happens, set_up),
		cmocka_unit_test_setup(where_no_device_is_nothing_happens, set_up),
		cmocka_unit_test_setup(an_instruction_that_does_not_explain_the_fault_is_refused,
				       set_up),
		cmocka_unit_test_setup(refused_kinds_change_nothing, set_up),
		cmocka_unit_test_setup(an_instruction_that_can_not_be_read_is_refused, set_up),
		cmocka_unit_test_setup(tags_are_not_part_of_the_address, set_up),
		cmocka_unit_test_setup(memory_is_read_page_by_page, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
