/* What is behind each trapped register: every row of core/trapped_regs.def, in both directions, and what is in no row. */
/* sources: src/core/sysreg_trap.c src/core/aarch32.c src/core/sysreg_names.c src/lib/printf.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <vitrine/embed.h>

#include "core/guest_debug.h"
#include "core/pmu.h"
#include "core/sysreg_trap.h"
#include "tests/unit/fakes.h"

#define VALUE	UINT64_C(0x123456789abcdef0)
#define NO_SUCH SYSREG_KEY(3, 0, 15, 0, 0)

static struct vcpu vcpu;

/* Who was asked last, for what, with what. */
static const char *asked;
static uint32_t asked_key;
static uint64_t asked_value;
static bool owner_has_it;
static unsigned asked_times, injected;

static bool ask(const char *who, uint32_t key, uint64_t value)
{
	asked = who;
	asked_key = key;
	asked_value = value;
	asked_times++;
	return owner_has_it;
}

bool guest_debug_read(const struct vcpu *of, uint32_t key, uint64_t *value)
{
	assert_ptr_equal(of, &vcpu);
	*value = VALUE;
	return ask("DEBUG", key, 0);
}

bool guest_debug_write(struct vcpu *of, uint32_t key, uint64_t value)
{
	assert_ptr_equal(of, &vcpu);
	return ask("DEBUG", key, value);
}

bool guest_pmu_read(struct vcpu *of, uint32_t key, uint64_t *value)
{
	assert_ptr_equal(of, &vcpu);
	*value = VALUE;
	return ask("PMU", key, 0);
}

bool guest_pmu_write(struct vcpu *of, uint32_t key, uint64_t value)
{
	assert_ptr_equal(of, &vcpu);
	return ask("PMU", key, value);
}

bool embed_sysreg_read(struct vcpu *of, uint32_t key, uint64_t *value)
{
	assert_ptr_equal(of, &vcpu);
	*value = VALUE;
	return ask("EMBEDDER", key, 0);
}

bool embed_sysreg_write(struct vcpu *of, uint32_t key, uint64_t value)
{
	assert_ptr_equal(of, &vcpu);
	return ask("EMBEDDER", key, value);
}

void fake_set_way(const char *operation, uint64_t set_way)
{
	ask(operation, 0, set_way);
}

enum vt_err vcpu_inject_undefined(struct vcpu *of)
{
	assert_ptr_equal(of, &vcpu);
	injected++;
	return VT_OK;
}

void vcpu_advance_aarch32(struct vcpu *of)
{
	(void)of;
	fail_msg("nobody moves on here");
}

static const struct {
	uint32_t key;
	const char *name, *read, *write;
} rows[] = {
#define TRAPPED(op0, op1, crn, crm, op2, name, read, write) \
	{SYSREG_KEY(op0, op1, crn, crm, op2), #name, #read, #write},
#include "core/trapped_regs.def"
#undef TRAPPED
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static int set_up(void **state)
{
	(void)state;
	memset(&vcpu, 0, sizeof(vcpu));
	asked = NULL;
	asked_times = injected = 0;
	owner_has_it = true;
	return 0;
}

static void reads_go_where_the_table_says(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROWS; i++) {
		uint64_t value = ~VALUE;

		set_up(NULL);
		const bool there = sysreg_read(&vcpu, rows[i].key, &value);

		if (strcmp(rows[i].read, "UNDEF") == 0) {
			assert_false(there);
			assert_null(asked);
		} else if (strcmp(rows[i].read, "ZERO") == 0) {
			assert_true(there);
			assert_int_equal(value, 0);
			assert_null(asked);
		} else {
			assert_true(there);
			assert_string_equal(asked, rows[i].read);
			assert_int_equal(asked_key, rows[i].key);
			assert_int_equal(value, VALUE);
			assert_int_equal(asked_times, 1);
		}
	}
}

static void writes_go_where_the_table_says(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROWS; i++) {
		set_up(NULL);
		const bool there = sysreg_write(&vcpu, rows[i].key, VALUE + i);

		if (strcmp(rows[i].write, "SET_WAY") == 0)
			continue;
		if (strcmp(rows[i].write, "UNDEF") == 0 || strcmp(rows[i].write, "IGNORE") == 0) {
			assert_int_equal(there, rows[i].write[0] == 'I');
			assert_null(asked);
		} else {
			assert_true(there);
			assert_string_equal(asked, rows[i].write);
			assert_int_equal(asked_key, rows[i].key);
			assert_int_equal(asked_value, VALUE + i);
			assert_int_equal(asked_times, 1);
		}
	}
}

