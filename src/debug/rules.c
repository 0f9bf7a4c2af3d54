/*
 * A manifest's `debug-stop`: what makes a VM stop and wait for a debugger that may not be there yet. Each rule is "crash", or what a
 * person types behind `monitor break`.
 */
#include "debug/monitor.h"

#include "lib/log.h"
#include "lib/string.h"
#include "vm/debug_hook.h"
#include "vm/debug_rule.h"

static bool is_crash(const char *rule)
{
	return strcmp(rule, "crash") == 0;
}

const char *debug_rule_error(const char *rule)
{
	struct point point;

	return is_crash(rule) || monitor_parse_point(rule, &point) ? NULL : monitor_take_line();
}

void rules_apply(struct debug_vm *vm)
{
	const struct vm_config *config = vm->vm->config;
	struct point point;

	for (uint32_t at = 0; at < config->debug_stops_bytes;) {
		const char *rule = config->debug_stops + at;

		at += (uint32_t)strlen(rule) + 1;
		debug_engaged = true;
		if (is_crash(rule)) {
			vm->crash_stays = true;
		} else if (monitor_parse_point(rule, &point)) {
			monitor_add_point(vm, &point);
			log_line("vm %s: debug-stop %s", config->name, monitor_take_line());
		}
	}
}
