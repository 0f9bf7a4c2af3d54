/* An exit out of registers: the hypervisor's own decoder asked, its answer and the registers' fields told. See answers.h. */
#include "core/decode.h"
#include "trace/host/syndrome.h"
#include "web/explorer/answers.h"
#include "web/explorer/json.h"
#include "web/explorer/registers.h"
#include "web/explorer/values.h"

#define LINE_BYTES 256

static const char *const reason_symbols[] = {
#define REASON(name, text) #name,
#include "core/exit_reasons.def"
#undef REASON
};

const char *explore_exit(uint64_t esr, uint64_t far, uint64_t hpfar, uint64_t spsr, uint64_t pc,
			 uint32_t function)
{
	struct vcpu_exit exit = {0};
	char line[LINE_BYTES], syndrome[SYNDROME_TEXT_BYTES];

	exit_decode(&exit, esr, far, hpfar, pc, function);
	exit_format(line, sizeof(line), &exit);
	syndrome_text((uint32_t)esr, syndrome, sizeof(syndrome));
	json_begin();
	json_object(NULL);
	json_text("reason", reason_symbols[exit.reason]);
	json_text("reason_text", exit_reason_name(exit.reason));
	json_text("line", line);
	json_text("syndrome", syndrome);
	json_values(&exit);
	json_registers(esr, hpfar, far, spsr);
	json_close();
	return json_end();
}

const char *explore_classes(void)
{
	json_begin();
	json_list(NULL);
#define CLASS(value, name, short_name) \
	json_list(NULL);               \
	json_number(NULL, value);      \
	json_text(NULL, name);         \
	json_close();
#include "core/exception_classes.def"
#undef CLASS
	json_close();
	return json_end();
}
