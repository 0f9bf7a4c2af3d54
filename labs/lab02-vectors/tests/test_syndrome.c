/* What a guest's exception says of itself: ESR_EL2, FAR_EL2 and HPFAR_EL2, field by field. */
/* sources: src/core/decode.c src/core/fault_codes.c src/core/fault_address.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/decode.h"
#include "core/fault_address.h"
#include "core/fault_codes.h"

#define FAR   UINT64_C(0xffff800008123a18)
#define HPFAR UINT64_C(0x90000) /* IPA 0x09000000 */
#define PC    UINT64_C(0x40080004)

static uint64_t esr_of(unsigned class, uint64_t iss)
{
	return FIELD_PREP(ESR_EC, (uint64_t) class) | ESR_IL | iss;
}

/* Where nothing is written there is rubbish: a vCPU's last exit. */
static struct vcpu_exit decode(uint64_t esr, uint64_t hpfar)
{
	struct vcpu_exit exit;

	memset(&exit, 0xa5, sizeof(exit));
	exit_decode(&exit, esr, FAR, hpfar, PC, 0x84000003);
	return exit;
}

static void wfi_and_wfe_are_told_apart(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		const struct vcpu_exit exit = decode(esr_of(EC_WFX, kind), 0);

		assert_int_equal(exit.reason, EXIT_HALT);
		assert_int_equal(exit.halt.kind, kind);
		assert_int_equal(exit.halt.wfe, kind & 1);
		assert_int_equal(exit.halt.reg, 31);
	}
}

/* WFIT and WFET name the register with their deadline; only then is the field one. */
static void a_wait_names_its_register(void **state)
{
	(void)state;
	for (unsigned reg = 0; reg < 32; reg++) {
		assert_int_equal(decode(esr_of(EC_WFX, 2 | 4 | reg << 5), 0).halt.reg, reg);
		assert_int_equal(decode(esr_of(EC_WFX, 2 | reg << 5), 0).halt.reg, 31);
	}
}

static void a_call_has_function_and_immediate(void **state)
{
	const struct vcpu_exit none = decode(esr_of(EC_HVC64, 0), 0);
	const struct vcpu_exit hvc = decode(esr_of(EC_HVC64, 0xbeef), 0);

	(void)state;
	assert_int_equal(none.reason, EXIT_HYPERCALL);
	assert_int_equal(none.call.function, 0x84000003);
	assert_int_equal(none.call.immediate, 0);
	assert_int_equal(hvc.call.immediate, 0xbeef);
}

static void hvc_and_smc_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(decode(esr_of(EC_SMC64, 3), 0).reason, EXIT_HYPERCALL);
	assert_true(decode(esr_of(EC_SMC64, 3), 0).call.smc);
	assert_false(decode(esr_of(EC_HVC64, 3), 0).call.smc);
}

static void an_serror_is_taken_apart(void **state)
{
	const struct vcpu_exit plain = decode(esr_of(EC_SERROR, 0), 0);
	const struct vcpu_exit all =
		decode(esr_of(EC_SERROR, BIT(24) | 7 << 10 | BIT(9) | 0x3f), 0);

	(void)state;
	assert_int_equal(plain.reason, EXIT_SERROR);
	assert_false(plain.serror.implementation_defined);
	assert_false(plain.serror.external);
	assert_int_equal(plain.serror.severity, 0);
	assert_int_equal(plain.serror.code, 0);
	assert_true(all.serror.implementation_defined);
	assert_true(all.serror.external);
	assert_int_equal(all.serror.severity, 7);
	assert_int_equal(all.serror.code, 0x3f);
	assert_false(decode(esr_of(EC_SERROR, BIT(24)), 0).serror.external);
	assert_int_equal(decode(esr_of(EC_SERROR, 2 << 10), 0).serror.severity, 2);
}

/* An exit keeps the registers that it came from. */
static void the_raw_registers_stay(void **state)
{
	const struct vcpu_exit exit = decode(esr_of(EC_IABT_LOWER, 0xf), HPFAR);

	(void)state;
	assert_true(exit.esr == esr_of(EC_IABT_LOWER, 0xf));
	assert_true(exit.far == FAR && exit.hpfar == HPFAR && exit.pc == PC);
	assert_int_equal(exit.reason, EXIT_NESTED_PAGE_FAULT);
}

static void a_fault_has_type_and_level(void **state)
{
	(void)state;
	for (unsigned code = 0; code < 64; code++) {
		/* FnV: so that none is a plain access. */
		const uint64_t esr = esr_of(EC_DABT_LOWER, ISS_ABT_FNV | code);
		const struct fault_code wanted = fault_code_of(esr);
		const struct vcpu_exit exit = decode(esr, HPFAR);

		assert_int_equal(exit.reason, EXIT_NESTED_PAGE_FAULT);
		assert_int_equal(exit.fault.type, wanted.type);
		assert_int_equal(exit.fault.level, wanted.level);
	}
}

