/* The GDB library, packet by packet: what each does, and each way of being malformed. */
/* sources: $(GDBSTUB_SOURCES) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/gdb_client.h"

struct claim {
	const char *packet, *reply;
};

static int set_up(void **state)
{
	(void)state;
	connect(&mock_all);
	return 0;
}

static void hold(const struct claim *claims, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *reply = ask(claims[i].packet);

		if (strcmp(reply, claims[i].reply) != 0)
			fail_msg("%s: '%s', not '%s'", claims[i].packet, reply, claims[i].reply);
	}
}

#define HOLD(...)                                                   \
	do {                                                        \
		static const struct claim claims[] = {__VA_ARGS__}; \
		hold(claims, sizeof(claims) / sizeof(claims[0]));   \
	} while (0)

static void malformed_packets_are_errors(void **state)
{
	(void)state;
	HOLD({"p", "E16"}, {"pzz", "E16"}, {"p1x", "E16"}, {"p24", "E16"}, {"pffffffff", "E16"},
	     {"p100000000", "E16"}, {"p11111111111111111", "E16"}, {"P", "E16"}, {"P1", "E16"},
	     {"P1=", "E16"}, {"P1=00", "E16"}, {"P1=000000000000000g", "E16"},
	     {"P1=00000000000000000", "E16"}, {"P24=00", "E16"}, {"P1=xxxxxxxxxxxxxxxx", "E16"},
	     {"G", "E16"}, {"G00", "E16"}, {"m", "E16"}, {"m1000", "E16"}, {"m1000,", "E16"},
	     {"m,4", "E16"}, {"m1000,4x", "E16"}, {"m1000,0", "E16"}, {"m-1,4", "E16"},
	     {"m1000,11111111111111111", "E16"}, {"M1000,1", "E16"}, {"M1000,1:", "E16"},
	     {"M1000,1:0", "E16"}, {"M1000,1:0g", "E16"}, {"M1000,1:000", "E16"},
	     {"M1000,2:00", "E16"}, {"M1000,0:00", "E16"}, {"Mffffffffffffffff,2:0000", "E0e"},
	     {"M1000,ffffffffffffffff:00", "E16"}, {"X1000,1:", "E16"}, {"X1000,1:ab", "E16"},
	     {"X1000,1:}", "E16"}, {"X1000,2:a", "E16"}, {"Xffffffffffffffff,2:ab", "E0e"},
	     {"X1000", "E16"}, {"H", ""}, {"Hx1", ""}, {"Hg", "E16"}, {"Hgp", "E16"},
	     {"Hgp1.", "E16"}, {"Hgp1.1x", "E16"}, {"Hg7", "E03"}, {"Hgp7.1", "E03"},
	     {"Hgp1.-2", "E16"}, {"Hgp1.ffffffff", "E16"}, {"Hgp100000001.1", "E16"}, {"T", "E16"},
	     {"Tp1.3", "E03"}, {"Tp2.1", "E03"}, {"Tp1.1x", "E16"});
	HOLD({"vCont", "E16"}, {"vCont;", "E16"}, {"vCont;x", "E16"}, {"vContc", "E16"},
	     {"vCont;c;", "E16"}, {"vCont;c:", "E16"}, {"vCont;c:p1.1x", "E16"}, {"vCont;C", "E16"},
	     {"vCont;C100", "E16"}, {"vCont;s:p1.1;c:p", "E16"}, {"vCont;r", "E16"},
	     {"vCont;r1", "E16"}, {"vCont;r1,", "E16"}, {"vCont;r2,1", "E16"},
	     {"vCont;c:p1.3", "E03"}, {"vCont;c:p2.1", "E03"}, {"c1000", "E16"}, {"C", "E16"},
	     {"C05;1000", "E16"}, {"sx", "E16"}, {"Sxx", "E16"}, {"Z", "E16"}, {"Z5,1000,4", ""},
	     {"Z0", "E16"}, {"Z0,1000", "E16"}, {"Z0,1000,", "E16"}, {"Z0,1000,4x", "E16"},
	     {"Z0,1000,4;", "E16"}, {"Z0,1000,4;Y", "E16"}, {"Z0,1000,4;X1,zz", "E16"},
	     {"Z0,1000,4;X2,27", "E16"}, {"Z0,1000,4;X1,2727", "E16"},
	     {"Z0,1000,4;X10000,27", "E16"}, {"Z0,1000,4;cmds:X1,27", "E16"}, {"Z2,1000,0", "E16"},
	     {"Z2,ffffffffffffffff,2", "E16"}, {"Z2,1000,4;X1,27", "E16"}, {"z0,1000", "E16"},
	     {"z0,1000,4;X1,27", "E16"}, {"z2,1000,0", "E16"});
	assert_string_equal(mock.log, "");
	assert_int_equal(mock.resumes, 0);
	HOLD({"D1", "E16"}, {"D;", "E16"}, {"D;x", "E16"}, {"D;2", "E03"}, {"D;0", "E03"},
	     {"vAttach;", "E16"}, {"vAttach;0", "E03"}, {"vAttach;1", "E03"}, {"vAttach;3", "E03"},
	     {"vAttach;100000002", "E03"}, {"vKill;", "E16"}, {"vKill;2", "E03"}, {"vRun;0", "E16"},
	     {"vRun;zz", "E16"}, {"vRun;2f78", "E02"}, {"vRun;2f766d2f6f6e652e656c66;41", "E16"},
	     {"qAttached:", "E16"}, {"qAttached:7", "E03"}, {"qRcmd,6", "E16"}, {"qRcmd,zz", "E16"},
	     {"qRcmd,410042", "E16"}, {"qSearch:memory:", "E16"},
	     {"qSearch:memory:1000;10;", "E16"}, {"qSearch:memory:1000;0;a", "E16"},
	     {"qSearch:memory:ffffffffffffffff;2;a", "E16"}, {"qSearch:memory:1000;10;}", "E16"},
	     {"qCRC:", "E16"}, {"qCRC:1000", "E16"}, {"qCRC:1000,1x", "E16"},
	     {"qCRC:ffffffffffffffff,2", "E16"}, {"qThreadExtraInfo,", "E16"},
	     {"qThreadExtraInfo,p1.3", "E03"}, {"qXfer:features:read:", "E16"},
	     {"qXfer:features:read:target.xml", "E16"}, {"qXfer:features:read:target.xml:0", "E16"},
	     {"qXfer:features:read:target.xml:0,0", "E16"},
	     {"qXfer:features:read:target.xml:0,10x", "E16"},
	     {"qXfer:features:read:other.xml:0,10", "E02"},
	     {"qXfer:features:write:target.xml:0:00", ""}, {"qXfer:memory-map:read::0,10", ""},
	     {"qXfer:threads:read:x:0,10", ""}, {"qXfer:exec-file:read:x:0,10", "E16"},
	     {"qXfer:exec-file:read:7:0,10", "E03"});
	HOLD({"vFile:", ""}, {"vFile:unlink:2f", ""}, {"vFile:open:", "E16"},
	     {"vFile:open:2f,0", "E16"}, {"vFile:open:2,0,0", "E16"}, {"vFile:open:,0,0", "E16"},
	     {"vFile:open:2f,0,0", "F-1,2"}, {"vFile:pread:0,10,0", "F-1,9"},
	     {"vFile:pread:ffff,10,0", "F-1,9"}, {"vFile:pread:x", "E16"},
	     {"vFile:close:0", "F-1,9"}, {"vFile:fstat:0", "F-1,9"}, {"vFile:setfs:x", "E16"});
	assert_int_equal(mock.detaches + mock.kills + mock.resets, 0);
	HOLD({"qAttached", "1"});
}

static void registers_are_read_and_written(void **state)
{
	char all[700] = "G";

	(void)state;
	HOLD({"p0", "0000010000000000"}, {"p21", "21000100"},
	     {"p22", "22000100000000000000000000000000"}, {"p23", "xxxxxxxxxxxxxxxx"},
	     {"P0=8877665544332211", "OK"}, {"p0", "8877665544332211"},
	     {"P23=0000000000000000", "E01"}, {"Hgp1.2", "OK"}, {"p0", "0001010000000000"},
	     {"Hgp0.0", "OK"}, {"p0", "8877665544332211"});
	strcat(all, ask("g"));
	assert_int_equal(strlen(all), 1 + 33 * 16 + 8);
	assert_memory_equal(all, "G88776655443322110100010000000000", 33);
	memcpy(all + 33, "efcdab8967452301", 16);
	assert_string_equal(ask(all), "OK");
	HOLD({"p1", "0100010000000000"}, {"p2", "efcdab8967452301"});
	/* A bad digit far behind: nothing has been written. */
	memcpy(all + 33, "0000000000000000", 16);
	all[300] = 'y';
	assert_string_equal(ask(all), "E16");
	HOLD({"p2", "efcdab8967452301"});
	all[300] = '0';
	strcat(all, "0");
	assert_string_equal(ask(all), "E16");
}