/* A numbered breakpoint beyond those that the CPU has, a counter that the PMU lacks: the owner knows. */
static void the_owner_has_the_last_word(void **state)
{
	uint64_t value;

	(void)state;
	owner_has_it = false;
	for (unsigned i = 0; i < ROWS; i++) {
		if (strchr("DPE", rows[i].read[0]))
			assert_false(sysreg_read(&vcpu, rows[i].key, &value));
		if (strchr("DPE", rows[i].write[0]))
			assert_false(sysreg_write(&vcpu, rows[i].key, VALUE));
	}
}

static void what_is_in_no_row_is_not_there(void **state)
{
	uint64_t value = VALUE;

	(void)state;
	assert_false(sysreg_read(&vcpu, NO_SUCH, &value));
	assert_int_equal(value, 0); /* nothing of ours leaks to who does not look at the answer */
	assert_false(sysreg_write(&vcpu, NO_SUCH, VALUE));
	assert_false(sysreg_read(&vcpu, SYSREG_KEY(3, 4, 1, 1, 0), &value)); /* HCR_EL2 */
	assert_false(sysreg_write(&vcpu, SYSREG_KEY(3, 4, 1, 1, 0), 0));
	assert_null(asked);
}

/* Other VMs have lines in these caches: to throw them away unwritten would be to lose their stores. */
static void set_and_way_never_without_the_clean(void **state)
{
	(void)state;
	assert_true(sysreg_write(&vcpu, SYSREG_KEY(1, 0, 7, 6, 2), VALUE)); /* DC ISW */
	assert_string_equal(asked, "cisw");
	assert_int_equal(asked_value, VALUE);
	assert_true(sysreg_write(&vcpu, SYSREG_KEY(1, 0, 7, 14, 2), VALUE + 1)); /* DC CISW */
	assert_string_equal(asked, "cisw");
	assert_true(sysreg_write(&vcpu, SYSREG_KEY(1, 0, 7, 10, 2), VALUE + 2)); /* DC CSW */
	assert_string_equal(asked, "csw");
	assert_int_equal(asked_value, VALUE + 2);
	assert_int_equal(asked_times, 3);
}

static bool is_logged(uint32_t key, bool write)
{
	const unsigned before = fake_log_lines, before_injected = injected;

	sysreg_undefined(&vcpu, (struct sysreg_access){.key = key, .write = write});
	assert_int_equal(injected, before_injected + 1);
	return fake_log_lines == before + 1;
}

/* One case, as the table outlives it: sixteen lines in all, each register once a direction, and an exception each time. */
static void each_is_named_once_until_the_table_is_full(void **state)
{
	(void)state;
	assert_true(is_logged(NO_SUCH, false));
	assert_non_null(strstr(fake_log_text, "read of S3_0_C15_C0_0"));
	assert_false(is_logged(NO_SUCH, false));
	assert_true(is_logged(NO_SUCH, true));
	assert_non_null(strstr(fake_log_text, "write of S3_0_C15_C0_0"));
	assert_false(is_logged(NO_SUCH, true));
	assert_false(is_logged(NO_SUCH, false));
	for (unsigned i = 1; i <= 14; i++)
		assert_true(is_logged(SYSREG_KEY(3, 0, 15, i, 0), false));
	for (unsigned i = 1; i <= 14; i++)
		assert_false(is_logged(SYSREG_KEY(3, 0, 15, i, 0), false));
	for (unsigned i = 0; i < 100; i++)
		assert_false(is_logged(SYSREG_KEY(3, 1, 15, i % 16, i / 16), false));
	assert_false(is_logged(NO_SUCH, true));
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_go_where_the_table_says),
		TEST(writes_go_where_the_table_says),
		TEST(the_owner_has_the_last_word),
		TEST(what_is_in_no_row_is_not_there),
		TEST(set_and_way_never_without_the_clean),
		TEST(each_is_named_once_until_the_table_is_full),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
