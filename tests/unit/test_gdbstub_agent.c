/* The GDB library's agent expressions: bytecodes, bounds, conditions and commands of breakpoints. */
/* sources: $(GDBSTUB_SOURCES) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/gdb_client.h"
#include "gdbstub/internal.h"

static const struct gdb_thread thread = {1, 1};

static int set_up(void **state)
{
	(void)state;
	connect(&mock_all);
	return 0;
}

/* Bytecode in hexadecimal, blanks between for the reader. */
static size_t assemble(const char *text, uint8_t *code)
{
	size_t count = 0;
	unsigned byte;

	for (; *text; text++) {
		if (*text == ' ')
			continue;
		assert_int_equal(sscanf(text, "%2x", &byte), 1);
		code[count++] = (uint8_t)byte;
		text++;
	}
	return count;
}

static bool run(const char *text, uint64_t *value)
{
	uint8_t code[256];
	const size_t count = assemble(text, code);

	return gdb_agent_run(&mock.stub, NULL, thread, code, count, value);
}

/* Each row's operands are constants of one byte (22 nn) or eight (25 ...). */
static void each_operation_has_its_value(void **state)
{
	static const struct {
		const char *code;
		uint64_t value;
	} rows[] = {
		{"22 05 22 03 02 27", 8},
		{"22 03 22 05 03 27", (uint64_t)-2},
		{"22 03 22 05 04 27", 15},
		/* -7 / 2, -7 % 2, 7 / -2, 7 % -2, and without sign */
		{"25 fffffffffffffff9 22 02 05 27", (uint64_t)-3},
		{"25 fffffffffffffff9 22 02 07 27", (uint64_t)-1},
		{"22 07 25 fffffffffffffffe 05 27", (uint64_t)-3},
		{"22 07 25 fffffffffffffffe 07 27", 1},
		{"25 fffffffffffffff9 22 02 06 27", 0x7ffffffffffffffc},
		{"25 fffffffffffffff9 22 02 08 27", 1},
		/* the one quotient that does not fit */
		{"25 8000000000000000 25 ffffffffffffffff 05 27", 0x8000000000000000},
		{"25 8000000000000000 25 ffffffffffffffff 07 27", 0},
		{"22 01 22 04 09 27", 16},
		{"22 01 22 40 09 27", 0},
		{"25 8000000000000000 22 3f 0a 27", UINT64_MAX},
		{"25 8000000000000000 22 40 0a 27", UINT64_MAX},
		{"25 8000000000000000 22 00 0a 27", 0x8000000000000000},
		{"25 8000000000000000 22 3f 0b 27", 1},
		{"25 8000000000000000 22 40 0b 27", 0},
		{"22 00 0e 27", 1},
		{"22 07 0e 27", 0},
		{"22 06 22 03 0f 27", 2},
		{"22 06 22 03 10 27", 7},
		{"22 06 22 03 11 27", 5},
		{"22 00 12 27", UINT64_MAX},
		{"22 06 22 06 13 27", 1},
		{"22 06 22 07 13 27", 0},
		{"25 ffffffffffffffff 22 01 14 27", 1},
		{"25 ffffffffffffffff 22 01 15 27", 0},
		{"22 01 25 ffffffffffffffff 15 27", 1},
		{"22 80 16 08 27", (uint64_t)-128},
		{"24 12345678 16 10 27", 0x5678},
		{"23 8000 16 10 27", (uint64_t)-32768},
		{"25 ffffffffffffffff 16 40 27", UINT64_MAX},
		{"25 ffffffffffffffff 2a 01 27", 1},
		{"25 ffffffffffffffff 2a 20 27", 0xffffffff},
		{"25 ffffffffffffffff 2a 40 27", UINT64_MAX},
		{"25 ffffffffffffffff 2a ff 27", UINT64_MAX},
		/* memory at 0x1000: 00 01 02 .. */
		{"23 1001 17 27", 0x01},
		{"23 1001 18 27", 0x0201},
		{"23 1001 19 27", 0x04030201},
		{"23 1000 1a 27", 0x0706050403020100},
		/* jumps: over a constant, and not; back */
		{"22 01 20 0007 22 05 22 06 27", 6},
		{"22 00 20 0007 22 05 22 06 03 27", (uint64_t)-1},
		{"21 0005 22 05 22 06 27", 6},
		{"22 05 22 01 03 28 20 0002 27", 0},
		{"23 1234 27", 0x1234},
		{"24 89abcdef 27", 0x89abcdef},
		/* register 0 of thread p1.1, and one of 4 bytes */
		{"26 0003 27", 0x10003},
		{"26 0021 27", 0x10021},
		{"22 05 28 02 27", 10},
		{"22 05 22 06 29 27", 5},
		{"22 05 22 06 2b 03 27", 1},
		{"22 05 22 06 22 07 32 02 27", 5},
		{"22 05 22 06 22 07 32 00 27", 7},
		/* 1 2 3 => 3 1 2 */
		{"22 01 22 02 22 03 33 27", 2},
		{"22 01 22 02 22 03 33 29 27", 1},
		{"22 01 22 02 22 03 33 29 29 27", 3},
	};

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		mock.memory[i] = (uint8_t)i;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 0xbad;

		if (!run(rows[i].code, &value) || value != rows[i].value)
			fail_msg("%s: %llx", rows[i].code, (unsigned long long)value);
	}
}