static void memory_is_read_and_written(void **state)
{
	(void)state;
	HOLD({"M1000,4:01020304", "OK"}, {"m1000,4", "01020304"}, {"M1000,0:", "OK"},
	     {"X1000,0:", "OK"}, {"Xffffffffffffffff,0:", "OK"}, {"X1001,3:a}\x03}]", "OK"},
	     {"m1000,4", "0161237d"}, {"m0,4", "E0e"}, {"M0,1:00", "E0e"}, {"X0,1:a", "E0e"},
	     {"mfffffffffffffffe,4", "E0e"});
	/* What is readable before the end; and no more than a reply holds. */
	assert_int_equal(strlen(ask("m10ffe,10")), 4);
	assert_in_range(strlen(ask("m1000,10000")), 4000, MOCK_BUFFER);
	assert_int_equal(strlen(ask("m1000,7f0")), 2 * 0x7f0);
	/* A write that ends beyond is refused. */
	HOLD({"M10fff,2:0000", "E0e"});
}

static void threads_are_listed_and_selected(void **state)
{
	(void)state;
	HOLD({"qfThreadInfo", "mp1.1,p1.2"}, {"qsThreadInfo", "l"}, {"qC", "QCp1.1"},
	     {"Hgp1.2", "OK"}, {"qC", "QCp1.2"}, {"Hg-1", "OK"}, {"Hg0", "OK"}, {"Hgp0.0", "OK"},
	     {"Hc-1", "OK"}, {"Hcp1.-1", "OK"}, {"Tp1.1", "OK"}, {"Tp1.2", "OK"},
	     {"qThreadExtraInfo,p1.2", "68616c7465642031"}, {"qAttached:1", "1"},
	     {"qOffsets", "Text=200000;Data=200000;Bss=200000"}, {"!", "OK"});
	assert_string_equal(ask("qXfer:threads:read::0,fff"),
			    "l<threads><thread id=\"p1.1\" core=\"0x0\" name=\"cpu?1>\">halted "
			    "1</thread><thread id=\"p1.2\" core=\"0x1\" name=\"cpu?2>\">halted "
			    "1</thread></threads>");
	HOLD({"qXfer:threads:read::0,9", "m<threads>"}, {"qXfer:threads:read::9,7", "m<thread"},
	     {"qXfer:threads:read::1000,10", "l"});
}

