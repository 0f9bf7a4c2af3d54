/*
 * What C cannot say: system registers, barriers, TLB maintenance. On a host build (unit tests)
 * barriers and maintenance vanish, and system registers are a test's.
 */
#ifndef HAL_ARM64_H
#define HAL_ARM64_H

#include <stdint.h>

#define STRINGIFY_(x) #x
#define STRINGIFY(x)  STRINGIFY_(x)

/* The fields of MPIDR_EL1 that name a CPU: Aff3, Aff2, Aff1, Aff0. */
#define MPIDR_AFFINITY UINT64_C(0xff00ffffff)

#ifdef __aarch64__

#define READ_SYSREG(name)                                                    \
	({                                                                   \
		uint64_t value_;                                             \
		__asm__ volatile("mrs %0, " STRINGIFY(name) : "=r"(value_)); \
		value_;                                                      \
	})
#define WRITE_SYSREG(name, value)                                                           \
	do {                                                                                \
		uint64_t value_ = (value);                                                  \
		__asm__ volatile("msr " STRINGIFY(name) ", %x0" ::"rZ"(value_) : "memory"); \
	} while (0)

static inline void isb(void)
{
	__asm__ volatile("isb" ::: "memory");
}
/* PSTATE.I. What stands between the two may be interrupted, so the compiler keeps it there. */
static inline void irq_unmask(void)
{
	__asm__ volatile("msr daifclr, #2" ::: "memory");
}
static inline void irq_mask(void)
{
	__asm__ volatile("msr daifset, #2" ::: "memory");
}
static inline void dsb_sy(void)
{
	__asm__ volatile("dsb sy" ::: "memory");
}
static inline void dsb_ish(void)
{
	__asm__ volatile("dsb ish" ::: "memory");
}
static inline void dsb_ishst(void)
{
	__asm__ volatile("dsb ishst" ::: "memory");
}
static inline void dmb_ish(void)
{
	__asm__ volatile("dmb ish" ::: "memory");
}
static inline void wfi(void)
{
	__asm__ volatile("dsb sy\n\twfi" ::: "memory");
}
static inline void sev(void)
{
	__asm__ volatile("dsb ish\n\tsev" ::: "memory");
}
/*
 * Invalidate one IPA of the current VMID in all CPUs' stage-2 TLBs. (Arm ARM D8.14: IPA[47:12] in
 * bits 35:0.)
 */
static inline void tlbi_ipas2e1is(uint64_t ipa)
{
	__asm__ volatile("tlbi ipas2e1is, %0" ::"r"(ipa >> 12) : "memory");
}
/*
 * Stage-1 and combined entries of the current VMID: wanted after the stage-2 ones, as they may
 * cache stage-2 results.
 */
static inline void tlbi_vmalle1is(void)
{
	__asm__ volatile("tlbi vmalle1is" ::: "memory");
}
static inline void tlbi_vmalls12e1is(void)
{
	__asm__ volatile("tlbi vmalls12e1is" ::: "memory");
}
static inline void tlbi_alle1is(void)
{
	__asm__ volatile("tlbi alle1is" ::: "memory");
}
static inline void tlbi_alle2is(void)
{
	__asm__ volatile("tlbi alle2is" ::: "memory");
}
static inline void ic_ialluis(void)
{
	__asm__ volatile("ic ialluis" ::: "memory");
}

/* This CPU's own caches, by set and way: clean, and clean and invalidate. */
static inline void dc_csw(uint64_t set_way)
{
	__asm__ volatile("dc csw, %0" ::"r"(set_way) : "memory");
}
static inline void dc_cisw(uint64_t set_way)
{
	__asm__ volatile("dc cisw, %0" ::"r"(set_way) : "memory");
}

/*
 * Let whoever runs with its caches off find in memory what EL2 has written. Line by line, of the
 * size that CTR_EL0.DminLine gives; complete on return.
 */
static inline void clean_to_memory(const void *start, uint64_t bytes)
{
	const uint64_t line = 4u << (READ_SYSREG(CTR_EL0) >> 16 & 0xf);
	const uint64_t end = (uint64_t)(uintptr_t)start + bytes;

	for (uint64_t at = (uint64_t)(uintptr_t)start & ~(line - 1); at < end; at += line)
		__asm__ volatile("dc civac, %0" ::"r"(at) : "memory");
	dsb_sy();
}

#else /* a host build: tests supply the registers, by name (tests/unit/fake_sysregs.h) */

uint64_t fake_sysreg_read(const char *name);
void fake_sysreg_write(const char *name, uint64_t value);
void fake_set_way(const char *operation, uint64_t set_way); /* for core/sysreg_trap.c alone */

#define READ_SYSREG(name)	  fake_sysreg_read(STRINGIFY(name))
#define WRITE_SYSREG(name, value) fake_sysreg_write(STRINGIFY(name), value)

void wfi(void); /* a test's, too */

static inline void isb(void)
{
}
static inline void dsb_sy(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}
static inline void dsb_ish(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}
static inline void dsb_ishst(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}
static inline void dmb_ish(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}
static inline void dc_csw(uint64_t set_way)
{
	fake_set_way("csw", set_way);
}
static inline void dc_cisw(uint64_t set_way)
{
	fake_set_way("cisw", set_way);
}
static inline void ic_ialluis(void)
{
}
static inline void clean_to_memory(const void *start, uint64_t bytes)
{
	(void)start;
	(void)bytes;
}

#endif

/*
 * Device registers: one access of exactly this width, in program order with other device accesses.
 */
static inline uint8_t mmio_read8(uint64_t address)
{
	return *(volatile uint8_t *)(uintptr_t)address;
}
static inline uint32_t mmio_read32(uint64_t address)
{
	return *(volatile uint32_t *)(uintptr_t)address;
}
static inline void mmio_write32(uint64_t address, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)address = value;
}
static inline uint64_t mmio_read64(uint64_t address)
{
	return *(volatile uint64_t *)(uintptr_t)address;
}
static inline void mmio_write64(uint64_t address, uint64_t value)
{
	*(volatile uint64_t *)(uintptr_t)address = value;
}

#endif
