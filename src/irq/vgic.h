/*
 * A virtual GIC for one VM, of the machine's own version (HAL_GIC_VERSION), and the list registers
 * of whatever vCPU is loaded.
 *
 * A guest's own accesses to its CPU interface (IAR, EOIR, PMR, ...) go to the hardware's virtual one
 * and never trap. One Security state.
 *
 * GICv3: a distributor, and a redistributor a vCPU. What traps: GICD_* and GICR_* (MMIO) and
 * ICC_SGI1R/ASGI1R/SGI0R_EL1. GICD_CTLR.DS = 1, Group 1, affinity routing always on, no LPIs, no
 * ITS.
 *
 * GICv2: a distributor, in which each vCPU sees its own SGIs and PPIs. What traps: GICD_* (MMIO).
 * Where the guest looks for GICC_*, stage 2 has the hardware's GICV_*. Group 0 until the guest says
 * otherwise, as drivers that know no groups expect.
 *
 * Life of an interrupt: pending (here, in `pending` bits) -> placed in a list register when its
 * vCPU is loaded -> acknowledged and ended by the guest -> list register found empty by the next
 * sync. With more pending than list registers the underflow maintenance interrupt asks for a
 * refill. A level interrupt whose line is still high is offered again after EOI (EOI maintenance
 * interrupt). The virtual timer is hardware-mapped: the guest's EOI deactivates physical PPI 27.
 *
 * Locks: LOCK_VGIC of the VM; the fast paths named below take it too. Source: IHI 0069 chapters 4,
 * 5, 8, 9; IHI 0048 chapters 3, 4, 5.
 */
#ifndef IRQ_VGIC_H
#define IRQ_VGIC_H

#include <stdbool.h>
#include <stdint.h>

#include <vitrine/err.h>
#include "lib/spinlock.h"

#define VGIC_MAX_VCPUS 8
#define VGIC_SPIS      64 /* INTID 32..95 */
#define VGIC_INTIDS    (32 + VGIC_SPIS)
#define VGIC_MAX_LRS   16

/* Guest physical layout; the guest's device tree says the same. GICv2 has a GICC, GICv3 GICRs. */
#define VGIC_GICD_IPA		 UINT64_C(0x08000000)
#define VGIC_GICD_BYTES		 UINT64_C(0x10000)
#define VGIC_GICC_IPA		 UINT64_C(0x08010000)
#define VGIC_GICC_DIR_IPA	 (VGIC_GICC_IPA + 0x1000)
#define VGIC_GICC_BYTES		 UINT64_C(0x2000)
#define VGIC_GICR_IPA		 UINT64_C(0x080a0000)
#define VGIC_GICR_BYTES_PER_VCPU UINT64_C(0x20000)

struct vgic;

#define VGIC_SLOW   1u /* something has changed that they know nothing of */
#define VGIC_TRACED 2u /* the trace wants to know each step */

/*
 * 32 interrupts: what one 32-bit GICD_ or GICR_ register covers. Bit i of each word is INTID base +
 * i. The private bank of a vCPU has base 0 (SGIs 0..15, PPIs 16..31), the shared banks 32, 64, ...
 *
 * While an interrupt sits in a list register of a loaded vCPU (in_lr), that register knows whether
 * it is pending or active; `active` and `unlatched` are then what the last sync saw. A vCPU that is
 * not loaded has nothing in_lr.
 */
struct vgic_bank {
	/* As the guest has configured them. edge: edge-triggered, else level. */
	uint32_t enabled, group1, edge;
	uint32_t ready;	  /* enabled, and its group is enabled in GICD_CTLR */
	uint32_t level;	  /* the input line */
	uint32_t pending; /* latched: the rise of an edge-triggered line, an SGI, ISPENDR */
	uint32_t active;
	uint32_t in_lr;
	uint32_t unlatched; /* of in_lr: no latch went along that a withdrawal must restore */
	/* Wanted of what is in_lr on another CPU; done by its next sync. */
	uint32_t activate, deactivate;
	/* While traced: a list register, an acknowledge has been recorded for what is pending now. */
	uint32_t load_seen, ack_seen;
	uint8_t priority[32];
};

