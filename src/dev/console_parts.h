/*
 * What the console's two files, output (console.c) and input (console_input.c), know of each other.
 */
#ifndef DEV_CONSOLE_PARTS_H
#define DEV_CONSOLE_PARTS_H

unsigned console_count(void);
const char *console_name(unsigned console);

/* Show this guest's unfinished line, if it has one, as the terminal's current line. */
void console_show(unsigned console);

#endif
