/* What a guest reads and writes in its distributor and redistributors. */
/* sources: src/irq/vgic.c src/irq/vgic_lr.c src/irq/vgic_trace.c src/irq/vgic_regs.c src/irq/vgic_dist.c src/irq/vgic_redist.c */
#include "tests/unit/fake_ich.h"

#define VCPUS	  4u
#define RD(vcpu)  ((vcpu)*VGIC_GICR_BYTES_PER_VCPU)
#define SGI(vcpu) (RD(vcpu) + 0x10000)

static struct vgic vgic;
static struct vgic_cpu vcpu[VCPUS];

static uint64_t gicd(uint64_t offset, unsigned bytes)
{
	return vgicd_read(&vcpu[0], offset, bytes);
}

static uint64_t gicr(uint64_t offset, unsigned bytes)
{
	return vgicr_read(&vcpu[0], offset, bytes);
}

static void set_gicd(uint64_t offset, unsigned bytes, uint64_t value)
{
	vgicd_write(&vcpu[0], offset, bytes, value);
}

static void set_gicr(uint64_t offset, unsigned bytes, uint64_t value)
{
	vgicr_write(&vcpu[0], offset, bytes, value);
}

static int reset(void **state)
{
	(void)state;
	fake_reset();
	vgic_init(&vgic, VCPUS, NULL);
	for (unsigned i = 0; i < VCPUS; i++)
		vgic_cpu_init(&vgic, &vcpu[i], i);
	vgic_load(&vcpu[0]);
	return 0;
}

/* 96 INTIDs, 10 bits of them, no LPIs, no message-based SPIs, no 1-of-N. (IHI 0069 12.9.38) */
static void typer_tells_what_there_is(void **state)
{
	(void)state;
	assert_int_equal(gicd(0x4, 4), 2 | 9 << 19 | 1 << 24 | 1 << 25);
}

static void both_say_gicv3(void **state)
{
	(void)state;
	assert_int_equal(gicd(0xffe8, 4), 0x3b);
	assert_int_equal(gicr(RD(2) + 0xffe8, 4), 0x3b);
	assert_int_equal(gicd(0x8, 4), gicr(0x4, 4));
	assert_int_equal(gicd(0x8, 4) & 0xfff, 0x43b);
}

/*
 * One Security state, affinity routing always on, no write ever in progress; the two enables are
 * the guest's.
 */
static void ctlr_keeps_only_the_enables(void **state)
{
	(void)state;
	assert_int_equal(gicd(0, 4), BIT(6) | BIT(4));
	set_gicd(0, 4, UINT32_MAX);
	assert_int_equal(gicd(0, 4), BIT(6) | BIT(4) | 3);
	set_gicd(0, 4, 0);
	assert_int_equal(gicd(0, 4), BIT(6) | BIT(4));
}

/* A guest walks the redistributors until Last and finds itself by affinity. */
static void redistributors_name_their_vcpu(void **state)
{
	(void)state;
	for (unsigned i = 0; i < VCPUS; i++) {
		const uint64_t typer = gicr(RD(i) + 8, 8);

		assert_int_equal(typer >> 32, i);
		assert_int_equal(typer >> 8 & 0xffff, i);
		assert_int_equal(typer >> 4 & 1, i == VCPUS - 1);
		assert_int_equal(gicr(RD(i) + 8, 4), (uint32_t)typer);
		assert_int_equal(gicr(RD(i) + 12, 4), typer >> 32);
	}
}

static void waker_answers_the_handshake(void **state)
{
	(void)state;
	assert_int_equal(gicr(RD(1) + 0x14, 4), 6);
	set_gicr(RD(1) + 0x14, 4, 0);
	assert_int_equal(gicr(RD(1) + 0x14, 4), 0);
	assert_int_equal(gicr(RD(2) + 0x14, 4), 6);
	set_gicr(RD(1) + 0x14, 4, 2);
	assert_int_equal(gicr(RD(1) + 0x14, 4), 6);
}

/* Set and clear registers are two views of the same bits, apart for each vCPU and each word. */
static void enables_are_set_and_cleared(void **state)
{
	(void)state;
	set_gicd(0x104, 4, 0xf0);
	set_gicd(0x184, 4, 0x30);
	assert_int_equal(gicd(0x104, 4), 0xc0);
	assert_int_equal(gicd(0x184, 4), 0xc0);
	assert_int_equal(gicd(0x108, 4), 0);
	set_gicr(SGI(1) + 0x100, 4, 0x8000ffff);
	set_gicr(SGI(1) + 0x180, 4, 0xff);
	assert_int_equal(gicr(SGI(1) + 0x180, 4), 0x8000ff00);
	assert_int_equal(gicr(SGI(0) + 0x100, 4), 0);
}

static void pending_and_active_are_set_and_cleared(void **state)
{
	(void)state;
	for (unsigned set = 0x200; set <= 0x300; set += 0x100) {
		set_gicd(set + 8, 4, 0x101);
		set_gicd(set + 0x88, 4, 0x100);
		assert_int_equal(gicd(set + 8, 4), 1);
		set_gicr(SGI(3) + set, 4, 0x10001);
		set_gicr(SGI(3) + set + 0x80, 4, 1);
		assert_int_equal(gicr(SGI(3) + set, 4), 0x10000);
	}
}

