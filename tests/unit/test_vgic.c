/* The virtual GIC, one claim a test: SGIs, levels, edges, overflow, timer, load and put. */
/* sources: src/irq/vgic.c src/irq/vgic_lr.c src/irq/vgic_trace.c src/irq/vgic_regs.c src/irq/vgic_dist.c src/irq/vgic_redist.c src/irq/vtimer_deadline.c */
#include "tests/unit/fake_ich.h"

#include "irq/vtimer_regs.h"

#define SPI_EDGE  40u
#define SPI_LEVEL 41u

#define GICD(offset)		  (offset)
#define GICR_SGI(vcpu, offset)	  ((vcpu)*VGIC_GICR_BYTES_PER_VCPU + 0x10000 + (offset))
#define SGI1R(intid, targets)	  ((uint64_t)(intid) << 24 | (targets))
#define SGI1R_ALL_BUT_SELF(intid) ((uint64_t)(intid) << 24 | BIT(40))

static struct vgic vgic;
static struct vgic_cpu vcpu[4];
static uint64_t now;

uint64_t vtimer_count_now(void)
{
	return now;
}

static void set_priority(unsigned intid, unsigned priority)
{
	if (intid < 32)
		vgicr_write(&vcpu[0], GICR_SGI(0, 0x400 + intid), 1, priority);
	else
		vgicd_write(&vcpu[0], GICD(0x400 + intid), 1, priority);
}

/* Four vCPUs, vCPU n on CPU n, all interrupts enabled, SPI 40 edge-triggered; we are on CPU 0. */
static int four_vcpus(void **state)
{
	(void)state;
	fake_reset();
	vgic_init(&vgic, 4, NULL);
	for (unsigned i = 0; i < 4; i++)
		vgic_cpu_init(&vgic, &vcpu[i], i);
	vgicd_write(&vcpu[0], GICD(0x0), 4, 2);
	vgicd_write(&vcpu[0], GICD(0x104), 4, UINT32_MAX);
	vgicd_write(&vcpu[0], GICD(0xc00 + SPI_EDGE / 16 * 4), 4, 2u << (SPI_EDGE % 16 * 2));
	for (unsigned i = 0; i < 4; i++) {
		vgicr_write(&vcpu[0], GICR_SGI(i, 0x100), 4, UINT32_MAX);
		vcpu[i].vmcr = VMCR_ALL_OPEN;
		here = i;
		vgic_load(&vcpu[i]);
	}
	here = 0;
	kicked = 0;
	return 0;
}

static void take(unsigned intid)
{
	assert_int_equal(guest_acknowledges(), intid);
	guest_ends(intid);
}

static void nothing_pending(void)
{
	assert_int_equal(guest_acknowledges(), FAKE_SPURIOUS);
}

static void on_cpu(unsigned cpu)
{
	here = cpu;
}

/* ---- SGIs ---- */

static void sgi_to_self_is_taken_at_once(void **state)
{
	(void)state;
	vgic_write_sgi1r(&vcpu[0], SGI1R(5, 1u << 0));
	take(5);
	nothing_pending();
	assert_int_equal(kicked, 0);
}

/* The list register that the guest has finished with is used again, with no sync in between. */
static void sgi_to_self_reuses_the_list_register(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		vgic_write_sgi1r(&vcpu[0], SGI1R(i % 16, 1u << 0));
		assert_int_equal(FIELD_GET(ICH_LR_VINTID, fake()->lr[0]), i % 16);
		take(i % 16);
	}
	assert_int_equal(fake()->lr_reads, 0);
	nothing_pending();
}

static void sgi_to_another_kicks_it(void **state)
{
	(void)state;
	vgic_write_sgi1r(&vcpu[0], SGI1R(3, 1u << 2));
	nothing_pending();
	assert_int_equal(kicked, 1u << 2);
	on_cpu(2);
	vgic_sync(&vcpu[2]);
	take(3);
}

static void sgi_to_all_but_self(void **state)
{
	(void)state;
	on_cpu(1);
	vgic_write_sgi1r(&vcpu[1], SGI1R_ALL_BUT_SELF(7));
	nothing_pending();
	assert_int_equal(kicked, 0xd);
}

