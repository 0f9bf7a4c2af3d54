/* The report of an EL2 fault, line by line, and its backtrace. */
/* sources: src/main/panic.c src/core/decode.c src/core/fault_codes.c src/lib/printf.c */
/* flags: -D_DEFAULT_SOURCE */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <vitrine/percpu.h>

#include "core/fault.h"
#include "dev/log.h"
#include "hal/hal.h"
#include "lib/printf.h"
#include "main/machine.h"
#include "tests/unit/fake_sysregs.h"
#include "vm/stop.h"
#include "vm/vm.h"

#define DATA_BYTES 4096
#define LINES	   64

/* The image: one page of data, what is called in it, and nothing before or behind. */
__asm__(".data\n\t.balign 4096\n\t.globl image_start\nimage_start:\n\t.skip 4096\n\t.globl "
	"data_start\ndata_start:\n\t"
	".skip 4096\n\t.globl image_end\nimage_end:\n\t.skip 4096\n\t.text");

struct hal_info hal;
static struct percpu cpu;
static struct fault_frame frame;
static jmp_buf landing;

/*
 * A report is the end, and panic.c knows that there is only one: each is made by a child of this program, which says what it has seen
 * in memory that both have.
 */
static struct seen {
	char lines[LINES][200];
	unsigned line_count, panic_modes, stops, waits, exit_status;
	bool quiet_at_first_line, metadata_panicking;
} * seen;

struct percpu *this_cpu(void)
{
	return &cpu;
}

void log_line(const char *format, ...)
{
	va_list args;

	if (seen->line_count == 0)
		seen->quiet_at_first_line = seen->panic_modes > 0;
	if (seen->line_count == LINES)
		_Exit(3);
	va_start(args, format);
	vt_vsnprintf(seen->lines[seen->line_count++], sizeof(seen->lines[0]), format, args);
	va_end(args);
}

void log_panic_mode(void)
{
	seen->panic_modes++;
}

uint32_t stop_others(void)
{
	seen->stops++;
	return 0;
}

void trace_emit_words(struct trace_ring *ring, const uint64_t *words, unsigned count)
{
	(void)ring;
	(void)words;
	(void)count;
}

/* Everything in the image is function `here`, from its first byte on. */
const char *symbol_at(uint64_t address, uint64_t *offset)
{
	*offset = address - (uint64_t)(uintptr_t)image_start;
	return *offset < 3 * DATA_BYTES ? "here" : NULL;
}

void crash_log_history(const struct percpu *which)
{
	(void)which;
	log_line("history");
}

void metadata_end(bool panicking, uint32_t writing)
{
	(void)writing;
	seen->metadata_panicking = panicking;
}

_Noreturn void machine_exit(unsigned status, const char *reason)
{
	(void)reason;
	seen->exit_status = status;
	longjmp(landing, 1);
}

_Noreturn void stop_here(void)
{
	seen->waits++;
	longjmp(landing, 2);
}

static uint64_t *data(unsigned word)
{
	return (uint64_t *)(uintptr_t)data_start + word;
}

static uint64_t address(unsigned word)
{
	return (uint64_t)(uintptr_t)data(word);
}

static uint64_t in_image(uint64_t offset)
{
	return (uint64_t)(uintptr_t)image_start + offset;
}

/* A write to 8 by code of ours, on CPU 2 of 4. */
static int fresh(void **state)
{
	(void)state;
	if (!seen)
		seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
	if (seen == MAP_FAILED)
		return -1;
	memset(seen, 0, sizeof(*seen));
	memset(&cpu, 0, sizeof(cpu));
	memset(data(0), 0, DATA_BYTES);
	fake_sysregs_reset();
	cpu.index = 2;
	hal.cpus = 4;
	for (unsigned i = 0; i < 31; i++)
		frame.x[i] = UINT64_C(0xa000000000000000) + i * 0x1111;
	frame.sp = UINT64_C(0x4020fff0);
	frame.x[29] = 0;
	frame.x[30] = in_image(0x40);
	fake_sysreg("ELR_EL2")->value = in_image(0x20);
	fake_sysreg("FAR_EL2")->value = 0x8;
	fake_sysreg("SPSR_EL2")->value = 0x3c9;
	fake_sysreg("ESR_EL2")->value = 0x96000046;
	return 0;
}

