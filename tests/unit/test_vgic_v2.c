/* What a guest of a GICv2 machine reads and writes in its distributor, and what its SGIs become. */
/* sources: src/irq/vgic.c src/irq/vgic_lr.c src/irq/vgic_trace.c src/irq/vgic_regs.c src/irq/vgic_dist_v2.c */
/* flags: -DHAL_GIC_VERSION=2 */
#include "tests/unit/fake_ich.h"

#define VCPUS 4u
#define SPI   40u

#define GICD_SGIR     0xf00
#define TO_LIST(mask) ((uint32_t)(mask) << 16)
#define TO_OTHERS     (UINT32_C(1) << 24)
#define TO_SELF	      (UINT32_C(2) << 24)
#define FROM(vcpu)    ((unsigned)(vcpu) << 10) /* as GICV_IAR has it */

static struct vgic vgic;
static struct vgic_cpu vcpu[VCPUS];

static uint32_t read_as(unsigned index, uint64_t offset, unsigned bytes)
{
	const unsigned before = here;
	uint32_t value;

	here = index;
	value = (uint32_t)vgicd_read(&vcpu[index], offset, bytes);
	here = before;
	return value;
}

static void write_as(unsigned index, uint64_t offset, unsigned bytes, uint32_t value)
{
	const unsigned before = here;

	here = index;
	vgicd_write(&vcpu[index], offset, bytes, value);
	here = before;
}

static uint32_t gicd(uint64_t offset)
{
	return read_as(0, offset, 4);
}

static void set_gicd(uint64_t offset, uint32_t value)
{
	write_as(0, offset, 4, value);
}

/* Four vCPUs, vCPU n on CPU n. The guest has done no more than a driver without groups does. */
static int four_vcpus(void **state)
{
	(void)state;
	fake_reset();
	vgic_init(&vgic, VCPUS, NULL);
	for (unsigned i = 0; i < VCPUS; i++)
		vgic_cpu_init(&vgic, &vcpu[i], i);
	set_gicd(0x0, 1);
	set_gicd(0x104, UINT32_MAX);
	for (unsigned i = 0; i < VCPUS; i++) {
		write_as(i, 0x100, 4, UINT32_MAX);
		vcpu[i].vmcr = ICH_VMCR_VENG0 | ICH_VMCR_VPMR;
		here = i;
		vgic_load(&vcpu[i]);
	}
	here = 0;
	kicked = 0;
	return 0;
}

/* The guest reads GICV_IAR: of an SGI with its sender. A vCPU that was kicked has looked before. */
static unsigned acknowledge(void)
{
	int n;

	if (kicked & 1u << here)
		vgic_sync(&vcpu[here]);
	kicked &= ~(1u << here);
	n = fake_highest_pending();
	if (n < 0)
		return FAKE_SPURIOUS;

	const uint64_t lr = fake()->lr[n];
	const unsigned intid = guest_acknowledges();

	return intid < INTID_SGIS ? intid | FROM(FIELD_GET(ICH_LR_CPUID, lr)) : intid;
}

static void end(unsigned iar)
{
	guest_ends(iar & 0x3ff);
	if (fake_maintenance())
		vgic_maintenance(&vcpu[here]);
	assert_false(fake_maintenance());
}

static void take(unsigned iar)
{
	assert_int_equal(acknowledge(), iar);
	end(iar);
}

static void says_what_it_is(void **state)
{
	(void)state;
	assert_int_equal(gicd(0x4), 2 | (VCPUS - 1) << 5);
	assert_int_equal(gicd(0xfe8) >> 4 & 0xf, 2);
	assert_int_equal(gicd(0x8) & 0xfff, 0x43b);
}

static void ctlr_keeps_only_the_enables(void **state)
{
	(void)state;
	assert_int_equal(gicd(0), 1);
	set_gicd(0, UINT32_MAX);
	assert_int_equal(gicd(0), 3);
	set_gicd(0, 0);
	assert_int_equal(gicd(0), 0);
}

