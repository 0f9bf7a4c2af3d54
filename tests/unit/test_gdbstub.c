/* The GDB library: framing, flow control, who waits for whom. Packets: test_gdbstub_packets.c. */
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

/* Only acknowledged packets, with the target stopped. */
static int set_up_acks(void **state)
{
	(void)state;
	mock_init(&mock, &mock_all);
	mock.stop_at_once = true;
	return 0;
}

static void buffers_that_are_too_small_are_refused(void **state)
{
	uint8_t small[GDB_MIN_BUFFER_BYTES - 1], enough[GDB_MIN_BUFFER_BYTES];
	struct gdb_config config = {.ops = &mock_all, .target = &mock};
	struct gdb_stub stub;

	(void)state;
	config.rx = small;
	config.rx_bytes = sizeof(small);
	config.tx = enough;
	config.tx_bytes = sizeof(enough);
	assert_int_equal(gdb_init(&stub, &config), GDB_EINVAL);
	config.rx = enough;
	config.rx_bytes = sizeof(enough);
	assert_int_equal(gdb_init(&stub, &config), GDB_OK);
	config.tx = small;
	config.tx_bytes = sizeof(small);
	assert_int_equal(gdb_init(&stub, &config), GDB_EINVAL);
}

static void a_good_packet_is_acknowledged_and_answered(void **state)
{
	(void)state;
	assert_string_equal(ask("qAttached"), "+1");
	/* Upper case digits, and noise between packets. */
	assert_string_equal(feed("noise\r\n$qAttached#8F"), "+1");
}

static void a_bad_checksum_is_refused(void **state)
{
	(void)state;
	assert_string_equal(feed("$qAttached#8e"), "-");
	assert_string_equal(feed("$qAttached#zz"), "-");
	assert_string_equal(feed("$qAttached#8z"), "-");
	assert_int_equal(mock.stub.bad_packets, 3);
	assert_string_equal(feed("$qAttached#8f"), "+1");
}

/* Nobody would send it again: so it is a request that failed, and not silence. */
static void a_bad_checksum_without_acknowledgements_is_an_error(void **state)
{
	(void)state;
	assert_string_equal(feed("$qAttached#8e"), "E05");
	assert_string_equal(feed("$qAttached#8f"), "1");
}

static void a_nak_brings_the_reply_again(void **state)
{
	(void)state;
	assert_string_equal(feed("-"), "");
	assert_string_equal(ask("qAttached"), "+1");
	assert_string_equal(feed("-"), "1");
	assert_string_equal(feed("-"), "1");
	assert_string_equal(feed("+"), "");
}

static void a_packet_may_come_in_pieces_and_two_at_once(void **state)
{
	(void)state;
	assert_string_equal(feed("$qAtta"), "");
	assert_string_equal(feed("ched#"), "");
	assert_string_equal(feed("8f"), "+1");
	assert_string_equal(feed("$qAttached#8f$qC#b4+"), "+1+|QC1");
}

/* The client before died in the midst of a packet. */
static void a_dollar_begins_a_packet_wherever_it_stands(void **state)
{
	(void)state;
	assert_string_equal(feed("$m1000,$qAttached#8f"), "+1");
	assert_string_equal(feed("$qC#$qAttached#8f"), "-+1");
	assert_string_equal(feed("$qC#b$qAttached#8f"), "-+1");
}

static void an_oversize_packet_is_answered(void **state)
{
	static char large[3 * MOCK_BUFFER];

	(void)state;
	memset(large, 'm', sizeof(large) - 1);
	assert_string_equal(ask_bytes(large, MOCK_BUFFER), "+E07");
	assert_string_equal(ask_bytes(large, MOCK_BUFFER + 100), "+E07");
	/* The longest that fits is read. */
	assert_string_equal(ask_bytes(large, MOCK_BUFFER - 1), "+E16");
	assert_string_equal(feed("$qAttached#8f"), "+1");
}

static void an_empty_and_an_unknown_packet_have_an_empty_reply(void **state)
{
	(void)state;
	mock_send(&mock, "", 0);
	assert_memory_equal(mock.sent, "+$#00", 5);
	assert_string_equal(replies(), "+");
	mock_send(&mock, "vMustReplyEmpty", 15);
	assert_memory_equal(mock.sent, "+$#00", 5);
	replies();
	for (unsigned i = 0; i < 4; i++) {
		static const char *const others[] = {"bc", "qSymbol::", "QNonStop:1", "qTStatus"};

		mock_send(&mock, others[i], strlen(others[i]));
		assert_memory_equal(mock.sent, "+$#00", 5);
		replies();
	}
}

