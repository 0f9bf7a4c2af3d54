/* The emulated PL011, as Linux's amba-pl011 driver and polling bare-metal guests drive it. */
/* sources: src/dev/vuart.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dev/console.h"
#include "dev/pl011.h"
#include "dev/vuart.h"

#define CONSOLE	   3u
#define WORD	   4u
#define ENOUGH	   16u /* polls that show that a guest waits for input */
#define FIFO_DEPTH 16u

static struct vuart uart;
static const struct spinlock free_lock = SPINLOCK_INIT(LOCK_VUART);

/* What the fakes below have been told. */
static char written[64];
static unsigned written_count, ready_calls, level_calls;
static bool irq_level;
static void (*meanwhile)(void); /* what another CPU does while the vGIC is being told */

void console_output(unsigned console, uint8_t byte)
{
	assert_int_equal(console, CONSOLE);
	written[written_count++] = (char)byte;
}

void console_input_ready(unsigned console)
{
	assert_int_equal(console, CONSOLE);
	assert_memory_equal(&uart.lock, &free_lock,
			    sizeof(free_lock)); /* it may give more input at once */
	ready_calls++;
}

/* LOCK_VGIC comes before LOCK_VUART, so the UART's lock must be free here. */
enum vt_err vgic_set_level(struct vgic *vgic, unsigned vcpu, uint32_t intid, bool level)
{
	void (*act)(void) = meanwhile;

	(void)vgic;
	(void)vcpu;
	assert_memory_equal(&uart.lock, &free_lock, sizeof(free_lock));
	assert_int_equal(intid, VUART_INTID);
	level_calls++;
	meanwhile = NULL;
	if (act)
		act();
	irq_level = level;
	return VT_OK;
}

static uint32_t rd(uint32_t offset)
{
	return (uint32_t)vuart_read(&uart, offset, WORD);
}

static void wr(uint32_t offset, uint32_t value)
{
	vuart_write(&uart, offset, WORD, value);
}

static unsigned type(const char *text)
{
	return vuart_receive(&uart, (const uint8_t *)text, (unsigned)strlen(text));
}

static void listen(void)
{
	wr(UARTIMSC, INT_RX | INT_RT);
}

static int power_on(void **state)
{
	(void)state;
	written_count = ready_calls = level_calls = 0;
	irq_level = false;
	meanwhile = NULL;
	vuart_init(&uart, NULL, CONSOLE);
	return 0;
}