static void what_cannot_be_evaluated_fails(void **state)
{
	static const char *const rows[] = {
		"",				/* no end */
		"22",				/* an operand cut off */
		"25 00000000000000",		/* also */
		"27",				/* no value */
		"02 27",			/* nothing to add */
		"22 01 02 27",			/* one is not enough */
		"22 01 2b 27",			/* nor to swap */
		"22 01 22 02 33 27",		/* nor two to rotate */
		"29 27",			/* nothing to pop */
		"28 27",			/* nothing to duplicate */
		"22 01 32 01 27",		/* beyond the stack's bottom */
		"22 01 22 00 05 27",		/* division by zero */
		"22 01 22 00 08 27",		/* also */
		"22 01 16 00 27",		/* no bits */
		"22 00 17 27",			/* no memory */
		"25 ffffffffffffffff 1a 27",	/* beyond the last address */
		"24 00010fff 1a 27",		/* half of it */
		"26 0022 27",			/* a register of 16 bytes */
		"26 0023 27",			/* one without a value */
		"26 0099 27",			/* none */
		"21 0009 27",			/* a jump to nowhere */
		"22 01 20 00ff 27",		/* also */
		"21 0000 27",			/* for ever */
		"22 01 21 0000 27",		/* for ever, and the stack grows */
		"00 27",			/* no opcode */
		"01 27",			/* floating point */
		"22 01 22 01 0c 27",		/* tracepoints */
		"2c 0001 27",			/* also */
		"35 27",			/* beyond the last */
		"ff 27",			/* also */
		"22 00 22 00 34 00 0001 00 27", /* a condition does not print */
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value;

		if (run(rows[i], &value))
			fail_msg("%s: %llx", rows[i], (unsigned long long)value);
	}
}

static enum gdb_verdict hit(void)
{
	return gdb_breakpoint_hit(&mock.stub, thread, false, 0x1000);
}

/* x3 == 0x10003, x3 == 1 */
#define TRUE_CONDITION          \
	"Xa,260003240001000313" \
	"27"
#define FALSE_CONDITION "X7,26000322011327"

