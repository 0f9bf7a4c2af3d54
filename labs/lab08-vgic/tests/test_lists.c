/* The list registers, one at a time: what is written into them, and what is read back out of them into the banks' bits. */
/* sources: src/irq/vgic.c src/irq/vgic_lr.c src/irq/vgic_trace.c src/irq/vgic_regs.c src/irq/vgic_dist.c src/irq/vgic_redist.c */
#include "tests/unit/fake_ich.h"

#define EDGE	40u
#define LEVEL	41u
#define ISPENDR 0x200
#define ICPENDR 0x280
#define ISACT	0x300
#define ICACT	0x380
#define TIMER	(1u << INTID_VIRT_TIMER)

#define GICR_SGI(vcpu, offset) ((vcpu)*VGIC_GICR_BYTES_PER_VCPU + 0x10000 + (offset))

static struct vgic vgic;
static struct vgic_cpu vcpu[2];
static struct vgic_bank *const spis = &vgic.spi[0];

/* Two vCPUs, all interrupts enabled, SPI 40 edge-triggered; neither is loaded yet, so that a test can say what is there first. */
static int two_vcpus(void **state)
{
	(void)state;
	fake_reset();
	vgic_init(&vgic, 2, NULL);
	for (unsigned i = 0; i < 2; i++) {
		vgic_cpu_init(&vgic, &vcpu[i], i);
		vgicr_write(&vcpu[0], GICR_SGI(i, 0x100), 4, UINT32_MAX);
		vcpu[i].vmcr = VMCR_ALL_OPEN;
	}
	vgicd_write(&vcpu[0], 0x0, 4, 2);
	vgicd_write(&vcpu[0], 0x104, 4, UINT32_MAX);
	vgicd_write(&vcpu[0], 0xc08, 4, 2u << (EDGE % 16 * 2));
	return 0;
}

/* A bit of a register of the distributor, or of vCPU 0's redistributor. */
static void set(unsigned offset, unsigned intid)
{
	if (intid < 32)
		vgicr_write(&vcpu[0], GICR_SGI(0, offset), 4, 1u << intid);
	else
		vgicd_write(&vcpu[0], offset + intid / 32 * 4, 4, 1u << intid % 32);
}

static void set_priority(unsigned intid, unsigned priority)
{
	if (intid < 32)
		vgicr_write(&vcpu[0], GICR_SGI(0, 0x400 + intid), 1, priority);
	else
		vgicd_write(&vcpu[0], 0x400 + intid, 1, priority);
}

static uint32_t bit_of(unsigned intid)
{
	return 1u << intid % 32;
}

/* ---- into a list register ---- */

static void a_pending_edge_becomes_pending(void **state)
{
	(void)state;
	set_priority(EDGE, 0xa8);
	set(ISPENDR, EDGE);
	vgic_load(&vcpu[0]);
	assert_true(fake()->lr[0] ==
		    (ICH_LR_PENDING | ICH_LR_GROUP1 | FIELD_PREP(ICH_LR_PRIORITY, 0xa8) | EDGE));
}

static void group_0_is_the_absence_of_a_bit(void **state)
{
	(void)state;
	vgicd_write(&vcpu[0], 0x0, 4, 3);
	vgicd_write(&vcpu[0], 0x84, 4, ~bit_of(EDGE));
	set(ISPENDR, EDGE);
	vgic_load(&vcpu[0]);
	assert_true(fake()->lr[0] == (ICH_LR_PENDING | EDGE));
}

/* Nobody else says when a level has been dealt with. */
static void a_level_reports_its_end(void **state)
{
	(void)state;
	set(ISPENDR, LEVEL);
	vgic_load(&vcpu[0]);
	assert_true(fake()->lr[0] & ICH_LR_EOI);
	assert_true((fake()->lr[0] & LR_STATE) == ICH_LR_PENDING);
}

static void an_active_level_is_active_and_nothing_else(void **state)
{
	(void)state;
	set(ISACT, LEVEL);
	spis->level |= bit_of(LEVEL);
	vgic_load(&vcpu[0]);
	assert_true((fake()->lr[0] & LR_STATE) == ICH_LR_ACTIVE);
	assert_true(fake()->lr[0] & ICH_LR_EOI);
}

/* It has come again while its handler ran: the second one follows the end of the first, with no help of ours. */
static void an_active_edge_with_another_behind_it_is_both(void **state)
{
	(void)state;
	set(ISACT, EDGE);
	set(ISPENDR, EDGE);
	vgic_load(&vcpu[0]);
	assert_true((fake()->lr[0] & LR_STATE) == LR_STATE);
	guest_deactivates(EDGE);
	assert_int_equal(guest_acknowledges(), EDGE);
}