static void sgi_to_a_list_with_self_and_others(void **state)
{
	(void)state;
	vgic_write_sgi1r(&vcpu[0], SGI1R(1, 0xf));
	take(1);
	assert_int_equal(kicked, 0xe);
}

/* Aff1, Aff2, Aff3, a range beyond the first 16, an Aff0 with no vCPU: nobody. */
static void sgi_to_nobody(void **state)
{
	const uint64_t elsewhere[] = {BIT(16), BIT(32), BIT(48), BIT(44)};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(elsewhere); i++)
		vgic_write_sgi1r(&vcpu[0], SGI1R(1, 0xf) | elsewhere[i]);
	vgic_write_sgi1r(&vcpu[0], SGI1R(1, 0xfff0));
	nothing_pending();
	assert_int_equal(kicked, 0);
}

/* An SGI sent while the same SGI is being handled comes again after the EOI, once. */
static void sgi_while_active_comes_again(void **state)
{
	(void)state;
	vgic_write_sgi1r(&vcpu[0], SGI1R(4, 1));
	assert_int_equal(guest_acknowledges(), 4);
	vgic_write_sgi1r(&vcpu[0], SGI1R(4, 1));
	vgic_write_sgi1r(&vcpu[0], SGI1R(4, 1));
	guest_ends(4);
	take(4);
	nothing_pending();
}

static void disabled_sgi_waits(void **state)
{
	(void)state;
	vgicr_write(&vcpu[0], GICR_SGI(0, 0x180), 4, 1u << 6);
	vgic_write_sgi1r(&vcpu[0], SGI1R(6, 1));
	nothing_pending();
	assert_false(vgic_has_pending(&vcpu[0]));
	vgicr_write(&vcpu[0], GICR_SGI(0, 0x100), 4, 1u << 6);
	take(6);
}

/* ---- overflow ---- */

/* With 4 list registers, 10 SGIs all arrive, the maintenance interrupt asking for more in time. */
static void overflow_refills(void **state)
{
	uint32_t seen = 0;

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		vgic_write_sgi1r(&vcpu[0], SGI1R(i, 1));
	for (unsigned i = 0; i < 10; i++) {
		const unsigned intid = guest_acknowledges();

		assert_true(intid < 10 && !(seen & 1u << intid));
		seen |= 1u << intid;
		guest_ends(intid);
		if (fake_maintenance())
			vgic_maintenance(&vcpu[0]);
		assert_false(fake_maintenance());
	}
	nothing_pending();
	assert_true(vgic_stats.overflows > 0 && vgic_stats.refills > 0);
	assert_int_equal(fake()->hcr, ICH_HCR_EN);
}

/*
 * The best of 8 SGIs is delivered first, though it was sent last and all list registers were taken.
 */
static void overflow_keeps_priority_order(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++)
		set_priority(i, 0x80 - 8 * i);
	for (unsigned i = 0; i < 8; i++)
		vgic_write_sgi1r(&vcpu[0], SGI1R(i, 1));
	for (int i = 7; i >= 0; i--) {
		take((unsigned)i);
		if (fake_maintenance())
			vgic_maintenance(&vcpu[0]);
	}
}

/*
 * A guest that drops priorities and keeps four interrupts active still gets the fifth once one is
 * deactivated.
 */
static void overflow_with_all_active(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 6; i++)
		vgic_write_sgi1r(&vcpu[0], SGI1R(i, 1));
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(guest_acknowledges(), i);
		guest_drops_priority();
	}
	assert_true(fake_maintenance());
	vgic_maintenance(&vcpu[0]);
	assert_false(fake_maintenance());
	guest_deactivates(2);
	assert_true(fake_maintenance());
	vgic_maintenance(&vcpu[0]);
	assert_int_equal(guest_acknowledges(), 4);
}

/* ---- levels and edges ---- */

