/* From a syndrome to an exit, one claim a test; and what a person reads of it. */
/* sources: src/core/decode.c src/core/fault_codes.c src/core/fault_address.c src/core/exit_format.c src/core/sysreg_names.c src/lib/printf.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/decode.h"
#include "core/fault_address.h"
#include "tests/unit/esr_claims.h"

#define FAR   UINT64_C(0xffff800008123018)
#define HPFAR UINT64_C(0x90000) /* IPA 0x09000000 */
#define PC    UINT64_C(0x40080004)

#define ESR(ec, iss)   (FIELD_PREP(ESR_EC, ec) | ESR_IL | (iss))
#define DABT(iss)      ESR(EC_DABT_LOWER, iss)
#define IABT(iss)      ESR(EC_IABT_LOWER, iss)
#define ISV	       ISS_ABT_ISV
#define SAS(log2)      FIELD_PREP(ISS_ABT_SAS, log2)
#define SRT(reg)       FIELD_PREP(ISS_ABT_SRT, reg)
#define TRANSLATION(l) (UINT64_C(0x04) + (l))
#define ACCESS_FLAG(l) (UINT64_C(0x08) + (l))
#define PERMISSION(l)  (UINT64_C(0x0c) + (l))

static struct vcpu_exit decode_at(uint64_t esr, uint64_t far, uint64_t hpfar)
{
	struct vcpu_exit exit = {0};

	exit_decode(&exit, esr, far, hpfar, PC, 0x84000001);
	return exit;
}

static struct vcpu_exit decode(uint64_t esr)
{
	return decode_at(esr, FAR, HPFAR);
}

static void assert_line(uint64_t esr, const char *wanted)
{
	char line[200];
	const struct vcpu_exit exit = decode(esr);

	assert_int_equal(exit_format(line, sizeof(line), &exit), strlen(wanted));
	assert_string_equal(line, wanted);
}

/* ---- data aborts ---- */

static void a_load_with_a_syndrome_is_an_mmio_read(void **state)
{
	const struct vcpu_exit exit = decode(DABT(ISV | SAS(2) | SRT(3) | TRANSLATION(2)));

	(void)state;
	assert_int_equal(exit.reason, EXIT_MMIO_READ);
	assert_int_equal(exit.mmio.ipa, 0x09000018);
	assert_int_equal(exit.mmio.bytes, 4);
	assert_int_equal(exit.mmio.reg, 3);
	assert_false(exit.mmio.sign_extend);
	assert_false(exit.mmio.reg_is_64);
	assert_int_equal(exit.pc, PC);
}

static void size_sign_and_register_width_are_kept(void **state)
{
	(void)state;
	for (unsigned sas = 0; sas < 4; sas++) {
		const struct vcpu_exit exit = decode(
			DABT(ISV | SAS(sas) | SRT(31) | ISS_ABT_SSE | ISS_ABT_SF | TRANSLATION(3)));

		assert_int_equal(exit.mmio.bytes, 1 << sas);
		assert_int_equal(exit.mmio.reg, 31);
		assert_true(exit.mmio.sign_extend);
		assert_true(exit.mmio.reg_is_64);
	}
}

static void without_isv_nothing_of_the_syndrome_is_believed(void **state)
{
	const struct vcpu_exit exit = decode(DABT(SAS(3) | SRT(7) | ISS_ABT_WNR | TRANSLATION(1)));

	(void)state;
	assert_int_equal(exit.reason, EXIT_NESTED_PAGE_FAULT);
	assert_true(exit.fault.needs_instruction);
	assert_true(exit.fault.write);
	assert_int_equal(exit.fault.ipa, 0x09000018);
	assert_int_equal(exit.fault.type, FAULT_TRANSLATION);
	assert_int_equal(exit.fault.level, 1);
}

static void what_is_no_access_of_the_instruction_is_never_emulated(void **state)
{
	static const uint64_t bits[] = {ISS_ABT_S1PTW, ISS_ABT_CM, ISS_ABT_FNV};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bits); i++) {
		struct vcpu_exit exit = decode(DABT(ISV | bits[i] | TRANSLATION(2)));

		assert_int_equal(exit.reason, EXIT_NESTED_PAGE_FAULT);
		assert_false(exit.fault.needs_instruction);
		exit = decode(DABT(bits[i] | TRANSLATION(2)));
		assert_false(exit.fault.needs_instruction);
	}
	assert_false(decode(DABT(PERMISSION(3))).fault.needs_instruction);
	assert_false(decode(IABT(TRANSLATION(3))).fault.needs_instruction);
}

/* FAR is of the access then, the page in HPFAR is the table's: the two do not go together. */
static void a_table_walk_has_the_tables_page(void **state)
{
	const struct vcpu_exit exit = decode(DABT(ISS_ABT_S1PTW | TRANSLATION(0)));

	(void)state;
	assert_true(exit.fault.table_walk);
	assert_int_equal(exit.fault.ipa, 0x09000000);
}

