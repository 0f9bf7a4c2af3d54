/*
 * A driver of the emulated PL011, as far as one can tell without anybody typing: registers of every width, the transmit interrupt and
 * its mask, the interrupt line as the GIC sees it. One vCPU. It says nothing while it counts interrupts: what it says is output, too.
 */
#include "guest.h"

#define UART_DR	   (UART_BASE + 0x00)
#define UART_FR	   (UART_BASE + 0x18)
#define UART_IBRD  (UART_BASE + 0x24)
#define UART_LCR_H (UART_BASE + 0x2c)
#define UART_IMSC  (UART_BASE + 0x38)
#define UART_RIS   (UART_BASE + 0x3c)
#define UART_MIS   (UART_BASE + 0x40)
#define UART_ICR   (UART_BASE + 0x44)
#define UART_PERI0 (UART_BASE + 0xfe0)

#define FR_RXFE (1u << 4)
#define FR_TXFF (1u << 5)
#define FR_RXFF (1u << 6)
#define FR_TXFE (1u << 7)
#define INT_RX	(1u << 4)
#define INT_TX	(1u << 5)
#define INT_RT	(1u << 6)

#define PATIENCE_MS 5000

static volatile unsigned interrupts, others;

static void on_interrupt(unsigned vcpu, unsigned intid)
{
	(void)vcpu;
	interrupts += intid == INTID_UART;
	others += intid != INTID_UART;
	write32(UART_ICR, INT_TX);
}

static uint32_t read8(uint64_t address)
{
	uint32_t value;

	__asm__ volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
	return value;
}

static uint32_t read16(uint64_t address)
{
	uint32_t value;

	__asm__ volatile("ldrh %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
	return value;
}

static void write8(uint64_t address, uint32_t value)
{
	__asm__ volatile("strb %w0, [%1]" ::"r"(value), "r"(address) : "memory");
}

static void write16(uint64_t address, uint32_t value)
{
	__asm__ volatile("strh %w0, [%1]" ::"r"(value), "r"(address) : "memory");
}

static void check_widths(void)
{
	write32(UART_IBRD, 0x1234);
	CHECK_EQUAL(read32(UART_IBRD), 0x1234, "a setting is kept");
	CHECK_EQUAL(read16(UART_IBRD), 0x1234, "a halfword reads it");
	CHECK_EQUAL(read8(UART_IBRD), 0x34, "a byte reads its lowest part");
	CHECK_EQUAL(read8(UART_IBRD + 1), 0x12, "the second byte is beside it");
	CHECK_EQUAL(read16(UART_IBRD + 2), 0, "its upper half is 0");
	write8(UART_IBRD, 0xa5);
	CHECK_EQUAL(read32(UART_IBRD), 0xa5, "a byte written is the register's whole value");
	write16(UART_IBRD, 0x5678);
	CHECK_EQUAL(read32(UART_IBRD), 0x5678, "and so is a halfword");
	write8(UART_IBRD + 1, 0xff);
	CHECK_EQUAL(read32(UART_IBRD), 0x5678, "a write beside its first byte is ignored");
	CHECK_EQUAL(read32(UART_PERI0) | read32(UART_PERI0 + 4) << 8, 0x1011, "it is a PL011");
	write32(UART_PERI0, 0);
	CHECK_EQUAL(read32(UART_PERI0), 0x11, "and can not be made another");
}

/* Nobody types here. */
static void check_no_input(void)
{
	bool empty = true;

	for (unsigned i = 0; i < 40; i++)
		empty &= (read32(UART_FR) & (FR_RXFE | FR_RXFF)) == FR_RXFE;
	check(empty, "no input, however long one looks");
	CHECK_EQUAL(read32(UART_DR), 0, "reading it nevertheless gives 0");
	write32(UART_IMSC, INT_RX | INT_RT);
	CHECK_EQUAL(read32(UART_MIS), 0, "and its interrupts are not raised");
	write32(UART_IMSC, 0);
	CHECK_EQUAL(read32(UART_FR) & (FR_TXFE | FR_TXFF), FR_TXFE, "there is room for output");
}

/* Up to `wanted` of them; a moment longer, as one too many would be wrong as well. */
static unsigned count_interrupts(unsigned wanted)
{
	const uint64_t end = ticks() + ticks_of_ms(PATIENCE_MS);

	irq_unmask();
	while (interrupts < wanted && ticks() < end)
		;
	wait_ms(1);
	irq_mask();
	return interrupts;
}

static void check_transmit_interrupt(void)
{
	unsigned while_masked, at_unmask, of_three = 0, after;
	uint32_t raw, masked, cleared;

	gic_on(0, on_interrupt);
	gic_enable(0, INTID_UART);

	write32(UART_ICR, INT_TX);
	cleared = read32(UART_RIS);
	write32(UART_DR, '.');
	raw = read32(UART_RIS);
	masked = read32(UART_MIS);
	while_masked = count_interrupts(0);
	write32(UART_IMSC, INT_TX);
	at_unmask = count_interrupts(1);
	for (unsigned i = 0; i < 3; i++) {
		write32(UART_DR, '.');
		of_three = count_interrupts(at_unmask + i + 1);
	}
	write32(UART_IMSC, 0);
	write32(UART_DR, '\n');
	after = count_interrupts(0);

	CHECK_EQUAL(cleared, 0, "UARTICR clears the transmit interrupt");
	CHECK_EQUAL(raw, INT_TX, "a byte written raises it: UARTRIS");
	CHECK_EQUAL(masked, 0, "but masked, it is not in UARTMIS");
	CHECK_EQUAL(while_masked, 0, "and nobody is interrupted");
	CHECK_EQUAL(at_unmask, 1, "unmasking it brings the interrupt that waited");
	CHECK_EQUAL(of_three, 4, "three bytes more bring one each");
	CHECK_EQUAL(after, 4, "masked again, there is silence");
	CHECK_EQUAL(others, 0, "all of them were SPI 1");
}

/* The line is a level: while the handler does not clear its cause, it stays up. */
static void check_level(void)
{
	const uint64_t line = GICD_BASE + GIC_ISPENDR + INTID_UART / 32 * 4;
	const uint32_t bit = 1u << INTID_UART % 32;
	uint32_t low, high, dropped, again;

	write32(UART_ICR, INT_TX);
	write32(UART_IMSC, INT_TX);
	low = read32(line);
	write32(UART_DR, '\r');
	high = read32(line);
	write32(UART_ICR, INT_TX);
	dropped = read32(line);
	write32(UART_DR, '\r');
	again = read32(line);
	write32(UART_IMSC, 0);

	CHECK_EQUAL(low & bit, 0, "the GIC sees the line low");
	CHECK_EQUAL(high & bit, bit, "a byte written pulls it up");
	CHECK_EQUAL(dropped & bit, 0, "clearing the cause lets it fall");
	CHECK_EQUAL(again & bit, bit, "the next byte pulls it up again");
	CHECK_EQUAL(read32(line) & bit, 0, "masking the cause lets it fall, too");
}

void first(const void *device_tree)
{
	(void)device_tree;
	check_widths();
	check_no_input();
	check_transmit_interrupt();
	check_level();
	finish();
}