static void level_is_offered_again_while_high(void **state)
{
	(void)state;
	assert_int_equal(vgic_set_level(&vgic, 0, SPI_LEVEL, true), VT_OK);
	for (unsigned i = 0; i < 3; i++) {
		take(SPI_LEVEL);
		nothing_pending();
		assert_true(fake_maintenance());
		vgic_maintenance(&vcpu[0]);
		assert_false(fake_maintenance());
	}
	assert_int_equal(guest_acknowledges(), SPI_LEVEL);
	vgic_set_level(&vgic, 0, SPI_LEVEL, false);
	guest_ends(SPI_LEVEL);
	vgic_maintenance(&vcpu[0]);
	nothing_pending();
}

static void level_that_drops_is_withdrawn(void **state)
{
	(void)state;
	vgic_set_level(&vgic, 0, SPI_LEVEL, true);
	assert_true(vgic_has_pending(&vcpu[0]));
	vgic_set_level(&vgic, 0, SPI_LEVEL, false);
	nothing_pending();
	assert_false(vgic_has_pending(&vcpu[0]));
}

/* The vCPU runs on another CPU: it is kicked, and its sync finds out. */
static void level_that_drops_is_withdrawn_from_another_cpu(void **state)
{
	(void)state;
	vgic_set_level(&vgic, 0, SPI_LEVEL, true);
	on_cpu(1);
	vgic_set_level(&vgic, 0, SPI_LEVEL, false);
	assert_int_equal(kicked, 1);
	on_cpu(0);
	vgic_sync(&vcpu[0]);
	nothing_pending();
}

/* Three rises before the acknowledge are one interrupt; one during the handler is another. */
static void edges_collapse_until_acknowledged(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		vgic_set_level(&vgic, 0, SPI_EDGE, true);
		vgic_set_level(&vgic, 0, SPI_EDGE, false);
	}
	assert_int_equal(guest_acknowledges(), SPI_EDGE);
	vgic_set_level(&vgic, 0, SPI_EDGE, true);
	guest_ends(SPI_EDGE);
	take(SPI_EDGE);
	nothing_pending();
}

static void ppi_goes_to_its_vcpu(void **state)
{
	(void)state;
	assert_int_equal(vgic_set_level(&vgic, 3, 20, true), VT_OK);
	assert_int_equal(kicked, 1u << 3);
	on_cpu(3);
	vgic_sync(&vcpu[3]);
	take(20);
}

static void no_such_line(void **state)
{
	(void)state;
	assert_int_equal(vgic_set_level(&vgic, 0, 15, true), VT_EINVAL);
	assert_int_equal(vgic_set_level(&vgic, 0, INTID_VIRT_TIMER, true), VT_EINVAL);
	assert_int_equal(vgic_set_level(&vgic, 4, 20, true), VT_EINVAL);
	assert_int_equal(vgic_set_level(&vgic, 0, VGIC_INTIDS, true), VT_EINVAL);
	nothing_pending();
}

/* ---- routing ---- */

static void spi_follows_its_route(void **state)
{
	(void)state;
	vgicd_write(&vcpu[0], 0x6000 + 8 * SPI_EDGE, 8, 2);
	vgic_set_level(&vgic, 0, SPI_EDGE, true);
	nothing_pending();
	assert_int_equal(kicked, 1u << 2);
	on_cpu(2);
	vgic_sync(&vcpu[2]);
	take(SPI_EDGE);
}

/* Pending in vCPU 0's list register when it is routed to vCPU 1: taken out, and vCPU 1 is told. */
static void pending_spi_moves_with_its_route(void **state)
{
	(void)state;
	vgic_set_level(&vgic, 0, SPI_EDGE, true);
	vgicd_write(&vcpu[0], 0x6000 + 8 * SPI_EDGE, 8, 1);
	nothing_pending();
	assert_int_equal(kicked, 1u << 1);
	on_cpu(1);
	vgic_sync(&vcpu[1]);
	take(SPI_EDGE);
}

/*
 * Active on vCPU 0 when it is routed to vCPU 1: it ends on 0, and its next occurrence is for 1
 * alone, after that.
 */
