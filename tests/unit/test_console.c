/* One terminal for several guests and the log: who writes where, who gets what is typed. */
/* sources: src/lib/printf.c src/dev/log_port_virtio.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * Their state is static, one machine long. Included, so that each test can begin with a new
 * machine.
 */
#include "fake_trace.h"
#include "dev/console.c"
#include "dev/console_input.c"
#include "dev/log.c"
#include "dev/virtio_serial.h"
#include "lib/bits.h"

#define SCREEN_BYTES 32768u
#define CTRL_A	     "\001"
#define HZ	     1000u

static const struct spinlock free_lock = SPINLOCK_INIT(LOCK_CONSOLE);

static char screen[SCREEN_BYTES], port[SCREEN_BYTES];
static unsigned screen_count, port_count, quits;
static bool port_is_open, rx_is_masked;
static unsigned unmask_calls;
static uint64_t now_ticks;
static const char *keyboard;
static void (*while_receiving)(void); /* what another CPU does while a vuart takes input */

static struct {
	struct vuart identity;
	char got[4096];
	unsigned count, room;
} vm[3];

struct percpu *this_cpu(void)
{
	static struct percpu cpu;

	return &cpu;
}

/* The machine's UART. */
void uart_putc(char character)
{
	assert_true(screen_count < SCREEN_BYTES - 1);
	screen[screen_count++] = character;
}

void uart_puts(const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			uart_putc('\r');
		uart_putc(*text);
	}
}

int uart_getc(void)
{
	return *keyboard ? (unsigned char)*keyboard++ : -1;
}

void uart_enable_rx_interrupt(void)
{
	rx_is_masked = false;
	unmask_calls++;
}

void uart_mask_rx(void)
{
	rx_is_masked = true;
}

/*
 * The guests' UARTs. LOCK_VUART comes before LOCK_CONSOLE: the terminal must be free when they are
 * called.
 */
unsigned vuart_receive(struct vuart *uart, const uint8_t *bytes, unsigned count)
{
	void (*act)(void) = while_receiving;

	assert_memory_equal(&console_lock, &free_lock, sizeof(free_lock));
	while_receiving = NULL;
	if (act)
		act();
	for (unsigned i = 0; i < ARRAY_SIZE(vm); i++) {
		if (uart != &vm[i].identity)
			continue;
		count = MIN(count, vm[i].room);
		vm[i].room -= count;
		memcpy(vm[i].got + vm[i].count, bytes, count);
		vm[i].count += count;
		return count;
	}
	fail_msg("input for a UART that nobody has set");
	return 0;
}

/* The log port. */
bool virtio_serial_port_open(unsigned number)
{
	return number == VIRTIO_SERIAL_PORT_LOG && port_is_open;
}

void virtio_serial_write_sync(unsigned number, const void *data, uint32_t bytes)
{
	assert_int_equal(number, VIRTIO_SERIAL_PORT_LOG);
	if (!port_is_open)
		return;
	assert_true(port_count + bytes < SCREEN_BYTES);
	memcpy(port + port_count, data, bytes);
	port_count += bytes;
}

void virtio_serial_panic_mode(void)
{
}

uint64_t clock_ticks(void)
{
	return now_ticks;
}

uint64_t clock_hz(void)
{
	return HZ;
}

void console_quit_requested(void)
{
	quits++;
}

_Noreturn void panic(const char *format, ...)
{
	fail_msg("%s", format);
	abort();
}

/* A new machine: nothing registered, an empty screen. */
static int new_machine(void **state)
{
	(void)state;
	memset(&terminal, 0, sizeof(terminal));
	memset(guests, 0, sizeof(guests));
	memset(&logger, 0, sizeof(logger));
	memset(vm, 0, sizeof(vm));
	memset(screen, 0, sizeof(screen));
	memset(port, 0, sizeof(port));
	owner = CONSOLE_NONE;
	selected = pumping = pump_again = 0;
	escaped = masked = false;
	console_input_dropped = 0;
	screen_count = port_count = quits = unmask_calls = 0;
	port_is_open = rx_is_masked = false;
	now_ticks = 0;
	keyboard = "";
	while_receiving = NULL;
	return 0;
}

