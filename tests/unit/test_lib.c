/* The freestanding library against the host's: strings, printf, error names, bits, spinlocks. */
/* sources: src/lib/printf.c src/lib/err.c */
#define _GNU_SOURCE /* strnlen */
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fakes.h"
#include "lib/bits.h"
#include "lib/err.h"
#include "lib/printf.h"
#include "lib/spinlock.h"

/*
 * EL2's mem* and str* under names of their own: <string.h> has been read, so only their definitions
 * are renamed.
 */
#define memcpy	el2_memcpy
#define memmove el2_memmove
#define memset	el2_memset
#define memcmp	el2_memcmp
#define memchr	el2_memchr
#define strlen	el2_strlen
#define strnlen el2_strnlen
#define strcmp	el2_strcmp
#define strncmp el2_strncmp
#define strchr	el2_strchr
#define strrchr el2_strrchr
#define strstr	el2_strstr
#include "src/lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr
#undef strstr

#define AREA 512

static void fill(uint8_t *area, size_t bytes, uint8_t first)
{
	for (size_t i = 0; i < bytes; i++)
		area[i] = (uint8_t)(first + i * 7);
}

/*
 * Every pair of alignments, every length up to some turns of the unrolled loop. Source and target
 * are on the heap with exact sizes, so that the address sanitizer sees a byte read or written too
 * many.
 */
static void memcpy_copies_exactly_the_bytes(void **state)
{
	(void)state;
	for (size_t to_offset = 0; to_offset < 8; to_offset++)
		for (size_t from_offset = 0; from_offset < 8; from_offset++)
			for (size_t bytes = 0; bytes < 200; bytes++) {
				uint8_t *from = malloc(from_offset + bytes);
				uint8_t *to = malloc(to_offset + bytes);
				uint8_t before[8];

				fill(from, from_offset + bytes, 1);
				memset(to, 0xee, to_offset + bytes);
				memset(before, 0xee, sizeof(before));
				assert_ptr_equal(el2_memcpy(to + to_offset, from + from_offset,
							    bytes),
						 to + to_offset);
				assert_memory_equal(to + to_offset, from + from_offset, bytes);
				assert_memory_equal(to, before, to_offset);
				free(from);
				free(to);
			}
}

static void memmove_survives_every_overlap(void **state)
{
	(void)state;
	for (size_t to = 0; to < 96; to++)
		for (size_t from = 0; from < 96; from++)
			for (size_t bytes = 0; bytes < 200; bytes += bytes < 20 ? 1 : 13) {
				uint8_t ours[AREA], theirs[AREA];

				fill(ours, AREA, 3);
				fill(theirs, AREA, 3);
				assert_ptr_equal(el2_memmove(ours + to, ours + from, bytes),
						 ours + to);
				memmove(theirs + to, theirs + from, bytes);
				assert_memory_equal(ours, theirs, AREA);
			}
}

static void memset_sets_exactly_the_bytes(void **state)
{
	(void)state;
	for (size_t offset = 0; offset < 8; offset++)
		for (size_t bytes = 0; bytes < 200; bytes++) {
			uint8_t ours[AREA], theirs[AREA];

			fill(ours, AREA, 9);
			fill(theirs, AREA, 9);
			assert_ptr_equal(el2_memset(ours + offset, 0x1ab, bytes), ours + offset);
			memset(theirs + offset, 0x1ab, bytes);
			assert_memory_equal(ours, theirs, AREA);
		}
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

static void comparing_agrees_with_the_host(void **state)
{
	static const char *const words[] = {
		"", "a", "ab", "abc", "abd", "b", "\xff", "a\xff", "console=ttyAMA0"};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		const char *a = words[i];

		assert_int_equal(el2_strlen(a), strlen(a));
		for (unsigned j = 0; j < ARRAY_SIZE(words); j++) {
			const char *b = words[j];
			const size_t both = MIN(strlen(a), strlen(b)) + 1;

			assert_int_equal(sign(el2_strcmp(a, b)), sign(strcmp(a, b)));
			assert_int_equal(sign(el2_memcmp(a, b, both)), sign(memcmp(a, b, both)));
			assert_ptr_equal(el2_strstr(a, b), strstr(a, b));
			for (size_t limit = 0; limit < 6; limit++)
				assert_int_equal(sign(el2_strncmp(a, b, limit)),
						 sign(strncmp(a, b, limit)));
		}
	}
}