static void active_spi_ends_where_it_began(void **state)
{
	(void)state;
	vgic_set_level(&vgic, 0, SPI_EDGE, true);
	assert_int_equal(guest_acknowledges(), SPI_EDGE);
	vgicd_write(&vcpu[0], 0x6000 + 8 * SPI_EDGE, 8, 1);
	vgic_set_level(&vgic, 0, SPI_EDGE, false);
	vgic_set_level(&vgic, 0, SPI_EDGE, true);
	on_cpu(1);
	vgic_sync(&vcpu[1]);
	nothing_pending();
	on_cpu(0);
	guest_ends(SPI_EDGE);
	nothing_pending();
	kicked = 0;
	assert_true(fake_maintenance());
	vgic_maintenance(&vcpu[0]);
	assert_int_equal(kicked, 1u << 1);
	on_cpu(1);
	vgic_sync(&vcpu[1]);
	take(SPI_EDGE);
}

static void spi_routed_to_nobody_waits(void **state)
{
	(void)state;
	vgicd_write(&vcpu[0], 0x6000 + 8 * SPI_EDGE, 8, 9);
	vgic_set_level(&vgic, 0, SPI_EDGE, true);
	nothing_pending();
	assert_int_equal(kicked, 0);
	vgicd_write(&vcpu[0], 0x6000 + 8 * SPI_EDGE, 8, 0);
	take(SPI_EDGE);
}

/* ---- enables, groups, masks ---- */

static void disabling_pulls_back(void **state)
{
	(void)state;
	vgic_set_level(&vgic, 0, SPI_EDGE, true);
	vgicd_write(&vcpu[0], 0x184, 4, 1u << (SPI_EDGE - 32));
	nothing_pending();
	vgicd_write(&vcpu[0], 0x104, 4, 1u << (SPI_EDGE - 32));
	take(SPI_EDGE);
	nothing_pending();
}

static void disabling_from_another_cpu_kicks(void **state)
{
	(void)state;
	vgic_set_level(&vgic, 0, SPI_EDGE, true);
	on_cpu(1);
	vgicd_write(&vcpu[1], 0x184, 4, 1u << (SPI_EDGE - 32));
	assert_int_equal(kicked, 1);
	on_cpu(0);
	vgic_sync(&vcpu[0]);
	nothing_pending();
}

static void distributor_off_delivers_nothing(void **state)
{
	(void)state;
	vgic_set_level(&vgic, 0, SPI_EDGE, true);
	vgicd_write(&vcpu[0], 0, 4, 0);
	nothing_pending();
	vgicd_write(&vcpu[0], 0, 4, 2);
	take(SPI_EDGE);
}

/* Group 0 is delivered as Group 0, and only while EnableGrp0 is set. */
static void group0_needs_its_own_enable(void **state)
{
	(void)state;
	vgicd_write(&vcpu[0], 0x84, 4, ~(1u << (SPI_EDGE - 32)));
	vgic_set_level(&vgic, 0, SPI_EDGE, true);
	nothing_pending();
	assert_false(vgic_has_pending(&vcpu[0]));
	vgicd_write(&vcpu[0], 0, 4, 3);
	assert_true(lr_with(SPI_EDGE));
	assert_false(lr_with(SPI_EDGE) & ICH_LR_GROUP1);
	assert_true(vgic_has_pending(&vcpu[0]));
	fake()->vmcr &= ~ICH_VMCR_VENG0;
	assert_false(vgic_has_pending(&vcpu[0]));
	nothing_pending();
}

static void has_pending_heeds_the_priority_mask(void **state)
{
	(void)state;
	set_priority(SPI_EDGE, 0xa0);
	vgic_set_level(&vgic, 0, SPI_EDGE, true);
	fake()->vmcr = ICH_VMCR_VENG1 | FIELD_PREP(ICH_VMCR_VPMR, 0xa0);
	assert_false(vgic_has_pending(&vcpu[0]));
	fake()->vmcr = ICH_VMCR_VENG1 | FIELD_PREP(ICH_VMCR_VPMR, 0xa8);
	assert_true(vgic_has_pending(&vcpu[0]));
	/* and so when it is not loaded, with the saved mask */
	vgic_put(&vcpu[0]);
	assert_true(vgic_has_pending(&vcpu[0]));
	vcpu[0].vmcr = ICH_VMCR_VENG1 | FIELD_PREP(ICH_VMCR_VPMR, 0xa0);
	assert_false(vgic_has_pending(&vcpu[0]));
}