static void add_vms(unsigned count)
{
	static const char *const name[] = {"red", "green", "blue"};

	for (unsigned i = 0; i < count; i++) {
		vm[i].room = sizeof(vm[i].got);
		assert_int_equal(console_add(name[i]), i);
		console_set_vuart(i, &vm[i].identity);
	}
}

static void says(unsigned console, const char *text)
{
	for (; *text; text++)
		console_output(console, (uint8_t)*text);
}

static void type(const char *keys)
{
	keyboard = keys;
	console_input_poll();
}

static void clear_screen(void)
{
	memset(screen, 0, sizeof(screen));
	screen_count = 0;
}

static void one_vm_has_the_terminal_to_itself(void **state)
{
	(void)state;
	add_vms(1);
	says(0, "a\tb\033[1m\r\n\r\nlogin: \177\377");
	assert_string_equal(screen, "a\tb\033[1m\r\n\r\nlogin: \177\377");
}

static void several_vms_are_told_apart_line_by_line(void **state)
{
	(void)state;
	add_vms(2);
	says(0, "one");
	says(1, "two\r\n");
	says(0, " line\r\n\n");
	assert_string_equal(screen, "[green] two\r\n[red] one line\r\n[red] \r\n");
}

static void a_prompt_appears_after_a_tenth_of_a_second(void **state)
{
	(void)state;
	add_vms(2);
	says(0, "$ ");
	now_ticks = HZ / 10 - 1;
	console_tick();
	assert_string_equal(screen, "");
	now_ticks = HZ / 10;
	console_tick();
	assert_string_equal(screen, "[red] $ ");
	says(0, "l"); /* the echo of what is typed comes at once */
	assert_string_equal(screen, "[red] $ l");
	console_tick();
	assert_string_equal(screen, "[red] $ l");
}

/* Another guest's line comes between: what follows the prompt shows the whole line again. */
static void an_interrupted_line_is_shown_whole(void **state)
{
	(void)state;
	add_vms(2);
	says(0, "$ ");
	now_ticks = HZ;
	console_tick();
	says(1, "hi\n");
	says(0, "ls\n");
	assert_string_equal(screen, "[red] $ \r\n[green] hi\r\n[red] $ ls\r\n");
}

static void a_progress_line_is_rewritten_in_place(void **state)
{
	(void)state;
	add_vms(2);
	says(0, "10%\r20%\r\n");
	assert_string_equal(screen, "[red] 10%\r[red] 20%\r\n");
}

static void a_long_line_is_shown_in_parts_without_loss(void **state)
{
	char line[3 * LINE_BYTES];
	char expected[sizeof(line) + 16] = "[red] ";

	(void)state;
	for (unsigned i = 0; i < sizeof(line) - 1; i++)
		line[i] = (char)('a' + i % 26);
	line[sizeof(line) - 1] = '\0';
	add_vms(2);
	says(0, line);
	says(0, "\n");
	strcat(strcat(expected, line), "\r\n");
	assert_string_equal(screen, expected);
}

static void a_host_line_never_joins_a_guests(void **state)
{
	(void)state;
	add_vms(1);
	says(0, "login: ");
	console_host_line("hello");
	console_host_line("again");
	assert_string_equal(screen, "login: \r\n[vitrine] hello\r\n[vitrine] again\r\n");
}

static void there_are_eight_consoles(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CONSOLE_MAX; i++)
		assert_int_equal(console_add("x"), i);
	assert_int_equal(console_add("x"), CONSOLE_NONE);
	console_output(CONSOLE_NONE, 'x');
	console_set_vuart(CONSOLE_NONE, NULL);
	assert_string_equal(screen, "");
}

static void input_goes_to_the_selected_vm(void **state)
{
	(void)state;
	add_vms(3);
	type("a" CTRL_A "nb" CTRL_A "3c" CTRL_A "nd" CTRL_A "pe" CTRL_A "1f");
	assert_string_equal(vm[0].got, "adf");
	assert_string_equal(vm[1].got, "b");
	assert_string_equal(vm[2].got, "ce");
}

