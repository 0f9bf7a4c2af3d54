/*
 * The physical GICv3: distributor, this CPU's redistributor, CPU interface, and the reset of the
 * virtual interface.
 *
 * Called at boot, once per CPU, and for the rare slow operations; the hot ones are in
 * irq/gic_cpuif.h. Takes no lock: set/clear registers need none, and what does is done by the boot
 * CPU alone, or on the CPU's own redistributor.
 *
 * Source: IHI 0069 12.2 (ICC_*), 12.4 (ICH_*), 12.9 (GICD_*), 12.10 (GICR_*).
 */
#include "hal/arm64.h"
#include "hal/hal.h"
#include "irq/gic.h"
#include "irq/ich.h"
#include "lib/bits.h"
#include "lib/log.h"

enum {
	GICD_CTLR = 0x0000,
	GICD_TYPER = 0x0004,
	GICD_IROUTER = 0x6000,
	GICD_PIDR2 = 0xffe8,

	/* Arrays, the same in the distributor (SPIs) and in the redistributor's SGI frame (SGIs and
	   PPIs). */
	IGROUPR = 0x0080,
	ISENABLER = 0x0100,
	ICENABLER = 0x0180,
	ICPENDR = 0x0280,
	ISACTIVER = 0x0300,
	ICACTIVER = 0x0380,
	IPRIORITYR = 0x0400,
	ICFGR = 0x0c00,

	GICR_TYPER = 0x0008,
	GICR_WAKER = 0x0014,
	GICR_SGI_FRAME = 0x10000,
	GICR_BYTES = 0x20000,	    /* RD and SGI frame */
	GICR_BYTES_VLPIS = 0x40000, /* and two more with GICv4 */
};

#define GICD_CTLR_ENABLE_GRP0 \
	BIT(0)			     /* EnableGrp1 in the non-secure view of two Security states \
				      */
#define GICD_CTLR_ENABLE_GRP1 BIT(1) /* EnableGrp1A there */
#define GICD_CTLR_ARE_NS      BIT(4)
#define GICD_CTLR_RWP	      BIT(31)
#define GICD_TYPER_LINES      GENMASK(4, 0)
#define PIDR2_ARCH_REV	      GENMASK(7, 4)

#define GICR_TYPER_VLPIS	   BIT(1)
#define GICR_TYPER_LAST		   BIT(4)
#define GICR_WAKER_PROCESSOR_SLEEP BIT(1)
#define GICR_WAKER_CHILDREN_ASLEEP BIT(2)

#define ICC_SRE_SRE	 BIT(0)
#define ICC_SRE_DFB	 BIT(1)
#define ICC_SRE_DIB	 BIT(2)
#define ICC_SRE_ENABLE	 BIT(3)
#define ICC_CTLR_EOIMODE BIT(1)
#define ICC_SGI1R_IRM	 BIT(40)

#define PRIORITY_DEFAULT  UINT32_C(0xa0a0a0a0)
#define PRIORITY_MASK_ALL UINT64_C(0xff)
#define OWN_PPIS                                                                          \
	((uint32_t)(BIT(INTID_PMU) | BIT(INTID_MAINTENANCE) | BIT(INTID_EL2_PHYS_TIMER) | \
		    BIT(INTID_VIRT_TIMER)))

/* A register that should change and never does means broken hardware: give up after this many
 * reads. */
#define POLL_LIMIT 1000000u

static unsigned list_registers;

/* Where each CPU's redistributor is, found by the CPU itself in gic_init_cpu(). */
static struct {
	uint64_t mpidr, frame;
} redistributors[HAL_MAX_CPUS];
static uint32_t redistributor_count;

unsigned gic_list_registers(void)
{
	return list_registers;
}

static uint64_t my_affinity(void)
{
	return READ_SYSREG(MPIDR_EL1) & MPIDR_AFFINITY;
}

static enum vt_err poll_clear(uint64_t address, uint32_t bits)
{
	for (unsigned i = 0; i < POLL_LIMIT; i++)
		if (!(mmio_read32(address) & bits))
			return VT_OK;
	return VT_EIO;
}

enum vt_err gic_init(void)
{
	const uint64_t gicd = hal.gicd_base;
	const unsigned revision =
		(unsigned)FIELD_GET(PIDR2_ARCH_REV, mmio_read32(gicd + GICD_PIDR2));

	if (revision != 3 && revision != 4) {
		log_line("gic: distributor at 0x%llx is GICv%u, need GICv3 or GICv4",
			 (unsigned long long)gicd, revision);
		return VT_ENOSYS;
	}

	mmio_write32(gicd + GICD_CTLR, 0);
	if (poll_clear(gicd + GICD_CTLR, GICD_CTLR_RWP)) {
		log_line("gic: distributor does not finish register writes (GICD_CTLR.RWP)");
		return VT_EIO;
	}