static void an_active_edge_alone_is_active(void **state)
{
	(void)state;
	set(ISACT, EDGE);
	vgic_load(&vcpu[0]);
	assert_true((fake()->lr[0] & LR_STATE) == ICH_LR_ACTIVE);
	assert_false(fake()->lr[0] & (ICH_LR_EOI | ICH_LR_HW));
}

/* The latch moves into the list register: else it would be delivered again from here. */
static void a_latch_is_in_one_place(void **state)
{
	(void)state;
	set(ISPENDR, EDGE);
	assert_true(spis->pending & bit_of(EDGE));
	vgic_load(&vcpu[0]);
	assert_false(spis->pending & bit_of(EDGE));
	assert_true(spis->in_lr & bit_of(EDGE));
	assert_false(spis->unlatched & bit_of(EDGE));
	assert_int_equal(vcpu[0].lr_used, 1);
	assert_int_equal(vcpu[0].lr_intid[0], EDGE);
}

/* A line that is high is pending without a latch: none must be made of it when it comes back. */
static void a_level_takes_no_latch_along(void **state)
{
	(void)state;
	spis->level |= bit_of(LEVEL);
	vgic_load(&vcpu[0]);
	assert_true((fake()->lr[0] & LR_STATE) == ICH_LR_PENDING);
	assert_true(spis->unlatched & bit_of(LEVEL));
	vgic_put(&vcpu[0]);
	assert_false(spis->pending & bit_of(LEVEL));
	assert_true(vgic_has_pending(&vcpu[0]));
}

/* Whoever has it in a list register has it until it ends, wherever it is routed meanwhile. */
static void an_spi_knows_who_holds_it(void **state)
{
	(void)state;
	vgicd_write(&vcpu[0], 0x6000 + 8 * EDGE, 8, 1);
	set(ISPENDR, EDGE);
	here = 1;
	vgic_load(&vcpu[1]);
	assert_int_equal(guest_acknowledges(), EDGE);
	assert_int_equal(vgic.spi_holder[EDGE - 32], 1);
}

static void the_timer_is_tied_to_the_hardware(void **state)
{
	(void)state;
	vcpu[0].bank.active |= TIMER;
	vcpu[0].vtimer_phys = true;
	vgic_load(&vcpu[0]);
	assert_true((fake()->lr[0] & LR_STATE) == ICH_LR_ACTIVE);
	assert_true(fake()->lr[0] & ICH_LR_HW);
	assert_int_equal(FIELD_GET(ICH_LR_PINTID, fake()->lr[0]), INTID_VIRT_TIMER);
	assert_true(fake()->phys_active);
	guest_deactivates(INTID_VIRT_TIMER);
	assert_false(fake()->phys_active);
}

/* The guest has made it pending by hand: no physical interrupt belongs to it. */
static void a_timer_pended_by_hand_is_not(void **state)
{
	(void)state;
	set(ISPENDR, INTID_VIRT_TIMER);
	vgic_load(&vcpu[0]);
	assert_false(fake()->lr[0] & ICH_LR_HW);
	assert_int_equal(FIELD_GET(ICH_LR_PINTID, fake()->lr[0] & ~ICH_LR_EOI), 0);
	assert_true(fake()->lr[0] & ICH_LR_EOI);
}

static void all_that_fits_is_written_and_nothing_more_is_asked(void **state)
{
	(void)state;
	for (unsigned intid = 0; intid < 4; intid++)
		set(ISPENDR, intid);
	vgic_load(&vcpu[0]);
	for (unsigned intid = 0; intid < 4; intid++)
		assert_true(lr_with(intid) & ICH_LR_PENDING);
	assert_true(fake()->hcr == ICH_HCR_EN);
	assert_int_equal(vcpu[0].lr_used, 0xf);
	assert_false(vcpu[0].thorough & VGIC_SLOW);
}

/* The fast paths do not know what stands behind an active one, or in the queue. */
static void the_fast_paths_are_closed_when_there_is_more_to_know(void **state)
{
	(void)state;
	set(ISPENDR, 3);
	set(ISACT, 4);
	vgic_load(&vcpu[0]);
	assert_true(vcpu[0].thorough & VGIC_SLOW);
}

static void too_many_are_asked_for_again(void **state)
{
	unsigned pending = 0;

	(void)state;
	for (unsigned intid = 0; intid < 6; intid++)
		set(ISPENDR, intid);
	vgic_load(&vcpu[0]);
	for (unsigned n = 0; n < 4; n++)
		pending += (fake()->lr[n] & LR_STATE) == ICH_LR_PENDING;
	assert_int_equal(pending, 4);
	assert_true(vcpu[0].overflow);
	assert_true(vcpu[0].thorough & VGIC_SLOW);
	assert_true(fake()->hcr == (ICH_HCR_EN | ICH_HCR_UIE | ICH_HCR_NPIE));
	assert_false(fake_maintenance());
	assert_int_equal(vgic_stats.overflows, 1);
	for (unsigned i = 0; i < 3; i++) /* the last but one: one is valid still */
		guest_ends(guest_acknowledges());
	assert_true(fake_maintenance());
}

