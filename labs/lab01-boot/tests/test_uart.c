/* The driver of the machine's PL011: every access to the device, in order. */
/* sources: src/dev/uart_pl011.c */
/* flags: -include labs/lab01-boot/tests/fake_mmio.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dev/pl011.h"
#include "dev/uart.h"

#define BASE  UINT64_C(0x9000000)
#define OTHER UINT64_C(0xff010000)
#define OPS   4096

/* What was done, and what the device answers. */
static struct op {
	bool write;
	uint64_t address;
	uint32_t value;
} ops[OPS];
static unsigned op_count, write_count, reads_of_flags;
static unsigned full_for; /* so many reads of UARTFR say that there is no room; ~0: for ever */
static bool received;
static uint32_t data;

static void did(bool write, uint64_t address, uint32_t value)
{
	write_count += write;
	if (op_count < OPS) /* of one that waits long the beginning is enough */
		ops[op_count++] = (struct op){write, address, value};
}

uint32_t fake_mmio_read32(uint64_t address)
{
	uint32_t value = 0;

	if ((address & 0xfff) == UARTFR) {
		reads_of_flags++;
		value = FR_CTS | FR_DCD; /* which mean nothing here */
		if (full_for) { /* else there is room, though not all has gone: no FR_TXFE */
			value |= FR_TXFF;
			full_for -= full_for != ~0u;
		}
		value |= received ? 0 : FR_RXFE; /* a byte, not a full FIFO */
	} else if ((address & 0xfff) == UARTDR) {
		value = data;
	}
	did(false, address, value);
	return value;
}

void fake_mmio_write32(uint64_t address, uint32_t value)
{
	did(true, address, value);
}

static unsigned writes_to(uint64_t offset)
{
	unsigned count = 0;

	for (unsigned i = 0; i < op_count; i++)
		count += ops[i].write && ops[i].address == BASE + offset;
	return count;
}

static int last_write_to(uint64_t offset)
{
	for (unsigned i = op_count; i-- > 0;)
		if (ops[i].write && ops[i].address == BASE + offset)
			return (int)i;
	fail_msg("nothing was written at offset 0x%x", (unsigned)offset);
	return -1;
}

static void forget(void)
{
	op_count = write_count = reads_of_flags = full_for = 0;
	received = false;
	data = 0;
}

static int fresh(void **state)
{
	(void)state;
	forget();
	uart_early_init(BASE);
	forget();
	return 0;
}

static int untouched(void **state)
{
	(void)state;
	forget();
	return 0;
}

/* First: nothing has told the driver yet where its device is. */
static void before_the_address_is_known_nothing_is_touched(void **state)
{
	(void)state;
	uart_putc('x');
	uart_puts("lost\n");
	assert_int_equal(uart_getc(), -1);
	uart_enable_rx_interrupt();
	assert_int_equal(op_count, 0);
}

static void init_turns_it_on_and_its_interrupts_off(void **state)
{
	(void)state;
	uart_early_init(BASE);
	assert_int_equal(ops[last_write_to(UARTCR)].value, CR_UARTEN | CR_TXE | CR_RXE);
	assert_int_equal(ops[last_write_to(UARTIMSC)].value, 0);
}

/* What was received before us waits in the FIFO; a write of the line's settings would throw it away. */
static void init_leaves_the_line_as_it_is(void **state)
{
	(void)state;
	uart_early_init(BASE);
	assert_int_equal(writes_to(UARTLCR_H) + writes_to(UARTIBRD) + writes_to(UARTFBRD), 0);
	for (unsigned i = 0; i < op_count; i++)
		assert_true(ops[i].address != BASE + UARTDR);
}

static void init_may_move_the_device(void **state)
{
	(void)state;
	uart_early_init(OTHER);
	forget();
	uart_putc('x');
	assert_true(op_count > 0);
	for (unsigned i = 0; i < op_count; i++)
		assert_true(ops[i].address - OTHER < 0x1000);
}

static void a_character_is_one_write(void **state)
{
	(void)state;
	uart_putc('V');
	assert_int_equal(write_count, 1);
	assert_int_equal(ops[last_write_to(UARTDR)].value, 'V');
	forget();
	uart_putc((char)0xff); /* bits 11:8 are errors when read, and reserved when written */
	assert_int_equal(ops[last_write_to(UARTDR)].value, 0xff);
}

static void a_full_transmitter_is_waited_for(void **state)
{
	(void)state;
	full_for = 37;
	uart_putc('V');
	assert_int_equal(reads_of_flags, 38);
	assert_int_equal(write_count, 1);
	assert_int_equal(last_write_to(UARTDR), 38); /* behind them all */
}

static void one_with_room_is_not(void **state)
{
	(void)state;
	uart_putc('V');
	assert_int_equal(reads_of_flags, 1);
}

/* Flow control, no clock: it costs a character, not the hypervisor; and the FIFO is not written while it is full. */
static void one_that_never_drains_costs_a_character(void **state)
{
	(void)state;
	full_for = ~0u;
	uart_putc('V');
	assert_int_equal(write_count, 0);
	assert_in_range(reads_of_flags, 1000, 2000000);
}

static void a_line_ends_with_both(void **state)
{
	static const char wanted[] = "ab\r\n\r\nc";
	unsigned length = 0;

	(void)state;
	uart_puts("ab\n\nc");
	for (unsigned i = 0; i < op_count; i++)
		if (ops[i].write) {
			assert_int_equal(ops[i].address, BASE + UARTDR);
			assert_in_range(length, 0, sizeof(wanted) - 2);
			assert_int_equal(ops[i].value, wanted[length++]);
		}
	assert_int_equal(length, sizeof(wanted) - 1);
}

static void no_text_is_no_access(void **state)
{
	(void)state;
	uart_puts("");
	assert_int_equal(op_count, 0);
}

static void without_input_there_is_none(void **state)
{
	(void)state;
	data = 'y';
	assert_int_equal(uart_getc(), -1);
	for (unsigned i = 0; i < op_count;
	     i++) /* reading it would take a byte that comes meanwhile */
		assert_true(ops[i].address != BASE + UARTDR);
}

static void input_is_a_byte_without_its_errors(void **state)
{
	(void)state;
	received = true;
	data = 0xf00 | 'y';
	assert_int_equal(uart_getc(), 'y');
	data = 0xff;
	assert_int_equal(uart_getc(), 0xff);
	assert_int_equal(write_count, 0);
}

/* RT as well: with the FIFO on, a single byte never reaches the level at which RX is raised. */
static void both_interrupts_of_the_receiver(void **state)
{
	(void)state;
	uart_enable_rx_interrupt();
	assert_int_equal(write_count, 1);
	assert_int_equal(ops[last_write_to(UARTIMSC)].value, INT_RX | INT_RT);
	uart_mask_rx();
	assert_int_equal(ops[last_write_to(UARTIMSC)].value, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(before_the_address_is_known_nothing_is_touched, untouched),
		TEST(init_turns_it_on_and_its_interrupts_off),
		TEST(init_leaves_the_line_as_it_is),
		TEST(init_may_move_the_device),
		TEST(a_character_is_one_write),
		TEST(a_full_transmitter_is_waited_for),
		TEST(one_with_room_is_not),
		TEST(one_that_never_drains_costs_a_character),
		TEST(a_line_ends_with_both),
		TEST(no_text_is_no_access),
		TEST(without_input_there_is_none),
		TEST(input_is_a_byte_without_its_errors),
		TEST(both_interrupts_of_the_receiver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