/* The first word of an array is the reader's own, the others are everybody's. */
static void private_interrupts_are_banked(void **state)
{
	static const unsigned bits[] = {0x80, 0x100, 0x200, 0x300};

	(void)state;
	set_gicd(0x180, UINT32_MAX);
	for (unsigned i = 0; i < ARRAY_SIZE(bits); i++) {
		const uint32_t others = read_as(1, bits[i], 4);

		set_gicd(bits[i], 1u << 20);
		assert_int_equal(gicd(bits[i]), 1u << 20);
		assert_int_equal(read_as(1, bits[i], 4), others);
		set_gicd(bits[i] + 4, 1u << 20);
		assert_int_equal(gicd(bits[i] + 4), read_as(1, bits[i] + 4, 4));
	}
	write_as(2, 0x400 + 30, 1, 0x80);
	assert_int_equal(read_as(2, 0x400 + 30, 1), 0x80);
	assert_int_equal(read_as(1, 0x400 + 30, 1), 0);
	write_as(2, 0xc04, 4, 2u << 28);
	assert_int_equal(read_as(2, 0xc04, 4), 2u << 28);
	assert_int_equal(read_as(1, 0xc04, 4), 0);
}

static void sgis_are_always_edge_triggered(void **state)
{
	(void)state;
	set_gicd(0xc00, 0);
	assert_int_equal(gicd(0xc00), 0xaaaaaaaa);
}

/* How a guest learns the number of its own CPU interface. */
static void private_targets_name_the_reader(void **state)
{
	(void)state;
	for (unsigned i = 0; i < VCPUS; i++) {
		write_as(i, 0x800, 4, 0);
		assert_int_equal(read_as(i, 0x800, 4), 0x01010101u << i);
		assert_int_equal(read_as(i, 0x81f, 1), 1u << i);
	}
}

static void targets_are_kept_for_cpus_that_exist(void **state)
{
	(void)state;
	assert_int_equal(gicd(0x800 + SPI), 0x01010101);
	set_gicd(0x800 + SPI, 0xff080402);
	assert_int_equal(gicd(0x800 + SPI), 0x0f080402);
	write_as(3, 0x800 + SPI + 1, 1, 0);
	assert_int_equal(gicd(0x800 + SPI), 0x0f080002);
}

/* The lowest of several targets gets it; with none it waits until there is one. */
static void an_spi_goes_where_its_target_says(void **state)
{
	(void)state;
	write_as(0, 0x800 + SPI, 1, 0xc);
	vgic_set_level(&vgic, 0, SPI, true);
	assert_int_equal(acknowledge(), FAKE_SPURIOUS);
	here = 2;
	assert_int_equal(acknowledge(), SPI);
	vgic_set_level(&vgic, 0, SPI, false);
	end(SPI);

	write_as(0, 0x800 + SPI, 1, 0);
	vgic_set_level(&vgic, 0, SPI, true);
	for (here = 0; here < VCPUS; here++)
		assert_int_equal(acknowledge(), FAKE_SPURIOUS);
	write_as(0, 0x800 + SPI, 1, 0x2);
	here = 1;
	assert_int_equal(acknowledge(), SPI);
}

/* A driver that knows no groups enables Group 0 only: that is where everything is at reset. */
static void interrupts_start_in_group_0(void **state)
{
	(void)state;
	assert_int_equal(gicd(0x80), 0);
	assert_int_equal(gicd(0x84), 0);
	vgic_set_level(&vgic, 0, SPI, true);
	assert_false(lr_with(SPI) & ICH_LR_GROUP1);
	assert_int_equal(acknowledge(), SPI);
	vgic_set_level(&vgic, 0, SPI, false);
	end(SPI);

	set_gicd(0x84, UINT32_MAX);
	vgic_set_level(&vgic, 0, SPI, true);
	assert_int_equal(acknowledge(), FAKE_SPURIOUS);
	set_gicd(0, 2);
	assert_true(lr_with(SPI) & ICH_LR_GROUP1);
}

static void an_sgi_reaches_its_list_others_or_self(void **state)
{
	static const struct {
		uint32_t sgir, reaches;
	} cases[] = {{TO_LIST(0xa), 0xa}, {TO_LIST(0xf4), 0x4}, {TO_LIST(0), 0},
		     {TO_OTHERS, 0xb},	  {TO_SELF, 0x4},	{TO_OTHERS | TO_SELF, 0}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		write_as(2, GICD_SGIR, 4, cases[i].sgir | 7);
		for (here = 0; here < VCPUS; here++) {
			if (cases[i].reaches & 1u << here)
				take(7 | FROM(2));
			assert_int_equal(acknowledge(), FAKE_SPURIOUS);
		}
		here = 0;
	}
	assert_int_equal(gicd(GICD_SGIR), 0);
	assert_int_equal(vgic_stats.bad_accesses, 0);
}