/* Linux's AMBA bus finds the driver by these, and takes the FIFO to be 16 deep below revision 3. */
static void it_identifies_as_an_arm_pl011(void **state)
{
	static const uint32_t expected[8] = {0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(rd(UARTPERIPHID0 + 4 * i), expected[i]);
}

static void at_reset_it_is_ready_and_silent(void **state)
{
	(void)state;
	assert_int_equal(rd(UARTCR), 0x300);
	assert_int_equal(rd(UARTIFLS), 0x12);
	assert_int_equal(rd(UARTRIS), 0);
	assert_int_equal(rd(UARTFR) & (FR_TXFE | FR_TXFF | FR_RXFE | FR_RXFF), FR_TXFE | FR_RXFE);
	assert_false(irq_level);
}

static void a_byte_written_goes_out_at_once_and_raises_the_transmit_interrupt(void **state)
{
	(void)state;
	wr(UARTDR, 'h');
	vuart_write(&uart, UARTDR, 1, 0xfffffff1u);
	assert_memory_equal(written, "h\xf1", 2);
	assert_int_equal(rd(UARTRIS), INT_TX);
	assert_int_equal(rd(UARTMIS), 0);
	assert_false(irq_level);

	wr(UARTIMSC, INT_TX);
	assert_int_equal(rd(UARTMIS), INT_TX);
	assert_true(irq_level);
	wr(UARTICR, INT_TX);
	assert_false(irq_level);
	wr(UARTDR, 'i');
	assert_true(irq_level);
	wr(UARTIMSC, 0);
	assert_false(irq_level);
}

/* The vGIC is told of changes only: a line of text is no stream of interrupts. */
static void an_unchanged_line_is_not_told_again(void **state)
{
	(void)state;
	wr(UARTIMSC, INT_TX);
	for (unsigned i = 0; i < 40; i++)
		wr(UARTDR, 'x');
	assert_int_equal(level_calls, 1);
}

/*
 * The start-up of Linux's driver: unmask for a moment, mask, drain, unmask. Piped input survives
 * it.
 */
static void input_survives_the_flush_of_a_driver_that_starts(void **state)
{
	(void)state;
	type("ls\n");
	wr(UARTICR, INT_RX | INT_RT);
	listen();
	wr(UARTIMSC, 0);
	wr(UARTCR, CR_UARTEN | CR_RXE | CR_TXE);
	for (unsigned i = 0; i < 2 * FIFO_DEPTH && !(rd(UARTFR) & FR_RXFE); i++)
		rd(UARTDR);
	assert_int_equal(rd(UARTDR), 0);

	wr(UARTICR, INT_RX | INT_RT);
	listen();
	assert_true(irq_level);
	assert_int_equal(rd(UARTDR), 'l');
	assert_int_equal(rd(UARTDR), 's');
	assert_int_equal(rd(UARTDR), '\n');
	assert_false(irq_level);
}

static void a_guest_that_polls_gets_its_input(void **state)
{
	(void)state;
	type("k");
	for (unsigned i = 1; i < ENOUGH; i++)
		assert_true(rd(UARTFR) & FR_RXFE);
	assert_false(rd(UARTFR) & FR_RXFE);
	assert_int_equal(rd(UARTDR), 'k');
	assert_true(rd(UARTFR) & FR_RXFE);
	assert_false(irq_level);
}

/*
 * A guest that looks at UARTFR between characters to see whether it may send is not waiting for
 * input.
 */
static void polling_for_room_to_transmit_is_not_listening(void **state)
{
	(void)state;
	type("k");
	for (unsigned i = 0; i < 3 * ENOUGH; i++) {
		assert_true(rd(UARTFR) & FR_RXFE);
		wr(UARTDR, '.');
	}
}

/* A boot loader has polled; the kernel's driver that follows flushes what it finds. */
static void a_new_driver_must_listen_anew(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ENOUGH; i++)
		rd(UARTFR);
	type("k");
	assert_false(rd(UARTFR) & FR_RXFE);
	wr(UARTCR, CR_UARTEN);
	assert_true(rd(UARTFR) & FR_RXFE);
}

/* IFLS 2, FIFO on: the receive interrupt at 8 bytes; below that the time-out, at once. */
static void interrupts_follow_the_fifo_level(void **state)
{
	(void)state;
	wr(UARTLCR_H, LCR_H_FEN);
	listen();
	type("1234567");
	assert_int_equal(rd(UARTRIS), INT_RT);
	type("8");
	assert_int_equal(rd(UARTRIS), INT_RX | INT_RT);
	rd(UARTDR);
	assert_int_equal(rd(UARTRIS), INT_RT);
	for (unsigned i = 0; i < 7; i++)
		rd(UARTDR);
	assert_int_equal(rd(UARTRIS), 0);
	assert_false(irq_level);
	type("12345678");
	assert_int_equal(rd(UARTRIS), INT_RX); /* at once: nothing waits for the next byte */
}

/* Each row of UARTIFLS: one byte less than the level raises only the time-out. */
static void every_trigger_level_is_honoured(void **state)
{
	static const unsigned level[] = {2, 4, 8, 12, 14};

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		power_on(NULL);
		wr(UARTLCR_H, LCR_H_FEN);
		wr(UARTIFLS, i << 3);
		listen();
		for (unsigned n = 1; n < level[i]; n++)
			type("x");
		assert_false(rd(UARTRIS) & INT_RX);
		type("x");
		assert_true(rd(UARTRIS) & INT_RX);
	}
}