/* A condition that holds on the way into the guest would bring EL2 back before the guest has done anything. */
static void a_condition_that_holds_already_is_not_asked_for(void **state)
{
	(void)state;
	for (unsigned intid = 0; intid < 4; intid++)
		set(ISACT, intid);
	set(ISPENDR, 5);
	vgic_load(&vcpu[0]);
	assert_true(vcpu[0].overflow);
	assert_false(fake_maintenance());
	guest_deactivates(0);
	guest_deactivates(1);
	guest_deactivates(2);
	assert_true(fake_maintenance());
}

/* ---- and back ---- */

static void what_was_not_taken_is_pending_as_before(void **state)
{
	(void)state;
	set(ISPENDR, EDGE);
	vgic_load(&vcpu[0]);
	vgic_put(&vcpu[0]);
	assert_true(spis->pending & bit_of(EDGE));
	assert_false(spis->active & bit_of(EDGE));
	assert_false(spis->in_lr & bit_of(EDGE));
	assert_int_equal(vcpu[0].lr_used, 0);
}

static void what_was_taken_is_active_and_its_latch_is_gone(void **state)
{
	(void)state;
	set(ISPENDR, EDGE);
	vgic_load(&vcpu[0]);
	assert_int_equal(guest_acknowledges(), EDGE);
	vgic_put(&vcpu[0]);
	assert_true(spis->active & bit_of(EDGE));
	assert_false(spis->pending & bit_of(EDGE));
	assert_false(spis->unlatched & bit_of(EDGE));
}

static void what_has_ended_is_nothing(void **state)
{
	(void)state;
	set(ISPENDR, EDGE);
	vgic_load(&vcpu[0]);
	guest_ends(guest_acknowledges());
	vgic_put(&vcpu[0]);
	assert_false((spis->active | spis->pending | spis->in_lr) & bit_of(EDGE));
}

static void both_states_come_back(void **state)
{
	(void)state;
	set(ISACT, EDGE);
	set(ISPENDR, EDGE);
	vgic_load(&vcpu[0]);
	vgic_put(&vcpu[0]);
	assert_true(spis->active & spis->pending & bit_of(EDGE));
}

/* Its handler runs: what it ended is not active any more, even if it was when we last looked. */
static void an_end_is_noticed(void **state)
{
	(void)state;
	set(ISACT, EDGE);
	vgic_load(&vcpu[0]);
	guest_deactivates(EDGE);
	vgic_put(&vcpu[0]);
	assert_false(spis->active & bit_of(EDGE));
}

/* Cleared by another CPU while it sits in a list register here. */
static void a_withdrawn_latch_does_not_come_back(void **state)
{
	(void)state;
	set(ISPENDR, EDGE);
	vgic_load(&vcpu[0]);
	here = 1;
	vgicd_write(&vcpu[1], ICPENDR + 4, 4, bit_of(EDGE));
	here = 0;
	vgic_sync(&vcpu[0]);
	assert_int_equal(guest_acknowledges(), FAKE_SPURIOUS);
	/* once: the next one is a new one */
	set(ISPENDR, EDGE);
	assert_int_equal(guest_acknowledges(), EDGE);
}

static void others_can_make_it_inactive(void **state)
{
	(void)state;
	set(ISPENDR, EDGE);
	vgic_load(&vcpu[0]);
	assert_int_equal(guest_acknowledges(), EDGE);
	here = 1;
	vgicd_write(&vcpu[1], ICACT + 4, 4, bit_of(EDGE));
	here = 0;
	vgic_sync(&vcpu[0]);
	assert_false(lr_with(EDGE) & ICH_LR_ACTIVE);
	assert_false(spis->active & bit_of(EDGE));
	assert_false(spis->deactivate & bit_of(EDGE));
}

static void others_can_make_it_active(void **state)
{
	(void)state;
	set(ISPENDR, EDGE);
	vgic_load(&vcpu[0]);
	here = 1;
	vgicd_write(&vcpu[1], ISACT + 4, 4, bit_of(EDGE));
	here = 0;
	vgic_sync(&vcpu[0]);
	assert_true(lr_with(EDGE) & ICH_LR_ACTIVE);
	assert_true(spis->active & bit_of(EDGE));
	assert_false(spis->activate & bit_of(EDGE));
	assert_int_equal(guest_acknowledges(), FAKE_SPURIOUS);
}