static void the_escape_key_can_be_sent(void **state)
{
	(void)state;
	add_vms(1);
	type(CTRL_A "a" CTRL_A CTRL_A "x");
	assert_string_equal(vm[0].got, "\001\001x");
	assert_int_equal(quits, 0);
}

static void a_chord_may_come_in_two_pieces(void **state)
{
	(void)state;
	add_vms(1);
	type(CTRL_A);
	type("x");
	assert_int_equal(quits, 1);
	assert_string_equal(vm[0].got, "");
}

static void a_wrong_chord_is_answered_and_eaten(void **state)
{
	(void)state;
	add_vms(2);
	type(CTRL_A "z" CTRL_A "9");
	assert_non_null(strstr(screen, "unknown key after C-a"));
	assert_non_null(strstr(screen, "there is no VM 9"));
	assert_string_equal(vm[0].got, "");
	type("k");
	assert_string_equal(vm[0].got, "k");
}

static void help_names_every_vm(void **state)
{
	(void)state;
	add_vms(2);
	type(CTRL_A "h");
	assert_non_null(strstr(screen, "VM 1: red, has the input\r\n"));
	assert_non_null(strstr(screen, "VM 2: green\r\n"));
}

static void a_switch_shows_the_prompt_that_waits_there(void **state)
{
	(void)state;
	add_vms(2);
	says(1, "login: ");
	type(CTRL_A "n");
	assert_string_equal(screen, "[vitrine] input goes to green\r\n[green] login: ");
}

/* The sender is held back, nothing is lost, and all goes on when the guest reads. */
static void a_full_guest_holds_the_sender_back(void **state)
{
	char flood[400];

	(void)state;
	for (unsigned i = 0; i < sizeof(flood) - 1; i++)
		flood[i] = (char)('a' + i % 26);
	flood[sizeof(flood) - 1] = '\0';
	add_vms(1);
	vm[0].room = 100;
	type(flood);
	assert_int_equal(vm[0].count, 100);
	assert_true(rx_is_masked);
	assert_int_equal(strlen(keyboard), sizeof(flood) - 1 - 100 - PENDING_BYTES);

	vm[0].room = 1000;
	console_input_ready(0);
	assert_false(rx_is_masked);
	console_input_poll();
	assert_string_equal(vm[0].got, flood);
	assert_int_equal(console_input_dropped, 0);
}

/* main unmasks the UART when the VMs are there; the console must not do so before. */
static void an_interrupt_that_was_not_masked_is_left_alone(void **state)
{
	(void)state;
	add_vms(1);
	type("abc");
	console_input_ready(0);
	assert_int_equal(unmask_calls, 0);
}

static void another_cpu_polls(void)
{
	keyboard = "second";
	console_input_poll();
}

/* A CPU that finds another one pumping leaves the work to it, and the order holds. */
static void two_cpus_do_not_mix_input(void **state)
{
	(void)state;
	add_vms(1);
	while_receiving = another_cpu_polls;
	type("first,");
	assert_string_equal(vm[0].got, "first,second");
}

static void input_for_a_vm_that_is_gone_is_counted_and_told_once(void **state)
{
	(void)state;
	add_vms(2);
	console_set_vuart(0, NULL);
	type("abc");
	type("def");
	assert_int_equal(console_input_dropped, 6);
	assert_non_null(strstr(screen, "red takes no input; C-a n: next VM"));
	clear_screen();
	type("g");
	assert_string_equal(screen, "");
	type(CTRL_A "nh");
	assert_string_equal(vm[1].got, "h");
}

static void without_any_vm_input_is_dropped_and_the_chord_works(void **state)
{
	(void)state;
	type("abc" CTRL_A "n" CTRL_A "p" CTRL_A "h" CTRL_A "x");
	assert_int_equal(console_input_dropped, 3);
	assert_int_equal(quits, 1);
}