/* `times` faults one after the other, as many as CPUs or faults inside the report would bring. */
static void report(uint64_t kind, unsigned times)
{
	int status;
	const pid_t child = fork();

	if (child == 0) {
		for (volatile unsigned i = 0; i < times; i++)
			if (setjmp(landing) == 0)
				el2_fault(kind, &frame);
		_Exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 64)
		_Exit(64); /* not written yet */
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("the report itself fails, or does not end: status 0x%x", (unsigned)status);
}

static void expect(const char *format, ...)
{
	char wanted[200];
	va_list args;

	va_start(args, format);
	vsnprintf(wanted, sizeof(wanted), format, args);
	va_end(args);
	for (unsigned i = 0; i < seen->line_count; i++)
		if (strcmp(seen->lines[i], wanted) == 0)
			return;
	for (unsigned i = 0; i < seen->line_count; i++)
		print_error("said: %s\n", seen->lines[i]);
	fail_msg("no line \"%s\"", wanted);
}

typedef unsigned long long ull;

/* Frame records from word 16 of the data on, each 32 bytes above the last. */
static void chain_of(unsigned frames)
{
	for (unsigned i = 0; i < frames; i++) {
		data(16 + 4 * i)[0] = i + 1 < frames ? address(16 + 4 * (i + 1)) : 0;
		data(16 + 4 * i)[1] = in_image(0x100 + 8 * i);
	}
	frame.x[29] = address(16);
}

static unsigned callers(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < seen->line_count; i++)
		count += strncmp(seen->lines[i], "  from ", 7) == 0;
	return count;
}

static void the_first_line_names_cpu_kind_and_class(void **state)
{
	(void)state;
	report(4, 1);
	assert_string_equal(seen->lines[0],
			    "panic on cpu 2: EL2 exception: synchronous, data abort, same EL");
	assert_int_equal(seen->exit_status, 4);
}

static void each_kind_has_its_words(void **state)
{
	static const char *const words[] = {
		"synchronous, SP_EL0", "IRQ, SP_EL0", "FIQ, SP_EL0", "SError, SP_EL0",
		"synchronous",	       "IRQ",	      "FIQ",	     "SError"};

	for (unsigned kind = 0; kind < 8; kind++) {
		fresh(state);
		fake_sysreg("ESR_EL2")->value = UINT64_C(0x3c) << 26;
		report(kind, 1);
		expect("panic on cpu 2: EL2 exception: %s, BRK", words[kind]);
	}
}

static void the_syndrome_is_taken_apart(void **state)
{
	(void)state;
	report(4, 1);
	expect("  esr 0x96000046: class 0x25, iss 0x46; far 0x8; spsr 0x3c9");
	fresh(state);
	/* Above the 32 bits is ISS2, which is neither class nor ISS. */
	fake_sysreg("ESR_EL2")->value = UINT64_C(0x7ff1234567);
	report(4, 1);
	expect("  esr 0x7ff1234567: class 0x3c, iss 0x1234567; far 0x8; spsr 0x3c9");
}

static void the_places_have_names(void **state)
{
	(void)state;
	report(4, 1);
	expect("  pc 0x%llx = image+0x20 here+0x20", (ull)in_image(0x20));
	expect("  lr 0x%llx = image+0x40 here+0x40", (ull)in_image(0x40));
	fresh(state);
	fake_sysreg("ELR_EL2")->value = 0x1234;
	report(4, 1);
	expect("  pc 0x1234");
}

static void every_register_is_told(void **state)
{
	(void)state;
	report(4, 1);
	for (unsigned i = 0; i < 30; i += 3)
		expect("  x%-2u %016llx  x%-2u %016llx  x%-2u %016llx", i, (ull)frame.x[i], i + 1,
		       (ull)frame.x[i + 1], i + 2, (ull)frame.x[i + 2]);
	expect("  x30 %016llx  sp  000000004020fff0", (ull)frame.x[30]);
}