/* What is in a list register reads as it is there: pending, then active, then neither. */
static void pending_and_active_follow_the_list_register(void **state)
{
	(void)state;
	fake()->vmcr = VMCR_ALL_OPEN;
	set_gicd(0, 4, 2);
	set_gicd(0x104, 4, 1);
	set_gicd(0x204, 4, 1);
	assert_true(lr_with(32));
	assert_int_equal(gicd(0x204, 4), 1);
	assert_int_equal(gicd(0x304, 4), 0);
	assert_int_equal(guest_acknowledges(), 32);
	assert_int_equal(gicd(0x204, 4), 0);
	assert_int_equal(gicd(0x304, 4), 1);
	guest_ends(32);
	assert_int_equal(gicd(0x304, 4), 0);
}

static void groups_reset_to_one(void **state)
{
	(void)state;
	assert_int_equal(gicd(0x84, 4), UINT32_MAX);
	assert_int_equal(gicr(SGI(0) + 0x80, 4), UINT32_MAX);
	set_gicd(0x84, 4, 5);
	assert_int_equal(gicd(0x84, 4), 5);
}

/* Bytes or words; five bits of each are implemented. */
static void priorities_are_bytes(void **state)
{
	(void)state;
	set_gicd(0x400 + 40, 4, 0x80a7b8ff);
	assert_int_equal(gicd(0x400 + 40, 4), 0x80a0b8f8);
	assert_int_equal(gicd(0x400 + 43, 1), 0x80);
	set_gicd(0x400 + 41, 1, 0x10);
	assert_int_equal(gicd(0x400 + 40, 4), 0x80a010f8);
	set_gicr(SGI(2) + 0x400 + 27, 1, 0x48);
	assert_int_equal(gicr(SGI(2) + 0x400 + 24, 4), 0x48000000);
	assert_int_equal(gicr(SGI(1) + 0x400 + 24, 4), 0);
	set_gicd(0x400 + 95, 1, 0x20);
	assert_int_equal(gicd(0x400 + 95, 1), 0x20);
	assert_int_equal(vgic_stats.bad_accesses, 0);
}

/* SGIs are edge-triggered for good; the low bit of each pair is reserved. */
static void configuration_has_two_bits_each(void **state)
{
	(void)state;
	set_gicr(SGI(0) + 0xc00, 4, 0);
	assert_int_equal(gicr(SGI(0) + 0xc00, 4), 0xaaaaaaaa);
	assert_int_equal(gicr(SGI(0) + 0xc04, 4), 0);
	set_gicr(SGI(0) + 0xc04, 4, 0x0000000f);
	assert_int_equal(gicr(SGI(0) + 0xc04, 4), 0xa);
	set_gicd(0xc00 + 5 * 4, 4, 0xc0000003);
	assert_int_equal(gicd(0xc00 + 5 * 4, 4), 0x80000002);
	assert_int_equal(gicd(0xc00 + 4 * 4, 4), 0);
}

/* 64 bits, or either half; only affinity bits exist. */
static void routes_have_two_halves(void **state)
{
	(void)state;
	assert_int_equal(gicd(0x6000 + 8 * 32, 8), 0);
	set_gicd(0x6000 + 8 * 32, 8, UINT64_MAX);
	assert_int_equal(gicd(0x6000 + 8 * 32, 8), UINT64_C(0xff00ffffff));
	set_gicd(0x6000 + 8 * 32, 4, 3);
	assert_int_equal(gicd(0x6000 + 8 * 32, 8), UINT64_C(0xff00000003));
	assert_int_equal(gicd(0x6004 + 8 * 32, 4), 0xff);
	assert_int_equal(vgic.spi_target[0], VGIC_NO_VCPU);
	set_gicd(0x6004 + 8 * 32, 4, 0);
	assert_int_equal(gicd(0x6000 + 8 * 32, 4), 3);
	assert_int_equal(vgic.spi_target[0], 3);
	set_gicd(0x6000 + 8 * 32, 8, VCPUS);
	assert_int_equal(vgic.spi_target[0], VGIC_NO_VCPU);
}

/* Registers that one Security state has no use for, or are optional: zero, and no complaint. */
static void unneeded_registers_read_as_zero(void **state)
{
	(void)state;
	set_gicd(0xd04, 4, UINT32_MAX);
	set_gicr(SGI(0) + 0xd00, 4, UINT32_MAX);
	set_gicr(SGI(0) + 0xe00, 4, UINT32_MAX);
	assert_int_equal(gicd(0xc, 4) | gicd(0x10, 4) | gicd(0xd04, 4) | gicd(0xe08, 4), 0);
	assert_int_equal(gicr(SGI(0) + 0xd00, 4) | gicr(SGI(0) + 0xe00, 4) | gicr(RD(0), 4), 0);
	assert_int_equal(vgic_stats.bad_accesses, 0);
}

