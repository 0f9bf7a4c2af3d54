/* The scheduler on one CPU, one claim a test: homes, requests, EL2's timer, sleep, turns. */
/* sources: src/vm/sched.c src/vm/sched_requests.c src/vm/sched_timer.c src/vm/sched_idle.c src/vm/request.c src/core/vcpu_state.c src/irq/ptimer.c src/irq/vtimer_deadline.c */
#include "fake_machine.h"

/* ---- homes ---- */

static void who_has_no_wish_gets_the_emptiest_cpu(void **state)
{
	(void)state;
	sched_queues[0].count = 3;
	sched_queues[1].count = 2;
	sched_queues[2].count = 1;
	sched_queues[3].count = 2;
	assert_int_equal(sched_place(MANIFEST_ANY_CPU), 2);
}

static void among_equals_the_first(void **state)
{
	(void)state;
	assert_int_equal(sched_place(MANIFEST_ANY_CPU), 0);
	sched_queues[0].count = sched_queues[2].count = 1;
	assert_int_equal(sched_place(MANIFEST_ANY_CPU), 1);
}

static void the_last_cpu_counts_and_none_behind_it(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		sched_queues[i].count = 2;
	assert_int_equal(sched_place(MANIFEST_ANY_CPU), 3);
	sched_queues[3].count = 3;
	assert_int_equal(sched_place(MANIFEST_ANY_CPU), 0);
}

static void a_wish_is_granted(void **state)
{
	(void)state;
	sched_queues[3].count = 5;
	assert_int_equal(sched_place(3), 3);
	assert_int_equal(sched_place(0), 0);
}

static void others_are_other_and_ready(void **state)
{
	(void)state;
	live_here(3, VCPU_BLOCKED);
	assert_false(sched_others_ready(&guests[0].vcpu));
	guests[0].vcpu.core.state = VCPU_READY;
	assert_false(sched_others_ready(&guests[0].vcpu));
	assert_true(sched_others_ready(&guests[1].vcpu));
	guests[0].vcpu.core.state = VCPU_BLOCKED;
	guests[2].vcpu.core.state = VCPU_READY;
	assert_true(sched_others_ready(&guests[0].vcpu));
}

/* ---- asking ---- */

/* Whoever is kicked looks at once: what it is to find must be there. */
static void the_request_is_there_before_the_kick(void **state)
{
	(void)state;
	live_here(1, VCPU_BLOCKED);
	request_from_elsewhere(&guests[0], REQUEST_POWER_ON);
	assert_true(cpu.kicked);
	assert_int_equal(cpu.requests_at_kick, REQUEST_POWER_ON);
	assert_int_equal(guests[0].vcpu.requests, REQUEST_POWER_ON);
}

static void requests_add_up(void **state)
{
	(void)state;
	live_here(1, VCPU_BLOCKED);
	request_from_elsewhere(&guests[0], REQUEST_POWER_ON);
	request_from_elsewhere(&guests[0], REQUEST_INTERRUPT);
	assert_int_equal(guests[0].vcpu.requests, REQUEST_POWER_ON | REQUEST_INTERRUPT);
}

/* It looks by itself before it goes on. */
static void who_runs_here_needs_no_kick(void **state)
{
	(void)state;
	live_here(2, VCPU_READY);
	vcpu_load(&guests[0].vcpu.core);
	vm_request(&guests[0].vcpu, REQUEST_INTERRUPT);
	assert_int_equal(cpu.kicks_sent, 0);
	assert_int_equal(guests[0].vcpu.requests, REQUEST_INTERRUPT);
}

static void another_one_that_lives_here_does(void **state)
{
	(void)state;
	live_here(2, VCPU_READY);
	vcpu_load(&guests[0].vcpu.core);
	vm_request(&guests[1].vcpu, REQUEST_INTERRUPT);
	assert_int_equal(cpu.kicks_sent, 1);
	assert_true(cpu.kicked);
}

/* Loaded there, and we are here. */
static void who_runs_elsewhere_does(void **state)
{
	(void)state;
	live_here(1, VCPU_READY);
	vcpu_load(&guests[0].vcpu.core);
	request_from_elsewhere(&guests[0], REQUEST_INTERRUPT);
	assert_int_equal(cpu.kicks_sent, 1);
	assert_true(cpu.kicked);
	guests[1].vcpu.home = 2;
	vm_request(&guests[1].vcpu, REQUEST_INTERRUPT);
	assert_int_equal(cpu.kicks_sent, 2);
}