	const unsigned words =
		(unsigned)FIELD_GET(GICD_TYPER_LINES, mmio_read32(gicd + GICD_TYPER)) + 1;

	/* Word 0 is for SGIs and PPIs, which the redistributors have. */
	for (unsigned i = 1; i < words; i++) {
		mmio_write32(gicd + ICENABLER + 4 * i, UINT32_MAX);
		mmio_write32(gicd + ICACTIVER + 4 * i, UINT32_MAX);
		mmio_write32(gicd + IGROUPR + 4 * i, UINT32_MAX);
		for (unsigned j = 0; j < 8; j++)
			mmio_write32(gicd + IPRIORITYR + 32 * i + 4 * j, PRIORITY_DEFAULT);
		mmio_write32(gicd + ICFGR + 8 * i, 0);
		mmio_write32(gicd + ICFGR + 8 * i + 4, 0);
	}
	if (poll_clear(gicd + GICD_CTLR, GICD_CTLR_RWP))
		return VT_EIO;

	/* Affinity routing first: the enables mean different groups without it. */
	mmio_write32(gicd + GICD_CTLR, GICD_CTLR_ARE_NS);
	mmio_write32(gicd + GICD_CTLR,
		     GICD_CTLR_ARE_NS | GICD_CTLR_ENABLE_GRP0 | GICD_CTLR_ENABLE_GRP1);
	return poll_clear(gicd + GICD_CTLR, GICD_CTLR_RWP);
}

/* GICR_TYPER.Affinity_Value has the four levels side by side, MPIDR_EL1 has Aff3 apart. */
static uint64_t find_redistributor(uint64_t affinity)
{
	const uint64_t wanted = (affinity >> 32 & 0xff) << 24 | (affinity & 0xffffff);
	uint64_t frame = hal.gicr_base;

	while (frame + GICR_BYTES <= hal.gicr_base + hal.gicr_size) {
		const uint64_t typer = mmio_read64(frame + GICR_TYPER);

		if (typer >> 32 == wanted)
			return frame;
		if (typer & GICR_TYPER_LAST)
			break;
		frame += typer & GICR_TYPER_VLPIS ? GICR_BYTES_VLPIS : GICR_BYTES;
	}
	return 0;
}

static uint64_t my_redistributor(void)
{
	const uint64_t affinity = my_affinity();

	for (unsigned i = 0; i < HAL_MAX_CPUS; i++)
		if (redistributors[i].frame && redistributors[i].mpidr == affinity)
			return redistributors[i].frame;
	panic("gic: CPU %llx has no redistributor: gic_init_cpu() was not called",
	      (unsigned long long)affinity);
}

static enum vt_err init_redistributor(uint64_t frame)
{
	const uint64_t sgi = frame + GICR_SGI_FRAME;

	mmio_write32(frame + GICR_WAKER,
		     mmio_read32(frame + GICR_WAKER) & ~(uint32_t)GICR_WAKER_PROCESSOR_SLEEP);
	if (poll_clear(frame + GICR_WAKER, GICR_WAKER_CHILDREN_ASLEEP)) {
		log_line("gic: redistributor at 0x%llx does not wake up",
			 (unsigned long long)frame);
		return VT_EIO;
	}

	mmio_write32(sgi + ICENABLER, UINT32_MAX);
	mmio_write32(sgi + ICPENDR, UINT32_MAX);
	mmio_write32(sgi + ICACTIVER, UINT32_MAX);
	mmio_write32(sgi + IGROUPR, UINT32_MAX);
	for (unsigned j = 0; j < 8; j++)
		mmio_write32(sgi + IPRIORITYR + 4 * j, PRIORITY_DEFAULT);
	mmio_write32(sgi + ICFGR + 4, 0); /* PPIs are levels; SGIs are what they are */
	mmio_write32(sgi + ISENABLER, GENMASK(INTID_SGIS - 1, 0) | OWN_PPIS);
	return VT_OK;
}

/* System registers instead of memory-mapped ones, for EL2 and for the guest. */
static enum vt_err init_cpu_interface(void)
{
	WRITE_SYSREG(ICC_SRE_EL2, ICC_SRE_SRE | ICC_SRE_DFB | ICC_SRE_DIB | ICC_SRE_ENABLE);
	isb();
	if (!(READ_SYSREG(ICC_SRE_EL2) & ICC_SRE_SRE)) {
		log_line("gic: no system-register CPU interface at EL2 (ICC_SRE_EL2.SRE stays 0)");
		return VT_ENOSYS;
	}
	WRITE_SYSREG(ICC_SRE_EL1, ICC_SRE_SRE | ICC_SRE_DFB | ICC_SRE_DIB);
	isb();