/* The guest's end has deactivated the physical interrupt, too: nothing of ours keeps it active any longer. */
static void the_end_of_the_timers_interrupt_is_both_sides(void **state)
{
	(void)state;
	vgic_load(&vcpu[0]);
	fake()->timer_line = fake()->phys_active = true;
	vgic_inject_vtimer(&vcpu[0]);
	guest_ends(guest_acknowledges());
	assert_false(fake()->phys_active);
	vgic_put(&vcpu[0]);
	assert_false(vcpu[0].vtimer_phys);
	assert_false(fake()->phys_active);
}

static void a_timer_interrupt_in_its_handler_is_not_at_its_end(void **state)
{
	(void)state;
	vgic_load(&vcpu[0]);
	fake()->timer_line = fake()->phys_active = true;
	vgic_inject_vtimer(&vcpu[0]);
	assert_int_equal(guest_acknowledges(), INTID_VIRT_TIMER);
	vgic_put(&vcpu[0]);
	assert_true(vcpu[0].vtimer_phys);
	assert_true(vcpu[0].bank.active & TIMER);
}

/* ---- which ones, when there are too many ---- */

static void the_most_urgent_come_first(void **state)
{
	(void)state;
	for (unsigned intid = 0; intid < 8; intid++) {
		set_priority(intid, 0x80 - 8 * intid);
		set(ISPENDR, intid);
	}
	vgic_load(&vcpu[0]);
	for (unsigned intid = 0; intid < 8; intid++)
		assert_true(!lr_with(intid) == (intid < 4));
}

static void among_equals_the_lowest_number(void **state)
{
	(void)state;
	set_priority(9, 0xf8);
	for (unsigned intid = 0; intid < 10; intid++)
		set(ISPENDR, 9 - intid);
	vgic_load(&vcpu[0]);
	for (unsigned intid = 0; intid < 10; intid++)
		assert_true(!lr_with(intid) == (intid >= 4));
}

/* Without a list register the guest's end of it would be lost. */
static void an_active_one_is_never_left_out(void **state)
{
	(void)state;
	set_priority(12, 0xf8);
	set(ISACT, 12);
	for (unsigned intid = 0; intid < 8; intid++) {
		set_priority(intid, 8 * intid);
		set(ISPENDR, intid);
	}
	vgic_load(&vcpu[0]);
	assert_true(lr_with(12) & ICH_LR_ACTIVE);
	for (unsigned intid = 0; intid < 8; intid++)
		assert_true(!lr_with(intid) == (intid >= 3));
}

/* SPIs and private ones are of one list. */
static void the_bank_does_not_matter(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		set_priority(i, 0x80);
		set(ISPENDR, i);
		set_priority(70 + i, 0x40);
		set(ISPENDR, 70 + i);
	}
	vgicd_write(&vcpu[0], 0x108, 4, UINT32_MAX);
	vgic_load(&vcpu[0]);
	for (unsigned i = 0; i < 4; i++)
		assert_true(lr_with(70 + i) && !lr_with(i));
}

#define TEST(name) cmocka_unit_test_setup(name, two_vcpus)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_pending_edge_becomes_pending),
		TEST(group_0_is_the_absence_of_a_bit),
		TEST(a_level_reports_its_end),
		TEST(an_active_level_is_active_and_nothing_else),
		TEST(an_active_edge_with_another_behind_it_is_both),
		TEST(an_active_edge_alone_is_active),
		TEST(a_latch_is_in_one_place),
		TEST(a_level_takes_no_latch_along),
		TEST(an_spi_knows_who_holds_it),
		TEST(the_timer_is_tied_to_the_hardware),
		TEST(a_timer_pended_by_hand_is_not),
		TEST(all_that_fits_is_written_and_nothing_more_is_asked),
		TEST(the_fast_paths_are_closed_when_there_is_more_to_know),
		TEST(too_many_are_asked_for_again),
		TEST(a_condition_that_holds_already_is_not_asked_for),
		TEST(what_was_not_taken_is_pending_as_before),
		TEST(what_was_taken_is_active_and_its_latch_is_gone),
		TEST(what_has_ended_is_nothing),
		TEST(both_states_come_back),
		TEST(an_end_is_noticed),
		TEST(a_withdrawn_latch_does_not_come_back),
		TEST(others_can_make_it_inactive),
		TEST(others_can_make_it_active),
		TEST(the_end_of_the_timers_interrupt_is_both_sides),
		TEST(a_timer_interrupt_in_its_handler_is_not_at_its_end),
		TEST(the_most_urgent_come_first),
		TEST(among_equals_the_lowest_number),
		TEST(an_active_one_is_never_left_out),
		TEST(the_bank_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
