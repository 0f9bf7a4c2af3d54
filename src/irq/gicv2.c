/*
 * The physical GICv2: distributor, CPU interface, and the reset of the virtual interface.
 *
 * Interrupts stay in the group they come up in: Group 0 where there is one Security state, Group 1
 * seen from the Non-secure one of two. In both views the same bits enable it and make its end a
 * priority drop only, so this file need not know which it is.
 *
 * Called at boot, once per CPU, and for the rare slow operations; the hot ones are in
 * irq/gic_cpuif_v2.h. Takes no lock: set/clear registers need none, SGIs and PPIs are banked by
 * CPU, and the rest is done by the boot CPU alone.
 *
 * Source: IHI 0048 4.3 (GICD_*), 4.4 (GICC_*), 5.3 (GICH_*).
 */
#include "hal/arm64.h"
#include "hal/hal.h"
#include "irq/gic.h"
#include "irq/ich.h"
#include "lib/bits.h"
#include "lib/log.h"

enum {
	GICD_CTLR = 0x000,
	GICD_TYPER = 0x004,
	GICD_IGROUPR = 0x080,
	GICD_ISENABLER = 0x100,
	GICD_ICENABLER = 0x180,
	GICD_ICPENDR = 0x280,
	GICD_ISACTIVER = 0x300,
	GICD_ICACTIVER = 0x380,
	GICD_IPRIORITYR = 0x400,
	GICD_ITARGETSR = 0x800,
	GICD_ICFGR = 0xc00,
	GICD_SGIR = 0xf00,
	GICD_CPENDSGIR = 0xf10,
	GICD_PIDR2 = 0xfe8,

	GICC_CTLR = 0x000,
	GICC_PMR = 0x004,
	GICC_BPR = 0x008,
};

#define GICD_CTLR_ENABLE  BIT(0)
#define GICD_TYPER_LINES  GENMASK(4, 0)
#define GICC_CTLR_ENABLE  BIT(0)
#define GICC_CTLR_EOIMODE BIT(9)
#define PIDR2_ARCH_REV	  GENMASK(7, 4)
#define SGIR_TARGETS	  GENMASK(23, 16)
#define SGIR_ALL_OTHERS	  BIT(24)

#define PRIORITY_DEFAULT  UINT32_C(0xa0a0a0a0)
#define PRIORITY_MASK_ALL 0xffu
#define OWN_PPIS                                                                          \
	((uint32_t)(BIT(INTID_PMU) | BIT(INTID_MAINTENANCE) | BIT(INTID_EL2_PHYS_TIMER) | \
		    BIT(INTID_VIRT_TIMER)))

static unsigned list_registers;

/* The distributor knows CPUs by the bit of their interface, each CPU reads its own. */
static struct {
	uint64_t mpidr;
	uint32_t target; /* set last: 0 is a free entry */
} interfaces[HAL_MAX_CPUS];
static uint32_t interface_count;

unsigned gic_list_registers(void)
{
	return list_registers;
}

static uint64_t my_affinity(void)
{
	return READ_SYSREG(MPIDR_EL1) & MPIDR_AFFINITY;
}

/* The private ones read as the CPU's own. With one CPU there is nothing to target, and it reads 0. */
static uint32_t my_target(void)
{
	const uint32_t target = mmio_read32(hal.gicd_base + GICD_ITARGETSR) & 0xff;

	return target ? target : 1;
}

/* 32 interrupts: one word of each array. */
static void reset_word(unsigned word)
{
	const uint64_t gicd = hal.gicd_base;

	mmio_write32(gicd + GICD_ICENABLER + 4 * word, UINT32_MAX);
	mmio_write32(gicd + GICD_ICPENDR + 4 * word, UINT32_MAX);
	mmio_write32(gicd + GICD_ICACTIVER + 4 * word, UINT32_MAX);
	mmio_write32(gicd + GICD_IGROUPR + 4 * word, 0);
	for (unsigned i = 0; i < 8; i++)
		mmio_write32(gicd + GICD_IPRIORITYR + 32 * word + 4 * i, PRIORITY_DEFAULT);
	mmio_write32(gicd + GICD_ICFGR + 8 * word, 0);
	mmio_write32(gicd + GICD_ICFGR + 8 * word + 4, 0);
}

enum vt_err gic_init(void)
{
	const uint64_t gicd = hal.gicd_base;
	const unsigned revision =
		(unsigned)FIELD_GET(PIDR2_ARCH_REV, mmio_read32(gicd + GICD_PIDR2));

	if (revision != 2) {
		log_line("gic: distributor at 0x%llx is GICv%u, need GICv2",
			 (unsigned long long)gicd, revision);
		return VT_ENOSYS;
	}
	mmio_write32(gicd + GICD_CTLR, 0);

