/* Physical memory at boot. Its tables only grow, so each test runs in a process of its own. */
/* sources: src/mm/phys.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fakes.h"
#include "lib/bits.h"
#include "mm/phys.h"

#define RAM UINT64_C(0x40000000)
#define EXPECT(condition)                                                               \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			_exit(1);                                                       \
		}                                                                       \
	} while (0)

static void in_child(void (*body)(void))
{
	int status = -1;
	const pid_t child = fork();

	assert_int_not_equal(child, -1);
	if (child == 0) {
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void ram_comes_in_whole_pages(void)
{
	EXPECT(phys_add_ram(RAM + 1, 2 * PAGE_BYTES) == VT_OK); /* holds one whole page */
	EXPECT(phys_take(2 * PAGE_BYTES, PAGE_BYTES) == 0);
	EXPECT(phys_take(PAGE_BYTES, PAGE_BYTES) == RAM + PAGE_BYTES);
	EXPECT(phys_take(PAGE_BYTES, PAGE_BYTES) == 0);
}

static void bad_ranges_are_refused(void)
{
	EXPECT(phys_add_ram(RAM, 0) == VT_EINVAL);
	EXPECT(phys_add_ram(RAM + 1, PAGE_BYTES) == VT_EINVAL);
	EXPECT(phys_add_ram(~UINT64_C(0) - 8192, 16384) == VT_EINVAL);
	EXPECT(phys_reserve(RAM, 0) == VT_EINVAL);
	EXPECT(phys_reserve(RAM, ~UINT64_C(0)) == VT_EINVAL);
	EXPECT(phys_add_ram(RAM, MIB) == VT_OK);
	EXPECT(phys_add_ram(RAM + MIB - PAGE_BYTES, MIB) == VT_EEXIST);
	EXPECT(phys_add_ram(RAM + MIB, MIB) == VT_OK);
	EXPECT(phys_add_ram(RAM + GIB, MIB) == VT_OK);
	EXPECT(phys_add_ram(RAM + 2 * GIB, MIB) == VT_OK);
	EXPECT(phys_add_ram(RAM + 3 * GIB, MIB) == VT_ENOMEM);
	EXPECT(phys_take(0, PAGE_BYTES) == 0);
	EXPECT(phys_take(~UINT64_C(0), PAGE_BYTES) == 0);
	EXPECT(PANICS(phys_take(PAGE_BYTES, 64)));
	EXPECT(PANICS(phys_take(PAGE_BYTES, 3 * PAGE_BYTES)));
}

static void page_0_is_never_handed_out(void)
{
	EXPECT(phys_add_ram(0, 2 * PAGE_BYTES) == VT_OK);
	EXPECT(phys_take(PAGE_BYTES, PAGE_BYTES) == PAGE_BYTES);
	EXPECT(phys_take(PAGE_BYTES, PAGE_BYTES) == 0);
}

/*
 * A reservation covers every page that it touches, wherever it lies, and may come before the RAM it
 * lies in.
 */
static void reserved_bytes_stay_untouched(void)
{
	EXPECT(phys_reserve(RAM + 10, 1) == VT_OK);
	EXPECT(phys_add_ram(RAM, 8 * PAGE_BYTES) == VT_OK);
	EXPECT(phys_reserve(RAM + 3 * PAGE_BYTES - 1, 2) == VT_OK); /* pages 2 and 3 */
	EXPECT(phys_reserve(RAM + 7 * PAGE_BYTES, GIB) == VT_OK);
	EXPECT(phys_take(2 * PAGE_BYTES, PAGE_BYTES) == RAM + 4 * PAGE_BYTES);
	EXPECT(phys_take(1, PAGE_BYTES) == RAM + PAGE_BYTES);
	EXPECT(phys_take(1, PAGE_BYTES) == RAM + 6 * PAGE_BYTES);
	EXPECT(phys_take(1, PAGE_BYTES) == 0);
}

