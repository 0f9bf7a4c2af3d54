/* The scheduler under random guests: they compute, sleep, set timers, are interrupted and switched off and on. Nobody is forgotten. */
/* sources: src/vm/sched.c src/vm/sched_requests.c src/vm/sched_timer.c src/vm/sched_idle.c src/vm/request.c src/core/vcpu_state.c src/irq/ptimer.c src/irq/vtimer_deadline.c */
#include "fake_machine.h"

#define LIVE	5u
#define RUN_MS	20000u
#define BOUND	((LIVE + 1) * SLICE)
#define REST_MS 200u

static struct fake_random dice;
static uint64_t outside_at, sent, ready_since[LIVE];
static bool resting;

static uint64_t roll(uint64_t limit)
{
	return fake_random_below(&dice, limit);
}

/* What a guest does next: a little or a lot of work, then sleep; with a timer or without. */
static void any_program(struct guest *guest)
{
	guest->computes = resting ? 10 : roll(4) ? roll(SLICE / 4) : roll(6 * SLICE);
	if (resting)
		return;
	if (!roll(3))
		guest->vcpu.timer = (struct vtimer){
			.ctl = roll(8) ? 1 : 3, .cval = cpu.now + roll(9000), .offset_ticks = 3};
	if (!roll(6)) {
		guest->vcpu.timer.physical.ctl = 1;
		guest->vcpu.timer.physical.cval = cpu.now + roll(9000);
		sched_timer_changed(&guest->vcpu);
	}
}

static uint64_t outside_next(void)
{
	return outside_at;
}

static void any_interrupt(void)
{
	struct guest *guest = &guests[roll(LIVE)];

	outside_at = resting ? NEVER : cpu.now + 1 + (roll(5) ? roll(400) : roll(9000));
	if (guest->vcpu.core.state == VCPU_OFF)
		request_from_elsewhere(guest, REQUEST_POWER_ON);
	else
		interrupt_from_elsewhere(guest);
	sent++;
}

/* Somebody else sends at the worst moment, while EL2 looks at another one: the kick is pending then, or has just been taken. */
static void in_between(struct guest *looked_at)
{
	struct guest *guest = &guests[roll(LIVE)];

	(void)looked_at;
	if (resting || roll(40) || guest->vcpu.core.state == VCPU_OFF)
		return;
	interrupt_from_elsewhere(guest);
	if (cpu.kicked && roll(2)) {
		cpu.kicked = false;
		__atomic_store_n(&queue->interrupted, true, __ATOMIC_RELAXED);
	}
}

/* Whoever is ready gets his turn before everybody else has had two. */
static void nobody_starves(void)
{
	for (unsigned i = 0; i < LIVE; i++) {
		if (guests[i].vcpu.core.state != VCPU_READY)
			ready_since[i] = 0;
		else if (!ready_since[i])
			ready_since[i] = cpu.now;
		else
			assert_true(cpu.now - ready_since[i] <= BOUND);
	}
}

static void run(uint64_t seed)
{
	unsigned asleep = 0;

	empty_machine(NULL);
	dice.state = seed;
	resting = false;
	sent = 0;
	memset(ready_since, 0, sizeof(ready_since));
	live_here(LIVE, VCPU_READY);
	for (unsigned i = 0; i < LIVE; i++)
		guests[i].computes = roll(5000);
	program = any_program;
	next_outside = outside_next;
	outside = any_interrupt;
	while_looking = in_between;
	at_entry = nobody_starves;
	outside_at = cpu.now + 100;
	schedule_for(RUN_MS * TICKS_MS);
	for (unsigned i = 0; i < LIVE; i++)
		assert_true(guests[i].late <= BOUND);

	/* Peace: all that was sent arrives, then everybody sleeps. */
	resting = true;
	outside_at = NEVER;
	schedule_for(REST_MS * TICKS_MS);
	for (unsigned i = 0; i < LIVE; i++) {
		assert_false(guests[i].pending);
		asleep += guests[i].vcpu.core.state == VCPU_BLOCKED;
	}
	assert_int_equal(asleep, LIVE);
	/* The run has reached what it is about, and EL2 has not been busy with itself. */
	assert_true(sent > 5000 && cpu.sleeps > 1000);
	assert_true(cpu.timer_sets < 200 * sent);
}

static void five_vcpus_of_many_kinds(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++)
		run(seed * UINT64_C(0x9e3779b97f4a7c15));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_vcpus_of_many_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