/* All of the description, whatever the pieces; escapes count as one. */
static void documents_come_in_pieces(void **state)
{
	(void)state;
	for (unsigned piece = 1; piece < sizeof(mock_xml) + 2; piece++) {
		char whole[200] = "", packet[80];
		size_t at = 0;
		bool last = false;

		while (!last) {
			snprintf(packet, sizeof(packet), "qXfer:features:read:target.xml:%zx,%x",
				 at, piece);
			ask(packet);
			last = answer[0] == 'l';
			assert_true(last || answer[0] == 'm');
			unescape();
			memcpy(whole + at, answer + 1, answer_count - 1);
			at += answer_count - 1;
			assert_true(last || answer_count > 1);
		}
		assert_string_equal(whole, mock_xml);
	}
	HOLD({"qXfer:features:read:target.xml:1000,10", "l"},
	     {"qXfer:exec-file:read:1:0,100", "l/vm/one.elf"},
	     {"qXfer:exec-file:read::0,4", "m/vm/"}, {"qXfer:exec-file:read:1:4,100", "lone.elf"});
}

static void files_are_opened_and_read(void **state)
{
	char path[100] = "vFile:open:", name[] = "/vm/one.elf";
	const char *reply;

	(void)state;
	for (unsigned i = 0; i < sizeof(name) - 1; i++)
		sprintf(path + strlen(path), "%02x", name[i]);
	strcat(path, ",0,0");
	HOLD({"vFile:setfs:0", "F0"}, {"vFile:setfs:1", "F0"});
	assert_string_equal(ask(path), "F1");
	HOLD({"vFile:pread:1,4,41", "F4;ABCD"}, {"vFile:pread:1,4,22", "F4;\"}\x03}\x04%"},
	     {"vFile:pread:1,100,bb6", "F2;\xb6\xb7"}, {"vFile:pread:1,100,bb8", "F0;"},
	     {"vFile:pread:1,100,ffffffffffffffff", "F0;"}, {"vFile:pread:1,4", "E16"});
	assert_memory_equal(ask("vFile:pread:1,ffffffff,0"), "F7", 2);
	assert_in_range(answer_count, 1900, MOCK_BUFFER);
	reply = ask("vFile:fstat:1");
	unescape();
	assert_memory_equal(reply, "F40;", 4);
	assert_int_equal(answer_count, 4 + 64);
	assert_int_equal((uint8_t)reply[4 + 10] << 8 | (uint8_t)reply[4 + 11], 0100444);
	assert_int_equal((uint8_t)reply[4 + 34] << 8 | (uint8_t)reply[4 + 35], MOCK_FILE_BYTES);
	HOLD({"vFile:close:1", "F0"});
	/* For writing: EROFS. */
	path[strlen(path) - 3] = '1';
	assert_string_equal(ask(path), "F-1,1e");
}

