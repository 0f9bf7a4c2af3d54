/*
 * The smallest guest that uses most of what a hypervisor gives: a console, PSCI calls, several vCPUs and the
 * counter. Every vCPU says one line, then the first one powers the machine off.
 *
 * The MMU stays off, so all memory is Device memory to the CPU: no unaligned accesses (-mstrict-align) and no
 * exclusive loads and stores, which Device memory need not support (Arm ARM B2.9). Hence the bakery lock.
 */
#include <stdbool.h>
#include <stdint.h>

#include "hello.h"

/* PL011, as on QEMU's virt board. Arm DDI 0183 3.2. */
#define UART_BASE    0x09000000ul
#define UART_DR	     0x000
#define UART_FR	     0x018
#define UART_FR_TXFF (1u << 5)
#define UART_CR	     0x030
#define UART_CR_ON   0x301u /* UARTEN | TXE | RXE */

/* Arm DEN 0022 (PSCI), 5.1; the 64-bit calling convention where there is one. */
#define PSCI_VERSION		0x84000000u
#define PSCI_CPU_ON		0xc4000003u
#define PSCI_SYSTEM_OFF		0x84000008u
#define PSCI_SUCCESS		0
#define PSCI_INVALID_PARAMETERS (-2)

#define FDT_MAGIC 0xd00dfeedu

void hello_first(const uint32_t *fdt);
void hello_secondary(uint64_t vcpu);
/* Hidden: its address is then found relative to the PC, not through a table of absolute addresses. */
extern char secondary_start[] __attribute__((visibility("hidden")));

static volatile bool has_spoken[MAX_VCPUS];

/* --- The lock ------------------------------------------------------------------------------------------- */

/* Lamport's bakery: needs nothing from memory but that loads and stores of one word are whole. */
static volatile bool is_choosing[MAX_VCPUS];
static volatile uint32_t ticket[MAX_VCPUS];

static void barrier(void)
{
	__asm__ volatile("dmb sy" ::: "memory");
}

static void relax(void)
{
	__asm__ volatile("yield" ::: "memory");
}

static void lock(uint64_t me)
{
	uint32_t highest = 0;

	is_choosing[me] = true;
	barrier();
	for (unsigned i = 0; i < MAX_VCPUS; i++)
		if (ticket[i] > highest)
			highest = ticket[i];
	ticket[me] = highest + 1;
	barrier();
	is_choosing[me] = false;
	barrier();

	for (unsigned i = 0; i < MAX_VCPUS; i++) {
		while (is_choosing[i])
			relax();
		/* Two may have drawn the same number; then the lower index goes first. */
		while (ticket[i] && (ticket[i] < ticket[me] || (ticket[i] == ticket[me] && i < me)))
			relax();
	}
	barrier();
}

static void unlock(uint64_t me)
{
	barrier();
	ticket[me] = 0;
}

/* --- The console ---------------------------------------------------------------------------------------- */

static volatile uint32_t *uart(unsigned offset)
{
	return (volatile uint32_t *)(UART_BASE + offset);
}

static void put_char(char c)
{
	while (*uart(UART_FR) & UART_FR_TXFF)
		relax();
	*uart(UART_DR) = (uint32_t)c;
}

static void put(const char *s)
{
	for (; *s; s++) {
		if (*s == '\n')
			put_char('\r');
		put_char(*s);
	}
}

static void put_number(uint64_t value, unsigned base)
{
	char digits[20];
	unsigned n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (n)
		put_char(digits[--n]);
}

/* --- The machine ---------------------------------------------------------------------------------------- */

static int32_t psci(uint32_t function, uint64_t a, uint64_t b, uint64_t c)
{
	register uint64_t x0 __asm__("x0") = function;
	register uint64_t x1 __asm__("x1") = a;
	register uint64_t x2 __asm__("x2") = b;
	register uint64_t x3 __asm__("x3") = c;

	/* SMCCC 1.0 lets the callee spoil x4-x17. */
	__asm__ volatile("hvc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
			 :
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
			   "x15", "x16", "x17", "memory", "cc");
	return (int32_t)x0;
}

static uint64_t counter(void)
{
	uint64_t ticks;

	/* The isb keeps the read from being done early (Arm ARM D11.1.2). */
	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(ticks)::"memory");
	return ticks;
}

static unsigned exception_level(void)
{
	uint64_t el;

	__asm__ volatile("mrs %0, CurrentEL" : "=r"(el));
	return (unsigned)(el >> 2) & 3;
}

static void say_hello(uint64_t vcpu)
{
	lock(vcpu);
	put("hello from EL");
	put_number(exception_level(), 10);
	put(" on vCPU ");
	put_number(vcpu, 10);
	put("\n");
	unlock(vcpu);
	has_spoken[vcpu] = true;
}

void hello_secondary(uint64_t vcpu)
{
	say_hello(vcpu);
}

/* Starts vCPUs 1, 2, ... until PSCI says that there is none of that number; says how many run in the end. */
static unsigned start_the_others(void)
{
	unsigned n;

	for (n = 1; n < MAX_VCPUS; n++) {
		int32_t err = psci(PSCI_CPU_ON, n, (uint64_t)secondary_start, n);

		if (err == PSCI_SUCCESS)
			continue;
		if (err != PSCI_INVALID_PARAMETERS) {
			lock(0);
			put("CPU_ON refused with -");
			put_number((uint64_t)(-(int64_t)err), 10);
			put("\n");
			unlock(0);
		}
		break;
	}
	return n;
}

void hello_first(const uint32_t *fdt)
{
	uint64_t begin = counter();
	uint32_t version;
	unsigned vcpus;

	*uart(UART_CR) = UART_CR_ON;
	say_hello(0);

	put("device tree: ");
	if (fdt && __builtin_bswap32(*fdt) == FDT_MAGIC) {
		put("0x");
		put_number((uint64_t)fdt, 16);
	} else {
		put("none in x0");
	}
	version = (uint32_t)psci(PSCI_VERSION, 0, 0, 0);
	put("\nPSCI ");
	put_number(version >> 16, 10);
	put(".");
	put_number(version & 0xffff, 10);
	put("\n");

	vcpus = start_the_others();
	for (unsigned i = 1; i < vcpus; i++)
		while (!has_spoken[i])
			relax();

	put_number(vcpus, 10);
	put(vcpus == 1 ? " vCPU, " : " vCPUs, ");
	put_number(counter() - begin, 10);
	put(" ticks of the virtual counter\n");

	psci(PSCI_SYSTEM_OFF, 0, 0, 0);
	put("SYSTEM_OFF came back\n");
}