/* An instruction is only ever fetched: in its syndrome the bits of a data access mean nothing. */
static void a_fetch_neither_writes_nor_maintains(void **state)
{
	struct vcpu_exit exit =
		decode(esr_of(EC_IABT_LOWER, ISS_ABT_WNR | ISS_ABT_CM | 0xf), HPFAR);

	(void)state;
	assert_true(exit.fault.fetch);
	assert_false(exit.fault.write);
	assert_false(exit.fault.maintenance);
	exit = decode(esr_of(EC_DABT_LOWER, ISS_ABT_WNR | ISS_ABT_CM | 0xf), HPFAR);
	assert_false(exit.fault.fetch);
	assert_true(exit.fault.write);
	assert_true(exit.fault.maintenance);
	exit = decode(esr_of(EC_DABT_LOWER, 0xf), HPFAR);
	assert_false(exit.fault.write);
	assert_false(exit.fault.maintenance);
}

/* The page is HPFAR_EL2's, the offset in it FAR_EL2's; but a table that the walk read is at neither address of the access. */
static void the_ipa_is_put_together(void **state)
{
	struct vcpu_exit exit = decode(esr_of(EC_DABT_LOWER, 0xf), HPFAR);

	(void)state;
	assert_true(exit.fault.ipa_known);
	assert_false(exit.fault.table_walk);
	assert_true(exit.fault.ipa == 0x09000a18);
	exit = decode(esr_of(EC_IABT_LOWER, 0xf), HPFAR);
	assert_true(exit.fault.ipa == 0x09000a18);
	exit = decode(esr_of(EC_DABT_LOWER, ISS_ABT_S1PTW | 0xf), HPFAR);
	assert_true(exit.fault.table_walk);
	assert_true(exit.fault.ipa == 0x09000000);
}

static void what_is_not_known_is_not_told(void **state)
{
	struct vcpu_exit exit = decode(esr_of(EC_DABT_LOWER, 0xf), HPFAR | HPFAR_UNKNOWN);

	(void)state;
	assert_false(exit.fault.ipa_known);
	assert_true(exit.fault.ipa == 0);
	assert_true(exit.fault.far_known);
	exit = decode(esr_of(EC_DABT_LOWER, ISS_ABT_FNV | 0x10), HPFAR);
	assert_false(exit.fault.far_known);
}

/* Every combination: a translation fault of an instruction's own data access, at known addresses, that its syndrome does not describe. */
static void only_some_faults_are_worth_reading_the_instruction(void **state)
{
	static const uint64_t bits[] = {ISS_ABT_ISV, ISS_ABT_FNV, ISS_ABT_CM, ISS_ABT_S1PTW,
					ISS_ABT_WNR};

	(void)state;
	for (unsigned choice = 0; choice < 32; choice++) {
		for (unsigned code = 0; code < 64; code++) {
			for (unsigned unknown = 0; unknown < 2; unknown++) {
				uint64_t iss = code;
				struct vcpu_exit exit;
				bool wanted;

				for (unsigned i = 0; i < 5; i++)
					iss |= choice >> i & 1 ? bits[i] : 0;
				if (is_plain_access(esr_of(EC_DABT_LOWER, iss)))
					continue;
				wanted = fault_code_of(iss).type == FAULT_TRANSLATION &&
					 !(choice & 0xf) && !unknown;
				exit = decode(esr_of(EC_DABT_LOWER, iss),
					      HPFAR | (unknown ? HPFAR_UNKNOWN : 0));
				if (exit.fault.needs_instruction != wanted)
					fail_msg("data abort, ISS 0x%llx, IPA %s: "
						 "needs_instruction is %d",
						 (unsigned long long)iss,
						 unknown ? "unknown" : "known",
						 exit.fault.needs_instruction);
				exit = decode(esr_of(EC_IABT_LOWER, iss),
					      HPFAR | (unknown ? HPFAR_UNKNOWN : 0));
				if (exit.fault.needs_instruction)
					fail_msg("instruction abort, ISS 0x%llx: needs_instruction",
						 (unsigned long long)iss);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wfi_and_wfe_are_told_apart),
		cmocka_unit_test(a_wait_names_its_register),
		cmocka_unit_test(a_call_has_function_and_immediate),
		cmocka_unit_test(hvc_and_smc_are_told_apart),
		cmocka_unit_test(an_serror_is_taken_apart),
		cmocka_unit_test(the_raw_registers_stay),
		cmocka_unit_test(a_fault_has_type_and_level),
		cmocka_unit_test(a_fetch_neither_writes_nor_maintains),
		cmocka_unit_test(the_ipa_is_put_together),
		cmocka_unit_test(what_is_not_known_is_not_told),
		cmocka_unit_test(only_some_faults_are_worth_reading_the_instruction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
