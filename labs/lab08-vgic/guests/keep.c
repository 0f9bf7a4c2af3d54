/*
 * A guest that drops an interrupt's priority when it takes it, and deactivates it much later, in another order (EOImode 1): most of
 * the list registers are active all the time. Interrupts stay masked, the CPU interface is asked. GICv3.
 */
#include "guest.h"

#define KEPT	 3
#define SPI	 44
#define EOI_MODE 2
#define PATIENCE 1000

static void drop(unsigned intid)
{
	MSR(S3_0_C12_C12_1, intid); /* ICC_EOIR1_EL1 */
}

static void deactivate(unsigned intid)
{
	MSR(S3_0_C12_C11_1, intid); /* ICC_DIR_EL1 */
}

/* EL2 may need a moment, when its maintenance interrupt has to come first. */
static unsigned take(void)
{
	for (unsigned i = 0; i < PATIENCE; i++) {
		const unsigned intid = INTID_OF(gic_take());

		if (intid != INTID_SPURIOUS) {
			drop(intid);
			return intid;
		}
	}
	return INTID_SPURIOUS;
}

static uint32_t active(void)
{
	return read32(GICR_BASE + SGI_FRAME + 0x300); /* GICR_ISACTIVER0 */
}

static void keep_three(void)
{
	bool in_order = true, all = true;

	for (unsigned n = 0; n < 12; n++) {
		gic_set_priority(0, n, 0x80);
		gic_enable(0, n);
		send_sgi(1, n);
	}
	for (unsigned n = 0; n < KEPT; n++)
		in_order &= take() == n;
	check(in_order, "those of one priority come in the order of their numbers");
	CHECK_EQUAL(active(), 7, "what has not been deactivated is active");
	for (unsigned n = KEPT; n < 12; n++) {
		all &= take() == n;
		deactivate(n);
	}
	check(all, "nine more come while three stay active");
	CHECK_EQUAL(active(), 7, "those three still are");
}

static void send_to_active(void)
{
	send_sgi(1, 1);
	CHECK_EQUAL(take(), INTID_SPURIOUS, "one that is active does not come again");
	deactivate(1);
	CHECK_EQUAL(take(), 1, "until it has been deactivated");
	deactivate(2);
	deactivate(0);
	deactivate(1);
	CHECK_EQUAL(active(), 0, "then nothing is active any more");
	CHECK_EQUAL(take(), INTID_SPURIOUS, "or pending");
}

static void edge_behind_edge(void)
{
	gic_enable(0, SPI);
	gic_set_edge(SPI, true);
	gic_set_pending(SPI);
	CHECK_EQUAL(take(), SPI, "an SPI");
	gic_set_pending(SPI);
	gic_set_pending(SPI);
	CHECK_EQUAL(take(), INTID_SPURIOUS, "pending again behind its own handler, it waits");
	deactivate(SPI);
	CHECK_EQUAL(take(), SPI, "for the end of it, and comes once");
	deactivate(SPI);
	CHECK_EQUAL(take(), INTID_SPURIOUS, "and no more");
}

/* Pending ones that are withdrawn, active ones that are ended from outside. */
static void by_register(void)
{
	send_sgi(1, 5);
	write32(GICR_BASE + SGI_FRAME + 0x280, 1u << 5); /* GICR_ICPENDR0 */
	CHECK_EQUAL(take(), INTID_SPURIOUS, "what is made not pending does not come");
	send_sgi(1, 6);
	CHECK_EQUAL(take(), 6, "another one");
	write32(GICR_BASE + SGI_FRAME + 0x380, 1u << 6); /* GICR_ICACTIVER0 */
	CHECK_EQUAL(active(), 0, "what is made inactive is");
	send_sgi(1, 6);
	CHECK_EQUAL(take(), 6, "and comes again");
	deactivate(6);
	write32(GICR_BASE + SGI_FRAME + 0x300, 1u << 7); /* GICR_ISACTIVER0 */
	send_sgi(1, 7);
	CHECK_EQUAL(take(), INTID_SPURIOUS, "what is made active by hand does not come");
	deactivate(7);
	CHECK_EQUAL(take(), 7, "until the guest ends it");
	deactivate(7);
}

void first(const void *device_tree)
{
	(void)device_tree;
	gic_on_this_vcpu(0);
	MSR(S3_0_C12_C12_4, EOI_MODE); /* ICC_CTLR_EL1 */
	keep_three();
	send_to_active();
	edge_behind_edge();
	by_register();
	finish();
}