static void one_true_condition_stops(void **state)
{
	(void)state;
	assert_int_equal(hit(), GDB_HIT_STOP);
	assert_string_equal(ask("Z0,1000,4"), "OK");
	assert_int_equal(hit(), GDB_HIT_STOP);
	assert_string_equal(ask("Z0,1000,4;" FALSE_CONDITION), "OK");
	assert_int_equal(hit(), GDB_HIT_GO_ON);
	/* Another address, another kind, another process: not this one's. */
	assert_int_equal(gdb_breakpoint_hit(&mock.stub, thread, false, 0x1004), GDB_HIT_STOP);
	assert_int_equal(gdb_breakpoint_hit(&mock.stub, thread, true, 0x1000), GDB_HIT_STOP);
	assert_int_equal(gdb_breakpoint_hit(&mock.stub, (struct gdb_thread){2, 1}, false, 0x1000),
			 GDB_HIT_STOP);
	/* The list is replaced, not added to. */
	assert_string_equal(ask("Z0,1000,4;" FALSE_CONDITION TRUE_CONDITION), "OK");
	assert_int_equal(hit(), GDB_HIT_STOP);
	assert_string_equal(ask("Z0,1000,4;" TRUE_CONDITION FALSE_CONDITION), "OK");
	assert_int_equal(hit(), GDB_HIT_STOP);
	assert_string_equal(ask("Z0,1000,4;" FALSE_CONDITION FALSE_CONDITION), "OK");
	assert_int_equal(hit(), GDB_HIT_GO_ON);
	/* One that cannot be evaluated: rather a stop too many. */
	assert_string_equal(ask("Z0,1000,4;X1,27"), "OK");
	assert_int_equal(hit(), GDB_HIT_STOP);
	assert_string_equal(ask("Z0,1000,4"), "OK");
	assert_int_equal(hit(), GDB_HIT_STOP);
}

static void conditions_go_with_their_breakpoint(void **state)
{
	(void)state;
	assert_string_equal(ask("Z1,2000,4;" FALSE_CONDITION), "OK");
	assert_string_equal(ask("Z0,1000,4;" FALSE_CONDITION), "OK");
	assert_string_equal(ask("z1,2000,4"), "OK");
	assert_int_equal(hit(), GDB_HIT_GO_ON);
	assert_string_equal(ask("z0,1000,4"), "OK");
	assert_int_equal(hit(), GDB_HIT_STOP);
	assert_int_equal(mock.stub.agent_used, 0);
	/* One that the target refuses leaves nothing behind. */
	mock.insert_result = GDB_ENOMEM;
	assert_string_equal(ask("Z1,1000,4;" FALSE_CONDITION), "E0c");
	assert_int_equal(mock.stub.agent_used, 0);
	mock.insert_result = GDB_OK;
	assert_string_equal(ask("Z0,1000,4;" FALSE_CONDITION), "OK");
	assert_string_equal(ask("D"), "OK");
	assert_int_equal(mock.stub.agent_used, 0);
}

static void the_space_for_conditions_is_bounded(void **state)
{
	char packet[1200] = "Z0,1000,4;X1f1,";
	unsigned stored = 0;

	(void)state;
	memset(packet + strlen(packet), '2', 2 * 0x1f1);
	assert_string_equal(ask(packet), "E0c");
	assert_int_equal(mock.stub.agent_used, 0);
	for (; stored < 1000; stored++) {
		snprintf(packet, sizeof(packet), "Z0,%x,4;" FALSE_CONDITION, stored);
		if (strcmp(ask(packet), "OK") != 0)
			break;
	}
	assert_string_equal(replies(), "");
	assert_in_range(stored, sizeof(mock.agent) / 32, sizeof(mock.agent) / 8);
	assert_string_equal(ask("z0,3,4"), "OK");
	assert_string_equal(ask(packet), "OK");
}

static void a_command(const char *format, unsigned count, const char *arguments, char *packet)
{
	const size_t bytes = strlen(arguments) / 2 + 2 + 2 + 1 + 1 + 2 + strlen(format) + 1 + 1;

	sprintf(packet, "Z0,1000,4;cmds:1,X%zx,%s2200220034%02x%04zx", bytes, arguments, count,
		strlen(format) + 1);
	for (; *format; format++)
		sprintf(packet + strlen(packet), "%02x", *format);
	strcat(packet, "0027");
}

static const char *printed(const char *format, unsigned count, const char *arguments)
{
	static char text[2000], packet[2000];
	const char *at;
	unsigned byte;
	size_t to = 0;

	a_command(format, count, arguments, packet);
	assert_string_equal(ask(packet), "OK");
	assert_int_equal(hit(), GDB_HIT_COMMANDS);
	assert_string_equal(ask("vCont;c"), "");
	gdb_breakpoint_commands(&mock.stub, thread, false, 0x1000);
	gdb_poll(&mock.stub);
	for (at = replies(); *at == 'O' || *at == '|';) {
		for (at += *at == '|' ? 2 : 1; sscanf(at, "%2x", &byte) == 1; at += 2)
			text[to++] = (char)byte;
	}
	text[to] = 0;
	gdb_stopped(&mock.stub, &(struct gdb_stop){thread, .signal = GDB_SIGNAL_TRAP});
	replies();
	return text;
}

