/*
 * Asking something of a vCPU. Only its home CPU changes its state; everybody else sets a bit, and sees to it that the home CPU looks
 * (vm/sched_requests.c). Callers may hold any lock up to LOCK_VGIC: none is taken here.
 */
#include <vitrine/percpu.h>

#include "irq/gic.h"
#include "vm/vm.h"

void vm_request(struct vm_vcpu *vcpu, uint32_t request)
{
	/* LAB 10.2 */
	const struct percpu *home = &percpu_table[vcpu->home];

	__atomic_fetch_or(&vcpu->requests, request, __ATOMIC_RELEASE);
	/*
	 * The vCPU that runs here looks by itself before it goes on; anybody else must be looked
	 * after by the scheduler.
	 */
	if (home != this_cpu() || home->current != &vcpu->core)
		gic_send_sgi(home->mpidr, SGI_KICK);
	/* END LAB */
}
