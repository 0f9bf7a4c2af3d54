/* What a CPU can do, from its ID registers: every CPU model at hand, and what must be refused. */
/* sources: src/core/capabilities.c src/core/capabilities_read.c src/core/id_regs.c src/core/pmu.c src/core/pmu_hardware.c src/lib/printf.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <vitrine/capabilities.h>
#include <vitrine/embed.h>

#include "lib/bits.h"
#include "tests/unit/cpu_models.h"
#include "tests/unit/fake_sysregs.h"

void embed_pmu_line(struct vcpu *vcpu, bool level)
{
	(void)vcpu;
	(void)level;
}

static const struct id_values *model(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(cpu_models); i++)
		if (strcmp(cpu_models[i].name, name) == 0)
			return &cpu_models[i].values;
	fail_msg("no model %s", name);
	return NULL;
}

static struct capabilities of(const char *name)
{
	return capabilities_of(model(name));
}

/* From each CPU's technical reference manual. */
static void each_model_has_what_its_manual_says(void **state)
{
	static const struct {
		const char *name;
		unsigned pa_bits, vmid_bits, counters;
		bool g4k, g16k, g64k, vhe, pauth, sve, el0_32;
	} rows[] = {
		{"cortex-a35", 40, 8, 6, true, true, true, false, false, false, true},
		{"cortex-a53", 40, 8, 6, true, false, true, false, false, false, true},
		{"cortex-a57", 44, 8, 6, true, false, true, false, false, false, true},
		{"cortex-a72", 44, 8, 6, true, false, true, false, false, false, true},
		{"cortex-a76", 40, 16, 6, true, true, true, true, false, false, true},
		{"neoverse-n1", 48, 16, 6, true, true, true, true, false, false, true},
		{"a64fx", 40, 8, 8, true, false, true, true, false, true, false},
		{"max", 52, 16, 6, true, true, true, true, true, true, true},
		{"max,pauth-impdef=on", 52, 16, 6, true, true, true, true, true, true, true},
	};

	(void)state;
	assert_int_equal(ARRAY_SIZE(rows), ARRAY_SIZE(cpu_models));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct capabilities caps = of(rows[i].name);

		print_message("%s\n", rows[i].name);
		assert_null(capabilities_missing(&caps));
		assert_int_equal(caps.pa_bits, rows[i].pa_bits);
		assert_int_equal(caps.vmid_bits, rows[i].vmid_bits);
		assert_int_equal(caps.event_counters, rows[i].counters);
		assert_int_equal(caps.granule_4k, rows[i].g4k);
		assert_int_equal(caps.granule_16k, rows[i].g16k);
		assert_int_equal(caps.granule_64k, rows[i].g64k);
		assert_int_equal(caps.vhe, rows[i].vhe);
		assert_int_equal(caps.pauth, rows[i].pauth);
		assert_int_equal(caps.sve, rows[i].sve);
		assert_int_equal(caps.el0_aarch32, rows[i].el0_32);
		assert_true(caps.gic_sysregs);
		assert_int_equal(caps.list_registers, 4);
		assert_int_equal(caps.breakpoints, 6);
		assert_int_equal(caps.watchpoints, 4);
		assert_int_equal(caps.context_aware, 2);
		assert_true(caps.at_el2);
	}
}

static void features_that_only_some_have(void **state)
{
	(void)state;
	assert_false(of("cortex-a57").lse);
	assert_true(of("neoverse-n1").lse);
	assert_true(of("neoverse-n1").ras);
	assert_false(of("cortex-a72").ras);
	assert_true(of("max").sme);
	assert_true(of("max").bti);
	assert_true(of("max").random);
	assert_false(of("cortex-a76").bti);
}

