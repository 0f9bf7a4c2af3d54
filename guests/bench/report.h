/* What the probe guests share: devices, and how a figure is printed for tests/bench/run.py. */
#ifndef GUESTS_BENCH_REPORT_H
#define GUESTS_BENCH_REPORT_H

#include <stdint.h>

#include "bench.h"

static inline volatile uint32_t *device(uint64_t address)
{
	return (volatile uint32_t *)address;
}

/* The least, the most and the sum of what was counted. */
struct result {
	uint64_t min, max, total;
};

void result_add(struct result *result, uint64_t ticks);

void put(const char *s);
void put_number(uint64_t value);
/* One line: probe NAME MIN MAX TOTAL COUNT */
void report(const char *name, const struct result *result, unsigned count);

/* This vCPU's interrupt controller as a guest's driver sets it up: SGIs and virtual timer enabled, everything let through. */
void gic_enable(unsigned vcpu);

/* A hypercall; what x0 holds then. */
uint64_t call(uint64_t function, uint64_t x1, uint64_t x2, uint64_t x3);

/* probes.S: the cost of reading the counter, which is part of what lies between two reads. */
uint64_t probe_nothing(void);

#endif
