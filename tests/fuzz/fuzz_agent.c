/* Fuzzer: agent bytecode ends, stays within its bounds, and says the same twice. */
/* sources: $(GDBSTUB_SOURCES) */
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/gdb_mock.h"
#include "gdbstub/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	static struct mock mock;
	const struct gdb_thread thread = {1, 1};
	uint64_t first = 1, second = 2;
	bool ends;
	uint8_t *code = malloc(count + 1);

	mock_init(&mock, &mock_all);
	gdb_stopped(&mock.stub, &(struct gdb_stop){thread, .signal = GDB_SIGNAL_TRAP});
	mock_send(&mock, "vCont;c", 7);
	/* To the byte, so that reading beyond is seen. */
	code = realloc(code, count ? count : 1);
	memcpy(code, bytes, count);
	ends = gdb_agent_run(&mock.stub, NULL, thread, code, count, &first);
	if (ends != gdb_agent_run(&mock.stub, NULL, thread, code, count, &second) ||
	    (ends && first != second))
		abort();
	gdb_agent_run(&mock.stub, &mock.stub, thread, code, count, &first);
	free(code);
	return 0;
}
