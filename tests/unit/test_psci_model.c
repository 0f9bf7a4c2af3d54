/* PSCI against a machine that does everything in any order: tests/model/psci_world.h. */
/* sources: src/core/psci_state.c src/core/smccc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/model/psci_world.h"
#include "tests/unit/fakes.h"

#define STEPS 400000u

static uint64_t draw_random(void *source)
{
	return fake_random_next(source);
}

static void any_order_keeps_the_rules(void **state)
{
	(void)state;
	for (unsigned cpus = 1; cpus <= PSCI_MAX_CPUS; cpus++) {
		struct fake_random random = {0x5eed + cpus};
		static struct world world;

		world_init(&world, cpus, draw_random, &random);
		for (unsigned i = 0; i < STEPS; i++)
			world_step(&world);

		/* It has been where it is interesting. */
		assert_true(world.calls > STEPS / 16);
		assert_true(world.resets > 100 && world.ends > 100);
		assert_true(cpus == 1 || world.starts > 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(any_order_keeps_the_rules)};

	return cmocka_run_group_tests(tests, 0, 0);
}
