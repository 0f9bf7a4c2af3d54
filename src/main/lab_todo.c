/*
 * The end of a run that has come to a function which a student has still to write. Only images of
 * the labs (`make LAB=04`) hold this.
 */
#include "dev/log.h"
#include "hal/arm64.h"
#include "hal/hal.h"
#include "lib/lab.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "main/machine.h"

/*
 * In lab 1 the console itself is the student's: then the line's way there comes back to here. QEMU's
 * PL011 needs no driver to transmit.
 */
static _Noreturn void tell_without_console(const char *line)
{
	for (; *line; line++)
		mmio_write32(hal_early_uart, (uint8_t)*line);
	mmio_write32(hal_early_uart, '\n');
	hal_exit(EXIT_STATUS_LAB, options.semihosting);
}

void lab_todo(const char *lab, unsigned task, const char *function, const void *caller)
{
	static char line[160];
	const uint64_t call = (uint64_t)(uintptr_t)caller - 4;
	uint64_t offset = 0;
	const char *name = symbol_at(call, &offset);

	if (line[0])
		tell_without_console(line);
	vt_snprintf(line, sizeof(line),
		    "LAB %s: %s() is yours to write, called from %s+0x%llx, see task %u", lab,
		    function, name ? name : "?", (unsigned long long)offset, task);
	log_panic_mode();
	log_line("%s", line);
	machine_exit(EXIT_STATUS_LAB, "lab-todo");
}

/* The same for assembly: tools/lab's skeletons call it with a name of their own. */
void lab_todo_at(const char *lab, unsigned task, const char *function)
{
	lab_todo(lab, task, function, __builtin_return_address(0));
}
