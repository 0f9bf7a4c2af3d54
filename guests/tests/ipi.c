/* SGIs and SPIs between the four vCPUs of a guest, and storms of them. */
#include "guest.h"

#define VCPUS	    4
#define STORM	    4000
#define SPI	    42
#define LAST	    15
#define IRM	    (1ul << 40)
#define ABSENT	    (0xfful << 48 | 0xful << 44 | 0xfful << 32 | 0xfful << 16 | 0xffff)
#define PATIENCE_MS 20000

static volatile uint32_t online[VCPUS], seen[VCPUS][64], storm_over[VCPUS];
static volatile uint32_t storm;

static void on_irq(unsigned vcpu, unsigned intid)
{
	seen[vcpu][intid % 64]++;
}

static void set_up(unsigned vcpu)
{
	gic_on(vcpu, on_irq);
	for (unsigned n = 0; n < 16; n++)
		gic_enable(vcpu, n);
	irq_unmask();
}

static bool wait_for(volatile uint32_t *word, uint32_t value)
{
	const uint64_t end = ticks() + ticks_of_ms(PATIENCE_MS);

	while (*word != value && ticks() < end)
		;
	return *word == value;
}

/* To everybody, to nobody, to all but oneself, one by one, from whoever calls. */
static void send_many(unsigned vcpu)
{
	for (unsigned i = 0; i < STORM; i++) {
		const unsigned intid = i % LAST;

		switch (i % 5) {
		case 0:
			send_sgi(0xffff, intid);
			break;
		case 1:
			send_sgi(ABSENT, intid);
			break;
		case 2:
			send_sgi(IRM, intid);
			break;
		case 3:
			send_sgi(1ul << (i + vcpu) % VCPUS, intid);
			break;
		default:
			send_sgi(0xfff0, intid); /* none of these exists */
		}
	}
	storm_over[vcpu] = 1;
}

void secondary(uint64_t vcpu)
{
	set_up((unsigned)vcpu);
	online[vcpu] = 1;
	while (!storm)
		__asm__ volatile("wfi");
	send_many((unsigned)vcpu);
	for (;;)
		__asm__ volatile("wfi");
}

static void one_by_one(void)
{
	bool all = true;

	for (unsigned vcpu = 1; vcpu < VCPUS; vcpu++)
		for (unsigned intid = 0; intid < LAST; intid++) {
			send_sgi(1ul << vcpu, intid);
			all &= wait_for(&seen[vcpu][intid], 1);
		}
	check(all, "each SGI wakes the vCPU it is for");
	all = true;
	for (unsigned vcpu = 1; vcpu < VCPUS; vcpu++)
		for (unsigned intid = 0; intid < LAST; intid++)
			all &= seen[vcpu][intid] == 1;
	check(all, "none arrives twice or at another vCPU");
}

static void routed_spi(void)
{
	bool all = true;

	gic_set_edge(SPI, true);
	gic_enable(0, SPI);
	for (unsigned vcpu = 0; vcpu < VCPUS; vcpu++) {
		gic_route(SPI, vcpu);
		gic_set_pending(SPI);
		all &= wait_for(&seen[vcpu][SPI], 1);
	}
	check(all, "an SPI goes where GICD_IROUTER says");
}

static void storms(void)
{
	bool all = true;

	storm = 1;
	send_sgi(IRM, 0);
	send_many(0);
	for (unsigned vcpu = 0; vcpu < VCPUS; vcpu++)
		all &= wait_for(&storm_over[vcpu], 1);
	check(all, "SGI storms from all vCPUs end");
	wait_ms(20);
	all = true;
	for (unsigned vcpu = 0; vcpu < VCPUS; vcpu++) {
		const uint32_t before = seen[vcpu][LAST];

		send_sgi(1ul << vcpu, LAST);
		all &= wait_for(&seen[vcpu][LAST], before + 1);
	}
	check(all, "after them each vCPU still gets an SGI");
}

void first(const void *device_tree)
{
	bool all = true;

	(void)device_tree;
	set_up(0);
	for (unsigned vcpu = 1; vcpu < VCPUS; vcpu++)
		all &= start_vcpu(vcpu) == 0;
	check(all, "CPU_ON starts the others");
	for (unsigned vcpu = 1; vcpu < VCPUS; vcpu++)
		all &= wait_for(&online[vcpu], 1);
	check(all, "all vCPUs run");
	one_by_one();
	routed_spi();
	storms();
	finish();
}
