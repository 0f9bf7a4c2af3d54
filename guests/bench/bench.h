/* What probes.S and bench.c must agree on. Read by the assembler too, so: #define only. */
#ifndef GUESTS_BENCH_H
#define GUESTS_BENCH_H

#define STACK_BYTES 4096

/* PL011 and distributor, where a Vitrine guest finds them. */
#define UART_BASE 0x09000000
#define UART_DR	  0x000
#define UART_FR	  0x018

#define GICD_BASE     0x08000000
#define GICD_CTLR     0x0000
#define GICD_TYPER    0x0004
#define GICR_BASE     0x080a0000
#define GICR_WAKER    0x0014
#define GICR_SGI_BASE 0x080b0000
#define ISENABLER     0x0100

#define PROBE_SGI	 1
#define INTID_VIRT_TIMER 27

#endif