/* The interrupt interface of one vCPU: its SGIs and PPIs, and what is in its list registers. */
struct vgic_cpu {
	struct vgic *vgic;
	unsigned index;	  /* of the vCPU in its VM: also Aff0 */
	bool awake;	  /* GICR_WAKER.ProcessorSleep is 0 */
	bool loaded;	  /* list registers are in hardware, on the CPU loaded_on */
	bool overflow;	  /* something that should be in a list register has found none free */
	uint8_t thorough; /* VGIC_*: why the fast paths must not be used before the next sync */
	bool in_el2;	  /* the vCPU waits, and EL2 takes its interrupts */
	bool withheld;	  /* a debugger steps it: no interrupt reaches it */
	/*
	 * Physical PPI 27 is active for us; while not loaded: it must become so with the next load.
	 */
	bool vtimer_phys;
	uint64_t loaded_on;
	uint64_t injected; /* by the fast paths since the last sync; then in vgic_stats */

	struct vgic_bank bank;
	/* GICv2 only, by SGI: one bit a vCPU that has sent it and waits; who sent the active one. */
	uint8_t sgi_senders[16], sgi_active_sender[16];

	/* While loaded: one bit a list register that may hold an interrupt, and which one. */
	uint32_t lr_used;
	uint8_t lr_intid[VGIC_MAX_LRS];
	/* While not loaded: ICH_VMCR_EL2, ICH_AP0R0_EL2, ICH_AP1R0_EL2. */
	uint64_t vmcr, ap0, ap1;
};

#define VGIC_SPI_BANKS (VGIC_SPIS / 32)
#define VGIC_NO_VCPU   0xff

struct vgic {
	struct spinlock lock;
	unsigned vcpus;
	unsigned first_vcpu; /* the trace's number of vCPU 0; set by the owner */
	void *owner;	     /* the VM, for vgic_kick() */
	struct vgic_cpu *cpu[VGIC_MAX_VCPUS];
	bool enabled_group0, enabled_group1; /* GICD_CTLR.EnableGrp0, EnableGrp1 */

	struct vgic_bank spi[VGIC_SPI_BANKS];
	uint64_t spi_router[VGIC_SPIS]; /* GICD_IROUTER; GICv2: GICD_ITARGETSR */
	uint8_t spi_target[VGIC_SPIS];	/* the vCPU that it names, or VGIC_NO_VCPU */
	/* The vCPU where it is in_lr or active: it ends there even if the route changes. */
	uint8_t spi_holder[VGIC_SPIS];
};

/* Counts for the debugger and the summary: visible, never silent. */
struct vgic_stats {
	uint64_t injected;     /* made pending: SGIs, line rises, timer expiries */
	uint64_t refills;      /* maintenance interrupts */
	uint64_t overflows;    /* syncs that left something waiting for a list register */
	uint64_t bad_accesses; /* guest accesses of a wrong width, or of a reserved register */
};
extern struct vgic_stats vgic_stats;

/* Reset state; cpu[] pointers are set by the caller through vgic_cpu_init(). 1 <= vcpus <=
 * VGIC_MAX_VCPUS. */
void vgic_init(struct vgic *vgic, unsigned vcpus, void *owner);
void vgic_cpu_init(struct vgic *vgic, struct vgic_cpu *cpu, unsigned index);

/*
 * Put the vCPU's interface into this CPU's ICH_* registers (with what is pending), and take it out
 * again. Order: vgic_load() before vtimer_load() and vtimer_put() before vgic_put(), so that
 * physical PPI 27 is never both asserted by one vCPU's timer and active for another's.
 */