/* ---- serving ---- */

static void a_request_is_served_once(void **state)
{
	(void)state;
	live_here(2, VCPU_OFF);
	guests[1].vcpu.timer = (struct vtimer){.ctl = 1, .cval = 5, .offset_ticks = 77};
	guests[1].vcpu.requests = REQUEST_POWER_ON;
	sched_serve_requests(queue);
	assert_int_equal(guests[1].vcpu.core.state, VCPU_READY);
	assert_int_equal(guests[0].vcpu.core.state, VCPU_OFF);
	assert_int_equal(guests[1].vcpu.requests, 0);
	guests[1].vcpu.core.state = VCPU_OFF;
	sched_serve_requests(queue);
	assert_int_equal(guests[1].vcpu.core.state, VCPU_OFF);
}

static struct guest *asks_again;

static void ask_again(struct guest *guest)
{
	if (guest != asks_again)
		return;
	asks_again = NULL;
	request_from_elsewhere(guest, REQUEST_POWER_ON);
}

/* Taken first, done then: what is asked while it is being done is a new request. */
static void what_is_asked_meanwhile_is_not_lost(void **state)
{
	(void)state;
	live_here(2, VCPU_OFF);
	guests[0].vcpu.requests = REQUEST_POWER_ON;
	asks_again = &guests[0];
	while_looking = ask_again;
	sched_serve_requests(queue);
	assert_null(asks_again);
	assert_int_equal(guests[0].vcpu.requests, REQUEST_POWER_ON);
}

static void an_interrupt_for_the_loaded_one_reaches_its_list_registers(void **state)
{
	(void)state;
	live_here(2, VCPU_READY);
	vcpu_load(&guests[0].vcpu.core);
	queue->loaded = &guests[0].vcpu;
	guests[0].vcpu.requests = guests[1].vcpu.requests = REQUEST_INTERRUPT;
	sched_serve_requests(queue);
	assert_int_equal(cpu.syncs, 1);
	assert_int_equal(guests[0].vcpu.requests | guests[1].vcpu.requests, 0);
	sched_serve_requests(queue);
	assert_int_equal(cpu.syncs, 1);
}

static void a_sleeper_with_an_interrupt_goes_on(void **state)
{
	(void)state;
	live_here(3, VCPU_BLOCKED);
	give_interrupt(&guests[1]);
	sched_serve_requests(queue);
	assert_int_equal(guests[0].vcpu.core.state, VCPU_BLOCKED);
	assert_int_equal(guests[1].vcpu.core.state, VCPU_READY);
	assert_int_equal(guests[2].vcpu.core.state, VCPU_BLOCKED);
	assert_ptr_equal(queue->woken, &guests[1].vcpu);
}

/* Off is not asleep. */
static void one_that_is_off_does_not(void **state)
{
	(void)state;
	live_here(2, VCPU_OFF);
	give_interrupt(&guests[0]);
	guests[0].vcpu.requests = REQUEST_INTERRUPT;
	sched_serve_requests(queue);
	assert_int_equal(guests[0].vcpu.core.state, VCPU_OFF);
}

static void a_sleepers_timer_wakes_it(void **state)
{
	(void)state;
	live_here(2, VCPU_BLOCKED);
	guests[0].vcpu.timer = (struct vtimer){.ctl = 1, .cval = cpu.now + 1};
	guests[1].vcpu.timer = (struct vtimer){.ctl = 1, .cval = cpu.now};
	sched_serve_requests(queue);
	assert_int_equal(guests[0].vcpu.core.state, VCPU_BLOCKED);
	assert_int_equal(guests[1].vcpu.core.state, VCPU_READY);
}

/* While it is loaded its timer is in the hardware, and what we have of it is old. */
static void but_not_one_that_is_in_the_hardware(void **state)
{
	(void)state;
	live_here(1, VCPU_BLOCKED);
	vcpu_load(&guests[0].vcpu.core);
	queue->loaded = &guests[0].vcpu;
	guests[0].vcpu.timer = (struct vtimer){.ctl = 1, .cval = 0};
	sched_serve_requests(queue);
	assert_int_equal(guests[0].vcpu.core.state, VCPU_BLOCKED);
}

