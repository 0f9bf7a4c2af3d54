/*
 * Each start reads one byte from the console: 'q' powers off, everything else resets the machine. The other three vCPUs run meanwhile,
 * each in its own way, and must all be stopped for it. "start" comes once vCPU 2, where there is one, has made a hundred calls.
 */
#include "guest.h"

#define PSCI_SYSTEM_RESET 0x84000009u
#define UART_FR		  0x18
#define UART_FR_RXFE	  (1u << 4)
#define CALLS		  100

static volatile unsigned calls;

void secondary(uint64_t vcpu)
{
	for (;;) {
		if (vcpu == 1) {
			__asm__ volatile("wfi");
		} else if (vcpu == 2) {
			hvc(PSCI_VERSION, 0, 0, 0);
			calls++;
		}
	}
}

void first(const void *device_tree)
{
	uint32_t byte;

	(void)device_tree;
	for (unsigned vcpu = 1; vcpu < 4 && start_vcpu(vcpu) == 0; vcpu++)
		while (vcpu == 2 && calls < CALLS)
			;
	say("start\n");
	while (read32(UART_BASE + UART_FR) & UART_FR_RXFE)
		;
	byte = read32(UART_BASE);
	if (byte == 'q')
		finish();
	hvc(PSCI_SYSTEM_RESET, 0, 0, 0);
	say("FAIL: SYSTEM_RESET came back\n");
}
