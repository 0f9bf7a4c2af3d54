/*
 * Asking something of a vCPU. Only its home CPU changes its state; everybody else sets a bit, and sees to it that the home CPU looks
 * (vm/sched_requests.c). Callers may hold any lock up to LOCK_VGIC: none is taken here.
 */
#include <vitrine/percpu.h>

#include "irq/gic.h"
#include "vm/vm.h"

void vm_request(struct vm_vcpu *vcpu, uint32_t request)
{
	const struct percpu *here = this_cpu(), *home = &percpu_table[vcpu->home];

	__atomic_fetch_or(&vcpu->requests, request, __ATOMIC_SEQ_CST);
	if (here == home && here->current == &vcpu->core)
		return;
	gic_send_sgi(home->mpidr, SGI_KICK);
}