static void a_vm_that_stops_is_parked_once_a_stop(void **state)
{
	(void)state;
	live_here(2, VCPU_READY);
	vcpu_load(&guests[0].vcpu.core);
	queue->loaded = &guests[0].vcpu;
	vm_of[0].phase = VM_PHASE_WORD(VM_RESETTING, 1);
	sched_serve_requests(queue);
	assert_int_equal(cpu.parked, 2);
	assert_null(queue->loaded);
	assert_int_equal(guests[0].vcpu.core.state, VCPU_OFF);
	sched_serve_requests(queue);
	assert_int_equal(cpu.parked, 2);
	guests[0].vcpu.core.state = guests[1].vcpu.core.state = VCPU_READY;
	vm_of[0].phase = VM_PHASE_WORD(VM_RESETTING, 2);
	sched_serve_requests(queue);
	assert_int_equal(cpu.parked, 4);
}

/* What is asked of it meanwhile waits: it is the start after the reset. */
static void its_requests_wait(void **state)
{
	(void)state;
	live_here(2, VCPU_OFF);
	guests[1].vcpu.vm = &vm_of[1];
	guests[0].vcpu.requests = guests[1].vcpu.requests = REQUEST_POWER_ON;
	vm_of[0].phase = VM_PHASE_WORD(VM_RESETTING, 1);
	sched_serve_requests(queue);
	assert_int_equal(guests[0].vcpu.requests, REQUEST_POWER_ON);
	assert_int_equal(guests[0].vcpu.core.state, VCPU_OFF);
	assert_int_equal(guests[1].vcpu.core.state, VCPU_READY);
	vm_of[0].phase = VM_PHASE_WORD(VM_RUNNING, 1);
	sched_serve_requests(queue);
	assert_int_equal(guests[0].vcpu.core.state, VCPU_READY);
}

static struct guest *passed;

/* Like a kick that is taken in a window of sched_serve_requests(), for one that it has looked at already. */
static void interrupt_one_that_was_passed(struct guest *guest)
{
	if (!passed || guest == passed)
		return;
	give_interrupt(passed);
	passed = NULL;
	__atomic_store_n(&queue->interrupted, true, __ATOMIC_RELAXED);
}

static void a_kick_behind_the_look_is_looked_at_again(void **state)
{
	(void)state;
	live_here(2, VCPU_BLOCKED);
	guests[0].computes = 100;
	passed = &guests[0];
	while_looking = interrupt_one_that_was_passed;
	schedule_for(10 * TICKS_MS);
	assert_int_equal(guests[0].taken, 1);
	assert_int_equal(guests[0].late, 0);
}

/* ---- EL2's timer ---- */

static void nothing_to_wait_for_is_no_timer(void **state)
{
	(void)state;
	live_here(3, VCPU_BLOCKED);
	cpu.el2_timer = 5;
	sched_set_timer(queue, NULL);
	assert_true(cpu.el2_timer == NEVER);
	sched_set_timer(queue, &guests[0].vcpu);
	assert_true(cpu.el2_timer == NEVER);
}

static void a_slice_ends_when_another_one_waits(void **state)
{
	(void)state;
	live_here(3, VCPU_BLOCKED);
	queue->slice_end = 20000;
	guests[1].vcpu.core.state = VCPU_READY;
	sched_set_timer(queue, &guests[0].vcpu);
	assert_int_equal(cpu.el2_timer, 20000);
	sched_set_timer(queue, &guests[1].vcpu);
	assert_true(cpu.el2_timer == NEVER);
	sched_set_timer(queue, NULL);
	assert_true(cpu.el2_timer == NEVER);
}

static void a_sleepers_deadline_counts_unless_it_is_loaded(void **state)
{
	(void)state;
	live_here(3, VCPU_BLOCKED);
	guests[1].vcpu.timer = (struct vtimer){.ctl = 1, .cval = 30000, .offset_ticks = 500};
	guests[2].vcpu.timer = (struct vtimer){.ctl = 1, .cval = 40000};
	sched_set_timer(queue, &guests[0].vcpu);
	assert_int_equal(cpu.el2_timer, 30500);
	queue->loaded = &guests[1].vcpu;
	sched_set_timer(queue, NULL);
	assert_int_equal(cpu.el2_timer, 40000);
}

/* One that waits for its turn will find out when it gets it. */
static void one_that_is_only_ready_needs_none(void **state)
{
	(void)state;
	live_here(2, VCPU_READY);
	queue->slice_end = 90000;
	guests[1].vcpu.timer = (struct vtimer){.ctl = 1, .cval = 30000};
	guests[1].vcpu.timer.physical = (struct ptimer){.ctl = 1, .cval = 31000};
	sched_set_timer(queue, &guests[0].vcpu);
	assert_int_equal(cpu.el2_timer, 90000);
}