/* What is missing is named, one at a time. */
static void a_machine_that_lacks_something_is_refused(void **state)
{
	const struct {
		uint64_t clear_pfr0, set_pfr0, clear_mmfr0, set_mmfr0, current_el;
		const char *named;
	} rows[] = {
		{0xf00, 0, 0, 0, 8, "no EL2"},
		{0, 0, 0, 0, 4, "not started at EL2"},
		{0xf0, 0, 0, 0, 8, "EL1 is not AArch64"},
		{0, 0xf0000, 0, 0, 8, "no floating point"},
		{0, 0xf00000, 0, 0, 8, "no floating point"},
		/* 4 KiB: not there at all; there, but not at stage 2; at stage 2 alone is enough. */
		{0, 0, 0, 0xf0000000, 8, "4 KiB granule at stage 2"},
		{0, 0, 0xf0000000000, 0x10000000000, 8, "4 KiB granule at stage 2"},
		{0, 0, 0, 0x200f0000000, 8, NULL},
		{0, 0, 0, 0x9, 8, "physical address size"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct id_values values = *model("cortex-a57");

		values.pfr0 = (values.pfr0 & ~rows[i].clear_pfr0) | rows[i].set_pfr0;
		values.mmfr0 = (values.mmfr0 & ~rows[i].clear_mmfr0) | rows[i].set_mmfr0;
		values.current_el = rows[i].current_el;

		const struct capabilities caps = capabilities_of(&values);
		const char *missing = capabilities_missing(&caps);

		if (!rows[i].named)
			assert_null(missing);
		else if (!missing || !strstr(missing, rows[i].named))
			fail_msg("row %zu: %s instead of %s", i, missing, rows[i].named);
	}
}

/* PMUVer 0xf is a PMU, but none whose registers we know. */
static void a_pmu_of_another_kind_is_none(void **state)
{
	struct id_values values = *model("cortex-a57");

	(void)state;
	values.dfr0 |= 0xf00;
	assert_int_equal(capabilities_of(&values).pmu_version, 0);
	assert_int_equal(capabilities_of(&values).event_counters, 0);
}

static void list_registers_need_the_registers_to_read_them(void **state)
{
	struct id_values values = *model("cortex-a57");

	(void)state;
	values.pfr0 &= ~UINT64_C(0xf000000);
	assert_int_equal(capabilities_of(&values).list_registers, 0);
	values = *model("cortex-a57");
	values.ich_vtr = 0;
	assert_int_equal(capabilities_of(&values).list_registers, 0);
	values.ich_vtr = 0x9000000f;
	assert_int_equal(capabilities_of(&values).list_registers, 16);
}

static void the_report_names_cpu_and_features(void **state)
{
	const struct capabilities caps = of("neoverse-n1");
	char text[256];

	(void)state;
	const int length = capabilities_format(text, sizeof(text), &caps);

	assert_int_equal(length, strlen(text));
	assert_string_equal(text,
			    "cpu: implementer 0x41 part 0xd0c r4p1, PA 48 bits, VMID 16 bits, "
			    "stage-2 granules 4K 16K 64K, EL0 64 and 32 bits, EL3 no, list "
			    "registers 4, breakpoints 6, watchpoints 4");
	const int features = capabilities_format_features(text, sizeof(text), &caps);

	assert_int_equal(features, strlen(text));
	assert_string_equal(text, "cpu: PMU with 6 event counters; has GIC-sysregs VHE RAS LSE");
}

/* No length of buffer is overrun; the answer is the whole length all the same. */
static void the_report_fits_any_buffer(void **state)
{
	const struct capabilities caps = of("max");
	char whole[256], text[256];
	const int length = capabilities_format_features(whole, sizeof(whole), &caps);

	(void)state;
	for (size_t size = 0; size < sizeof(text); size++) {
		memset(text, '#', sizeof(text));
		assert_int_equal(capabilities_format_features(text, size, &caps), length);
		for (size_t i = size; i < sizeof(text); i++)
			assert_int_equal(text[i], '#');
		if (size)
			assert_memory_equal(text, whole, MIN(size - 1, (size_t)length));
	}
}

/* Reading a machine gives what the pure function says of its registers; SRE = 0 hides the list registers. */
static void init_reads_the_registers_that_are_there(void **state)
{
	const struct id_values *values = model("max");
	struct capabilities caps;

	(void)state;
	fake_sysregs_reset();
	fake_sysreg_write("MIDR_EL1", values->midr);
	fake_sysreg_write("CurrentEL", values->current_el);
	fake_sysreg_write("ID_AA64PFR0_EL1", values->pfr0);
	fake_sysreg_write("ID_AA64DFR0_EL1", values->dfr0);
	fake_sysreg_write("ID_AA64MMFR0_EL1", values->mmfr0);
	fake_sysreg_write("PMCR_EL0", values->pmcr);
	fake_sysreg_write("S3_4_C12_C11_1", values->ich_vtr);
	assert_null(capabilities_init(&caps));
	assert_int_equal(caps.midr, values->midr);
	assert_int_equal(caps.event_counters, 6);
	assert_int_equal(caps.list_registers, 0);
	assert_int_equal(fake_sysreg("S3_4_C12_C11_1")->reads, 0);

	fake_sysreg_write("S3_4_C12_C9_5", 1);
	assert_null(capabilities_init(&caps));
	assert_int_equal(caps.list_registers, 4);

	fake_sysreg_write("CurrentEL", 4);
	assert_non_null(capabilities_init(&caps));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_model_has_what_its_manual_says),
		cmocka_unit_test(features_that_only_some_have),
		cmocka_unit_test(a_machine_that_lacks_something_is_refused),
		cmocka_unit_test(a_pmu_of_another_kind_is_none),
		cmocka_unit_test(list_registers_need_the_registers_to_read_them),
		cmocka_unit_test(the_report_names_cpu_and_features),
		cmocka_unit_test(the_report_fits_any_buffer),
		cmocka_unit_test(init_reads_the_registers_that_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