static void one_sgi_from_two_vcpus_is_two_interrupts(void **state)
{
	(void)state;
	write_as(3, GICD_SGIR, 4, TO_LIST(1) | 5);
	write_as(1, GICD_SGIR, 4, TO_LIST(1) | 5);
	write_as(1, GICD_SGIR, 4, TO_LIST(1) | 5); /* again before it was taken: the same one */
	assert_int_equal(gicd(0x200), 1u << 5);
	take(5 | FROM(1));
	assert_int_equal(gicd(0x200), 1u << 5);
	take(5 | FROM(3));
	assert_int_equal(gicd(0x200), 0);
	assert_int_equal(acknowledge(), FAKE_SPURIOUS);
}

static void an_sgi_sent_while_it_is_handled_comes_after_its_end(void **state)
{
	unsigned iar;

	(void)state;
	write_as(2, GICD_SGIR, 4, TO_LIST(1) | 5);
	iar = acknowledge();
	assert_int_equal(iar, 5 | FROM(2));
	write_as(2, GICD_SGIR, 4, TO_LIST(1) | 5);
	write_as(0, GICD_SGIR, 4, TO_SELF | 5);
	assert_int_equal(acknowledge(), FAKE_SPURIOUS);
	assert_int_equal(gicd(0x300), 1u << 5);
	assert_int_equal(FIELD_GET(ICH_LR_CPUID, lr_with(5)), 2);
	end(iar);
	take(5 | FROM(0));
	take(5 | FROM(2));
	assert_int_equal(acknowledge(), FAKE_SPURIOUS);
}

/* Both must survive that the vCPU leaves its CPU and comes back. */
static void senders_are_kept_while_not_loaded(void **state)
{
	unsigned iar;

	(void)state;
	write_as(3, GICD_SGIR, 4, TO_LIST(1) | 5);
	write_as(2, GICD_SGIR, 4, TO_LIST(1) | 6);
	iar = acknowledge();
	assert_int_equal(iar, 5 | FROM(3));
	vgic_put(&vcpu[0]);
	write_as(1, GICD_SGIR, 4, TO_LIST(1) | 6);
	vgic_load(&vcpu[0]);
	assert_int_equal(FIELD_GET(ICH_LR_CPUID, lr_with(5)), 3);
	end(iar);
	take(6 | FROM(1));
	take(6 | FROM(2));
	assert_int_equal(acknowledge(), FAKE_SPURIOUS);
}

/* GICD_SPENDSGIR, GICD_CPENDSGIR: what sends and takes back one sender's SGI. */
static void senders_are_read_and_changed_one_by_one(void **state)
{
	(void)state;
	write_as(1, GICD_SGIR, 4, TO_LIST(1) | 5);
	write_as(3, GICD_SGIR, 4, TO_LIST(1) | 5);
	assert_int_equal(gicd(0xf14), 0xa00);
	assert_int_equal(read_as(0, 0xf25, 1), 0xa);
	assert_int_equal(read_as(1, 0xf14, 4), 0);

	write_as(0, 0xf15, 1, 0x2); /* the one that is in a list register */
	assert_int_equal(gicd(0xf24), 0x800);
	take(5 | FROM(3));
	assert_int_equal(acknowledge(), FAKE_SPURIOUS);

	set_gicd(0xf2c, 0xff010000); /* SGI 15 from all that exist, SGI 14 from vCPU 0 */
	assert_int_equal(gicd(0xf1c), 0x0f010000);
	set_gicd(0xf1c, 0x0e000000);
	take(14 | FROM(0));
	take(15 | FROM(0));
	assert_int_equal(acknowledge(), FAKE_SPURIOUS);
}

/* For SGIs the plain pending registers only tell. */
static void pending_words_do_not_change_sgis(void **state)
{
	(void)state;
	set_gicd(0x200, 0xffff);
	assert_int_equal(gicd(0x200), 0);
	write_as(1, GICD_SGIR, 4, TO_LIST(1) | 5);
	set_gicd(0x280, 0xffff);
	assert_int_equal(gicd(0x280), 1u << 5);
	take(5 | FROM(1));
	set_gicd(0x200, 1u << 20);
	take(20);
}