static void the_physical_timer_of_who_runs_or_sleeps_counts(void **state)
{
	(void)state;
	live_here(2, VCPU_BLOCKED);
	guests[0].vcpu.core.state = VCPU_READY;
	queue->loaded = &guests[0].vcpu;
	guests[0].vcpu.timer.physical = (struct ptimer){.ctl = 1, .cval = 30000};
	guests[1].vcpu.timer.physical = (struct ptimer){.ctl = 1, .cval = 40000};
	sched_set_timer(queue, &guests[0].vcpu);
	assert_int_equal(cpu.el2_timer, 30000);
	guests[0].vcpu.timer.physical.ctl = 3;
	sched_set_timer(queue, &guests[0].vcpu);
	assert_int_equal(cpu.el2_timer, 40000);
	guests[1].vcpu.timer.physical.line = true;
	sched_set_timer(queue, &guests[0].vcpu);
	assert_true(cpu.el2_timer == NEVER);
}

static void the_soonest_of_all_is_taken(void **state)
{
	(void)state;
	live_here(4, VCPU_BLOCKED);
	guests[3].vcpu.core.state = VCPU_READY;
	queue->slice_end = 50000;
	guests[1].vcpu.timer.physical = (struct ptimer){.ctl = 1, .cval = 45000};
	guests[2].vcpu.timer = (struct vtimer){.ctl = 1, .cval = 40000};
	sched_set_timer(queue, &guests[0].vcpu);
	assert_int_equal(cpu.el2_timer, 40000);
	guests[2].vcpu.timer.cval = 46000;
	sched_set_timer(queue, &guests[0].vcpu);
	assert_int_equal(cpu.el2_timer, 45000);
	guests[1].vcpu.timer.physical.cval = 60000;
	guests[2].vcpu.timer.cval = 60000;
	sched_set_timer(queue, &guests[0].vcpu);
	assert_int_equal(cpu.el2_timer, 50000);
}

/* Two VMs share the terminal: CPU 0 looks after their half lines. */
static void the_tick_of_two_vms_is_kept(void **state)
{
	(void)state;
	live_here(1, VCPU_BLOCKED);
	vm_count = 2;
	sched_set_timer(queue, NULL);
	vm_count = 1;
	assert_int_equal(cpu.el2_timer, cpu.now + SCHED_TICK_MS * TICKS_MS);
}

/* ---- sleep ---- */

static void an_idle_cpu_sleeps_and_serves_the_interrupt(void **state)
{
	(void)state;
	live_here(1, VCPU_BLOCKED);
	cpu.kicked = true;
	assert_null(sched_idle(queue, false));
	assert_int_equal(cpu.sleeps, 1);
	assert_false(cpu.kicked);
	assert_true(cpu.dropped & 1u << SGI_KICK && cpu.deactivated & 1u << SGI_KICK);
}

static void one_that_is_talked_to_stays_awake(void **state)
{
	(void)state;
	live_here(1, VCPU_BLOCKED);
	assert_null(sched_idle(queue, true));
	assert_int_equal(cpu.sleeps, 0);
}

static void el2s_timer_is_stopped_when_it_has_come(void **state)
{
	(void)state;
	live_here(1, VCPU_BLOCKED);
	guests[0].vcpu.timer.physical = (struct ptimer){.ctl = 1, .cval = cpu.now + 5};
	assert_null(sched_idle(queue, false));
	assert_int_equal(cpu.now, 12 * TICKS_MS + 5);
	assert_true(cpu.el2_timer == NEVER);
	assert_true(guests[0].pending);
}

/* It is injected, and stays active: the guest's end of it will deactivate the physical one, too. */
static void its_own_timer_ends_a_guests_sleep(void **state)
{
	(void)state;
	live_here(1, VCPU_BLOCKED);
	vcpu_load(&guests[0].vcpu.core);
	queue->loaded = &guests[0].vcpu;
	guests[0].vcpu.timer = (struct vtimer){.ctl = 1, .cval = cpu.now + 7};
	cpu.end = cpu.now + 100;
	guests[0].computes = 10;
	if (setjmp(over) == 0)
		sched_loop();
	assert_int_equal(guests[0].taken, 1);
	assert_int_equal(guests[0].late, 0);
	assert_true(cpu.dropped & 1u << INTID_VIRT_TIMER);
	assert_false(cpu.deactivated & 1u << INTID_VIRT_TIMER);
}

