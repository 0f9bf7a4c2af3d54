/* See report.h. */
#include "report.h"

static void put_char(char c)
{
	*device(UART_BASE + UART_DR) = (uint32_t)c;
}

void put(const char *s)
{
	for (; *s; s++)
		put_char(*s);
}

void put_number(uint64_t value)
{
	char digits[20];
	unsigned n = 0;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	put_char(' ');
	while (n)
		put_char(digits[--n]);
}

void result_add(struct result *result, uint64_t ticks)
{
	result->total += ticks;
	if (ticks < result->min)
		result->min = ticks;
	if (ticks > result->max)
		result->max = ticks;
}

void report(const char *name, const struct result *result, unsigned count)
{
	put("probe ");
	put(name);
	put_number(result->min);
	put_number(result->max);
	put_number(result->total);
	put_number(count);
	put("\n");
}

void gic_enable(unsigned vcpu)
{
	const uint64_t redistributor = vcpu * GICR_STRIDE;

	*device(GICD_BASE + GICD_CTLR) = 0x3; /* both groups; affinity routing is always on */
	*device(GICR_BASE + redistributor + GICR_WAKER) = 0;
	*device(GICR_SGI_BASE + redistributor + ISENABLER) =
		1u << PROBE_SGI | 1u << OTHER_SGI | 1u << INTID_VIRT_TIMER;
	__asm__ volatile("msr S3_0_C4_C6_0, %0\n\t"   /* ICC_PMR_EL1 */
			 "msr S3_0_C12_C12_7, %1\n\t" /* ICC_IGRPEN1_EL1 */
			 "isb" ::"r"(0xffull),
			 "r"(1ull));
}

uint64_t call(uint64_t function, uint64_t x1, uint64_t x2, uint64_t x3)
{
	register uint64_t r0 __asm__("x0") = function;
	register uint64_t r1 __asm__("x1") = x1;
	register uint64_t r2 __asm__("x2") = x2;
	register uint64_t r3 __asm__("x3") = x3;

	__asm__ volatile("hvc #0" : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)::"memory");
	return r0;
}