static void searching_agrees_with_the_host(void **state)
{
	static const char text[] = "virt,virtualization=on\xff";

	(void)state;
	for (int c = 0; c < 256; c++) {
		assert_ptr_equal(el2_strchr(text, c), strchr(text, c));
		assert_ptr_equal(el2_strrchr(text, c), strrchr(text, c));
		for (size_t bytes = 0; bytes <= sizeof(text); bytes++)
			assert_ptr_equal(el2_memchr(text, c, bytes), memchr(text, c, bytes));
	}
	for (size_t limit = 0; limit < 40; limit++)
		assert_int_equal(el2_strnlen(text, limit), strnlen(text, limit));
	assert_ptr_equal(el2_strstr("aaab", "aab"), (char *)strstr("aaab", "aab"));
}

/*
 * The same call of ours and of the host's snprintf, into buffers of every size: same text, same
 * length.
 */
#define SAME(...)                                                                         \
	do {                                                                              \
		for (size_t size_ = 0; size_ < 64; size_ += size_ < 4 ? 1 : 15) {         \
			char ours_[64], theirs_[64];                                      \
			memset(ours_, '!', sizeof(ours_));                                \
			memset(theirs_, '!', sizeof(theirs_));                            \
			const int length_ = vt_snprintf(ours_, size_, __VA_ARGS__);       \
			assert_int_equal(length_, snprintf(theirs_, size_, __VA_ARGS__)); \
			assert_memory_equal(ours_, theirs_, sizeof(ours_));               \
		}                                                                         \
	} while (0)

#ifndef __clang__ /* has no such warning */
#pragma GCC diagnostic ignored "-Wformat-truncation"
#endif

static void printf_agrees_with_the_host(void **state)
{
	static const int values[] = {0, 1, -1, 42, -42, INT32_MAX, INT32_MIN};

	(void)state;
	SAME("plain text");
	SAME("100%%");
	SAME("%s|%10s|%-10s|%.2s|%.*s|%c|%3c|%-3c|", "abc", "abc", "abc", "abc", 1, "abc", 'x', 'y',
	     'z');
	for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
		const int v = values[i];
		const unsigned u = (unsigned)v;

		SAME("%d|%i|%u|%x|%X", v, v, u, u, u);
		SAME("%8d|%-8d|%08d|%+d|% d|%+08d", v, v, v, v, v, v);
		SAME("%8x|%-8x|%08x|%#x|%#10x|%#010x|%#X", u, u, u, u, u, u, u);
		SAME("%.5d|%8.5d|%-8.5d|%.0d|%8.3x|%#.5x", v, v, v, v, u, u);
		SAME("%*d|%-*d|%*d|%.*d", 6, v, 6, v, -6, v, 4, v);
		SAME("%hhd|%hd|%hhx|%hx|%hhu", (signed char)v, (short)v, (unsigned char)u,
		     (unsigned short)u, (unsigned char)u);
	}
	SAME("%ld|%lu|%lx", INT64_MIN, UINT64_MAX, UINT64_MAX);
	SAME("%lld|%llu|%llx", (long long)INT64_MIN, UINT64_MAX + 0ull, 0x123456789abcdef0ull);
	SAME("%zu|%zx|%td|%jd|%ju", sizeof(int), (size_t)4096, (ptrdiff_t)-3, (intmax_t)-1,
	     (uintmax_t)7);
	SAME("%" PRIu64 "|%016" PRIx64, UINT64_C(1) << 63, UINT64_C(0xffff000012345678));
	SAME("vm %s: vcpu %u: pc 0x%016lx", "linux", 3u, 0x40080000ul);
}

static void pointers_have_sixteen_digits(void **state)
{
	char text[40];

	(void)state;
	vt_snprintf(text, sizeof(text), "%p", (void *)0x40080000);
	assert_string_equal(text, "0x0000000040080000");
	vt_snprintf(text, sizeof(text), "%20p|", (void *)~(uintptr_t)0);
	assert_string_equal(text, "  0xffffffffffffffff|");
}

/* A format may come from a careless hand; it must not read arguments that are not there. */
static void unknown_conversions_are_copied(void **state)
{
	char text[40];

	(void)state;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-security"
	const char *const odd[] = {"%f %q", "%", "a%5", "%-08lk", "%y", "%."};

	for (unsigned i = 0; i < ARRAY_SIZE(odd); i++) {
		assert_int_equal(vt_snprintf(text, sizeof(text), odd[i]), strlen(odd[i]));
		assert_string_equal(text, odd[i]);
	}
#pragma GCC diagnostic pop

	const char *volatile none = NULL;

	vt_snprintf(text, sizeof(text), "%s", none);
	assert_string_equal(text, "(null)");
}