static void has_pending_is_false_in_the_handler(void **state)
{
	(void)state;
	vgic_set_level(&vgic, 0, SPI_LEVEL, true);
	guest_acknowledges();
	assert_false(vgic_has_pending(&vcpu[0]));
}

/* ---- load and put ---- */

static void pending_survives_a_switch(void **state)
{
	(void)state;
	vgic_write_sgi1r(&vcpu[0], SGI1R(2, 1));
	vgic_put(&vcpu[0]);
	for (unsigned n = 0; n < fake_lrs; n++)
		assert_int_equal(fake()->lr[n], 0);
	assert_true(vgic_has_pending(&vcpu[0]));
	on_cpu(5);
	vgic_load(&vcpu[0]);
	take(2);
	nothing_pending();
}

/*
 * In the handler of one interrupt, another pending behind it: both states, the mask and the running
 * priority move.
 */
static void active_survives_a_switch(void **state)
{
	(void)state;
	set_priority(SPI_LEVEL, 0x80);
	set_priority(9, 0x90);
	fake()->vmcr = ICH_VMCR_VENG1 | FIELD_PREP(ICH_VMCR_VPMR, 0xf0);
	vgic_set_level(&vgic, 0, SPI_LEVEL, true);
	assert_int_equal(guest_acknowledges(), SPI_LEVEL);
	vgic_write_sgi1r(&vcpu[0], SGI1R(9, 1));
	vgic_put(&vcpu[0]);
	on_cpu(6);
	vgic_load(&vcpu[0]);
	assert_int_equal(FIELD_GET(ICH_VMCR_VPMR, fake()->vmcr), 0xf0);
	assert_int_equal(running_priority(), 0x80);
	nothing_pending();
	vgic_set_level(&vgic, 0, SPI_LEVEL, false);
	guest_ends(SPI_LEVEL);
	assert_int_equal(fake()->eoi_count, 0);
	take(9);
}

static void interrupts_for_a_vcpu_that_is_not_loaded_wait(void **state)
{
	(void)state;
	on_cpu(1);
	vgic_put(&vcpu[1]);
	on_cpu(0);
	vgic_write_sgi1r(&vcpu[0], SGI1R(8, 2));
	assert_int_equal(kicked, 2);
	assert_true(vgic_has_pending(&vcpu[1]));
	on_cpu(1);
	vgic_load(&vcpu[1]);
	take(8);
}

/* ---- the virtual timer ---- */

/* As EL2's interrupt handler does: acknowledged, so active; then injected. */
static void timer_fires(unsigned index)
{
	assert_true(fake_timer_fires());
	fake()->phys_active = true;
	vgic_inject_vtimer(&vcpu[index]);
}

static void timer_is_deactivated_by_the_guest(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		fake()->timer_line = true;
		timer_fires(0);
		assert_true(lr_with(27) & ICH_LR_HW);
		assert_int_equal(guest_acknowledges(), 27);
		fake()->timer_line = false;
		guest_ends(27);
		assert_false(fake()->phys_active);
	}
	assert_int_equal(fake()->lr_reads, 0);
	nothing_pending();
}

/* What ends a WFI at once: in a list register, and not held back by the mask. */
static void timer_is_taken_when_the_mask_lets_it(void **state)
{
	(void)state;
	assert_false(vgic_would_take_vtimer(&vcpu[0]));
	fake()->timer_line = true;
	timer_fires(0);
	fake()->vmcr = ICH_VMCR_VENG1 | FIELD_PREP(ICH_VMCR_VPMR, 0xf8);
	assert_true(vgic_would_take_vtimer(&vcpu[0]));
	assert_true(vgic_has_pending(&vcpu[0]));
	fake()->vmcr = ICH_VMCR_VENG1;
	assert_false(vgic_would_take_vtimer(&vcpu[0]));
	assert_false(vgic_has_pending(&vcpu[0]));
	fake()->vmcr = FIELD_PREP(ICH_VMCR_VPMR, 0xf8);
	assert_false(vgic_would_take_vtimer(&vcpu[0]));
}

/* The guest ends the interrupt with its timer still expired: it fires again, by itself. */
static void timer_left_expired_fires_again(void **state)
{
	(void)state;
	fake()->timer_line = true;
	timer_fires(0);
	take(27);
	timer_fires(0);
	take(27);
}

