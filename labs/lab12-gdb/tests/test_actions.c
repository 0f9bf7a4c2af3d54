/* Actions of vCont beside each other: none leaves anything to the next. */
/* sources: $(GDBSTUB_SOURCES) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/gdb_client.h"

static int set_up(void **state)
{
	(void)state;
	connect(&mock_all);
	return 0;
}

static void each_action_has_its_own_signal(void **state)
{
	(void)state;
	assert_string_equal(ask("vCont;C05:p1.1;c:p1.2"), "");
	assert_int_equal(mock.actions[0].signal, 5);
	assert_int_equal(mock.actions[1].signal, GDB_SIGNAL_NONE);
	assert_int_equal(mock.actions[1].kind, GDB_ACTION_RUN);
}

static void each_action_has_its_own_range(void **state)
{
	(void)state;
	assert_string_equal(ask("vCont;r1000,1010:p1.1;s:p1.2"), "");
	assert_int_equal(mock.actions[0].kind, GDB_ACTION_RANGE);
	assert_int_equal(mock.actions[0].end, 0x1010);
	assert_int_equal(mock.actions[1].kind, GDB_ACTION_STEP);
	assert_int_equal(mock.actions[1].end, 0);
}

/* The last action is wrong: the first thread has not been told anything, either. */
static void a_wrong_list_tells_nobody(void **state)
{
	(void)state;
	mock.actions[0].kind = GDB_ACTION_RANGE;
	assert_string_equal(ask("vCont;s:p1.1;x:p1.2"), "E16");
	assert_string_equal(ask("vCont;s:p1.1;r5,4:p1.2"), "E16");
	assert_int_equal(mock.actions[0].kind, GDB_ACTION_RANGE);
	assert_int_equal(mock.resumes, 0);
}

static void a_target_without_ranges_gets_none(void **state)
{
	(void)state;
	connect(&mock_bare);
	assert_string_equal(ask("vCont;r1000,1010"), "E16");
	assert_int_equal(mock.resumes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_action_has_its_own_signal, set_up),
		cmocka_unit_test_setup(each_action_has_its_own_range, set_up),
		cmocka_unit_test_setup(a_wrong_list_tells_nobody, set_up),
		cmocka_unit_test_setup(a_target_without_ranges_gets_none, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
