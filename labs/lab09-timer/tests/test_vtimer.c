/* Claims about src/irq/vtimer.c and src/irq/vtimer_deadline.c: what is written, in which order, and when a timer would fire. */
/* sources: src/irq/vtimer.c src/irq/vtimer_deadline.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hal/arm64.h"
#include "irq/vtimer_regs.h"
#include "lib/bits.h"

#define FIRST_RANDOM UINT64_C(0x9e3779b97f4a7c15)
#define TRIALS	     100000

/* The registers of one CPU's timers. CNTVCT_EL0 and ISTATUS are made of the others, as in hardware. */
static struct {
	uint64_t offset, cntkctl, cval, ctl, hyp_cval, hyp_ctl, count;
} cpu;

/* What has been written since the last look, one word a register: "CNTV_CTL_EL0=1 ". */
static char written[512];

static uint64_t *register_named(const char *name)
{
	static const struct {
		const char *name;
		uint64_t *place;
	} known[] = {
		{"CNTVOFF_EL2", &cpu.offset},	   {"CNTKCTL_EL1", &cpu.cntkctl},
		{"CNTV_CVAL_EL0", &cpu.cval},	   {"CNTV_CTL_EL0", &cpu.ctl},
		{"CNTHP_CVAL_EL2", &cpu.hyp_cval}, {"CNTHP_CTL_EL2", &cpu.hyp_ctl},
		{"CNTPCT_EL0", &cpu.count},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].place;
	fail_msg("%s: not a register of this lab", name);
	return NULL;
}

static bool fires(void)
{
	return (cpu.ctl & 3) == 1 && cpu.count - cpu.offset >= cpu.cval;
}

uint64_t fake_sysreg_read(const char *name)
{
	const uint64_t value = *register_named(name);

	if (strcmp(name, "CNTV_CTL_EL0") == 0 && value & 1)
		return value | (cpu.count - cpu.offset >= cpu.cval ? 4 : 0);
	return value;
}

/* ISTATUS is read-only. A timer that is on while its operands change could fire for nobody. */
void fake_sysreg_write(const char *name, uint64_t value)
{
	const size_t used = strlen(written);

	snprintf(written + used, sizeof(written) - used, "%s=%llx ", name,
		 (unsigned long long)value);
	if (strncmp(name, "CNTV_C", 6) == 0 && strcmp(name, "CNTV_CTL_EL0") != 0)
		assert_false(cpu.ctl & 1);
	if (strcmp(name, "CNTVOFF_EL2") == 0)
		assert_false(cpu.ctl & 1);
	*register_named(name) = strstr(name, "_CTL_") ? value & 3 : value;
}

static int reset(void **state)
{
	(void)state;
	memset(&cpu, 0, sizeof(cpu));
	cpu.count = 5000;
	written[0] = '\0';
	return 0;
}

static const struct vtimer SOME = {
	.ctl = CNT_CTL_ENABLE,
	.cval = 0x1122334455667788,
	.offset_ticks = 1000,
	.cntkctl = 0x3,
	.physical = {.ctl = 3, .cval = 77, .line = true},
};

/* ---- load and put ---- */

static void load_puts_all_four_registers_in(void **state)
{
	(void)state;
	vtimer_load(&SOME);
	assert_int_equal(cpu.offset, 1000);
	assert_int_equal(cpu.cntkctl, 3);
	assert_int_equal(cpu.cval, 0x1122334455667788);
	assert_int_equal(cpu.ctl, 1);
}

/* Else it compares with what the vCPU before has left, and may fire for the wrong one. */
static void load_writes_the_control_register_last(void **state)
{
	const char *control;

	(void)state;
	vtimer_load(&SOME);
	control = strstr(written, "CNTV_CTL_EL0=1 ");
	assert_non_null(control);
	assert_string_equal(control, "CNTV_CTL_EL0=1 ");
}

/* A timer that is off or masked stays so, whatever its compare value says. */
static void load_keeps_what_is_off_off(void **state)
{
	struct vtimer timer = SOME;

	(void)state;
	timer.cval = 0;
	timer.ctl = 0;
	vtimer_load(&timer);
	assert_int_equal(cpu.ctl, 0);
	timer.ctl = CNT_CTL_ENABLE | CNT_CTL_IMASK;
	reset(state);
	vtimer_load(&timer);
	assert_int_equal(cpu.ctl, 3);
	assert_false(fires());
}