/* The arguments are pushed last one first. */
static void commands_print(void **state)
{
	char expected[2000] = "";

	(void)state;
	strcpy((char *)mock.memory, "a string");
	assert_string_equal(printed("plain %% \\n\\t\\\"\\\\", 0, ""), "plain % \n\t\"\\");
	assert_string_equal(printed("%d %x.", 2, "22ff2263"), "99 ff.");
	assert_string_equal(printed("%d", 1, "25fffffffffffffff9"), "-7");
	assert_string_equal(printed("%u", 1, "25fffffffffffffff9"), "4294967289");
	assert_string_equal(printed("%ld", 1, "258000000000000000"), "-9223372036854775808");
	assert_string_equal(printed("%llx", 1, "25123456789abcdef0"), "123456789abcdef0");
	assert_string_equal(printed("%08lx|%5d|%o", 3, "224022072263"), "00000063|    7|100");
	assert_string_equal(printed("%5d", 1, "25fffffffffffffff9"), "   -7");
	assert_string_equal(printed("%p %c", 2, "2241231000"), "0x1000 A");
	assert_string_equal(printed("'%s'", 1, "231000"), "'a string'");
	assert_string_equal(printed("'%s'", 1, "2200"), "''");
	assert_string_equal(printed("%d %d", 1, "2201"), "1 0");
	assert_string_equal(printed("%f%", 1, "2201"), "??");
	assert_string_equal(printed("end\\", 0, ""), "end\\");
	for (unsigned i = 0; i < 40; i++)
		strcat(expected, "0123456789");
	assert_string_equal(printed(expected, 0, ""), expected);
}

static void a_command_with_a_condition_runs_when_it_holds(void **state)
{
	(void)state;
	assert_string_equal(ask("Z0,1000,4;" FALSE_CONDITION ";cmds:1,X1,27"), "OK");
	assert_int_equal(hit(), GDB_HIT_GO_ON);
	assert_string_equal(ask("Z0,1000,4;" TRUE_CONDITION ";cmds:0,X1,27"), "OK");
	assert_int_equal(hit(), GDB_HIT_COMMANDS);
}

static void a_command_that_fails_says_so(void **state)
{
	static const char *const rows[] = {
		"X1,02",		 /* nothing to add */
		"X7,22002200340000",	 /* a length cut off */
		"X9,220022003400000161", /* a format without its end */
		"X9,220022003400000000", /* of no length */
		"X9,220022003405000100", /* fewer arguments than it says */
		"X9,220022003400000500", /* longer than the code */
	};
	char packet[100];

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(packet, sizeof(packet), "Z0,1000,4;cmds:0,%s", rows[i]);
		assert_string_equal(ask(packet), "OK");
		assert_int_equal(hit(), GDB_HIT_COMMANDS);
		assert_string_equal(ask("vCont;c"), "");
		gdb_breakpoint_commands(&mock.stub, thread, false, 0x1000);
		assert_memory_equal(replies(), "O627265616b", 11);
		gdb_stopped(&mock.stub, &(struct gdb_stop){thread, .signal = GDB_SIGNAL_TRAP});
		replies();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_operation_has_its_value, set_up),
		cmocka_unit_test_setup(what_cannot_be_evaluated_fails, set_up),
		cmocka_unit_test_setup(one_true_condition_stops, set_up),
		cmocka_unit_test_setup(conditions_go_with_their_breakpoint, set_up),
		cmocka_unit_test_setup(the_space_for_conditions_is_bounded, set_up),
		cmocka_unit_test_setup(commands_print, set_up),
		cmocka_unit_test_setup(a_command_with_a_condition_runs_when_it_holds, set_up),
		cmocka_unit_test_setup(a_command_that_fails_says_so, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
