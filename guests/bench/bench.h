/* What probes.S and bench.c must agree on. Read by the assembler too, so: #define only. */
#ifndef GUESTS_BENCH_H
#define GUESTS_BENCH_H

#define STACK_BYTES 4096

/* PL011 and distributor, where a Vitrine guest finds them. */
#define UART_BASE 0x09000000
#define UART_DR	  0x000
#define UART_FR	  0x018
#define UART_IMSC 0x038

#define GICD_BASE     0x08000000
#define GICD_CTLR     0x0000
#define GICD_TYPER    0x0004
#define GICR_BASE     0x080a0000
#define GICR_TYPER    0x0008
#define GICR_WAKER    0x0014
#define GICR_SGI_BASE 0x080b0000
#define GICR_STRIDE   0x20000 /* from one vCPU's to the next one's */
#define ISENABLER     0x0100

#define PROBE_SGI	 1
#define OTHER_SGI	 2
#define INTID_VIRT_TIMER 27

/* Nothing answers there: neither memory nor a device. */
#define NOWHERE 0x0b000000

#define SLEEP_TICKS 50000

#define PSCI_VERSION	   0x84000000
#define PSCI_CPU_ON	   0xc4000003
#define PSCI_AFFINITY_INFO 0xc4000004
#define PSCI_SYSTEM_OFF	   0x84000008
#define PSCI_FEATURES	   0x8400000a
#define VITRINE_FEATURES   0x86000000
#define NO_FUNCTION	   0xc2000001 /* of the service that belongs to the silicon's maker */

#endif