/* What an aligned taking skips is not lost. */
static void first_fit_fills_the_gaps(void)
{
	EXPECT(phys_add_ram(RAM + PAGE_BYTES, 6 * MIB) == VT_OK);
	EXPECT(phys_take(2 * MIB, BLOCK_2M) == RAM + 2 * MIB);
	EXPECT(phys_take(PAGE_BYTES, PAGE_BYTES) == RAM + PAGE_BYTES);
	EXPECT(phys_take(MIB, MIB) == RAM + MIB);
	EXPECT(phys_take(2 * MIB, BLOCK_2M) == RAM + 4 * MIB);
	EXPECT(phys_take(2 * MIB, BLOCK_2M) == 0);
	EXPECT(phys_take(MIB - 2 * PAGE_BYTES, PAGE_BYTES) == RAM + 2 * PAGE_BYTES);
	EXPECT(phys_take(PAGE_BYTES, PAGE_BYTES) == RAM + 6 * MIB);
	EXPECT(phys_take(PAGE_BYTES, PAGE_BYTES) == 0);
}

static void the_next_range_is_used_when_one_is_full(void)
{
	EXPECT(phys_add_ram(RAM + GIB, 4 * MIB) == VT_OK);
	EXPECT(phys_add_ram(RAM, 2 * MIB) == VT_OK);
	EXPECT(phys_take(3 * MIB, PAGE_BYTES) == RAM + GIB);
	EXPECT(phys_take(2 * MIB, BLOCK_2M) == RAM);
}

static void a_full_table_is_an_error_and_merging_keeps_it_short(void)
{
	unsigned kept = 0;

	EXPECT(phys_add_ram(RAM, GIB) == VT_OK);
	for (unsigned i = 0; i < 1000; i++)
		EXPECT(phys_take(PAGE_BYTES, PAGE_BYTES) == RAM + i * PAGE_BYTES);
	while (phys_reserve(RAM + 64 * MIB + kept * 2 * MIB, 1) == VT_OK)
		kept++;
	EXPECT(kept == 63); /* the 1000 pages are one row of 64 */
	EXPECT(phys_reserve(RAM + 512 * MIB, 1) == VT_ENOMEM);
	EXPECT(phys_reserve(RAM + 60 * MIB, 256 * MIB) == VT_OK); /* swallows all the others */
	EXPECT(phys_reserve(RAM + 512 * MIB, 1) == VT_OK);
}

/*
 * Against a byte a page: whatever is taken was free, aligned and in RAM, and "nothing fits" is
 * true.
 */
#define MODEL_PAGES 512u
static void random_takings_agree_with_a_model(void)
{
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct fake_random random = {seed * 0x9e3779b97f4a7c15};
		uint8_t used[MODEL_PAGES] = {0};
		const pid_t child = fork(); /* the tables under test start empty */
		int status;

		if (child != 0) {
			EXPECT(waitpid(child, &status, 0) == child && status == 0);
			continue;
		}
		EXPECT(phys_add_ram(RAM, MODEL_PAGES * PAGE_BYTES) == VT_OK);
		for (unsigned i = 0; i < 60; i++) {
			const unsigned pages = 1 + fake_random_below(&random, 24);
			const unsigned align = 1u << fake_random_below(&random, 6);
			unsigned want = MODEL_PAGES;

			if (i % 4 == 0) {
				const unsigned at = fake_random_below(&random, MODEL_PAGES);
				const unsigned count = MIN(pages, MODEL_PAGES - at);

				EXPECT(phys_reserve(RAM + at * PAGE_BYTES, count * PAGE_BYTES) ==
				       VT_OK);
				memset(&used[at], 1, count);
				continue;
			}
			for (unsigned at = 0; at + pages <= MODEL_PAGES; at += align) {
				if (!memchr(&used[at], 1, pages)) {
					want = at;
					break;
				}
			}

			const uint64_t got = phys_take(pages * PAGE_BYTES, align * PAGE_BYTES);

			if (want == MODEL_PAGES) {
				EXPECT(got == 0);
			} else {
				EXPECT(got == RAM + want * PAGE_BYTES);
				memset(&used[want], 1, pages);
			}
		}
		_exit(0);
	}
}