static void put_takes_all_three_registers_back(void **state)
{
	struct vtimer timer = {.offset_ticks = 1000};

	(void)state;
	cpu.cntkctl = 0x203;
	cpu.cval = 0x7766554433221100;
	cpu.ctl = 3;
	cpu.offset = 1000;
	vtimer_put(&timer);
	assert_int_equal(timer.cntkctl, 0x203);
	assert_int_equal(timer.cval, 0x7766554433221100);
	assert_int_equal(timer.ctl, 3);
	assert_int_equal(timer.offset_ticks, 1000);
}

/* ISTATUS says what was, not what was asked for. */
static void put_saves_no_istatus(void **state)
{
	struct vtimer timer = {.offset_ticks = 1000};

	(void)state;
	cpu.offset = 1000;
	cpu.cval = 10;
	cpu.ctl = 1;
	assert_true(fires());
	vtimer_put(&timer);
	assert_int_equal(timer.ctl, 1);
}

static void put_stops_the_hardware(void **state)
{
	struct vtimer timer = {0};

	(void)state;
	cpu.ctl = 1;
	cpu.cval = 10;
	vtimer_put(&timer);
	assert_int_equal(cpu.ctl, 0);
	assert_false(fires());
	assert_int_equal(timer.ctl, 1);
}

/* Two vCPUs take turns on one CPU: neither sees anything of the other's timer. */
static void two_vcpus_keep_their_timers_apart(void **state)
{
	struct vtimer one = SOME, two = {.ctl = 3, .cval = 42, .offset_ticks = 9, .cntkctl = 1};
	struct vtimer old_one = one, old_two = two;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		vtimer_load(&one);
		vtimer_put(&one);
		vtimer_load(&two);
		assert_int_equal(cpu.offset, 9);
		vtimer_put(&two);
	}
	assert_memory_equal(&one, &old_one, sizeof(one));
	assert_memory_equal(&two, &old_two, sizeof(two));
}

static void the_two_halves_leave_el2s_timer_alone(void **state)
{
	struct vtimer timer = SOME;

	(void)state;
	cpu.hyp_ctl = 1;
	cpu.hyp_cval = 12345;
	vtimer_load(&timer);
	vtimer_put(&timer);
	assert_int_equal(cpu.hyp_ctl, 1);
	assert_int_equal(cpu.hyp_cval, 12345);
}

/* ---- EL2's own timer ---- */

static void el2_timer_is_set_and_stopped(void **state)
{
	(void)state;
	el2_timer_set(0x123456789abcdef0);
	assert_int_equal(cpu.hyp_cval, 0x123456789abcdef0);
	assert_int_equal(cpu.hyp_ctl, 1);
	el2_timer_stop();
	assert_int_equal(cpu.hyp_ctl & 1, 0);
	el2_timer_set(7);
	assert_int_equal(cpu.hyp_cval, 7);
	assert_int_equal(cpu.hyp_ctl, 1);
}

static void el2_timer_compares_before_it_is_on(void **state)
{
	(void)state;
	el2_timer_set(7);
	assert_non_null(strstr(written, "CNTHP_CVAL_EL2=7 CNTHP_CTL_EL2=1 "));
	assert_string_equal(strstr(written, "CNTHP_CTL_EL2=1 "), "CNTHP_CTL_EL2=1 ");
}

static void el2_timer_leaves_the_guests_alone(void **state)
{
	(void)state;
	vtimer_load(&SOME);
	el2_timer_set(7);
	el2_timer_stop();
	assert_int_equal(cpu.ctl, 1);
	assert_int_equal(cpu.cval, SOME.cval);
}

/* ---- deadlines ---- */

static bool deadline(uint64_t ctl, uint64_t cval, uint64_t offset, uint64_t now, uint64_t *when)
{
	const struct vtimer timer = {.ctl = ctl, .cval = cval, .offset_ticks = offset};

	cpu.count = now;
	return vtimer_deadline(&timer, when);
}

static void a_timer_that_is_off_or_masked_has_no_deadline(void **state)
{
	uint64_t when = 1;

	(void)state;
	assert_false(deadline(0, 10, 0, 1000, &when));
	assert_false(deadline(CNT_CTL_IMASK, 10, 0, 1000, &when));
	assert_false(deadline(CNT_CTL_ENABLE | CNT_CTL_IMASK, 10, 0, 1000, &when));
	assert_true(deadline(CNT_CTL_ENABLE, 10, 0, 1000, &when));
}