/*
 * Put in the middle of the handler: the other vCPU's timer works, and the first one's EOI still
 * finds its interrupt.
 */
static void timer_handler_survives_a_switch(void **state)
{
	(void)state;
	fake()->timer_line = true;
	timer_fires(0);
	assert_int_equal(guest_acknowledges(), 27);
	fake()->timer_line = false; /* vtimer_put() */
	vgic_put(&vcpu[0]);
	assert_false(fake()->phys_active);

	on_cpu(1);
	vgic_put(&vcpu[1]);
	on_cpu(0);
	vgic_load(&vcpu[1]);
	assert_false(fake()->phys_active);
	fake()->timer_line = true;
	timer_fires(1);
	take(27);
	fake()->timer_line = false;
	vgic_put(&vcpu[1]);

	vgic_load(&vcpu[0]);
	assert_true(fake()->phys_active);
	fake()->timer_line =
		true; /* vtimer_load(): still expired, and masked by the active state */
	assert_false(fake_timer_fires());
	nothing_pending();
	guest_ends(27);
	assert_int_equal(fake()->eoi_count, 0);
	timer_fires(0);
	take(27);
}

/*
 * Put before the guest has taken it: nothing stays active; with the timer back, it fires anew,
 * once.
 */
static void pending_timer_survives_a_switch(void **state)
{
	(void)state;
	fake()->timer_line = true;
	timer_fires(0);
	fake()->timer_line = false;
	vgic_put(&vcpu[0]);
	assert_false(fake()->phys_active);
	vgic_load(&vcpu[0]);
	nothing_pending();
	fake()->timer_line = true;
	timer_fires(0);
	take(27);
	nothing_pending();
}

/*
 * PPI 27 disabled by the guest: it waits with the physical interrupt active, and is delivered when
 * enabled.
 */
static void disabled_timer_waits(void **state)
{
	(void)state;
	vgicr_write(&vcpu[0], GICR_SGI(0, 0x180), 4, 1u << 27);
	fake()->timer_line = true;
	timer_fires(0);
	nothing_pending();
	assert_false(vgic_has_pending(&vcpu[0]));
	assert_true(fake()->phys_active);
	vgicr_write(&vcpu[0], GICR_SGI(0, 0x100), 4, 1u << 27);
	take(27);
	assert_false(fake()->phys_active);
}

/*
 * ... and when the guest has stopped the timer meanwhile, nothing is delivered and the next expiry
 * is not lost.
 */
static void timer_stopped_while_disabled(void **state)
{
	(void)state;
	vgicr_write(&vcpu[0], GICR_SGI(0, 0x180), 4, 1u << 27);
	fake()->timer_line = true;
	timer_fires(0);
	fake()->timer_line = false;
	vgicr_write(&vcpu[0], GICR_SGI(0, 0x100), 4, 1u << 27);
	nothing_pending();
	assert_false(fake()->phys_active);
	fake()->timer_line = true;
	timer_fires(0);
	take(27);
}

/*
 * Disabled with the interrupt already in a list register, and the same for clearing it by ICPENDR
 * and ICACTIVER.
 */
static void timer_is_never_stranded(void **state)
{
	const unsigned offsets[] = {0x180, 0x280, 0x380};

	(void)state;
	for (unsigned active = 0; active < 2; active++) {
		for (unsigned i = 0; i < ARRAY_SIZE(offsets); i++) {
			four_vcpus(state);
			fake()->timer_line = true;
			timer_fires(0);
			if (active)
				assert_int_equal(guest_acknowledges(), 27);
			vgicr_write(&vcpu[0], GICR_SGI(0, offsets[i]), 4, 1u << 27);
			fake()->timer_line = false;
			vgicr_write(&vcpu[0], GICR_SGI(0, 0x100), 4, 1u << 27);
			vgic_sync(&vcpu[0]);
			if (active)
				guest_ends(27);
			fake()->timer_line = true;
			if (fake_timer_fires())
				timer_fires(0);
			take(27);
			assert_false(fake()->phys_active);
		}
	}
}

/*
 * The guest makes PPI 27 pending by hand, and then the timer really fires: one EOI ends both sides.
 */