/*
 * What a new session must find, whatever has been before: acknowledgements, any thread, no
 * breakpoints.
 */
static void qsupported_begins_a_new_session(void **state)
{
	(void)state;
	assert_string_equal(ask("Hgp1.2"), "OK");
	assert_int_equal(mock.removals, 2);
	assert_string_equal(ask("?"),
			    "T02thread:p1.1;core:0;1d:1d00010000000000;20:2000010000000000;");
	assert_int_equal(mock.removals, 2);

	assert_non_null(strstr(ask("qSupported:multiprocess+"), "+PacketSize=ff8;"));
	assert_string_equal(ask("qC"), "+QCp1.1");
	assert_int_equal(mock.removals, 2);
	assert_non_null(strstr(ask("?"), "+T02thread:p1.1;"));
	assert_int_equal(mock.removals, 4);
}

static void what_is_not_there_is_not_offered(void **state)
{
	(void)state;
	mock_init(&mock, &mock_bare);
	mock.stop_at_once = true;
	assert_string_equal(ask("qSupported:multiprocess+;swbreak+;hwbreak+"),
			    "+PacketSize=ff8;QStartNoAckMode+;vContSupported+");
	assert_string_equal(ask("vCont?"), "+vCont;c;C;s;S;t");
	assert_string_equal(ask("?"), "+T02thread:1;");
	assert_string_equal(ask("vCont;r1,2:1"), "+E16");
	for (unsigned i = 0; i < 14; i++) {
		static const char *const others[] = {
			"Z0,1000,4",
			"z1,1000,4",
			"Z2,1000,4",
			"qRcmd,6869",
			"vRun;",
			"R00",
			"vAttach;2",
			"vKill;1",
			"qXfer:features:read:target.xml:0,100",
			"qXfer:threads:read::0,100",
			"qXfer:exec-file:read:1:0,100",
			"qThreadExtraInfo,1",
			"qOffsets",
			"!",
		};

		assert_string_equal(ask(others[i]), "+");
	}
}

static void all_that_is_there_is_offered(void **state)
{
	(void)state;
	assert_string_equal(
		ask("qSupported"),
		"+PacketSize=ff8;QStartNoAckMode+;vContSupported+;multiprocess+;swbreak+;"
		"hwbreak+;qXfer:features:read+;qXfer:threads:read+;qXfer:exec-file:read+;"
		"ConditionalBreakpoints+;BreakpointCommands+");
	assert_string_equal(ask("vCont?"), "+vCont;c;C;s;S;t;r");
}

/*
 * The session before left the target running; this one has not asked for a stop reply and gets
 * none.
 */
static void a_new_session_stops_the_target_silently(void **state)
{
	(void)state;
	assert_string_equal(ask("vCont;c"), "");
	mock.stop_at_once = false;
	assert_string_equal(ask("qSupported"), "+");
	assert_int_equal(mock.stops, 2);
	/* Until it has stopped nothing is answered and nothing more is taken. */
	assert_false(gdb_rx(&mock.stub, '$'));
	assert_false(gdb_poll(&mock.stub));
	assert_int_equal(mock.stops, 2);
	gdb_stopped(&mock.stub, &(struct gdb_stop){{1, 2}, .signal = GDB_SIGNAL_INT});
	assert_non_null(strstr(replies(), "PacketSize="));
	assert_non_null(strstr(ask("?"), "+T02thread:2;"));
}

/* A packet while the target runs for this session: both get their answer. */
static void a_packet_while_running_stops_and_is_answered(void **state)
{
	(void)state;
	assert_string_equal(ask("vCont;c"), "");
	assert_string_equal(
		ask("qC"), "T02thread:p1.1;core:0;1d:1d00010000000000;20:2000010000000000;|QCp1.1");
	assert_false(gdb_is_awaiting_stop(&mock.stub));
}

static void ctrl_c_stops_a_running_target_once(void **state)
{
	(void)state;
	assert_string_equal(feed("\x03"), "");
	assert_int_equal(mock.stops, 1);
	assert_string_equal(ask("vCont;c:p1.-1"), "");
	assert_true(gdb_is_awaiting_stop(&mock.stub));
	mock.stop_at_once = false;
	assert_string_equal(feed("\x03\x03"), "");
	assert_int_equal(mock.stops, 2);
	gdb_stopped(&mock.stub, &(struct gdb_stop){{1, 1}, .signal = GDB_SIGNAL_INT});
	assert_non_null(strstr(replies(), "T02thread:p1.1;"));
	assert_string_equal(feed("\x03"), "");
	assert_int_equal(mock.stops, 2);
}

