/*
 * Spinlocks, and the order in which locks are taken.
 *
 * EL2 runs with interrupts masked, so a lock needs no interrupt state. No lock is held across a
 * return to a guest.
 *
 * LOCK ORDER, outermost first: a CPU that holds a lock may only take one of a later row. A debug
 * build asserts it.
 */
#ifndef LIB_SPINLOCK_H
#define LIB_SPINLOCK_H

#include <stdint.h>

enum lock_rank {
	LOCK_GDB,     /* the debugger's connection */
	LOCK_DEBUG,   /* a debugger's hold on one VM */
	LOCK_VM,      /* struct vm: life cycle, PSCI power state of its vCPUs */
	LOCK_VGIC,    /* struct vgic: distributor and pending state of one VM */
	LOCK_STAGE2,  /* one VM's stage-2 tables */
	LOCK_VUART,   /* one emulated PL011 */
	LOCK_POOL,    /* page pools */
	LOCK_LOG,     /* the log: whoever holds a lock above may log, nobody from here on */
	LOCK_CONSOLE, /* the terminal: guests write to it, and so does the log */
	LOCK_VIRTIO,  /* the virtio-serial device: log and trace end here */
	LOCK_TRACE,   /* what is to be traced */
	LOCK_RANKS,
};

struct spinlock {
	uint32_t taken;
	uint32_t rank; /* enum lock_rank */
};

#define SPINLOCK_INIT(lock_rank) ((struct spinlock){.taken = 0, .rank = (lock_rank)})

static inline void cpu_relax(void)
{
#ifdef __aarch64__
	__asm__ volatile("yield" ::: "memory");
#endif
}

#ifdef VT_DEBUG
/* Supplied by core/percpu.c: panics on a wrong order. */
void lock_order_enter(uint32_t rank);
void lock_order_leave(uint32_t rank);
#else
static inline void lock_order_enter(uint32_t rank)
{
	(void)rank;
}
static inline void lock_order_leave(uint32_t rank)
{
	(void)rank;
}
#endif

/*
 * Test and set, not tickets: where the CPUs are themselves threads of a busy host (QEMU), a ticket
 * lock waits for one thread in particular to be scheduled, at each hand-over: four CPUs on two host
 * cores then take seconds for what takes milliseconds.
 */
static inline void spin_lock(struct spinlock *lock)
{
	lock_order_enter(lock->rank);
	while (__builtin_expect(__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE), 0))
		while (__atomic_load_n(&lock->taken, __ATOMIC_RELAXED))
			cpu_relax();
}

static inline void spin_unlock(struct spinlock *lock)
{
	__atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
	lock_order_leave(lock->rank);
}

#endif
