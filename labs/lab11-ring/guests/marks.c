/*
 * Each vCPU calls VITRINE_TRACE_MARK with 1, 2, 3, ... as often as the boot argument rounds=N says: an event and an exit for each
 * number, so that the reader of the trace knows how many there must be.
 */
#include "guest.h"

#define TRACE_MARK 0xc6000001u

static uint64_t rounds;
static volatile uint64_t refused[MAX_VCPUS];
static volatile bool done[MAX_VCPUS];

static void mark_all(uint64_t vcpu)
{
	for (uint64_t i = 1; i <= rounds; i++)
		refused[vcpu] += hvc(TRACE_MARK, i, 0, 0) != 0;
	__atomic_store_n(&done[vcpu], true, __ATOMIC_RELEASE);
}

void secondary(uint64_t vcpu)
{
	mark_all(vcpu);
}

void first(const void *device_tree)
{
	unsigned vcpus = 1;

	rounds = option(device_tree, "rounds");
	while (vcpus < MAX_VCPUS && start_vcpu(vcpus) == 0)
		vcpus++;
	mark_all(0);
	for (unsigned vcpu = 0; vcpu < vcpus; vcpu++)
		while (!__atomic_load_n(&done[vcpu], __ATOMIC_ACQUIRE))
			;
	for (unsigned vcpu = 0; vcpu < vcpus; vcpu++)
		CHECK_EQUAL(refused[vcpu], 0, "each mark is taken");
	finish();
}