/*
 * Cleared by UARTICR with data left: the next read that leaves data raises it again, so none is
 * stuck.
 */
static void data_left_behind_raises_its_interrupt_again(void **state)
{
	(void)state;
	listen();
	type("abc");
	wr(UARTICR, INT_RX | INT_RT);
	assert_false(irq_level);
	assert_int_equal(rd(UARTDR), 'a');
	assert_true(irq_level);
}

static void the_fifo_flags_show_its_depth(void **state)
{
	(void)state;
	listen();
	type("a");
	assert_true(rd(UARTFR) & FR_RXFF); /* FIFO off: one byte fills it */
	wr(UARTLCR_H, LCR_H_FEN);
	assert_false(rd(UARTFR) & FR_RXFF);
	type("bcdefghijklmnop");
	assert_true(rd(UARTFR) & FR_RXFF);
	rd(UARTDR);
	assert_false(rd(UARTFR) & FR_RXFF);
	type("more than what the FIFO holds");
	assert_true(rd(UARTFR) & FR_RXFF);
}

/* Nobody listens: input waits where it is, even for a guest that reads UARTDR blindly. */
static void what_does_not_listen_gets_no_input(void **state)
{
	(void)state;
	type("k");
	assert_int_equal(rd(UARTDR), 0);
	assert_int_equal(rd(UARTRIS), 0);
	listen();
	assert_int_equal(rd(UARTDR), 'k');
}

static void an_empty_fifo_reads_0_and_stays_empty(void **state)
{
	(void)state;
	listen();
	assert_int_equal(rd(UARTDR), 0);
	type("k");
	assert_int_equal(rd(UARTDR), 'k');
	assert_true(rd(UARTFR) & FR_RXFE);
}

/* Back-pressure: 256 bytes are taken, and the console hears when half of them have gone. */
static void a_full_queue_refuses_and_says_when_it_has_room(void **state)
{
	uint8_t flood[VUART_RX_QUEUE + 44];

	(void)state;
	for (unsigned i = 0; i < sizeof(flood); i++)
		flood[i] = (uint8_t)i;
	listen();
	assert_int_equal(vuart_receive(&uart, flood, sizeof(flood)), VUART_RX_QUEUE);
	assert_int_equal(vuart_receive(&uart, flood, 1), 0);
	for (unsigned i = 0; i < VUART_RX_QUEUE / 2; i++) {
		assert_int_equal(ready_calls, 0);
		assert_int_equal(rd(UARTDR), i);
	}
	assert_int_equal(ready_calls, 1);
	assert_int_equal(vuart_receive(&uart, flood, 128), 128);
	for (unsigned i = 0; i < VUART_RX_QUEUE; i++)
		assert_int_equal(rd(UARTDR), (uint8_t)(i + 128));
	assert_int_equal(ready_calls, 1);
	assert_true(rd(UARTFR) & FR_RXFE);
}

static void empty_the_fifo(void)
{
	rd(UARTDR);
}

/* While one CPU tells the vGIC "high", another empties the FIFO: the last word must be "low". */
static void the_last_level_told_is_the_true_one(void **state)
{
	(void)state;
	listen();
	meanwhile = empty_the_fifo;
	type("a");
	assert_int_equal(level_calls, 2);
	assert_false(irq_level);
}

static void narrow_reads_see_their_bytes(void **state)
{
	(void)state;
	wr(UARTIBRD, 0x92b4);
	assert_int_equal(vuart_read(&uart, UARTIBRD, 1), 0xb4);
	assert_int_equal(vuart_read(&uart, UARTIBRD + 1, 1), 0x92);
	assert_int_equal(vuart_read(&uart, UARTIBRD, 2), 0x92b4);
	assert_int_equal(vuart_read(&uart, UARTIBRD + 2, 2), 0);
}