static void ctrl_c_is_data_within_a_packet(void **state)
{
	(void)state;
	assert_string_equal(ask("X1000,1:\x03"), "OK");
	assert_int_equal(mock.memory[0], 3);
	assert_int_equal(mock.stops, 1);
}

/* A target that is so quick that it has stopped before resume() returns. */
static void a_stop_from_within_resume_is_reported(void **state)
{
	(void)state;
	mock.run_at_once = true;
	mock.next_stop = (struct gdb_stop){{1, 2}, .reason = GDB_STOP_SWBREAK};
	assert_non_null(strstr(ask("vCont;c"), "T05thread:p1.2;core:1;swbreak:;"));
	assert_non_null(strstr(ask("vCont;s:p1.2"), "T05thread:p1.2;core:1;swbreak:;"));
}

static void a_resume_that_fails_is_an_error_and_nothing_runs(void **state)
{
	(void)state;
	mock.resume_result = GDB_EIO;
	assert_string_equal(ask("vCont;c"), "E05");
	assert_false(gdb_is_awaiting_stop(&mock.stub));
	assert_string_equal(ask("qAttached"), "1");
	assert_int_equal(mock.stops, 1);
}

static void stop_reasons(void **state)
{
	static const struct {
		struct gdb_stop stop;
		const char *reply;
	} rows[] = {
		{{{1, 1}, .signal = GDB_SIGNAL_SEGV}, "T0bthread:p1.1;core:0;1d"},
		{{{1, 1}, .reason = GDB_STOP_SWBREAK}, "T05thread:p1.1;core:0;swbreak:;1d"},
		{{{1, 1}, .reason = GDB_STOP_HWBREAK}, "T05thread:p1.1;core:0;hwbreak:;1d"},
		{{{1, 1}, .reason = GDB_STOP_WATCH, .address = 0x1234}, "watch:1234;1d"},
		{{{1, 1}, .reason = GDB_STOP_RWATCH, .address = 0x1234}, ";rwatch:1234;1d"},
		{{{1, 1}, .reason = GDB_STOP_AWATCH, .address = 0x1234}, ";awatch:1234;1d"},
		{{{1, 0}, .reason = GDB_STOP_EXITED, .status = 3}, "W03;process:1"},
		{{{2, 0}, .reason = GDB_STOP_KILLED, .signal = 9}, "X09;process:2"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ask("vCont;c");
		gdb_stopped(&mock.stub, &rows[i].stop);
		assert_non_null(strstr(replies(), rows[i].reply));
	}
}

/* A client that has not said that it knows them would take them for nonsense. */
static void an_old_client_gets_no_new_reasons(void **state)
{
	(void)state;
	ask("qSupported");
	ask("?");
	ask("vCont;c");
	gdb_stopped(&mock.stub, &(struct gdb_stop){{1, 1}, .reason = GDB_STOP_HWBREAK});
	assert_string_equal(replies(),
			    "T05thread:1;core:0;1d:1d00010000000000;20:2000010000000000;");
}

/* Halted at its first instruction, before anybody has connected. */
static void a_target_that_was_stopped_before_is_not_stopped_again(void **state)
{
	(void)state;
	gdb_stopped(&mock.stub, &(struct gdb_stop){{1, 2}, .signal = GDB_SIGNAL_TRAP});
	assert_string_equal(replies(), "");
	assert_non_null(strstr(ask("?"), "+T05thread:2;"));
	assert_int_equal(mock.stops, 0);
}

/* A transport that takes a byte now and then: the order stays, nothing is lost, input waits. */
static void a_slow_transport_holds_input_up(void **state)
{
	char expected[64];

	(void)state;
	strcpy(expected, ask("m1000,10"));
	mock.tx_room = 0;
	assert_string_equal(ask("m1000,10"), "");
	assert_false(gdb_rx(&mock.stub, '$'));
	for (unsigned i = 0; i < 100; i++) {
		mock.tx_room = 1;
		gdb_poll(&mock.stub);
	}
	assert_string_equal(replies(), expected);
	mock.tx_room = SIZE_MAX;
	assert_string_equal(ask("qC"), "QCp1.1");
}

static void text_reaches_the_console_only_while_gdb_waits(void **state)
{
	(void)state;
	assert_int_equal(gdb_console(&mock.stub, "hello", 5), 0);
	assert_int_equal(mock.stub.console_lost, 5);
	ask("vCont;c");
	assert_int_equal(gdb_console(&mock.stub, "hello", 5), 5);
	assert_string_equal(replies(), "O68656c6c6f");
	assert_int_equal(gdb_console(&mock.stub, "", 0), 0);
	/* When the buffer is full the rest is lost, and counted. */
	mock.tx_room = 0;
	for (unsigned i = 0; i < MOCK_BUFFER; i++)
		gdb_console(&mock.stub, "0123456789", 10);
	assert_true(mock.stub.console_lost > 30000);
	mock.tx_room = SIZE_MAX;
	gdb_stopped(&mock.stub, &(struct gdb_stop){{1, 1}, .signal = GDB_SIGNAL_INT});
	assert_non_null(strstr(replies(), "|T02thread:p1.1;"));
}

static void a_lost_connection_forgets_the_session(void **state)
{
	(void)state;
	assert_string_equal(ask("vCont;c"), "");
	assert_string_equal(feed("$qAtt"), "");
	gdb_disconnected(&mock.stub);
	assert_false(gdb_is_awaiting_stop(&mock.stub));
	/* It stops, and nobody is told. */
	gdb_stopped(&mock.stub, &(struct gdb_stop){{1, 2}, .reason = GDB_STOP_WATCH, .address = 8});
	assert_string_equal(replies(), "");
	assert_string_equal(feed("$?#3f"),
			    "+T05thread:2;core:1;watch:8;1d:1d01010000000000;20:2001010000000000;");
	assert_int_equal(mock.stops, 1);
	gdb_released(&mock.stub);
	ask("?");
	assert_int_equal(mock.stops, 2);
}

/* Runs are shortened, and '#' and '$' never are a count. */
static void long_replies_are_shortened(void **state)
{
	char packet[32];

	(void)state;
	memset(mock.memory, 0, 0x400);
	for (unsigned bytes = 1; bytes < 0x400; bytes++) {
		snprintf(packet, sizeof(packet), "m1000,%x", bytes);
		mock_send(&mock, packet, strlen(packet));
		assert_true(bytes < 4 || mock.sent_count < bytes + 6);
		assert_int_equal(strlen(replies()), 2 * bytes);
		assert_int_equal(strspn(answer, "0"), 2 * bytes);
	}
	mock_send(&mock, "m1000,400", 9);
	assert_true(mock.sent_count < 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffers_that_are_too_small_are_refused),
		cmocka_unit_test_setup(a_good_packet_is_acknowledged_and_answered, set_up_acks),
		cmocka_unit_test_setup(a_bad_checksum_is_refused, set_up_acks),
		cmocka_unit_test_setup(a_bad_checksum_without_acknowledgements_is_an_error, set_up),
		cmocka_unit_test_setup(a_nak_brings_the_reply_again, set_up_acks),
		cmocka_unit_test_setup(a_packet_may_come_in_pieces_and_two_at_once, set_up_acks),
		cmocka_unit_test_setup(a_dollar_begins_a_packet_wherever_it_stands, set_up_acks),
		cmocka_unit_test_setup(an_oversize_packet_is_answered, set_up_acks),
		cmocka_unit_test_setup(an_empty_and_an_unknown_packet_have_an_empty_reply,
				       set_up_acks),
		cmocka_unit_test_setup(qsupported_begins_a_new_session, set_up),
		cmocka_unit_test(what_is_not_there_is_not_offered),
		cmocka_unit_test_setup(all_that_is_there_is_offered, set_up_acks),
		cmocka_unit_test_setup(a_new_session_stops_the_target_silently, set_up),
		cmocka_unit_test_setup(a_packet_while_running_stops_and_is_answered, set_up),
		cmocka_unit_test_setup(ctrl_c_stops_a_running_target_once, set_up),
		cmocka_unit_test_setup(ctrl_c_is_data_within_a_packet, set_up),
		cmocka_unit_test_setup(a_stop_from_within_resume_is_reported, set_up),
		cmocka_unit_test_setup(a_resume_that_fails_is_an_error_and_nothing_runs, set_up),
		cmocka_unit_test_setup(stop_reasons, set_up),
		cmocka_unit_test_setup(an_old_client_gets_no_new_reasons, set_up_acks),
		cmocka_unit_test_setup(a_target_that_was_stopped_before_is_not_stopped_again,
				       set_up_acks),
		cmocka_unit_test_setup(a_slow_transport_holds_input_up, set_up),
		cmocka_unit_test_setup(text_reaches_the_console_only_while_gdb_waits, set_up),
		cmocka_unit_test_setup(a_lost_connection_forgets_the_session, set_up),
		cmocka_unit_test_setup(long_replies_are_shortened, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
