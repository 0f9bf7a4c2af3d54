/* Fuzzer: the input's bytes decide what happens next in a machine of PSCI calls. tests/model/psci_world.h has the rules. */
/* sources: src/core/psci_state.c src/core/smccc.c */
#include <stddef.h>
#include <stdint.h>

#include "tests/model/psci_world.h"

struct input {
	const uint8_t *bytes;
	size_t count, at;
};

/* Eight bytes a number would leave the fuzzer little to say; most numbers are small. */
static uint64_t draw_from_input(void *source)
{
	struct input *input = source;
	uint64_t value = 0;

	for (unsigned i = 0; i < 3 && input->at < input->count; i++)
		value = value << 8 | input->bytes[input->at++];
	return value;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	struct input input = {bytes, count, 0};
	static struct world world;

	world_init(&world, 1 + (count ? bytes[input.at++] % PSCI_MAX_CPUS : 0), draw_from_input,
		   &input);
	while (input.at < input.count)
		world_step(&world);
	return 0;
}