/* Until the port opens the log is on the terminal, and the port gets it all, in order, once. */
static void early_lines_reach_the_port_later(void **state)
{
	(void)state;
	now_ticks = 1 * HZ + 5;
	log_line("one %d", 1);
	log_port_ready();
	assert_int_equal(port_count, 0);
	port_is_open = true;
	log_port_ready();
	now_ticks = 20 * HZ;
	log_line("two");
	assert_string_equal(port, "[    1.005000] one 1\n[   20.000000] two\n");
	assert_string_equal(screen, "[vitrine] one 1\r\n[vitrine] two\r\n");
}

static void lines_that_no_early_room_is_left_for_are_counted(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 200; i++)
		log_line("line %03u",
			 i); /* 24 bytes each with stamp and newline: 170 of them fit */
	port_is_open = true;
	log_port_ready();
	assert_non_null(strstr(port, "line 169\n"));
	assert_null(strstr(port, "line 170\n"));
	assert_non_null(strstr(port, "log: 30 lines lost before the log port was open\n"));
}

static void the_log_leaves_the_terminal_when_a_guest_speaks(void **state)
{
	(void)state;
	add_vms(1);
	port_is_open = true;
	log_line("before");
	says(0, "hi");
	log_line("after");
	assert_string_equal(screen, "[vitrine] before\r\nhi");
	log_set_uart_always(true);
	log_line("asked for");
	assert_string_equal(screen, "[vitrine] before\r\nhi\r\n[vitrine] asked for\r\n");
	assert_non_null(strstr(port, "after\n"));
}

static void without_a_port_the_log_stays_on_the_terminal(void **state)
{
	(void)state;
	add_vms(1);
	says(0, "hi\n");
	log_line("still here");
	assert_non_null(strstr(screen, "[vitrine] still here\r\n"));
}

static void a_line_is_one_line_and_a_cut_shows(void **state)
{
	char text[400];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	port_is_open = true;
	log_line("a\nb\rc\033");
	assert_non_null(strstr(port, "] a b c \n"));
	port_count = 0;
	log_line("%s", text);
	assert_int_equal(port_count, 256);
	assert_memory_equal(port + 252, "...\n", 4);
}

/* Whoever held the locks may never run again: in a panic nobody waits for them. */
static void a_panic_needs_no_lock(void **state)
{
	(void)state;
	add_vms(1);
	port_is_open = true;
	says(0, "half a line");
	spin_lock(&log_lock);
	spin_lock(&console_lock);
	log_panic_mode();
	log_line("the end");
	spin_unlock(&console_lock);
	spin_unlock(&log_lock);
	assert_string_equal(screen, "half a line\r\n[vitrine] the end\r\n");
	assert_non_null(strstr(port, "the end\n"));
}

#define TEST(name) cmocka_unit_test_setup(name, new_machine)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_vm_has_the_terminal_to_itself),
		TEST(several_vms_are_told_apart_line_by_line),
		TEST(a_prompt_appears_after_a_tenth_of_a_second),
		TEST(an_interrupted_line_is_shown_whole),
		TEST(a_progress_line_is_rewritten_in_place),
		TEST(a_long_line_is_shown_in_parts_without_loss),
		TEST(a_host_line_never_joins_a_guests),
		TEST(there_are_eight_consoles),
		TEST(input_goes_to_the_selected_vm),
		TEST(the_escape_key_can_be_sent),
		TEST(a_chord_may_come_in_two_pieces),
		TEST(a_wrong_chord_is_answered_and_eaten),
		TEST(help_names_every_vm),
		TEST(a_switch_shows_the_prompt_that_waits_there),
		TEST(a_full_guest_holds_the_sender_back),
		TEST(an_interrupt_that_was_not_masked_is_left_alone),
		TEST(two_cpus_do_not_mix_input),
		TEST(input_for_a_vm_that_is_gone_is_counted_and_told_once),
		TEST(without_any_vm_input_is_dropped_and_the_chord_works),
		TEST(early_lines_reach_the_port_later),
		TEST(lines_that_no_early_room_is_left_for_are_counted),
		TEST(the_log_leaves_the_terminal_when_a_guest_speaks),
		TEST(without_a_port_the_log_stays_on_the_terminal),
		TEST(a_line_is_one_line_and_a_cut_shows),
		TEST(a_panic_needs_no_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