static const struct gdb_action *action(unsigned thread)
{
	return &mock.actions[thread];
}

static void stop_again(void)
{
	gdb_stopped(&mock.stub, &(struct gdb_stop){{1, 1}, .signal = GDB_SIGNAL_TRAP});
	assert_non_null(strstr(replies(), "T05"));
}

/* The first action that names a thread holds, and who is named by none stays. */
static void vcont_says_what_each_thread_does(void **state)
{
	(void)state;
	HOLD({"vCont;s:p1.2;c:p1.-1", ""});
	assert_int_equal(action(0)->kind, GDB_ACTION_RUN);
	assert_int_equal(action(1)->kind, GDB_ACTION_STEP);
	stop_again();
	HOLD({"vCont;S05:p1.1", ""});
	assert_int_equal(action(0)->kind, GDB_ACTION_STEP);
	assert_int_equal(action(0)->signal, 5);
	assert_int_equal(action(1)->kind, GDB_ACTION_STAY);
	stop_again();
	HOLD({"vCont;r1000,1010:p1.1;c", ""});
	assert_int_equal(action(0)->kind, GDB_ACTION_RANGE);
	assert_int_equal(action(0)->begin, 0x1000);
	assert_int_equal(action(0)->end, 0x1010);
	assert_int_equal(action(1)->kind, GDB_ACTION_RUN);
	stop_again();
	HOLD({"vCont;r1000,1000:p1.1", ""});
	assert_int_equal(action(0)->kind, GDB_ACTION_STEP);
	stop_again();
	HOLD({"vCont;t:p1.1;c", ""});
	assert_int_equal(action(0)->kind, GDB_ACTION_STAY);
	assert_int_equal(action(1)->kind, GDB_ACTION_RUN);
	stop_again();
	assert_int_equal(mock.resumes, 5);
	/* Nobody moves, so nobody will stop: the answer comes now. */
	assert_non_null(strstr(ask("vCont;t"), "T00thread:p1.1;"));
	assert_int_equal(mock.resumes, 5);
}

static void clients_without_vcont_go_on_too(void **state)
{
	(void)state;
	HOLD({"Hc-1", "OK"}, {"c", ""});
	assert_int_equal(action(0)->kind, GDB_ACTION_RUN);
	assert_int_equal(action(1)->kind, GDB_ACTION_RUN);
	stop_again();
	HOLD({"Hcp1.2", "OK"}, {"c", ""});
	assert_int_equal(action(0)->kind, GDB_ACTION_STAY);
	assert_int_equal(action(1)->kind, GDB_ACTION_RUN);
	stop_again();
	HOLD({"Hcp1.2", "OK"}, {"S05", ""});
	assert_int_equal(action(0)->kind, GDB_ACTION_STAY);
	assert_int_equal(action(1)->kind, GDB_ACTION_STEP);
	assert_int_equal(action(1)->signal, 5);
	stop_again();
	HOLD({"Hc0", "OK"}, {"s", ""});
	assert_int_equal(action(0)->kind, GDB_ACTION_STEP);
	stop_again();
	HOLD({"C05", ""});
	assert_int_equal(action(0)->signal, 5);
}