/* %.3s of bytes without a NUL reads three bytes: manifest strings are not always ended. */
static void precision_bounds_what_is_read(void **state)
{
	char text[8], *bytes = malloc(3);

	(void)state;
	memcpy(bytes, "xyz", 3);
	vt_snprintf(text, sizeof(text), "%.3s", bytes);
	assert_string_equal(text, "xyz");
	free(bytes);
}

static void errors_have_names(void **state)
{
	(void)state;
	assert_string_equal(vt_err_name(VT_OK), "VT_OK");
	assert_string_equal(vt_err_name(VT_EINVAL), "VT_EINVAL");
	assert_string_equal(vt_err_name(VT_EIO), "VT_EIO");
	assert_string_equal(vt_err_name((enum vt_err)99), "?");
}

static void fields_go_in_and_out(void **state)
{
	(void)state;
	assert_int_equal(GENMASK(63, 0), ~UINT64_C(0));
	assert_int_equal(GENMASK(7, 4), 0xf0);
	assert_int_equal(FIELD_PREP(GENMASK(63, 48), 0x1234), UINT64_C(0x1234) << 48);
	assert_int_equal(FIELD_PREP(GENMASK(7, 4), 0x1f), 0xf0); /* too wide: cut, not spilled */
	assert_int_equal(FIELD_GET(GENMASK(63, 60), UINT64_C(0xa) << 60), 0xa);
	assert_int_equal(ALIGN_UP(4097, 4096), 8192);
	assert_int_equal(ALIGN_DOWN(4097, 4096), 4096);
	assert_true(IS_ALIGNED(0, 4096) && IS_ALIGNED(8192, 4096) && !IS_ALIGNED(8, 4096));
}

#define LOCK_THREADS 3
#define LOCK_TURNS   200
static struct spinlock lock = SPINLOCK_INIT(LOCK_LOG);
static unsigned inside, intruders, turns;

static void *take_turns(void *unused)
{
	for (unsigned i = 0; i < LOCK_TURNS; i++) {
		spin_lock(&lock);
		intruders += __atomic_fetch_add(&inside, 1, __ATOMIC_RELAXED);
		sched_yield();
		turns++;
		__atomic_fetch_sub(&inside, 1, __ATOMIC_RELAXED);
		spin_unlock(&lock);
	}
	return unused;
}

static void a_spinlock_lets_one_in(void **state)
{
	pthread_t threads[LOCK_THREADS];

	(void)state;
	for (unsigned i = 0; i < LOCK_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_turns, NULL), 0);
	for (unsigned i = 0; i < LOCK_THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(intruders, 0);
	assert_int_equal(turns, LOCK_THREADS * LOCK_TURNS);
}

/* Appending fills a buffer to its end and never beyond, however often it is tried. */
static void appending_stops_at_the_end(void **state)
{
	char buffer[12] = "unchanged..";
	size_t used = 0;

	(void)state;
	vt_append(buffer, 10, &used, "%s", "abc");
	assert_int_equal(used, 3);
	for (unsigned i = 0; i < 5; i++)
		vt_append(buffer, 10, &used, "-%u", 1234u);
	assert_string_equal(buffer, "abc-1234-");
	assert_int_equal(used, 9);
	assert_int_equal(buffer[10], '.');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appending_stops_at_the_end),
		cmocka_unit_test(memcpy_copies_exactly_the_bytes),
		cmocka_unit_test(memmove_survives_every_overlap),
		cmocka_unit_test(memset_sets_exactly_the_bytes),
		cmocka_unit_test(comparing_agrees_with_the_host),
		cmocka_unit_test(searching_agrees_with_the_host),
		cmocka_unit_test(printf_agrees_with_the_host),
		cmocka_unit_test(pointers_have_sixteen_digits),
		cmocka_unit_test(unknown_conversions_are_copied),
		cmocka_unit_test(precision_bounds_what_is_read),
		cmocka_unit_test(errors_have_names),
		cmocka_unit_test(fields_go_in_and_out),
		cmocka_unit_test(a_spinlock_lets_one_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