static void software_pending_timer_merges_with_the_real_one(void **state)
{
	(void)state;
	vgicr_write(&vcpu[0], GICR_SGI(0, 0x200), 4, 1u << 27);
	assert_int_equal(guest_acknowledges(), 27);
	fake()->timer_line = true;
	timer_fires(0);
	guest_ends(27);
	assert_false(fake()->phys_active);
	timer_fires(0);
	take(27);
}

static void timer_with_all_list_registers_taken(void **state)
{
	(void)state;
	set_priority(27, 0x10);
	for (unsigned i = 0; i < 6; i++) {
		set_priority(i, 0x80);
		vgic_write_sgi1r(&vcpu[0], SGI1R(i, 1));
	}
	fake()->timer_line = true;
	timer_fires(0);
	take(27);
	assert_false(fake()->phys_active);
}

/* ---- deadlines ---- */

static void deadline_of_a_stopped_timer(void **state)
{
	uint64_t when = 1;

	(void)state;
	now = 1000;
	assert_false(vtimer_deadline(&(struct vtimer){.ctl = 0}, &when));
	assert_false(
		vtimer_deadline(&(struct vtimer){.ctl = CNT_CTL_ENABLE | CNT_CTL_IMASK}, &when));
}

static void deadline_is_in_physical_ticks(void **state)
{
	uint64_t when = 1;

	(void)state;
	now = 1000;
	assert_true(vtimer_deadline(&(struct vtimer){.ctl = 1, .cval = 500, .offset_ticks = 600},
				    &when));
	assert_int_equal(when, 1100);
	assert_true(vtimer_deadline(&(struct vtimer){.ctl = 1, .cval = 400, .offset_ticks = 600},
				    &when));
	assert_int_equal(when, 0);
	assert_true(vtimer_deadline(
		&(struct vtimer){.ctl = 1, .cval = UINT64_MAX, .offset_ticks = 600}, &when));
	assert_true(when == UINT64_MAX);
}

#define TEST(name) cmocka_unit_test_setup(name, four_vcpus)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sgi_to_self_is_taken_at_once),
		TEST(sgi_to_self_reuses_the_list_register),
		TEST(sgi_to_another_kicks_it),
		TEST(sgi_to_all_but_self),
		TEST(sgi_to_a_list_with_self_and_others),
		TEST(sgi_to_nobody),
		TEST(sgi_while_active_comes_again),
		TEST(disabled_sgi_waits),
		TEST(overflow_refills),
		TEST(overflow_keeps_priority_order),
		TEST(overflow_with_all_active),
		TEST(level_is_offered_again_while_high),
		TEST(level_that_drops_is_withdrawn),
		TEST(level_that_drops_is_withdrawn_from_another_cpu),
		TEST(edges_collapse_until_acknowledged),
		TEST(ppi_goes_to_its_vcpu),
		TEST(no_such_line),
		TEST(spi_follows_its_route),
		TEST(pending_spi_moves_with_its_route),
		TEST(active_spi_ends_where_it_began),
		TEST(spi_routed_to_nobody_waits),
		TEST(disabling_pulls_back),
		TEST(disabling_from_another_cpu_kicks),
		TEST(distributor_off_delivers_nothing),
		TEST(group0_needs_its_own_enable),
		TEST(has_pending_heeds_the_priority_mask),
		TEST(has_pending_is_false_in_the_handler),
		TEST(pending_survives_a_switch),
		TEST(active_survives_a_switch),
		TEST(interrupts_for_a_vcpu_that_is_not_loaded_wait),
		TEST(timer_is_deactivated_by_the_guest),
		TEST(timer_is_taken_when_the_mask_lets_it),
		TEST(timer_left_expired_fires_again),
		TEST(timer_handler_survives_a_switch),
		TEST(pending_timer_survives_a_switch),
		TEST(disabled_timer_waits),
		TEST(timer_stopped_while_disabled),
		TEST(timer_is_never_stranded),
		TEST(software_pending_timer_merges_with_the_real_one),
		TEST(timer_with_all_list_registers_taken),
		TEST(deadline_of_a_stopped_timer),
		TEST(deadline_is_in_physical_ticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
