/*
 * One exit of each shape that a record can have, each at a label of its own: what asm/vectors.S writes itself, where it goes on
 * afterwards, and what it leaves to C. tests/system/test_trace.py compares the records.
 */
#include "guest.h"

#define NO_FUNCTION   0xc600ffffu
#define VALUE_OF_32   0x11223344ul
#define VALUE_OF_64   0x1122334455667788ul
#define LONG_SLEEP_MS 5000 /* more than 2^32 ticks of 1 GHz */

void secondary(uint64_t vcpu)
{
	(void)vcpu;
}

/* The instruction at label `name`, with x0 = address and x1 = value. Returns what it leaves in `result`. */
#define AT(name, instruction, address, value, result)                            \
	({                                                                       \
		register uint64_t x0 __asm__("x0") = (address);                  \
		register uint64_t x1 __asm__("x1") = (value);                    \
		register uint64_t result_ __asm__(result) = 0;                   \
		__asm__ volatile(".global recorded_" name "\nrecorded_" name ":" \
				 "	" instruction                            \
				 : "+r"(x0), "+r"(x1), "+r"(result_)::"memory"); \
		result_;                                                         \
	})

static void on_timer(unsigned vcpu, unsigned intid)
{
	(void)vcpu;
	(void)intid;
	MSR(cntv_ctl_el0, 0);
}

static void set_timer(uint64_t ms)
{
	MSR(cntv_cval_el0, ticks() + ticks_of_ms(ms));
	MSR(cntv_ctl_el0, 1);
}

void first(const void *device_tree)
{
	(void)device_tree;
	const uint64_t typer = AT("load", "ldr w2, [x0]", GICD_BASE + GIC_TYPER, 0, "x2");

	CHECK_EQUAL(AT("load_high", "ldr w20, [x0]", GICD_BASE + GIC_TYPER, 0, "x20"), typer,
		    "a register that C keeps is loaded, too");
	AT("store", "str w1, [x0]", GICD_BASE + GIC_IPRIORITYR + 32, 0x80808080, "x2");
	CHECK_EQUAL(FAULTS(AT("store_nowhere", "str w1, [x0]", NOWHERE, VALUE_OF_32, "x2")), 1,
		    "a store to nowhere aborts");
	CHECK_EQUAL(FAULTS(AT("store_wide", "str x1, [x0]", NOWHERE, VALUE_OF_64, "x2")), 1,
		    "one of 64 bits, too");
	check((int64_t)AT("call", "hvc #0\n	mov x2, x0", NO_FUNCTION, 0, "x2") == -1,
	      "a call that is none is refused");

	gic_on(0, on_timer);
	gic_enable(0, INTID_VTIMER);
	set_timer(1);
	AT("wait", "wfi", 0, 0, "x2");
	irq_unmask();
	irq_mask();
	set_timer(LONG_SLEEP_MS);
	AT("wait_long", "wfi", 0, 0, "x2");
	check(MRS(cntv_ctl_el0) & 4, "the timer's expiry ends WFI");
	MSR(cntv_ctl_el0, 0);
	finish();
}
