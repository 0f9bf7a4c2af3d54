/* See guest.h. The MMU is off, so all memory is Device memory to the CPU: no atomics, flags are whole words. */
#include "guest.h"

#define UART_DR 0x00
#define UART_CR 0x30

volatile struct fault fault;
volatile bool faults_expected;

static unsigned checks, failures;
static irq_handler handlers[MAX_VCPUS];

void exception(struct trap *trap, uint64_t kind);

/* Cases with one vCPU have no other. */
__attribute__((weak)) void secondary(uint64_t vcpu)
{
	(void)vcpu;
}

__attribute__((weak)) bool on_exception(struct trap *trap, unsigned class)
{
	(void)trap;
	(void)class;
	return false;
}

__attribute__((weak)) void report(bool ok, const char *claim)
{
	(void)ok;
	(void)claim;
}

__attribute__((weak)) void report_values(uint64_t got, uint64_t wanted)
{
	(void)got;
	(void)wanted;
}

__attribute__((weak)) void report_end(uint64_t checks)
{
	(void)checks;
}

void say(const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			write32(UART_BASE + UART_DR, '\r');
		write32(UART_BASE + UART_DR, (uint8_t)*text);
	}
}

void say_number(uint64_t value)
{
	char digits[20];
	unsigned n = sizeof(digits) - 1;

	digits[n] = '\0';
	do {
		digits[--n] = "0123456789abcdef"[value & 0xf];
		value >>= 4;
	} while (value);
	digits[--n] = 'x';
	digits[--n] = '0';
	say(digits + n);
}

void check(bool ok, const char *claim)
{
	checks++;
	failures += !ok;
	say(ok ? "ok: " : "FAIL: ");
	say(claim);
	say("\n");
	report(ok, claim);
}

void check_equal(uint64_t got, uint64_t wanted, const char *claim)
{
	check(got == wanted, claim);
	if (got == wanted)
		return;
	say("      got ");
	say_number(got);
	say(", wanted ");
	say_number(wanted);
	say("\n");
	report_values(got, wanted);
}

void finish(void)
{
	say(failures ? "done with failures: " : "done: ");
	say_number(checks);
	say(" checks\n");
	report_end(checks);
	hvc(PSCI_SYSTEM_OFF, 0, 0, 0);
	say("FAIL: SYSTEM_OFF came back\n");
	for (;;)
		__asm__ volatile("wfi");
}

/* The blob is searched as bytes: good enough for names that occur nowhere else in it. */
uint64_t option(const void *device_tree, const char *name)
{
	const uint8_t *blob = device_tree;
	const uint32_t bytes = __builtin_bswap32(((const uint32_t *)device_tree)[1]);

	for (uint32_t at = 0; at < bytes; at++) {
		uint32_t i = 0;
		uint64_t value = 0;

		while (name[i] && at + i < bytes && blob[at + i] == (uint8_t)name[i])
			i++;
		if (name[i] || blob[at + i] != '=')
			continue;
		for (i++; blob[at + i] >= '0' && blob[at + i] <= '9'; i++)
			value = value * 10 + blob[at + i] - '0';
		return value;
	}
	return 0;
}

static void interrupt(void)
{
	const unsigned vcpu = this_vcpu();

	for (;;) {
		const uint32_t taken = gic_take();

		if (INTID_OF(taken) == INTID_SPURIOUS)
			return;
		handlers[vcpu](vcpu, INTID_OF(taken));
		gic_end(taken);
	}
}

void exception(struct trap *trap, uint64_t kind)
{
	const unsigned class = (unsigned)(trap->esr >> 26);

	if (kind % 4 == 1) {
		interrupt();
		return;
	}
	if (kind % 4 == 0 && on_exception(trap, class & 0x3f))
		return;
	if (kind % 4 == 0 && faults_expected) {
		fault.count++;
		fault.esr = trap->esr;
		fault.far = trap->far;
		fault.elr = trap->elr;
		trap->elr = class == CLASS_FETCH ? trap->x[30] : trap->elr + 4;
		return;
	}
	say("FAIL: exception ");
	say_number(kind);
	say(": esr ");
	say_number(trap->esr);
	say(" far ");
	say_number(trap->far);
	say(" elr ");
	say_number(trap->elr);
	say("\n");
	report(false, "no exception but those expected");
	report_values(trap->esr, 0);
	failures++;
	finish();
}

#define CALL(conduit, function, a, b, c)                                                    \
	({                                                                                  \
		register uint64_t x0 __asm__("x0") = (function);                            \
		register uint64_t x1 __asm__("x1") = (a);                                   \
		register uint64_t x2 __asm__("x2") = (b);                                   \
		register uint64_t x3 __asm__("x3") = (c);                                   \
		__asm__ volatile(conduit                                                    \
				 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::"memory", "cc"); \
		(int64_t) x0;                                                               \
	})

int64_t hvc(uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
	return CALL("hvc #0", function, a, b, c);
}

int64_t smc(uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
	return CALL("smc #0", function, a, b, c);
}

int64_t start_vcpu(unsigned vcpu)
{
	return hvc(PSCI_CPU_ON, vcpu, (uint64_t)secondary_start, vcpu);
}

uint64_t ticks(void)
{
	__asm__ volatile("isb" ::: "memory");
	return MRS(cntvct_el0);
}

uint64_t ticks_of_ms(uint64_t ms)
{
	return MRS(cntfrq_el0) / 1000 * ms;
}

void wait_ms(uint64_t ms)
{
	const uint64_t end = ticks() + ticks_of_ms(ms);

	while (ticks() < end)
		;
}

void gic_on(unsigned vcpu, irq_handler handler)
{
	handlers[vcpu] = handler;
	gic_on_this_vcpu(vcpu);
}

void irq_unmask(void)
{
	__asm__ volatile("msr daifclr, #2\n\tisb" ::: "memory");
}

void irq_mask(void)
{
	__asm__ volatile("msr daifset, #2\n\tisb" ::: "memory");
}