static void nothing_acknowledged_is_nothing_ended(void **state)
{
	(void)state;
	live_here(1, VCPU_BLOCKED);
	cpu.end = NEVER - 1;
	assert_null(sched_idle(queue, true));
	assert_int_equal(cpu.dropped | cpu.deactivated, 0);
}

/* ---- turns ---- */

static void three_that_compute_get_a_third_each(void **state)
{
	(void)state;
	live_here(3, VCPU_READY);
	schedule_for(300 * SLICE);
	for (unsigned i = 0; i < 3; i++)
		assert_in_range(guests[i].ran, 99 * SLICE, 101 * SLICE);
	assert_in_range(cpu.loads, 298, 302);
	assert_int_equal(cpu.sleeps, 0);
}

static void one_alone_is_not_disturbed(void **state)
{
	(void)state;
	live_here(1, VCPU_READY);
	schedule_for(300 * SLICE);
	assert_int_equal(guests[0].ran, 300 * SLICE);
	assert_int_equal(guests[0].turns, 1);
	assert_int_equal(cpu.loads, 1);
}

static uint64_t interrupt_at;

static uint64_t at_that_time(void)
{
	return interrupt_at;
}

static void interrupt_the_last_one(void)
{
	interrupt_at = NEVER;
	interrupt_from_elsewhere(&guests[2]);
}

/* Who has waited for an interrupt goes before those that compute, and is answered in the same slice. */
static void a_sleeper_goes_first(void **state)
{
	(void)state;
	live_here(3, VCPU_READY);
	guests[2].vcpu.core.state = VCPU_BLOCKED;
	guests[2].computes = 10;
	interrupt_at = cpu.now + 7 * SLICE + 100;
	next_outside = at_that_time;
	outside = interrupt_the_last_one;
	schedule_for(20 * SLICE);
	assert_int_equal(guests[2].taken, 1);
	assert_int_equal(guests[2].late, 0);
	assert_int_equal(guests[2].turns, 1);
}

static void interrupt_the_last_one_again_and_again(void)
{
	interrupt_at = cpu.now + 333;
	interrupt_from_elsewhere(&guests[2]);
}

/* But one that is woken again and again takes no more than its share. */
static void a_nervous_sleeper_starves_nobody(void **state)
{
	(void)state;
	live_here(3, VCPU_READY);
	guests[2].vcpu.core.state = VCPU_BLOCKED;
	guests[2].computes = 0;
	interrupt_at = cpu.now + 50;
	next_outside = at_that_time;
	outside = interrupt_the_last_one_again_and_again;
	schedule_for(300 * SLICE);
	assert_in_range(guests[0].ran, 140 * SLICE, 160 * SLICE);
	assert_in_range(guests[1].ran, 140 * SLICE, 160 * SLICE);
	assert_true(guests[2].taken > 1000);
}

/* The one that wakes does so for good: it computes, and the others still get theirs. */
static void a_woken_one_is_one_of_many(void **state)
{
	(void)state;
	live_here(3, VCPU_READY);
	guests[2].vcpu.core.state = VCPU_BLOCKED;
	interrupt_at = cpu.now + 100;
	next_outside = at_that_time;
	outside = interrupt_the_last_one;
	schedule_for(300 * SLICE);
	for (unsigned i = 0; i < 3; i++)
		assert_in_range(guests[i].ran, 98 * SLICE, 102 * SLICE);
}

/* Two that wake each other all the time are quick, but the third one's turn comes, too. */
static void play_ball(struct guest *guest)
{
	struct guest *other = guest == &guests[0] ? &guests[1] : &guests[0];

	now_is(cpu.now + 10);
	guest->computes = 0;
	give_interrupt(other);
	vm_request(&other->vcpu, REQUEST_INTERRUPT);
	happen();
}

static void two_that_play_ball_starve_nobody(void **state)
{
	(void)state;
	live_here(3, VCPU_BLOCKED);
	guests[0].computes = guests[1].computes = 0;
	guests[2].vcpu.core.state = VCPU_READY;
	program = play_ball;
	give_interrupt(&guests[0]);
	schedule_for(300 * SLICE);
	assert_in_range(guests[2].ran, 80 * SLICE, 220 * SLICE);
	assert_true(guests[0].taken > 1000);
}