/*
 * Each of these reads zero, writes nothing, is counted twice (once a direction), and touches no
 * memory but its own.
 */
static void reserved_and_odd_accesses_are_counted(void **state)
{
	static const struct {
		uint64_t offset;
		unsigned bytes;
	} bad_gicd[] =
		{
			{0x100, 4}, /* SGIs and PPIs are not here */
			{0x400, 4},
			{0xc00, 4},
			{0x6000, 8},
			{0x10c, 4}, /* beyond INTID 95 */
			{0x400 + 96, 1},
			{0xc00 + 24, 4},
			{0x6000 + 96 * 8, 8},
			{0x7fd, 1},
			{0x40, 4}, /* no message-based SPIs */
			{0x104, 1},
			{0x104, 2},
			{0x104, 8},
			{0x106, 4},
			{0x424, 2},
			{0x424, 8},
			{0x6100, 2},
			{0x6102, 4},
			{0x6104, 8},
			{0x4, 1},
			{0x4, 8},
			{0xfffc + 4, 4},
			{UINT64_MAX, 1},
			{UINT64_MAX - 3, 4},
		},
	  bad_gicr[] = {
		  {RD(0) + 0x8, 2},    {RD(0) + 0x14, 1},
		  {RD(0) + 0x70, 8},   {RD(0) + 0x40, 4},
		  {SGI(0) + 0x104, 4}, {SGI(0) + 0x420, 4},
		  {SGI(0) + 0xc08, 4}, {SGI(0) + 0x102, 4},
		  {SGI(0) + 0x100, 8}, {SGI(0) + 0x400, 8},
		  {SGI(0), 4},	       {SGI(3) + 0xfffc, 4},
		  {RD(VCPUS), 4},      {RD(VCPUS) + 0x10100, 4},
		  {UINT64_MAX, 1},     {UINT64_MAX - 7, 8},
	  };
	uint64_t expected = 0;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bad_gicd); i++) {
		const struct vgic before = vgic;

		set_gicd(bad_gicd[i].offset, bad_gicd[i].bytes, UINT64_MAX);
		assert_memory_equal(&before.spi, &vgic.spi, sizeof(vgic.spi));
		assert_memory_equal(&before.spi_router, &vgic.spi_router, sizeof(vgic.spi_router));
		assert_int_equal(gicd(bad_gicd[i].offset, bad_gicd[i].bytes), 0);
		expected += 2;
		assert_int_equal(vgic_stats.bad_accesses, expected);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(bad_gicr); i++) {
		const struct vgic_bank before = vcpu[0].bank;

		set_gicr(bad_gicr[i].offset, bad_gicr[i].bytes, UINT64_MAX);
		assert_memory_equal(&before, &vcpu[0].bank, sizeof(before));
		assert_int_equal(gicr(bad_gicr[i].offset, bad_gicr[i].bytes), 0);
		expected += 2;
		assert_int_equal(vgic_stats.bad_accesses, expected);
	}
}

/*
 * Every offset and width, with odd values: nothing outside the structures is touched (the
 * sanitizers watch).
 */
static void every_access_has_an_answer(void **state)
{
	static const unsigned widths[] = {1, 2, 4, 8};
	static const uint64_t values[] = {UINT64_MAX, 0, UINT64_C(0x8000000180000001)};

	(void)state;
	for (unsigned v = 0; v < ARRAY_SIZE(values); v++)
		for (unsigned w = 0; w < ARRAY_SIZE(widths); w++) {
			for (uint64_t offset = 0; offset < VGIC_GICD_BYTES + 16; offset++) {
				set_gicd(offset, widths[w], values[v]);
				gicd(offset, widths[w]);
			}
			for (uint64_t offset = 0; offset < 0x1000; offset++) {
				set_gicr(SGI(VCPUS - 1) + offset, widths[w], values[v]);
				gicr(SGI(VCPUS - 1) + offset, widths[w]);
				gicr(SGI(0) + offset, widths[w]);
				set_gicr(SGI(0) + offset, widths[w], values[v]);
			}
			for (uint64_t offset = RD(VCPUS) - 16; offset < RD(VCPUS) + 16; offset++)
				set_gicr(offset, widths[w], gicr(offset, widths[w]));
		}
}

#define TEST(name) cmocka_unit_test_setup(name, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(typer_tells_what_there_is),
		TEST(both_say_gicv3),
		TEST(ctlr_keeps_only_the_enables),
		TEST(redistributors_name_their_vcpu),
		TEST(waker_answers_the_handshake),
		TEST(enables_are_set_and_cleared),
		TEST(pending_and_active_are_set_and_cleared),
		TEST(pending_and_active_follow_the_list_register),
		TEST(groups_reset_to_one),
		TEST(priorities_are_bytes),
		TEST(configuration_has_two_bits_each),
		TEST(routes_have_two_halves),
		TEST(unneeded_registers_read_as_zero),
		TEST(reserved_and_odd_accesses_are_counted),
		TEST(every_access_has_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
