/* Claims about src/irq/ptimer.c: the physical timer's registers, its line and its deadline. */
/* sources: src/irq/ptimer.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "irq/ptimer.h"

#define ENABLE	1
#define IMASK	2
#define ISTATUS 4
#define NOW	UINT64_C(0x100000000)

static void tval_is_signed_32_bits_from_now(void **state)
{
	struct ptimer timer = {0};

	(void)state;
	ptimer_write(&timer, PTIMER_TVAL, 100, NOW);
	assert_int_equal(timer.cval, NOW + 100);
	assert_int_equal(ptimer_read(&timer, PTIMER_TVAL, NOW + 40), 60);
	assert_int_equal(ptimer_read(&timer, PTIMER_TVAL, NOW + 101), UINT32_MAX);
	ptimer_write(&timer, PTIMER_TVAL, UINT64_C(0x7fffffff00000000) | (uint32_t)-5, NOW);
	assert_int_equal(timer.cval, NOW - 5);
}

static void control_keeps_two_bits_and_shows_a_third(void **state)
{
	struct ptimer timer = {.cval = NOW};

	(void)state;
	ptimer_write(&timer, PTIMER_CTL, UINT64_MAX, NOW - 1);
	assert_int_equal(ptimer_read(&timer, PTIMER_CTL, NOW - 1), ENABLE | IMASK);
	assert_int_equal(ptimer_read(&timer, PTIMER_CTL, NOW), ENABLE | IMASK | ISTATUS);
	ptimer_write(&timer, PTIMER_CTL, 0, NOW);
	assert_int_equal(ptimer_read(&timer, PTIMER_CTL, NOW), 0);
}

static void the_line_follows_enable_mask_and_compare(void **state)
{
	struct ptimer timer = {.cval = NOW, .ctl = ENABLE};
	uint64_t deadline;

	(void)state;
	assert_false(ptimer_asserts(&timer, NOW - 1));
	assert_true(ptimer_asserts(&timer, NOW));
	assert_true(ptimer_deadline(&timer, &deadline));
	assert_int_equal(deadline, NOW);
	timer.line = true;
	assert_false(ptimer_deadline(&timer, &deadline)); /* nothing more to wait for */
	timer = (struct ptimer){.cval = NOW, .ctl = ENABLE | IMASK};
	assert_false(ptimer_asserts(&timer, NOW));
	assert_false(ptimer_deadline(&timer, &deadline));
	timer.ctl = 0;
	assert_false(ptimer_asserts(&timer, NOW));
	assert_false(ptimer_deadline(&timer, &deadline));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tval_is_signed_32_bits_from_now),
		cmocka_unit_test(control_keeps_two_bits_and_shows_a_third),
		cmocka_unit_test(the_line_follows_enable_mask_and_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