void vgic_load(struct vgic_cpu *cpu);
void vgic_put(struct vgic_cpu *cpu);

/* On the CPU where it is loaded: collect finished list registers, fill free ones with what is
 * pending. */
void vgic_sync(struct vgic_cpu *cpu);

/* While withheld, nothing that is pending interrupts the guest; it stays pending. Called on its home CPU. */
void vgic_withhold(struct vgic_cpu *cpu, bool withheld);

/* The maintenance interrupt (physical PPI 25) of the loaded vCPU. */
void vgic_maintenance(struct vgic_cpu *cpu);

/*
 * Set the line of an interrupt: SPI for the VM (vcpu ignored), PPI for one vCPU. For an
 * edge-triggered one a rise makes it pending. Callable from any CPU; the target is kicked when it
 * must look. VT_EINVAL when there is no such INTID or vCPU, and for INTID 27, whose line is the
 * hardware's.
 */
enum vt_err vgic_set_level(struct vgic *vgic, unsigned vcpu, uint32_t intid, bool level);

/*
 * FAST PATH, only on the CPU where it is loaded: the hardware-mapped virtual timer has fired
 * (physical PPI 27 is active). Puts {HW = 1, pINTID 27, vINTID 27, pending} in a free list
 * register.
 */
void vgic_inject_vtimer(struct vgic_cpu *cpu);

/*
 * Would the vCPU take that interrupt now, if nothing else, mask considered? Less than vgic_has_pending() asks; the same
 * conditions.
 */
bool vgic_would_take_vtimer(const struct vgic_cpu *cpu);

/* FAST PATH: the guest on `cpu` wrote `value` to ICC_SGI1R_EL1. */
void vgic_write_sgi1r(struct vgic_cpu *cpu, uint64_t value);

/*
 * To ICC_SGI0R_EL1, or to ICC_ASGI1R_EL1, which means the same with one Security state: only SGIs that the receiver has in
 * Group 0 arrive. (IHI 0069 12.1.11.)
 */
void vgic_write_sgi0r(struct vgic_cpu *cpu, uint64_t value);

/*
 * FAST PATH: a GICD or GICR access by the vCPU `cpu`. `offset` is from VGIC_GICD_IPA / from
 * VGIC_GICR_IPA (covers all redistributors), `bytes` 1, 2, 4 or 8. Reads return the value
 * zero-extended; an access of a width that the register does not allow, or of a reserved register,
 * reads 0, ignores writes, and is counted. There is no vgicr_*() on GICv2.
 */
uint64_t vgicd_read(struct vgic_cpu *cpu, uint64_t offset, unsigned bytes);
void vgicd_write(struct vgic_cpu *cpu, uint64_t offset, unsigned bytes, uint64_t value);
uint64_t vgicr_read(struct vgic_cpu *cpu, uint64_t offset, unsigned bytes);
void vgicr_write(struct vgic_cpu *cpu, uint64_t offset, unsigned bytes, uint64_t value);

/*
 * Would this vCPU take an interrupt now, enables and priority mask considered? (Is WFI over?) The
 * running priority is not: a handler that waits sees its WFI end early, which the architecture
 * allows. A loaded vCPU is asked only on its own CPU (its list registers and mask are there); any
 * CPU may ask one that is not loaded. An expired virtual timer counts only once
 * vgic_inject_vtimer() has seen it and for as long as the vCPU stays loaded: see vtimer_deadline().
 */
bool vgic_has_pending(struct vgic_cpu *cpu);

/*
 * Supplied by vm/: vCPU `vcpu` of the VM `owner` has something new. If it runs on another CPU, send
 * SGI_KICK there; if it is blocked in WFI, make it ready. Called with LOCK_VGIC held, so it may
 * take later locks only (it sets an atomic request and sends the SGI;
 * the run queue's own CPU does the rest).
 */
void vgic_kick(void *owner, unsigned vcpu);

#endif
