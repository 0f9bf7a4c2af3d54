/*
 * The second probe guest: what two vCPUs cost that have to do with each other. vCPU 0 sends SGIs to vCPU 1, which either
 * runs or waits in WFI, and prints as bench.c does. What the parts are: pair.S. With SHARED_CPU both are meant to have one
 * CPU; else they have one each.
 */
#include "pair.h"
#include "report.h"

#define WARM_UP 64
#define COUNT	256

void bench_main(uint64_t start);
void second_main(void);
void second_start(void);
void second_wait(void);
void pair_send(void);

/* Read and written by both; MMU and caches are off. */
volatile uint64_t mailbox[MAIL_WORDS];

struct part {
	const char *name;
	unsigned from, to;
	unsigned own; /* instructions of the guest's, beside the reading of the counter */
};

#ifdef SHARED_CPU
static const struct part parts[] = {
	{"deliver", MAIL_SEND, MAIL_TAKEN, 0},
	{"switch", MAIL_WAIT, MAIL_SENT, 1}, /* its store of the one */
};
#else
static const struct part parts[] = {
	{"send", MAIL_SEND, MAIL_SENT, 0},
	{"receive", MAIL_YIELD, MAIL_TAKEN, 0},
	{"end", MAIL_TAKEN, MAIL_ENDED, 0},
};
#endif

#define PARTS (sizeof(parts) / sizeof(parts[0]))

static void measure(const char *mode_name, uint64_t mode, uint64_t reading)
{
	struct result results[PARTS];

	for (unsigned p = 0; p < PARTS; p++)
		results[p] = (struct result){.min = UINT64_MAX};
	mailbox[MAIL_MODE] = mode;
	for (unsigned i = 0; i < WARM_UP; i++)
		pair_send();
	for (unsigned i = 0; i < COUNT; i++) {
		pair_send();
		for (unsigned p = 0; p < PARTS; p++)
			result_add(&results[p], mailbox[parts[p].to] - mailbox[parts[p].from] -
							parts[p].own - reading);
	}
	for (unsigned p = 0; p < PARTS; p++) {
		char name[24];
		unsigned n = 0;

		for (const char *s = mode_name; *s; s++)
			name[n++] = *s;
		for (const char *s = parts[p].name; *s; s++)
			name[n++] = *s;
		name[n] = '\0';
		report(name, &results[p], COUNT);
	}
}

/* vCPU 1 comes here. */
void second_main(void)
{
	gic_enable(1);
	mailbox[MAIL_READY] = 1;
	second_wait();
}

void bench_main(uint64_t start)
{
	const uint64_t reading = probe_nothing();

	(void)start;
	gic_enable(0);
	call(PSCI_CPU_ON, 1, (uint64_t)second_start, 0);
	while (!mailbox[MAIL_READY])
		__asm__ volatile("yield");
#ifndef SHARED_CPU
	measure("running_", MODE_RUN, reading);
#endif
	measure("waiting_", MODE_WAIT, reading);
	call(PSCI_SYSTEM_OFF, 0, 0, 0);
}