static void interrupt_the_middle_one_again_and_again(void)
{
	interrupt_at = cpu.now + 333;
	interrupt_from_elsewhere(&guests[1]);
}

/* Being woken is a privilege for one turn. */
static void a_wake_up_counts_once(void **state)
{
	(void)state;
	live_here(2, VCPU_READY);
	guests[0].vcpu.core.state = VCPU_BLOCKED;
	give_interrupt(&guests[0]);
	interrupt_at = cpu.now + 50;
	next_outside = at_that_time;
	outside = interrupt_the_middle_one_again_and_again;
	schedule_for(300 * SLICE);
	assert_in_range(guests[0].ran, 130 * SLICE, 170 * SLICE);
}

/* Its VM stops between the wake-up and its turn. */
static void stop_its_vm(struct guest *guest)
{
	if (guest != &guests[1] || vm_of[0].phase)
		return;
	vm_of[0].phase = VM_PHASE_WORD(VM_POWERING_OFF, 1);
	__atomic_store_n(&queue->interrupted, true, __ATOMIC_RELAXED);
}

static void one_that_was_woken_and_stopped_does_not_run(void **state)
{
	(void)state;
	live_here(2, VCPU_BLOCKED);
	guests[1].vcpu.vm = &vm_of[1];
	give_interrupt(&guests[0]);
	queue->slice_end = NEVER;
	while_looking = stop_its_vm;
	schedule_for(10 * SLICE);
	assert_int_equal(cpu.parked, 1);
	assert_int_equal(guests[0].turns, 0);
}

static void one_that_is_off_never_runs(void **state)
{
	(void)state;
	live_here(3, VCPU_READY);
	guests[1].vcpu.core.state = VCPU_OFF;
	schedule_for(30 * SLICE);
	assert_int_equal(guests[1].turns, 0);
	assert_int_equal(guests[0].ran + guests[2].ran, 30 * SLICE);
}

#define TEST(name) cmocka_unit_test_setup(name, empty_machine)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_has_no_wish_gets_the_emptiest_cpu),
		TEST(among_equals_the_first),
		TEST(the_last_cpu_counts_and_none_behind_it),
		TEST(a_wish_is_granted),
		TEST(others_are_other_and_ready),
		TEST(the_request_is_there_before_the_kick),
		TEST(requests_add_up),
		TEST(who_runs_here_needs_no_kick),
		TEST(another_one_that_lives_here_does),
		TEST(who_runs_elsewhere_does),
		TEST(a_request_is_served_once),
		TEST(what_is_asked_meanwhile_is_not_lost),
		TEST(an_interrupt_for_the_loaded_one_reaches_its_list_registers),
		TEST(a_sleeper_with_an_interrupt_goes_on),
		TEST(one_that_is_off_does_not),
		TEST(a_sleepers_timer_wakes_it),
		TEST(but_not_one_that_is_in_the_hardware),
		TEST(a_vm_that_stops_is_parked_once_a_stop),
		TEST(its_requests_wait),
		TEST(a_kick_behind_the_look_is_looked_at_again),
		TEST(nothing_to_wait_for_is_no_timer),
		TEST(a_slice_ends_when_another_one_waits),
		TEST(a_sleepers_deadline_counts_unless_it_is_loaded),
		TEST(one_that_is_only_ready_needs_none),
		TEST(the_physical_timer_of_who_runs_or_sleeps_counts),
		TEST(the_soonest_of_all_is_taken),
		TEST(the_tick_of_two_vms_is_kept),
		TEST(an_idle_cpu_sleeps_and_serves_the_interrupt),
		TEST(one_that_is_talked_to_stays_awake),
		TEST(el2s_timer_is_stopped_when_it_has_come),
		TEST(its_own_timer_ends_a_guests_sleep),
		TEST(nothing_acknowledged_is_nothing_ended),
		TEST(three_that_compute_get_a_third_each),
		TEST(one_alone_is_not_disturbed),
		TEST(a_sleeper_goes_first),
		TEST(a_nervous_sleeper_starves_nobody),
		TEST(a_woken_one_is_one_of_many),
		TEST(two_that_play_ball_starve_nobody),
		TEST(a_wake_up_counts_once),
		TEST(one_that_was_woken_and_stopped_does_not_run),
		TEST(one_that_is_off_never_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