	WRITE_SYSREG(ICC_PMR_EL1, PRIORITY_MASK_ALL);
	WRITE_SYSREG(ICC_BPR1_EL1, 0);
	WRITE_SYSREG(ICC_CTLR_EL1, ICC_CTLR_EOIMODE);
	WRITE_SYSREG(ICC_IGRPEN1_EL1, 1);
	isb();
	return VT_OK;
}

static enum vt_err init_virtual_interface(void)
{
	const uint64_t vtr = READ_SYSREG(ICH_VTR_EL2);

	list_registers = (unsigned)FIELD_GET(ICH_VTR_LISTREGS, vtr) + 1;
	/* irq/vgic.c relies on both: it saves one word of active priorities, and refills on
	 * underflow. */
	if (FIELD_GET(ICH_VTR_PREBITS, vtr) + 1 > 5 || list_registers < 2 || list_registers > 16) {
		log_line("gic: virtual interface with %u list registers and %u preemption bits is "
			 "not supported",
			 list_registers, (unsigned)FIELD_GET(ICH_VTR_PREBITS, vtr) + 1);
		return VT_ENOSYS;
	}
	ich_write_hcr(0);
	ich_write_vmcr(0);
	ich_write_ap0(0);
	ich_write_ap1(0);
	for (unsigned n = 0; n < list_registers; n++)
		ich_write_lr(n, 0);
	isb();
	return VT_OK;
}

enum vt_err gic_init_cpu(void)
{
	const uint64_t affinity = my_affinity();
	const uint64_t frame = find_redistributor(affinity);
	enum vt_err err;

	if (!frame) {
		log_line("gic: no redistributor for CPU %llx", (unsigned long long)affinity);
		return VT_ENOENT;
	}

	const uint32_t index = __atomic_fetch_add(&redistributor_count, 1, __ATOMIC_RELAXED);

	if (index >= HAL_MAX_CPUS)
		return VT_ENOMEM;
	redistributors[index].mpidr = affinity;
	redistributors[index].frame = frame;

	err = init_redistributor(frame);
	if (!err)
		err = init_cpu_interface();
	if (!err)
		err = init_virtual_interface();
	return err;
}

void gic_set_vtimer_active(bool active)
{
	const uint64_t sgi = my_redistributor() + GICR_SGI_FRAME;

	mmio_write32(sgi + (active ? ISACTIVER : ICACTIVER), BIT(INTID_VIRT_TIMER));
	/* The guest must not run before the redistributor has it. Reading back waits for the write.
	 */
	(void)mmio_read32(sgi + ISACTIVER);
	dsb_sy();
}

void gic_enable_spi(uint32_t intid)
{
	const uint64_t gicd = hal.gicd_base;

	mmio_write64(gicd + GICD_IROUTER + 8 * (uint64_t)intid, my_affinity());
	mmio_write32(gicd + ISENABLER + 4 * (intid / 32), (uint32_t)BIT(intid % 32));
}

void gic_disable_spi(uint32_t intid)
{
	mmio_write32(hal.gicd_base + ICENABLER + 4 * (intid / 32), (uint32_t)BIT(intid % 32));
	(void)poll_clear(hal.gicd_base + GICD_CTLR, GICD_CTLR_RWP);
}

/* ICC_SGI1R_EL1: Aff3 55:48, RS 47:44, Aff2 39:32, INTID 27:24, Aff1 23:16, one bit for each of 16
 * Aff0 in 15:0. */
static uint64_t sgi_for(uint64_t mpidr, uint32_t sgi)
{
	const uint64_t aff0 = mpidr & 0xff;

	return FIELD_PREP(GENMASK(55, 48), mpidr >> 32 & 0xff) |
	       FIELD_PREP(GENMASK(47, 44), aff0 / 16) |
	       FIELD_PREP(GENMASK(39, 32), mpidr >> 16 & 0xff) | FIELD_PREP(GENMASK(27, 24), sgi) |
	       FIELD_PREP(GENMASK(23, 16), mpidr >> 8 & 0xff) | BIT(aff0 % 16);
}

/* What was written before must be visible to the CPU that takes the interrupt. */
static void write_sgi1r(uint64_t value)
{
	dsb_ishst();
	WRITE_SYSREG(ICC_SGI1R_EL1, value);
	isb();
}

void gic_send_sgi(uint64_t mpidr, uint32_t sgi)
{
	write_sgi1r(sgi_for(mpidr, sgi));
}

void gic_send_sgi_others(uint32_t sgi)
{
	write_sgi1r(ICC_SGI1R_IRM | FIELD_PREP(GENMASK(27, 24), sgi));
}
