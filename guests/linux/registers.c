/*
 * A Linux program that makes its kernel use what Vitrine gives to EL1: hardware watchpoints, single step, the PMU; and, where the CPU
 * has it, pointer authentication across context switches. Statically linked, without a C library. Prints one line a claim.
 */
#include <stddef.h>
#include <stdint.h>

/* Of the kernel's interface what is used here: the cross compiler comes without its headers. */
struct perf_event_attr {
	uint32_t type, size;
	uint64_t config, sample_period, sample_type, read_format, flags;
	uint32_t wakeup_events, bp_type;
	uint64_t bp_addr, bp_len; /* the first published size ends with config1, the second here */
};
_Static_assert(sizeof(struct perf_event_attr) == 72, "PERF_ATTR_SIZE_VER1");

#define PERF_TYPE_HARDWARE	 0
#define PERF_TYPE_BREAKPOINT	 5
#define PERF_COUNT_HW_CPU_CYCLES 0
#define HW_BREAKPOINT_W		 2
#define PTRACE_TRACEME		 0
#define PTRACE_KILL		 8
#define PTRACE_SINGLESTEP	 9

#define SYS_IOCTL	    29
#define SYS_READ	    63
#define SYS_WRITE	    64
#define SYS_EXIT	    93
#define SYS_SCHED_YIELD	    124
#define SYS_KILL	    129
#define SYS_PTRACE	    117
#define SYS_GETPID	    172
#define SYS_CLONE	    220
#define SYS_PERF_EVENT_OPEN 241
#define SYS_WAIT4	    260
#define SIGCHLD		    17
#define SIGTRAP		    5
#define SIGSTOP		    19
#define HWCAP_PACA	    (1ul << 30)
#define AT_HWCAP	    16

#define STEPS	 200
#define SWITCHES 2000

static volatile uint64_t watched;

static long call(long number, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
			 : "memory", "cc");
	return x0;
}

static void say(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	call(SYS_WRITE, 1, (long)text, (long)length, 0, 0);
}

static void check(int ok, const char *claim)
{
	say(ok ? "ok: " : "FAIL: ");
	say(claim);
	say("\n");
}

static long open_event(struct perf_event_attr *attr)
{
	attr->size = sizeof(*attr);
	return call(SYS_PERF_EVENT_OPEN, (long)attr, 0, -1, -1, 0);
}

static uint64_t count_of(long event)
{
	uint64_t count = 0;

	call(SYS_READ, event, (long)&count, sizeof(count), 0, 0);
	return count;
}

static void watchpoint(void)
{
	static struct perf_event_attr attr = {.type = PERF_TYPE_BREAKPOINT,
					      .bp_type = HW_BREAKPOINT_W,
					      .bp_addr = (uintptr_t)&watched,
					      .bp_len = sizeof(watched)};
	const long event = open_event(&attr);

	check(event >= 0, "a watchpoint can be set");
	for (unsigned i = 0; i < 5; i++) {
		watched = i;
		call(SYS_SCHED_YIELD, 0, 0, 0, 0, 0);
	}
	check(count_of(event) == 5, "five stores are five hits");
}

static void cycles(void)
{
	static struct perf_event_attr attr = {.type = PERF_TYPE_HARDWARE,
					      .config = PERF_COUNT_HW_CPU_CYCLES};
	const long event = open_event(&attr);
	const uint64_t first = count_of(event);

	check(event >= 0, "the PMU counts cycles for a task");
	for (volatile unsigned i = 0; i < 100000; i++)
		;
	check(first > 0 && count_of(event) > first, "and more of them later");
}

static void single_step(void)
{
	const long child = call(SYS_CLONE, SIGCHLD, 0, 0, 0, 0);
	unsigned steps = 0;
	int status = 0;

	if (child == 0) {
		call(SYS_PTRACE, PTRACE_TRACEME, 0, 0, 0, 0);
		call(SYS_KILL, call(SYS_GETPID, 0, 0, 0, 0, 0), SIGSTOP, 0, 0, 0);
		for (;;)
			watched++;
	}
	call(SYS_WAIT4, child, (long)&status, 0, 0, 0);
	while (steps < STEPS && (status & 0xff) == 0x7f) {
		call(SYS_PTRACE, PTRACE_SINGLESTEP, child, 0, 0, 0);
		call(SYS_WAIT4, child, (long)&status, 0, 0, 0);
		if (status != (SIGTRAP << 8 | 0x7f))
			break;
		steps++;
	}
	check(steps == STEPS, "each single step is one trap");
	call(SYS_PTRACE, PTRACE_KILL, child, 0, 0, 0);
	call(SYS_WAIT4, child, (long)&status, 0, 0, 0);
}

static uint64_t sign(uint64_t pointer)
{
	__asm__(".arch armv8.3-a\n\tpacia %0, %1" : "+r"(pointer) : "r"(7ul));
	return pointer;
}

static uint64_t authenticate(uint64_t pointer)
{
	__asm__(".arch armv8.3-a\n\tautia %0, %1" : "+r"(pointer) : "r"(7ul));
	return pointer;
}

static void pointer_authentication(void)
{
	const uint64_t pointer = (uintptr_t)&watched, with_code = sign(pointer);
	unsigned wrong = 0;

	check(with_code != pointer, "pointers are signed");
	for (unsigned i = 0; i < SWITCHES; i++) {
		call(SYS_SCHED_YIELD, 0, 0, 0, 0, 0);
		wrong += sign(pointer) != with_code || authenticate(with_code) != pointer;
	}
	check(wrong == 0, "the keys stay the task's across switches");
}

/* What the kernel leaves on the stack: argc, argv, NULL, envp, NULL, pairs of the auxiliary vector. */
static uint64_t capabilities(const uint64_t *stack)
{
	const uint64_t *at = stack + 1 + stack[0] + 1;

	while (*at++)
		;
	for (; at[0]; at += 2)
		if (at[0] == AT_HWCAP)
			return at[1];
	return 0;
}

__attribute__((used)) static void start(const uint64_t *stack)
{
	watchpoint();
	cycles();
	single_step();
	if (capabilities(stack) & HWCAP_PACA)
		pointer_authentication();
	say("program ends\n");
	call(SYS_EXIT, 0, 0, 0, 0, 0);
}

__asm__(".global _start\n_start:\n\tmov x29, xzr\n\tmov x0, sp\n\tbl start\n");
