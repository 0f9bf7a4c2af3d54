/*
 * When EL2 itself fails: say everything that helps, stop all CPUs, end with a status of its own.
 * Runs on the emergency stack or wherever panic() was called; takes no locks.
 */
#include <vitrine/percpu.h>

#include "core/decode.h"
#include "core/fault.h"
#include "dev/log.h"
#include "hal/arm64.h"
#include "hal/hal.h"
#include "lib/bits.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "main/machine.h"
#include "trace/writers.h"
#include "vm/stop.h"
#include "vm/vm.h"

#define BACKTRACE_FRAMES 16u

typedef unsigned long long ull;

static uint32_t panicking;    /* atomic: how many CPUs have begun a report */
static uint32_t cpus_writing; /* those that did not stop */

/* For the trace: the addresses of the report, as offsets in the image. */
static uint64_t stack[TRACE_RECORD_LIMIT_WORDS - 1];
static unsigned stacked;

/*
 * The first CPU reports; a second one, and a fault inside the report, must not add to the damage.
 */
static void begin_report(void)
{
	if (__atomic_fetch_add(&panicking, 1, __ATOMIC_ACQ_REL) != 0)
		stop_here();
	log_panic_mode();
	cpus_writing = stop_others();
}

static void log_address(const char *what, uint64_t address)
{
	uint64_t offset;
	const char *name = symbol_at(address, &offset);
	const uint64_t in_image = address - (uint64_t)(uintptr_t)image_start;

	if (stacked < ARRAY_SIZE(stack))
		stack[stacked++] = in_image;
	if (name)
		log_line("  %s 0x%llx = image+0x%llx %s+0x%llx", what, (ull)address, (ull)in_image,
			 name, (ull)offset);
	else
		log_line("  %s 0x%llx", what, (ull)address);
}

/*
 * Frame records are {previous x29, return address} (AAPCS64 6.4.6). Follow them only inside our own
 * data.
 */
static void log_backtrace(uint64_t frame)
{
	const uint64_t low = (uint64_t)(uintptr_t)data_start, high = (uint64_t)(uintptr_t)image_end;

	/* LAB 02.3 */
	unsigned left = BACKTRACE_FRAMES;
	uint64_t below = 0;

	log_line("%s", "backtrace:");
	while (left-- > 0) {
		struct {
			uint64_t next, back;
		} record;

		if (frame % 8 != 0 || frame < low || frame > high || high - frame < sizeof(record))
			return;
		if (below && frame <= below)
			return;
		memcpy(&record, (const void *)(uintptr_t)frame, sizeof(record));
		if (!record.back)
			return;
		log_address("from", record.back - 4);
		below = frame;
		frame = record.next;
	}
	/* END LAB */
}

/* `exception_class`: of ESR_EL2; 0 when it was panic(). */
static _Noreturn void end_report(unsigned exception_class)
{
	const struct percpu *cpu = this_cpu();

	if (cpu->current)
		log_line("current vcpu: %u, guest pc 0x%llx", cpu->current->id,
			 (ull)cpu->current->frame.pc);
	crash_log_history(cpu);
	trace_PANIC(cpu->ring, TRACE_NO_VCPU, exception_class, stack, stacked);
	metadata_end(true, cpus_writing);
	machine_exit(EXIT_STATUS_PANIC, "panic");
}

void panic(const char *format, ...)
{
	char text[160];
	va_list args;

	begin_report();
	va_start(args, format);
	vt_vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_line("panic on cpu %u: %s", this_cpu()->index, text);
	log_backtrace((uint64_t)(uintptr_t)__builtin_frame_address(0));
	end_report(0);
}

void el2_fault(uint64_t kind, const struct fault_frame *frame)
{
	static const char *const kinds[] = {
		"synchronous, SP_EL0", "IRQ, SP_EL0", "FIQ, SP_EL0", "SError, SP_EL0",
		"synchronous",	       "IRQ",	      "FIQ",	     "SError"};

	/* LAB 02.3 */
	begin_report();

	const uint64_t syndrome = READ_SYSREG(ESR_EL2);
	const unsigned class = (syndrome >> 26) & 0x3f;

	log_line("panic on cpu %u: EL2 exception: %s, %s", this_cpu()->index, kinds[kind],
		 exception_class_name(class));
	log_line("  esr %#llx: class 0x%x, iss 0x%llx; far 0x%llx; spsr 0x%llx", (ull)syndrome,
		 class, (ull)(syndrome & 0x1ffffff), (ull)READ_SYSREG(FAR_EL2),
		 (ull)READ_SYSREG(SPSR_EL2));
	log_address("pc", READ_SYSREG(ELR_EL2));
	log_address("lr", frame->x[30]);
	for (unsigned row = 0; row < 10; row++) {
		const uint64_t *x = &frame->x[3 * row];

		log_line("  x%-2u %016llx  x%-2u %016llx  x%-2u %016llx", 3 * row, (ull)x[0],
			 3 * row + 1, (ull)x[1], 3 * row + 2, (ull)x[2]);
	}
	log_line("  x%u %016llx  %s  %016llx", 30u, (ull)frame->x[30], "sp", (ull)frame->sp);
	log_backtrace(frame->x[29]);
	end_report(class);
	/* END LAB */
}
