/* See vm/stop.h. Takes no locks: also for a panic. */
#include "vm/stop.h"

#include <vitrine/percpu.h>

#include "dev/clock.h"
#include "hal/arm64.h"
#include "irq/gic.h"

#define WAITS_A_SECOND 10u

static uint32_t running; /* atomic: CPUs that SGI_STOP would halt, a bit each */

static uint32_t self(void)
{
	return 1u << this_cpu()->index;
}

void stop_expect(void)
{
	__atomic_fetch_or(&running, self(), __ATOMIC_RELAXED);
}

void stop_here(void)
{
	/* Release: whoever waits finds this CPU's ring and counts as they are now. */
	__atomic_fetch_and(&running, ~self(), __ATOMIC_RELEASE);
	for (;;)
		wfi();
}

uint32_t stop_others(void)
{
	const uint64_t give_up = clock_ticks() + clock_hz() / WAITS_A_SECOND;
	uint32_t left = __atomic_load_n(&running, __ATOMIC_ACQUIRE) & ~self();

	if (left)
		gic_send_sgi_others(SGI_STOP);
	while (left && clock_ticks() < give_up)
		left = __atomic_load_n(&running, __ATOMIC_ACQUIRE) & ~self();
	return left;
}
