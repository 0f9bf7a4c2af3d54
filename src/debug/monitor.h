/* The words of `monitor`: a table of them, and what their files share. */
#ifndef DEBUG_MONITOR_H
#define DEBUG_MONITOR_H

#include "debug/server.h"
#include "lib/printf.h"

/* Append to the answer; what finds no room is cut off, and the last line says so. */
void monitor_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* `rest`: what stands behind the word, no blanks in front. `debug`: the thread that GDB looks at. */
typedef void (*monitor_command)(struct debug_vcpu *debug, const char *rest);

/* A number as C writes it; *rest moves behind it and the blanks that follow. False: there is none. */
bool monitor_number(const char **rest, uint64_t *value);
/* The same, or a register's name. */
bool monitor_address(const struct debug_vcpu *debug, const char *rest, uint64_t *value);
/* "on" or "off", "freeze" or "run", ...; says which words there are when it is none of them. */
bool monitor_choice(const char *rest, const char *yes, const char *no, bool *value);

/* monitor_show.c */
void monitor_vms(struct debug_vcpu *debug, const char *rest);
void monitor_vcpus(struct debug_vcpu *debug, const char *rest);
void monitor_exits(struct debug_vcpu *debug, const char *rest);
void monitor_last(struct debug_vcpu *debug, const char *rest);
void monitor_explain(struct debug_vcpu *debug, const char *rest);
void monitor_gic(struct debug_vcpu *debug, const char *rest);
void monitor_timer(struct debug_vcpu *debug, const char *rest);
void monitor_sysreg(struct debug_vcpu *debug, const char *rest);
void monitor_s1(struct debug_vcpu *debug, const char *rest);
void monitor_s2(struct debug_vcpu *debug, const char *rest);

/* The answer's only line, which is then forgotten: for who is not GDB. */
const char *monitor_take_line(void);

/* monitor_break.c */
/* What stands behind `break`. False: the answer says what is wrong with it. */
bool monitor_parse_point(const char *text, struct point *point);
/* The answer says what it has become, or why not. */
void monitor_add_point(struct debug_vm *vm, const struct point *point);
void monitor_break(struct debug_vcpu *debug, const char *rest);

#endif