/* A byte or a halfword written is the register's whole value; beside its first byte nothing is. */
static void narrow_writes_are_cut_to_their_width(void **state)
{
	(void)state;
	vuart_write(&uart, UARTIBRD, 1, 0xabcd1234);
	assert_int_equal(rd(UARTIBRD), 0x34);
	vuart_write(&uart, UARTIBRD, 2, 0xabcd5678);
	assert_int_equal(rd(UARTIBRD), 0x5678);
	vuart_write(&uart, UARTIBRD + 1, 1, 0xff);
	vuart_write(&uart, UARTIBRD + 2, 2, 0xffff);
	assert_int_equal(rd(UARTIBRD), 0x5678);
}

static void settings_keep_only_the_bits_that_exist(void **state)
{
	static const struct {
		uint32_t offset, expected;
	} row[] = {{UARTILPR, 0xff}, {UARTIBRD, 0xffff}, {UARTFBRD, 0x3f},  {UARTLCR_H, 0xff},
		   {UARTCR, 0xffff}, {UARTIFLS, 0x3f},	 {UARTIMSC, 0x7ff}, {UARTDMACR, 0x7}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(row); i++) {
		wr(row[i].offset, 0xffffffff);
		assert_int_equal(rd(row[i].offset), row[i].expected);
	}
}

/*
 * Every offset and width, wild values: nothing but UARTDR writes, nothing changes what is
 * read-only.
 */
static void wild_accesses_are_harmless(void **state)
{
	static const uint64_t beyond[] = {0x1000, 0xffffffff, UINT64_MAX};

	(void)state;
	for (uint32_t offset = 1; offset < VUART_BYTES; offset++)
		for (unsigned bytes = 1; bytes <= 8; bytes *= 2) {
			vuart_write(&uart, offset, bytes, UINT64_MAX);
			vuart_read(&uart, offset, bytes);
		}
	for (unsigned i = 0; i < ARRAY_SIZE(beyond); i++) {
		vuart_write(&uart, beyond[i], 4, UINT64_MAX);
		assert_int_equal(vuart_read(&uart, beyond[i], 4), 0);
	}
	assert_int_equal(rd(0x080), 0);
	assert_int_equal(rd(UARTPERIPHID0), 0x11);
	assert_int_equal(written_count, 0);
}

/* A VM restarts in the middle of a script: what it has not read yet is for the next boot. */
static void reset_keeps_unread_input_and_lowers_the_line(void **state)
{
	(void)state;
	listen();
	type("next");
	assert_true(irq_level);
	vuart_reset(&uart);
	assert_false(irq_level);
	assert_int_equal(rd(UARTIMSC), 0);
	assert_true(rd(UARTFR) & FR_RXFE);
	listen();
	assert_int_equal(rd(UARTDR), 'n');
}

#define TEST(name) cmocka_unit_test_setup(name, power_on)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_identifies_as_an_arm_pl011),
		TEST(at_reset_it_is_ready_and_silent),
		TEST(a_byte_written_goes_out_at_once_and_raises_the_transmit_interrupt),
		TEST(an_unchanged_line_is_not_told_again),
		TEST(input_survives_the_flush_of_a_driver_that_starts),
		TEST(a_guest_that_polls_gets_its_input),
		TEST(polling_for_room_to_transmit_is_not_listening),
		TEST(a_new_driver_must_listen_anew),
		TEST(interrupts_follow_the_fifo_level),
		TEST(every_trigger_level_is_honoured),
		TEST(data_left_behind_raises_its_interrupt_again),
		TEST(the_fifo_flags_show_its_depth),
		TEST(what_does_not_listen_gets_no_input),
		TEST(an_empty_fifo_reads_0_and_stays_empty),
		TEST(a_full_queue_refuses_and_says_when_it_has_room),
		TEST(the_last_level_told_is_the_true_one),
		TEST(narrow_reads_see_their_bytes),
		TEST(narrow_writes_are_cut_to_their_width),
		TEST(settings_keep_only_the_bits_that_exist),
		TEST(wild_accesses_are_harmless),
		TEST(reset_keeps_unread_input_and_lowers_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