static void an_unknown_ipa_is_no_ipa(void **state)
{
	const struct vcpu_exit exit = decode_at(DABT(PERMISSION(3)), FAR, HPFAR | HPFAR_UNKNOWN);

	(void)state;
	assert_false(exit.fault.ipa_known);
	assert_int_equal(exit.fault.ipa, 0);
}

/* Arm ARM, ESR_EL2, DFSC: each code by its number. */
static void fault_codes_are_the_manuals(void **state)
{
	static const struct {
		uint8_t code;
		int8_t level;
		enum fault_type type;
	} rows[] = {
		{0x00, 0, FAULT_ADDRESS_SIZE},
		{0x03, 3, FAULT_ADDRESS_SIZE},
		{0x04, 0, FAULT_TRANSLATION},
		{0x07, 3, FAULT_TRANSLATION},
		{0x09, 1, FAULT_ACCESS_FLAG},
		{0x0f, 3, FAULT_PERMISSION},
		{0x10, FAULT_NO_LEVEL, FAULT_EXTERNAL},
		{0x11, FAULT_NO_LEVEL, FAULT_TAG_CHECK},
		{0x13, -1, FAULT_EXTERNAL_ON_WALK},
		{0x14, 0, FAULT_EXTERNAL_ON_WALK},
		{0x17, 3, FAULT_EXTERNAL_ON_WALK},
		{0x18, FAULT_NO_LEVEL, FAULT_PARITY},
		{0x19, FAULT_NO_LEVEL, FAULT_RESERVED},
		{0x1b, -1, FAULT_PARITY_ON_WALK},
		{0x1f, 3, FAULT_PARITY_ON_WALK},
		{0x20, FAULT_NO_LEVEL, FAULT_RESERVED},
		{0x21, FAULT_NO_LEVEL, FAULT_ALIGNMENT},
		{0x24, 0, FAULT_GRANULE_ON_WALK},
		{0x28, FAULT_NO_LEVEL, FAULT_GRANULE},
		{0x29, -1, FAULT_ADDRESS_SIZE},
		{0x2b, -1, FAULT_TRANSLATION},
		{0x30, FAULT_NO_LEVEL, FAULT_TLB_CONFLICT},
		{0x31, FAULT_NO_LEVEL, FAULT_TABLE_UPDATE},
		{0x34, FAULT_NO_LEVEL, FAULT_LOCKDOWN},
		{0x35, FAULT_NO_LEVEL, FAULT_EXCLUSIVE},
		{0x3f, FAULT_NO_LEVEL, FAULT_RESERVED},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct fault_code code = fault_code_of(DABT(rows[i].code));

		assert_int_equal(code.type, rows[i].type);
		assert_int_equal(code.level, rows[i].level);
	}
}

/* Arm ARM, HPFAR_EL2: what it is written for. */
static void hpfar_holds_an_ipa_for_these_only(void **state)
{
	(void)state;
	assert_true(hpfar_is_valid(DABT(TRANSLATION(1))));
	assert_true(hpfar_is_valid(IABT(TRANSLATION(3))));
	assert_true(hpfar_is_valid(DABT(ACCESS_FLAG(3))));
	assert_true(hpfar_is_valid(DABT(0x00)));
	assert_true(hpfar_is_valid(DABT(ISS_ABT_S1PTW | PERMISSION(3))));
	assert_false(hpfar_is_valid(DABT(PERMISSION(3))));
	assert_false(hpfar_is_valid(IABT(PERMISSION(2))));
	assert_false(hpfar_is_valid(DABT(0x10)));
	assert_false(hpfar_is_valid(DABT(0x21)));
	assert_false(hpfar_is_valid(ESR(EC_SYSREG, TRANSLATION(1))));
	assert_false(hpfar_is_valid(ESR(EC_DABT_SAME, TRANSLATION(1))));
}

/* ---- what a person reads: each class has its own line ---- */

