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
}

void finish(void)
{
	say(failures ? "done with failures: " : "done: ");
	say_number(checks);
	say(" checks\n");
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
		const unsigned intid = (unsigned)MRS(S3_0_C12_C12_0); /* ICC_IAR1_EL1 */

		if (intid == INTID_SPURIOUS)
			return;
		handlers[vcpu](vcpu, intid);
		MSR(S3_0_C12_C12_1, intid); /* ICC_EOIR1_EL1 */
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

static uint64_t bank(unsigned vcpu, unsigned intid)
{
	return intid < 32 ? GICR_BASE + GICR_STRIDE * vcpu + SGI_FRAME : GICD_BASE;
}

void gic_on(unsigned vcpu, irq_handler handler)
{
	handlers[vcpu] = handler;
	write32(GICD_BASE + GIC_CTLR, 1 << 4 | 1 << 1); /* ARE, EnableGrp1 */
	write32(GICR_BASE + GICR_STRIDE * vcpu + GICR_WAKER, 0);
	MSR(S3_0_C12_C12_5, 7);	 /* ICC_SRE_EL1 */
	MSR(S3_0_C4_C6_0, 0xff); /* ICC_PMR_EL1 */
	MSR(S3_0_C12_C12_3, 0);	 /* ICC_BPR1_EL1 */
	MSR(S3_0_C12_C12_7, 1);	 /* ICC_IGRPEN1_EL1 */
}

void irq_unmask(void)
{
	__asm__ volatile("msr daifclr, #2\n\tisb" ::: "memory");
}

void irq_mask(void)
{
	__asm__ volatile("msr daifset, #2\n\tisb" ::: "memory");
}

void gic_enable(unsigned vcpu, unsigned intid)
{
	write32(bank(vcpu, intid) + GIC_ISENABLER + intid / 32 * 4, 1u << intid % 32);
}

void gic_set_priority(unsigned vcpu, unsigned intid, uint8_t priority)
{
	__asm__ volatile("strb %w0, [%1]" ::"r"(priority),
			 "r"(bank(vcpu, intid) + GIC_IPRIORITYR + intid)
			 : "memory");
}

void gic_set_edge(unsigned spi, bool edge)
{
	const uint64_t address = GICD_BASE + GIC_ICFGR + spi / 16 * 4;
	const uint32_t bit = 2u << spi % 16 * 2;

	write32(address, edge ? read32(address) | bit : read32(address) & ~bit);
}

void gic_set_pending(unsigned spi)
{
	write32(GICD_BASE + GIC_ISPENDR + spi / 32 * 4, 1u << spi % 32);
}

/* `targets`: what ICC_SGI1R_EL1 holds apart from the INTID. */
void send_sgi(uint64_t targets, unsigned intid)
{
	MSR(S3_0_C12_C11_5, targets | (uint64_t)intid << 24);
}