static void only_one_cpu_reports(void **state)
{
	unsigned lines;

	(void)state;
	report(4, 1);
	lines = seen->line_count;
	assert_int_equal(seen->stops, 1);
	assert_true(seen->quiet_at_first_line);
	assert_int_equal(seen->waits, 0);
	fresh(state);
	report(4, 3);
	assert_int_equal(seen->line_count, lines);
	assert_int_equal(seen->waits, 2);
	assert_int_equal(seen->stops, 1);
}

static void the_report_ends_the_machine(void **state)
{
	(void)state;
	report(7, 1);
	expect("history");
	assert_true(seen->metadata_panicking);
	assert_int_equal(seen->exit_status, 4);
}

/* The call, not where it would have returned to. */
static void the_backtrace_follows_the_frames(void **state)
{
	(void)state;
	chain_of(3);
	report(4, 1);
	expect("backtrace:");
	assert_int_equal(callers(), 3);
	for (unsigned i = 0; i < 3; i++)
		expect("  from 0x%llx = image+0x%x here+0x%x", (ull)in_image(0xfc + 8 * i),
		       0xfc + 8 * i, 0xfc + 8 * i);
}

static void the_backtrace_ends_where_nobody_called(void **state)
{
	(void)state;
	chain_of(5);
	data(16 + 4 * 2)[1] = 0;
	report(4, 1);
	assert_int_equal(callers(), 2);
}

static void the_backtrace_is_bounded(void **state)
{
	(void)state;
	chain_of(40);
	report(4, 1);
	assert_int_equal(callers(), 16);
}

/* A frame lies above the one that it has called: what points down, or at itself, would never end. */
static void the_backtrace_never_turns_back(void **state)
{
	(void)state;
	chain_of(6);
	data(16 + 4 * 3)[0] = address(16);
	report(4, 1);
	assert_int_equal(callers(), 4);
	fresh(state);
	chain_of(6);
	data(16 + 4 * 2)[0] = address(16 + 4 * 2);
	report(4, 1);
	assert_int_equal(callers(), 3);
}

/* x29 is a number like any other, and a report must not fault: nothing outside the data is read, nothing misaligned. */
static void the_backtrace_believes_no_pointer(void **state)
{
	const uint64_t low = address(0), high = low + DATA_BYTES;
	const uint64_t wild[] = {
		0,	  8,	   ~UINT64_C(0), ~UINT64_C(15), UINT64_C(0xa000000000000000),
		low - 16, low - 8, high,	 high - 8,	low + 4};

	for (unsigned i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		fresh(state);
		for (unsigned word = 0; word < DATA_BYTES / 8 + 4; word++)
			data(word)[0] = in_image(0x100);
		frame.x[29] = wild[i];
		report(4, 1);
		if (callers() != 0)
			fail_msg("x29 0x%llx was followed: data is 0x%llx to 0x%llx", (ull)wild[i],
				 (ull)low, (ull)high);
		assert_int_equal(seen->exit_status, 4);
	}
	/* The first and the last place are good ones. */
	fresh(state);
	data(0)[1] = in_image(0x100);
	frame.x[29] = low;
	report(4, 1);
	assert_int_equal(callers(), 1);
	fresh(state);
	data(DATA_BYTES / 8 - 1)[0] = in_image(0x100);
	frame.x[29] = high - 16;
	report(4, 1);
	assert_int_equal(callers(), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
	const struct CMUnitTest tests[] = {
		TEST(the_first_line_names_cpu_kind_and_class),
		TEST(each_kind_has_its_words),
		TEST(the_syndrome_is_taken_apart),
		TEST(the_places_have_names),
		TEST(every_register_is_told),
		TEST(only_one_cpu_reports),
		TEST(the_report_ends_the_machine),
		TEST(the_backtrace_follows_the_frames),
		TEST(the_backtrace_ends_where_nobody_called),
		TEST(the_backtrace_is_bounded),
		TEST(the_backtrace_never_turns_back),
		TEST(the_backtrace_believes_no_pointer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
