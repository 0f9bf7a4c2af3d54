/*
 * The end of a run that has come to a function which a student has still to write. Only images of
 * the labs (`make LAB=04`) hold this.
 */
#include "dev/log.h"
#include "lib/lab.h"
#include "lib/log.h"
#include "main/machine.h"

void lab_todo(const char *lab, unsigned task, const char *function, const void *caller)
{
	const uint64_t call = (uint64_t)(uintptr_t)caller - 4;
	uint64_t offset = 0;
	const char *name = symbol_at(call, &offset);

	log_panic_mode();
	log_line("LAB %s: %s() is yours to write, called from %s+0x%llx, see task %u", lab,
		 function, name ? name : "?", (unsigned long long)offset, task);
	machine_exit(EXIT_STATUS_LAB, "lab-todo");
}

/* The same for assembly: tools/lab's skeletons call it with a name of their own. */
void lab_todo_at(const char *lab, unsigned task, const char *function)
{
	lab_todo(lab, task, function, __builtin_return_address(0));
}
