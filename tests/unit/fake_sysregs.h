/*
 * System registers for host tests: a table by name, what READ_SYSREG and WRITE_SYSREG of src/hal/arm64.h use. Include it
 * in the one file of the test that has main(). A register reads 0 until it is written.
 */
#ifndef TESTS_UNIT_FAKE_SYSREGS_H
#define TESTS_UNIT_FAKE_SYSREGS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hal/arm64.h"

#define FAKE_SYSREGS 256

static struct fake_sysreg {
	char name[32];
	uint64_t value;
	unsigned reads, writes;
} fake_sysregs[FAKE_SYSREGS];

static unsigned fake_sysreg_writes; /* all of them: "nothing has changed" */

static struct fake_sysreg *fake_sysreg(const char *name)
{
	for (unsigned i = 0; i < FAKE_SYSREGS; i++) {
		struct fake_sysreg *reg = &fake_sysregs[i];

		if (!reg->name[0])
			snprintf(reg->name, sizeof(reg->name), "%s", name);
		if (strcmp(reg->name, name) == 0)
			return reg;
	}
	fprintf(stderr, "fake_sysregs.h: no place for %s\n", name);
	abort();
}

uint64_t fake_sysreg_read(const char *name)
{
	struct fake_sysreg *reg = fake_sysreg(name);

	reg->reads++;
	return reg->value;
}

void fake_sysreg_write(const char *name, uint64_t value)
{
	struct fake_sysreg *reg = fake_sysreg(name);

	reg->writes++;
	fake_sysreg_writes++;
	reg->value = value;
}

static void fake_sysregs_reset(void)
{
	memset(fake_sysregs, 0, sizeof(fake_sysregs));
	fake_sysreg_writes = 0;
}

#endif