static void every_class_is_a_line(void **state)
{
	static const struct {
		uint64_t esr;
		const char *line;
	} rows[] = {
		{DABT(ISV | SAS(2) | SRT(3) | TRANSLATION(2)),
		 "data abort: read of 4 bytes at IPA 0x9000018 into w3, translation fault level 2"},
		{DABT(ISV | SAS(0) | SRT(31) | ISS_ABT_WNR | TRANSLATION(3)),
		 "data abort: write of 1 byte at IPA 0x9000018 from wzr, translation fault level "
		 "3"},
		{DABT(ISV | SAS(1) | SRT(9) | ISS_ABT_SSE | ISS_ABT_SF | TRANSLATION(3)),
		 "data abort: read of 2 bytes at IPA 0x9000018 into x9 with sign, translation "
		 "fault "
		 "level 3"},
		{DABT(ISS_ABT_WNR | TRANSLATION(1)),
		 "data abort: write at VA 0xffff800008123018, at IPA 0x9000018, translation fault "
		 "level 1, no syndrome"},
		{DABT(ISS_ABT_S1PTW | PERMISSION(3)),
		 "data abort: read at VA 0xffff800008123018, table at IPA 0x9000000, permission "
		 "fault level 3"},
		{DABT(ISS_ABT_CM | ISS_ABT_WNR | TRANSLATION(3)),
		 "data abort: cache maintenance at VA 0xffff800008123018, at IPA 0x9000018, "
		 "translation fault level 3"},
		{DABT(ISS_ABT_FNV | 0x10), "data abort: read, at IPA 0x9000018, external abort"},
		{IABT(PERMISSION(3)),
		 "instruction abort: fetch at VA 0xffff800008123018, at IPA 0x9000018, permission "
		 "fault level 3"},
		{ESR(0x16, 7), "HVC #7: function 0x84000001"},
		{ESR(0x17, 0xffff), "SMC #65535: function 0x84000001"},
		{ESR(0x18, SYSREG_KEY(3, 0, 0, 4, 0) | 5 << 5 | 1),
		 "read of ID_AA64PFR0_EL1 into x5"},
		{ESR(0x18, SYSREG_KEY(3, 0, 1, 0, 0) | 31 << 5), "write of SCTLR_EL1 from xzr"},
		{ESR(0x18, SYSREG_KEY(3, 7, 15, 15, 7) | 1), "read of S3_7_C15_C15_7 into x0"},
		{ESR(0x01, 0), "WFI"},
		{ESR(0x01, 1), "WFE"},
		{ESR(0x01, 4 << 5 | 4 | 2), "WFIT x4"},
		{ESR(0x01, 9 << 5 | 4 | 3), "WFET x9"},
		{ESR(0x30, 0x22), "breakpoint at pc 0x40080004"},
		{ESR(0x32, BIT(24) | BIT(6)), "single step over a load-exclusive at pc 0x40080004"},
		{ESR(0x32, BIT(6)), "single step at pc 0x40080004"},
		{ESR(0x34, BIT(6) | 0x22),
		 "watchpoint: write at VA 0xffff800008123018 at pc 0x40080004"},
		{ESR(0x38, 3), "BKPT #0x3 (AArch32) at pc 0x40080004"},
		{ESR(0x3a, 0), "vector catch (AArch32) at pc 0x40080004"},
		{ESR(0x3c, 0x800), "BRK #0x800 at pc 0x40080004"},
		{ESR(0x2f, 3 << 10 | BIT(9) | 0x11), "SError: severity 3, code 0x11, external"},
		{ESR(0x2f, BIT(24) | 0x123), "SError: implementation defined, ISS 0x1000123"},
		{ESR(0x03, 2 << 17 | 1 << 14 | 9 << 10 | 4 << 5 | 12 << 1 | 1),
		 "MRC p15, 1, r4, c9, c12, 2 (AArch32)"},
		{ESR(0x05, 6 << 5), "MCR p14, 0, r6, c0, c0, 0 (AArch32)"},
		{ESR(0x08, 7 << 10 | 1), "MRC p10, 0, r0, c7, c0, 0 (AArch32)"},
		{ESR(0x04, 1 << 16 | 3 << 10 | 2 << 5 | 14 << 1 | 1),
		 "MRRC p15, 1, r2, r3, c14 (AArch32)"},
		{ESR(0x0c, 0), "MCRR p14, 0, r0, r0, c0 (AArch32)"},
		{ESR(0x06, 1), "LDC of coprocessor 14 (AArch32)"},
		{ESR(0x11, 0), "SVC (AArch32) #0 at pc 0x40080004"},
		{ESR(0x12, 1), "HVC (AArch32) #1 at pc 0x40080004"},
		{ESR(0x15, 2), "SVC #2 at pc 0x40080004"},
		{ESR(0x1a, 3), "ERETAB at pc 0x40080004"},
		{ESR(0x1c, 2), "pointer authentication failure, key DA at pc 0x40080004"},
		{ESR(0x0d, 1), "branch target exception, BTYPE 1 at pc 0x40080004"},
		{ESR(0x1d, 4), "SME access, SMTC 4 at pc 0x40080004"},
		{ESR(0x22, 0), "PC alignment fault, target 0xffff800008123018 at pc 0x40080004"},
		{ESR(0x00, 0), "unknown reason (class 0x00) at pc 0x40080004"},
		{ESR(0x07, 0), "FP or SIMD access (class 0x07) at pc 0x40080004"},
		{ESR(0x09, 0), "pointer authentication instruction (class 0x09) at pc 0x40080004"},
		{ESR(0x0e, 0), "illegal execution state (class 0x0e) at pc 0x40080004"},
		{ESR(0x19, 0), "SVE access (class 0x19) at pc 0x40080004"},
		{ESR(0x26, 0), "SP alignment fault (class 0x26) at pc 0x40080004"},
		{ESR(0x3f, 0), "reserved (class 0x3f) at pc 0x40080004"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		assert_line(rows[i].esr, rows[i].line);
}

static void a_call_says_what_it_became(void **state)
{
	struct vcpu_exit exit = decode(ESR(EC_HVC64, 0));
	char line[80];

	(void)state;
	exit.reason = EXIT_CPU_UP;
	exit_format(line, sizeof(line), &exit);
	assert_string_equal(line, "HVC #0: function 0x84000001 (PSCI CPU_ON)");
	exit = (struct vcpu_exit){.reason = EXIT_EXTERNAL_INTERRUPT, .interrupt.intid = 27};
	exit_format(line, sizeof(line), &exit);
	assert_string_equal(line, "interrupt 27");
	exit = (struct vcpu_exit){.reason = EXIT_FAIL_ENTRY};
	exit_format(line, sizeof(line), &exit);
	assert_string_equal(line, "entry refused at pc 0x0: VMID 0 in VTTBR");
}

/* Like snprintf: cut, terminated, and the whole length returned. */
static void a_short_buffer_is_respected(void **state)
{
	const struct vcpu_exit exit = decode(DABT(ISV | SAS(2) | SRT(3) | TRANSLATION(2)));
	char whole[200];
	const int length = exit_format(whole, sizeof(whole), &exit);

	(void)state;
	for (size_t size = 0; size <= (size_t)length + 1; size++) {
		char *part = malloc(size);

		assert_int_equal(exit_format(part, size, &exit), length);
		if (size > 0) {
			assert_int_equal(strlen(part), size - 1);
			assert_memory_equal(part, whole, size - 1);
		}
		free(part);
	}
}

/* ---- every syndrome ---- */

static void all_64_classes_have_a_name(void **state)
{
	unsigned reserved = 0;

	(void)state;
	for (unsigned ec = 0; ec < 64; ec++) {
		assert_non_null(exception_class_name(ec));
		reserved += strcmp(exception_class_name(ec), "reserved") == 0;
	}
	assert_int_equal(reserved, 64 - 48);
	assert_string_equal(exception_class_name(64), "reserved");
}

/* A sample of what exhaustive_esr.c does for each: a stride that is prime reaches all fields. */
static void any_syndrome_is_a_valid_exit(void **state)
{
	(void)state;
	for (uint64_t esr = 0; esr <= UINT32_MAX; esr += 2039) {
		const struct vcpu_exit exit =
			decode_at(esr, esr * 0x10001, esr & 8 ? HPFAR_UNKNOWN : HPFAR);
		const char *broken = exit_claims(&exit);
		char line[200];

		if (broken)
			fail_msg("esr 0x%llx: %s", (unsigned long long)esr, broken);
		assert_in_range(exit_format(line, sizeof(line), &exit), 3, sizeof(line) - 1);
	}
}

/* The same values give the same exit: nothing else is looked at. */
static void decoding_reads_nothing_but_its_arguments(void **state)
{
	const struct vcpu_exit one = decode(DABT(TRANSLATION(1)));

	(void)state;
	decode(ESR(EC_SYSREG, SYSREG_KEY(3, 0, 1, 0, 0)));
	decode(IABT(PERMISSION(3)));
	const struct vcpu_exit two = decode(DABT(TRANSLATION(1)));
	char first[200], second[200];

	exit_format(first, sizeof(first), &one);
	exit_format(second, sizeof(second), &two);
	assert_string_equal(first, second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_load_with_a_syndrome_is_an_mmio_read),
		cmocka_unit_test(size_sign_and_register_width_are_kept),
		cmocka_unit_test(without_isv_nothing_of_the_syndrome_is_believed),
		cmocka_unit_test(what_is_no_access_of_the_instruction_is_never_emulated),
		cmocka_unit_test(a_table_walk_has_the_tables_page),
		cmocka_unit_test(an_unknown_ipa_is_no_ipa),
		cmocka_unit_test(fault_codes_are_the_manuals),
		cmocka_unit_test(hpfar_holds_an_ipa_for_these_only),
		cmocka_unit_test(every_class_is_a_line),
		cmocka_unit_test(a_call_says_what_it_became),
		cmocka_unit_test(a_short_buffer_is_respected),
		cmocka_unit_test(all_64_classes_have_a_name),
		cmocka_unit_test(any_syndrome_is_a_valid_exit),
		cmocka_unit_test(decoding_reads_nothing_but_its_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