static uint8_t memory[64 * PAGE_BYTES] __attribute__((aligned(65536)));

static bool all_zero(const void *start, size_t bytes)
{
	const uint8_t *at = start;

	for (size_t i = 0; i < bytes; i++)
		if (at[i])
			return false;
	return true;
}

static void small_objects_share_a_zeroed_page(void)
{
	memset(memory, 0xcc, sizeof(memory));
	EXPECT(phys_add_ram((uintptr_t)memory, sizeof(memory)) == VT_OK);

	uint8_t *a = boot_alloc(100, 8, "a"), *b = boot_alloc(24, 64, "b"),
		*c = boot_alloc(1, 1, "c");

	EXPECT(a == memory && all_zero(a, 100));
	EXPECT(b == memory + 128 && all_zero(b, 24));
	EXPECT(c == memory + 160 && *c == 0);
	EXPECT(boot_alloc_used() == PAGE_BYTES);
}

static void large_objects_leave_their_rest_to_small_ones(void)
{
	memset(memory, 0xcc, sizeof(memory));
	EXPECT(phys_add_ram((uintptr_t)memory, sizeof(memory)) == VT_OK);

	uint8_t *small = boot_alloc(4000, 16, "small"),
		*large = boot_alloc(5 * PAGE_BYTES + 16, 16, "large");
	uint8_t *page = boot_alloc(PAGE_BYTES, PAGE_BYTES, "page"),
		*tiny = boot_alloc(2000, 16, "tiny");

	EXPECT(small == memory && all_zero(small, 4000));
	EXPECT(large == memory + PAGE_BYTES && all_zero(large, 5 * PAGE_BYTES + 16));
	EXPECT(page == memory + 7 * PAGE_BYTES && all_zero(page, PAGE_BYTES));
	EXPECT(tiny == memory + 6 * PAGE_BYTES + 16 && all_zero(tiny, 2000));
	EXPECT(boot_alloc_used() == 8 * PAGE_BYTES);
	EXPECT(boot_alloc(100, 32768, "aligned") == memory + 32768);
}

static void running_out_names_the_object(void)
{
	EXPECT(phys_add_ram((uintptr_t)memory, sizeof(memory)) == VT_OK);
	EXPECT(PANICS(boot_alloc(MIB, 16, "the trace rings")));
	EXPECT(strstr(fake_panic_text, "the trace rings") && strstr(fake_panic_text, "1048576"));
}

#define CHILD_TEST(name)                      \
	static void test_##name(void **state) \
	{                                     \
		(void)state;                  \
		in_child(name);               \
	}

CHILD_TEST(ram_comes_in_whole_pages)
CHILD_TEST(bad_ranges_are_refused)
CHILD_TEST(page_0_is_never_handed_out)
CHILD_TEST(reserved_bytes_stay_untouched)
CHILD_TEST(first_fit_fills_the_gaps)
CHILD_TEST(the_next_range_is_used_when_one_is_full)
CHILD_TEST(a_full_table_is_an_error_and_merging_keeps_it_short)
CHILD_TEST(random_takings_agree_with_a_model)
CHILD_TEST(small_objects_share_a_zeroed_page)
CHILD_TEST(large_objects_leave_their_rest_to_small_ones)
CHILD_TEST(running_out_names_the_object)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ram_comes_in_whole_pages),
		cmocka_unit_test(test_bad_ranges_are_refused),
		cmocka_unit_test(test_page_0_is_never_handed_out),
		cmocka_unit_test(test_reserved_bytes_stay_untouched),
		cmocka_unit_test(test_first_fit_fills_the_gaps),
		cmocka_unit_test(test_the_next_range_is_used_when_one_is_full),
		cmocka_unit_test(test_a_full_table_is_an_error_and_merging_keeps_it_short),
		cmocka_unit_test(test_random_takings_agree_with_a_model),
		cmocka_unit_test(test_small_objects_share_a_zeroed_page),
		cmocka_unit_test(test_large_objects_leave_their_rest_to_small_ones),
		cmocka_unit_test(test_running_out_names_the_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
