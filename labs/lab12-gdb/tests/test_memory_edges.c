/* Memory at its edges: no length, the last address, more than a reply holds, digits that are missing. */
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

static void a_length_that_wraps_is_cut_for_reading_and_refused_for_writing(void **state)
{
	(void)state;
	/* The mock has no memory there, and would stop the test if it were asked for more than there are addresses. */
	assert_string_equal(ask("mffffffffffffffff,ffffffffffffffff"), "E0e");
	assert_string_equal(ask("m1,ffffffffffffffff"), "E0e");
	assert_string_equal(ask("Mffffffffffffffff,2:0000"), "E0e");
	assert_string_equal(ask("Xfffffffffffffffe,3:abc"), "E0e");
	/* From where something is to the last address: as much as there is room for. */
	assert_in_range(strlen(ask("m1000,fffffffffffff000")), 4000, MOCK_BUFFER);
	assert_in_range(strlen(ask("m1000,fffffffffffff001")), 4000, MOCK_BUFFER);
}

static void no_length_is_an_error_when_read_and_nothing_when_written(void **state)
{
	(void)state;
	assert_string_equal(ask("m1000,0"), "E16");
	assert_string_equal(ask("m0,0"), "E16");
	assert_string_equal(ask("M0,0:"), "OK");
	assert_string_equal(ask("X0,0:"), "OK");
	assert_string_equal(ask("M1000,0:11"), "E16");
	assert_string_equal(ask("X1000,0:a"), "E16");
}

static void a_wrong_packet_writes_nothing(void **state)
{
	static const char *const wrong[] = {
		"M1000,4:0102030",  "M1000,4:010203", "M1000,4:0102030405", "M1000,4:010203zz",
		"M1000,4;01020304", "X1000,4:abc",    "X1000,4:abcde",	    "X1000,4:abc}",
		"X1000,4;abcd",	    "M1000,1:1",      "M1000,1000000:00",   "X1000,3}:abc"};
	uint8_t before[16];

	(void)state;
	memcpy(before, mock.memory, sizeof(before));
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_string_equal(ask(wrong[i]), "E16");
		assert_memory_equal(mock.memory, before, sizeof(before));
	}
}

static void each_byte_can_be_written_as_itself(void **state)
{
	char packet[64] = "X1000,1:";

	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		const bool escapes = byte == '#' || byte == '$' || byte == '}' || byte == '*';

		packet[8] = escapes ? '}' : (char)byte;
		packet[9] = (char)(byte ^ 0x20);
		assert_string_equal(ask_bytes(packet, escapes ? 10 : 9), "OK");
		assert_int_equal(mock.memory[0], byte);
	}
	/* All of them may be escaped. */
	memcpy(packet, "X1000,2:}A}b", 12);
	assert_string_equal(ask_bytes(packet, 12), "OK");
	assert_memory_equal(mock.memory, "aB", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			a_length_that_wraps_is_cut_for_reading_and_refused_for_writing, set_up),
		cmocka_unit_test_setup(no_length_is_an_error_when_read_and_nothing_when_written,
				       set_up),
		cmocka_unit_test_setup(a_wrong_packet_writes_nothing, set_up),
		cmocka_unit_test_setup(each_byte_can_be_written_as_itself, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
