/* The emulated physical timer against an ideal one: random writes at random times, everything that can be read must agree. */
/* sources: src/irq/ptimer.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "irq/ptimer.h"

#define ENABLE	1u
#define IMASK	2u
#define ISTATUS 4u
#define TRIALS	100000

static uint64_t seed;

static uint64_t random_word(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* The Arm ARM's words, one after the other. Not a line of what is tested. */
struct ideal {
	uint64_t cval;
	bool enable, imask;
};

static bool ideal_condition(const struct ideal *ideal, uint64_t now)
{
	return ideal->enable && !(now < ideal->cval);
}

static void agree(const struct ptimer *timer, const struct ideal *ideal, uint64_t now)
{
	const uint64_t left = ideal->cval - now;
	uint64_t deadline = 0;

	assert_true(ptimer_read(timer, PTIMER_CVAL, now) == ideal->cval);
	assert_true(ptimer_read(timer, PTIMER_TVAL, now) == (left & 0xffffffff));
	assert_true(ptimer_read(timer, PTIMER_CTL, now) ==
		    ((ideal->enable ? ENABLE : 0) | (ideal->imask ? IMASK : 0) |
		     (ideal_condition(ideal, now) ? ISTATUS : 0)));
	assert_true(ptimer_asserts(timer, now) == (ideal_condition(ideal, now) && !ideal->imask));
	assert_true(ptimer_deadline(timer, &deadline) ==
		    (ideal->enable && !ideal->imask && !timer->line));
	if (ideal->enable && !ideal->imask && !timer->line)
		assert_true(deadline == ideal->cval);
}

static void writes_and_reads_agree_with_the_architecture(void **state)
{
	struct ptimer timer = {0};
	struct ideal ideal = {0};
	uint64_t now = 1000;

	(void)state;
	seed = UINT64_C(0x2545f4914f6cdd1d);
	for (unsigned i = 0; i < TRIALS; i++) {
		const uint64_t value = random_word() >> (random_word() & 63);
		const bool line = timer.line;

		switch (random_word() & 7) {
		case 0:
			ptimer_write(&timer, PTIMER_CVAL, value, now);
			ideal.cval = value;
			break;
		case 1:
		case 2:
			ptimer_write(&timer, PTIMER_TVAL, value, now);
			ideal.cval = now + (value & 0xffffffff) -
				     (value & 0x80000000 ? UINT64_C(1) << 32 : 0);
			break;
		case 3:
		case 4:
			ptimer_write(&timer, PTIMER_CTL, value, now);
			ideal.enable = value & ENABLE;
			ideal.imask = value & IMASK;
			break;
		case 5:
			now = ideal.cval + (random_word() & 3) - 2; /* just about */
			break;
		case 6:
			now += random_word() >> 40;
			break;
		default:
			timer.line = !timer.line; /* it is the scheduler's, not the timer's */
			agree(&timer, &ideal, now);
			continue;
		}
		assert_true(timer.line == line);
		agree(&timer, &ideal, now);
	}
}

/* A handler that rearms with TVAL drifts, one that adds to CVAL does not: both must be possible. */
static void tval_counts_from_now_and_cval_from_nothing(void **state)
{
	struct ptimer timer = {0};

	(void)state;
	ptimer_write(&timer, PTIMER_CVAL, 500, 1000);
	assert_int_equal(timer.cval, 500);
	ptimer_write(&timer, PTIMER_TVAL, 500, 1000);
	assert_int_equal(timer.cval, 1500);
	ptimer_write(&timer, PTIMER_TVAL, 0xffffffff, 1000);
	assert_int_equal(timer.cval, 999);
	ptimer_write(&timer, PTIMER_TVAL, 0x7fffffff, 1000);
	assert_int_equal(timer.cval, UINT64_C(0x800003e7));
	ptimer_write(&timer, PTIMER_TVAL, 0x80000000, UINT64_C(0x100000000));
	assert_int_equal(timer.cval, 0x80000000);
}

/* What has expired has its deadline in the past: the line must rise at once, not never. */
static void a_deadline_that_has_passed_is_one(void **state)
{
	struct ptimer timer = {.cval = 10, .ctl = ENABLE};
	uint64_t deadline = UINT64_MAX;

	(void)state;
	assert_true(ptimer_asserts(&timer, 1000));
	assert_true(ptimer_deadline(&timer, &deadline));
	assert_true(deadline <= 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_and_reads_agree_with_the_architecture),
		cmocka_unit_test(tval_counts_from_now_and_cval_from_nothing),
		cmocka_unit_test(a_deadline_that_has_passed_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