	const unsigned words =
		(unsigned)FIELD_GET(GICD_TYPER_LINES, mmio_read32(gicd + GICD_TYPER)) + 1;

	/* Word 0, SGIs and PPIs, is each CPU's own. */
	for (unsigned i = 1; i < words; i++)
		reset_word(i);
	mmio_write32(gicd + GICD_CTLR, GICD_CTLR_ENABLE);
	return VT_OK;
}

static void init_private(void)
{
	reset_word(0);
	for (unsigned i = 0; i < 4; i++)
		mmio_write32(hal.gicd_base + GICD_CPENDSGIR + 4 * i, UINT32_MAX);
	mmio_write32(hal.gicd_base + GICD_ISENABLER, GENMASK(INTID_SGIS - 1, 0) | OWN_PPIS);
}

static void init_cpu_interface(void)
{
	mmio_write32(hal.gicc_base + GICC_PMR, PRIORITY_MASK_ALL);
	mmio_write32(hal.gicc_base + GICC_BPR, 0);
	mmio_write32(hal.gicc_base + GICC_CTLR, GICC_CTLR_ENABLE | GICC_CTLR_EOIMODE);
}

static enum vt_err init_virtual_interface(void)
{
	const uint32_t vtr = mmio_read32(hal.gich_base + GICH_VTR);
	const unsigned there = (unsigned)FIELD_GET(ICH_VTR_LISTREGS, vtr) + 1;

	/* As with GICv3: one word of active priorities is saved, and refills come on underflow. */
	if (FIELD_GET(ICH_VTR_PREBITS, vtr) + 1 > 5 || there < 2) {
		log_line("gic: virtual interface with %u list registers and %u preemption bits is "
			 "not supported",
			 there, (unsigned)FIELD_GET(ICH_VTR_PREBITS, vtr) + 1);
		return VT_ENOSYS;
	}
	list_registers = MIN(there, 16u); /* VGIC_MAX_LRS, ICH_LRS_AT_MOST */
	ich_write_hcr(0);
	ich_write_vmcr(0);
	ich_write_ap0(0);
	for (unsigned n = 0; n < there; n++)
		ich_write_lr(n, 0);
	return VT_OK;
}

enum vt_err gic_init_cpu(void)
{
	const uint32_t index = __atomic_fetch_add(&interface_count, 1, __ATOMIC_RELAXED);

	if (index >= HAL_MAX_CPUS)
		return VT_ENOMEM;
	interfaces[index].mpidr = my_affinity();
	__atomic_store_n(&interfaces[index].target, my_target(), __ATOMIC_RELEASE);

	init_private();
	init_cpu_interface();
	return init_virtual_interface();
}

void gic_set_vtimer_active(bool active)
{
	mmio_write32(hal.gicd_base + (active ? GICD_ISACTIVER : GICD_ICACTIVER),
		     (uint32_t)BIT(INTID_VIRT_TIMER));
	/* The guest must not run before the distributor has it. Reading back waits for the write. */
	(void)mmio_read32(hal.gicd_base + GICD_ISACTIVER);
	dsb_sy();
}

static void set_target(uint32_t intid, uint32_t target)
{
	const uint64_t word = hal.gicd_base + GICD_ITARGETSR + (intid & ~3u);
	const unsigned shift = 8 * (intid & 3);

	mmio_write32(word, (mmio_read32(word) & ~(UINT32_C(0xff) << shift)) | target << shift);
}

void gic_enable_spi(uint32_t intid)
{
	set_target(intid, my_target());
	mmio_write32(hal.gicd_base + GICD_ISENABLER + 4 * (intid / 32), (uint32_t)BIT(intid % 32));
}

void gic_disable_spi(uint32_t intid)
{
	mmio_write32(hal.gicd_base + GICD_ICENABLER + 4 * (intid / 32), (uint32_t)BIT(intid % 32));
	(void)mmio_read32(hal.gicd_base + GICD_ICENABLER + 4 * (intid / 32));
}

/* What was written before must be visible to the CPU that takes the interrupt. */
static void write_sgir(uint64_t value)
{
	dsb_ishst();
	mmio_write32(hal.gicd_base + GICD_SGIR, (uint32_t)value);
}

/* A CPU that has not come up yet has nothing to be told: it looks at everything when it does. */
void gic_send_sgi(uint64_t mpidr, uint32_t sgi)
{
	for (unsigned i = 0; i < HAL_MAX_CPUS; i++) {
		const uint32_t target = __atomic_load_n(&interfaces[i].target, __ATOMIC_ACQUIRE);

		if (target && interfaces[i].mpidr == mpidr) {
			write_sgir(FIELD_PREP(SGIR_TARGETS, target) | sgi);
			return;
		}
	}
}

void gic_send_sgi_others(uint32_t sgi)
{
	write_sgir(SGIR_ALL_OTHERS | sgi);
}