static void breakpoints_and_watchpoints_reach_the_target(void **state)
{
	static const struct claim rows[] = {
		{"Z0,1000,4", "insert sw 1 1000 4"},
		{"z0,1000,4", "remove sw 1 1000 4"},
		{"Z1,ffffffffffffffff,4", "insert hw 1 ffffffffffffffff 4"},
		{"z1,1000,2", "remove hw 1 1000 2"},
		{"Z2,1003,8", "watch 0 1 1003 8"},
		{"Z3,1000,40", "watch 1 1 1000 64"},
		{"Z4,ffffffffffffffff,1", "watch 2 1 ffffffffffffffff 1"},
		{"z4,1000,1", "unwatch 2 1 1000 1"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(ask(rows[i].packet), "OK");
		assert_string_equal(mock.log, rows[i].reply);
	}
	mock.insert_result = GDB_ENOMEM;
	HOLD({"Z1,1000,4", "E0c"}, {"Z2,1000,4", "E0c"});
	mock.insert_result = GDB_UNSUPPORTED;
	HOLD({"Z1,1000,4", ""});
}

static void monitor_commands_answer_in_pieces(void **state)
{
	(void)state;
	HOLD({"qRcmd,68656c70", "O6669727374206c696e650a|O7365636f6e64206c696e650a|OK"},
	     {"qRcmd,", "O6669727374206c696e650a|O7365636f6e64206c696e650a|OK"},
	     {"qRcmd,717569657", "E16"}, {"qRcmd,7175696574", "OK"}, {"qRcmd,626164", "E16"});
	assert_string_equal(mock.log, "monitor 'bad'");
}

static uint32_t crc(const uint8_t *bytes, size_t count)
{
	uint32_t value = 0xffffffff;

	for (size_t i = 0; i < count; i++) {
		for (int bit = 7; bit >= 0; bit--) {
			const bool out = value >> 31 ^ (bytes[i] >> bit & 1);

			value = value << 1 ^ (out ? 0x04c11db7 : 0);
		}
	}
	return value;
}

static void checksums_of_memory(void **state)
{
	char expected[20];

	(void)state;
	/* The check value of this CRC (CRC-32/MPEG-2). */
	memcpy(mock.memory, "123456789", 9);
	HOLD({"qCRC:1000,9", "C376e6e7"}, {"qCRC:1000,0", "Cffffffff"}, {"qCRC:0,1", "E0e"},
	     {"qCRC:10ff0,20", "E0e"});
	snprintf(expected, sizeof(expected), "C%x", crc(mock.memory, MOCK_BYTES));
	assert_string_equal(ask("qCRC:1000,10000"), expected);
}

static void memory_is_searched(void **state)
{
	(void)state;
	memset(mock.memory, 0, MOCK_BYTES);
	memcpy(mock.memory + 0x7ffe, "needle", 6);
	memcpy(mock.memory + MOCK_BYTES - 3, "end", 3);
	HOLD({"qSearch:memory:1000;10000;needle", "1,8ffe"},
	     {"qSearch:memory:8fff;1000;needle", "0"}, {"qSearch:memory:8ffe;5;needle", "0"},
	     {"qSearch:memory:8ffe;6;needle", "1,8ffe"},
	     {"qSearch:memory:1000;10000;end", "1,10ffd"},
	     {"qSearch:memory:1000;20000;end", "1,10ffd"},
	     {"qSearch:memory:1000;20000;none", "E0e"}, {"qSearch:memory:1000;10000;none", "0"},
	     {"qSearch:memory:0;10;a", "E0e"}, {"qSearch:memory:1000;10;}\x03}\x04", "0"});
	memcpy(mock.memory + 5, "#$", 2);
	HOLD({"qSearch:memory:1000;10;}\x03}\x04", "1,1005"});
}

/* A job takes no more than a step at a time, and Ctrl-C ends it. */
static void a_long_job_can_be_interrupted(void **state)
{
	static const char packet[] = "$qCRC:1000,10000#61";

	(void)state;
	for (const char *at = packet; *at; at++)
		assert_true(gdb_rx(&mock.stub, (uint8_t)*at));
	assert_string_equal(replies(), "");
	assert_false(gdb_rx(&mock.stub, '$'));
	assert_true(gdb_poll(&mock.stub));
	assert_true(gdb_rx(&mock.stub, 3));
	assert_string_equal(replies(), "E04");
	assert_false(gdb_poll(&mock.stub));
	HOLD({"qC", "QCp1.1"});
}

static void processes_are_attached_detached_and_killed(void **state)
{
	(void)state;
	assert_non_null(strstr(ask("vAttach;2"), "T02thread:p2.1;1d:"));
	HOLD({"qfThreadInfo", "mp1.1,p1.2,p2.1"}, {"qC", "QCp2.1"}, {"Z0,1000,4", "OK"});
	assert_string_equal(mock.log, "insert sw 2 1000 4");
	HOLD({"Hgp1.1", "OK"}, {"vCont;c:p2.-1", ""});
	assert_int_equal(action(0)->kind, GDB_ACTION_STAY);
	assert_int_equal(action(2)->kind, GDB_ACTION_RUN);
	stop_again();
	mock.removals = 0;
	HOLD({"D;1", "OK"}, {"qfThreadInfo", "mp2.1"}, {"qC", "QCp2.1"});
	assert_int_equal(mock.detaches, 1);
	assert_int_equal(mock.removals, 2);
	HOLD({"vKill;2", "OK"}, {"qfThreadInfo", "l"}, {"qC", "E03"}, {"g", "E03"},
	     {"m1000,4", "E03"}, {"vCont;c", "E03"}, {"c", "E03"}, {"qAttached:2", "E03"},
	     {"Hg0", "OK"}, {"?", "W00;process:1"});
	assert_int_equal(mock.kills, 1);
	/* Nothing is attached: the next session begins with attaching again. */
	assert_int_equal(mock.stops, 1);
	ask("qSupported:multiprocess+");
	assert_int_equal(mock.stops, 2);
	assert_non_null(strstr(ask("?"), "+T02thread:p1.1;"));
}

static void detach_of_all_and_kill_of_all(void **state)
{
	(void)state;
	ask("vAttach;2");
	HOLD({"D", "OK"});
	assert_int_equal(mock.detaches, 2);
	ask("vAttach;1");
	HOLD({"k", ""});
	assert_int_equal(mock.kills, 1);
	/* One that cannot be killed is let go. */
	connect(&mock_bare);
	HOLD({"k", ""});
	assert_int_equal(mock.detaches, 1);
}

static void run_starts_again(void **state)
{
	(void)state;
	assert_non_null(strstr(ask("vRun;"), "T05thread:p1.1;"));
	assert_non_null(strstr(ask("vRun;2f766d2f6f6e652e656c66"), "T05thread:p1.1;"));
	assert_int_equal(mock.resets, 2);
	HOLD({"R00", ""});
	assert_int_equal(mock.resets, 3);
	assert_non_null(strstr(ask("?"), "T05thread:p1.1;"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(malformed_packets_are_errors, set_up),
		cmocka_unit_test_setup(registers_are_read_and_written, set_up),
		cmocka_unit_test_setup(memory_is_read_and_written, set_up),
		cmocka_unit_test_setup(threads_are_listed_and_selected, set_up),
		cmocka_unit_test_setup(documents_come_in_pieces, set_up),
		cmocka_unit_test_setup(files_are_opened_and_read, set_up),
		cmocka_unit_test_setup(vcont_says_what_each_thread_does, set_up),
		cmocka_unit_test_setup(clients_without_vcont_go_on_too, set_up),
		cmocka_unit_test_setup(breakpoints_and_watchpoints_reach_the_target, set_up),
		cmocka_unit_test_setup(monitor_commands_answer_in_pieces, set_up),
		cmocka_unit_test_setup(checksums_of_memory, set_up),
		cmocka_unit_test_setup(memory_is_searched, set_up),
		cmocka_unit_test_setup(a_long_job_can_be_interrupted, set_up),
		cmocka_unit_test_setup(processes_are_attached_detached_and_killed, set_up),
		cmocka_unit_test_setup(detach_of_all_and_kill_of_all, set_up),
		cmocka_unit_test_setup(run_starts_again, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
