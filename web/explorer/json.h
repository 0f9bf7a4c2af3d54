/*
 * What the explorer answers: one JSON text at a time, made here and read by the page out of our memory. Objects and lists put
 * their own commas. Numbers of 64 bits go as strings "0x...": JavaScript's would lose bits.
 */
#ifndef WEB_EXPLORER_JSON_H
#define WEB_EXPLORER_JSON_H

#include <stdbool.h>
#include <stdint.h>

/* Begin a new answer: the last one is gone. */
void json_begin(void);
/* The answer, or "null" when memory ran out. Valid until the next json_begin(). */
const char *json_end(void);

/* key NULL: in a list, or the outermost value. */
void json_object(const char *key);
void json_list(const char *key);
void json_close(void);

void json_text(const char *key, const char *text);
void json_number(const char *key, uint64_t number); /* below 2^53 */
void json_real(const char *key, double number);
void json_hex(const char *key, uint64_t number);
void json_bool(const char *key, bool value);

#endif