static void a_deadline_is_in_physical_ticks(void **state)
{
	uint64_t when = 1;

	(void)state;
	assert_true(deadline(CNT_CTL_ENABLE, 500, 600, 1000, &when));
	assert_int_equal(when, 1100);
}

/* The condition holds from the tick on at which the count is what is compared with. */
static void a_deadline_that_is_now_has_passed(void **state)
{
	uint64_t when = 1;

	(void)state;
	assert_true(deadline(CNT_CTL_ENABLE, 400, 600, 1000, &when));
	assert_int_equal(when, 0);
	assert_true(deadline(CNT_CTL_ENABLE, 401, 600, 1000, &when));
	assert_int_equal(when, 1001);
	assert_true(deadline(CNT_CTL_ENABLE, 399, 600, 1000, &when));
	assert_int_equal(when, 0);
}

/* "Never" is written as the largest number there is: it must not wrap into the past. */
static void a_deadline_beyond_the_end_of_counting_is_the_end(void **state)
{
	uint64_t when = 1;

	(void)state;
	assert_true(deadline(CNT_CTL_ENABLE, UINT64_MAX, 600, 1000, &when));
	assert_true(when == UINT64_MAX);
	assert_true(deadline(CNT_CTL_ENABLE, UINT64_MAX - 600, 600, 1000, &when));
	assert_true(when == UINT64_MAX);
	assert_true(deadline(CNT_CTL_ENABLE, UINT64_MAX - 601, 600, 1000, &when));
	assert_true(when == UINT64_MAX - 1);
}

/* Unsigned: half the range ahead is still ahead. And a guest's count may be ahead of the physical one. */
static void compare_values_are_unsigned_and_counts_wrap(void **state)
{
	uint64_t when = 1;

	(void)state;
	assert_true(deadline(CNT_CTL_ENABLE, UINT64_C(1) << 63, 0, 1000, &when));
	assert_true(when == UINT64_C(1) << 63);
	assert_true(deadline(CNT_CTL_ENABLE, 1500, (uint64_t)-500, 1000, &when));
	assert_int_equal(when, 0);
	assert_true(deadline(CNT_CTL_ENABLE, 1501, (uint64_t)-500, 1000, &when));
	assert_int_equal(when, 1001);
}

static uint64_t random_word(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Against arithmetic in 128 bits, where nothing wraps unasked. Small, large and middling numbers. */
static void deadlines_agree_with_wide_arithmetic(void **state)
{
	uint64_t seed = FIRST_RANDOM;

	(void)state;
	for (unsigned i = 0; i < TRIALS; i++) {
		const uint64_t now = random_word(&seed) >> (random_word(&seed) & 63);
		const uint64_t offset = random_word(&seed) >> (random_word(&seed) & 63);
		const uint64_t cval = (random_word(&seed) & 3)
					      ? random_word(&seed) >> (random_word(&seed) & 63)
					      : now - offset + (random_word(&seed) & 7) - 4;
		const uint64_t virtual_now = now - offset;
		unsigned __int128 wanted = 0;
		uint64_t when = 1;

		if (virtual_now < cval)
			wanted = (unsigned __int128)now + (cval - virtual_now);
		if (wanted > UINT64_MAX)
			wanted = UINT64_MAX;
		assert_true(deadline(CNT_CTL_ENABLE, cval, offset, now, &when));
		assert_true(when == (uint64_t)wanted);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(load_puts_all_four_registers_in),
		TEST(load_writes_the_control_register_last),
		TEST(load_keeps_what_is_off_off),
		TEST(put_takes_all_three_registers_back),
		TEST(put_saves_no_istatus),
		TEST(put_stops_the_hardware),
		TEST(two_vcpus_keep_their_timers_apart),
		TEST(the_two_halves_leave_el2s_timer_alone),
		TEST(el2_timer_is_set_and_stopped),
		TEST(el2_timer_compares_before_it_is_on),
		TEST(el2_timer_leaves_the_guests_alone),
		TEST(a_timer_that_is_off_or_masked_has_no_deadline),
		TEST(a_deadline_is_in_physical_ticks),
		TEST(a_deadline_that_is_now_has_passed),
		TEST(a_deadline_beyond_the_end_of_counting_is_the_end),
		TEST(compare_values_are_unsigned_and_counts_wrap),
		TEST(deadlines_agree_with_wide_arithmetic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
