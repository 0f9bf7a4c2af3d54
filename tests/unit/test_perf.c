/* Histograms by powers of two. */
/* sources: src/core/perf.c src/lib/printf.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <vitrine/perf.h>

static void a_bucket_is_a_power_of_two(void **state)
{
	(void)state;
	assert_int_equal(perf_bucket(0), 0);
	assert_int_equal(perf_bucket(1), 1);
	assert_int_equal(perf_bucket(2), 2);
	assert_int_equal(perf_bucket(3), 2);
	assert_int_equal(perf_bucket(4), 3);
	for (unsigned n = 1; n < 31; n++) {
		assert_int_equal(perf_bucket(UINT64_C(1) << n), n + 1);
		assert_int_equal(perf_bucket((UINT64_C(2) << n) - 1), n + 1);
	}
	/* The last one has no upper end. */
	assert_int_equal(perf_bucket(UINT64_C(1) << 31), PERF_BUCKETS - 1);
	assert_int_equal(perf_bucket(~UINT64_C(0)), PERF_BUCKETS - 1);
}

static void sums_and_counts_are_exact(void **state)
{
	struct perf_histogram histogram = {0};
	uint64_t buckets = 0;

	(void)state;
	for (uint64_t value = 0; value <= 1000; value++)
		perf_add(&histogram, value);
	assert_int_equal(histogram.count, 1001);
	assert_int_equal(histogram.total, 500500);
	assert_int_equal(histogram.largest, 1000);
	for (unsigned i = 0; i < PERF_BUCKETS; i++)
		buckets += histogram.bucket[i];
	assert_int_equal(buckets, histogram.count);
	assert_int_equal(histogram.bucket[7], 64); /* 64 to 127 */
}

static void the_line_shows_what_is_not_empty(void **state)
{
	struct perf_histogram histogram = {0};
	char text[128];

	(void)state;
	perf_format(text, sizeof(text), &histogram);
	assert_string_equal(text, "count 0, mean 0, largest 0:");
	perf_add(&histogram, 0);
	perf_add(&histogram, 70);
	perf_add(&histogram, 80);
	perf_add(&histogram, 130);

	const int length = perf_format(text, sizeof(text), &histogram);

	assert_string_equal(text, "count 4, mean 70, largest 130: 0 1 2^6 2 2^7 1");
	assert_int_equal(length, strlen(text));
	for (size_t size = 0; size <= (size_t)length; size++) {
		memset(text, '#', sizeof(text));
		assert_int_equal(perf_format(text, size, &histogram), length);
		assert_int_equal(text[size], '#');
	}
}

static void each_measure_has_a_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PERF_MEASURES; i++)
		assert_string_not_equal(perf_measure_name(i), "?");
	assert_string_equal(perf_measure_name(PERF_MEASURES), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bucket_is_a_power_of_two),
		cmocka_unit_test(sums_and_counts_are_exact),
		cmocka_unit_test(the_line_shows_what_is_not_empty),
		cmocka_unit_test(each_measure_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