/* More interrupts than list registers: all come, each SGI sender once, and none is lost. */
static void overflow_loses_no_sender(void **state)
{
	unsigned seen[8][VCPUS] = {{0}};

	(void)state;
	fake_lrs = 2;
	for (unsigned intid = 0; intid < 8; intid++)
		for (unsigned from = 0; from < VCPUS; from++)
			write_as(from, GICD_SGIR, 4, TO_LIST(1) | intid);
	for (unsigned i = 0; i < 8 * VCPUS; i++) {
		const unsigned iar = acknowledge();

		assert_int_not_equal(iar, FAKE_SPURIOUS);
		seen[iar & 7][iar >> 10]++;
		end(iar);
	}
	assert_int_equal(acknowledge(), FAKE_SPURIOUS);
	for (unsigned intid = 0; intid < 8; intid++)
		for (unsigned from = 0; from < VCPUS; from++)
			assert_int_equal(seen[intid][from], 1);
}

static void odd_accesses_are_counted_and_change_nothing(void **state)
{
	static const struct {
		uint16_t offset, bytes;
	} odd[] = {{0x104, 1}, {0x104, 2}, {0x104, 8}, {0x102, 4},  {0x10c, 4}, {0x460, 4},
		   {0x860, 4}, {0xc18, 4}, {0x802, 2}, {0xf00, 1},  {0xf30, 4}, {0x40, 4},
		   {0xc00, 1}, {0x4, 1},   {0xf12, 2}, {0x1000, 4}, {0x6100, 8}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(odd); i++) {
		vgic_stats.bad_accesses = 0;
		assert_int_equal(vgicd_read(&vcpu[0], odd[i].offset, odd[i].bytes), 0);
		vgicd_write(&vcpu[0], odd[i].offset, odd[i].bytes, UINT64_MAX);
		assert_int_equal(vgic_stats.bad_accesses, 2);
	}
	assert_int_equal(gicd(0x104), UINT32_MAX);
	assert_int_equal(acknowledge(), FAKE_SPURIOUS);
}

/* The guest's end of its timer interrupt ends the physical one, as on GICv3. */
static void the_timer_is_hardware_mapped(void **state)
{
	(void)state;
	fake()->timer_line = true;
	fake()->phys_active = true;
	vgic_inject_vtimer(&vcpu[0]);
	assert_int_equal(FIELD_GET(ICH_LR_PINTID, lr_with(INTID_VIRT_TIMER)), INTID_VIRT_TIMER);
	fake()->timer_line = false;
	take(INTID_VIRT_TIMER);
	assert_false(fake()->phys_active);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(says_what_it_is, four_vcpus),
		cmocka_unit_test_setup(ctlr_keeps_only_the_enables, four_vcpus),
		cmocka_unit_test_setup(private_interrupts_are_banked, four_vcpus),
		cmocka_unit_test_setup(sgis_are_always_edge_triggered, four_vcpus),
		cmocka_unit_test_setup(private_targets_name_the_reader, four_vcpus),
		cmocka_unit_test_setup(targets_are_kept_for_cpus_that_exist, four_vcpus),
		cmocka_unit_test_setup(an_spi_goes_where_its_target_says, four_vcpus),
		cmocka_unit_test_setup(interrupts_start_in_group_0, four_vcpus),
		cmocka_unit_test_setup(an_sgi_reaches_its_list_others_or_self, four_vcpus),
		cmocka_unit_test_setup(one_sgi_from_two_vcpus_is_two_interrupts, four_vcpus),
		cmocka_unit_test_setup(an_sgi_sent_while_it_is_handled_comes_after_its_end,
				       four_vcpus),
		cmocka_unit_test_setup(senders_are_kept_while_not_loaded, four_vcpus),
		cmocka_unit_test_setup(senders_are_read_and_changed_one_by_one, four_vcpus),
		cmocka_unit_test_setup(pending_words_do_not_change_sgis, four_vcpus),
		cmocka_unit_test_setup(overflow_loses_no_sender, four_vcpus),
		cmocka_unit_test_setup(odd_accesses_are_counted_and_change_nothing, four_vcpus),
		cmocka_unit_test_setup(the_timer_is_hardware_mapped, four_vcpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
