/*
 * Performance hooks: what each kind of exit costs, as histograms by powers of two. In builds with `make PERF=1`
 * (for a library: VT_PERF) only; in others there is no instruction of it on the exit path, and vcpu_perf() answers
 * NULL.
 *
 * The CPU's PMU does the split: one counter of instructions and one of cycles count at EL1 and EL0 only, another pair
 * at EL2 only. So EL2's share has the vectors in it, and nothing is estimated; what the hooks themselves cost is
 * left out, but for some 20 instructions. What a CPU does not count stays 0 (QEMU
 * counts instructions under -icount only). PERF builds keep the PMU to themselves.
 *
 * Up to PERF_EVENTS more can be chosen: perf_choose(). They go into the trace only. When the CPU has too few counters
 * for a pair each, the last of them, then cycles, have one that counts at all levels and is read when an exit begins and when
 * it ends: some 60 instructions of the vectors count as the guest's there. Six counters are enough for one chosen event with
 * a pair, and for four without.
 *
 * Source: Arm ARM DDI 0487, D11 (PMU; PMEVTYPER<n>_EL0.NSH, P, U), D11.12 (events 0x08, 0x11).
 */
#ifndef VITRINE_PERF_H
#define VITRINE_PERF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vitrine/err.h>
#include <vitrine/exit.h>

/** What is measured of each exit. */
enum perf_measure {
	PERF_TICKS, /* CNTPCT_EL0, from the first C instruction after the exit to the last */
	PERF_EL2_INSTRUCTIONS, /* since the last exit was counted: its way back, and this exit */
	PERF_EL2_CYCLES,       /* the same */
	PERF_EL1_INSTRUCTIONS, /* what the guest did before this exit */
	PERF_EL1_CYCLES,       /* the same */
	PERF_MEASURES,
};

#define PERF_BUCKETS 33u /* one for 0, then one a power of two */

/** Bucket 0 holds the zeros; bucket n, 2^(n-1) up to 2^n - 1; the last one, all from 2^31 on. */
struct perf_histogram {
	uint64_t count, total, largest;
	uint32_t bucket[PERF_BUCKETS];
};

/** One CPU's. Written by that CPU; others may read it while it runs, a number at a time. */
struct perf_stats {
	uint64_t runs; /* vcpu_run() */
	struct perf_histogram exits[EXIT_REASONS][PERF_MEASURES];
};

/** Add one value. Pure. */
void perf_add(struct perf_histogram *histogram, uint64_t value);

/** The bucket of a value. Pure. */
unsigned perf_bucket(uint64_t value);

/**
 * One line for a person, "count 12, mean 80, largest 131: 2^6 10, 2^7 2": "2^6 10" are ten values from 64 to 127. Writes at
 * most `size` bytes with the final NUL; returns the length of the whole text.
 */
int perf_format(char *buffer, size_t size, const struct perf_histogram *histogram);

/** "EL2 instructions" and so on; "?" for a number that is none. */
const char *perf_measure_name(unsigned measure);

/** How many events perf_choose() takes at most. */
#define PERF_EVENTS 4u

/**
 * Count these events, too, from now on; in place of those chosen before. On one CPU, before another is enabled and before
 * vCPUs run.
 *
 * @param events  PMU event numbers: Arm ARM DDI 0487, D11.12, and the CPU's manual.
 * @param count   how many, at most PERF_EVENTS
 * @return VT_OK; VT_ENOSYS: a build without VT_PERF, or a CPU without a PMU; VT_ENOMEM: more than PERF_EVENTS, or than the
 * CPU has counters for; VT_EINVAL: the CPU says that it does not count one of them. Then nothing has changed.
 */
enum vt_err perf_choose(const uint32_t *events, unsigned count);

/** What a CPU has counted since it was enabled: index as in struct percpu, 0..7. NULL in a build without. */
const struct perf_stats *vcpu_perf(unsigned cpu);

#endif
