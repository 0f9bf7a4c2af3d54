/* See json.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/explorer/json.h"

#define DEEPEST 16u

static struct {
	char *text;
	size_t used, room;
	bool failed;
	unsigned depth;
	char closing[DEEPEST];
	bool first[DEEPEST]; /* nothing stands in it yet */
} answer;

static void put(const char *bytes, size_t count)
{
	if (answer.used + count + 1 > answer.room) {
		const size_t room = 2 * (answer.used + count + 1);
		char *bigger = realloc(answer.text, room);

		if (!bigger) {
			answer.failed = true;
			return;
		}
		answer.text = bigger;
		answer.room = room;
	}
	memcpy(answer.text + answer.used, bytes, count);
	answer.used += count;
	answer.text[answer.used] = '\0';
}

static void put_quoted(const char *text)
{
	put("\"", 1);
	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;
		char escaped[8];

		if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
			put(text, 1);
			continue;
		}
		/* Names in a recording are ASCII: any other byte reads as the character of its number. */
		snprintf(escaped, sizeof(escaped), "\\u%04x", c);
		put(escaped, 6);
	}
	put("\"", 1);
}

/* The comma and the key that a value needs before it. */
static void put_key(const char *key)
{
	if (answer.depth) {
		if (!answer.first[answer.depth - 1])
			put(",", 1);
		answer.first[answer.depth - 1] = false;
	}
	if (key) {
		put_quoted(key);
		put(":", 1);
	}
}

static void open(const char *key, char opening, char closing)
{
	put_key(key);
	put(&opening, 1);
	if (answer.depth == DEEPEST) {
		answer.failed = true;
		return;
	}
	answer.closing[answer.depth] = closing;
	answer.first[answer.depth++] = true;
}

void json_begin(void)
{
	answer.used = answer.depth = 0;
	answer.failed = false;
	put("", 0);
}

const char *json_end(void)
{
	return answer.failed ? "null" : answer.text;
}

void json_object(const char *key)
{
	open(key, '{', '}');
}

void json_list(const char *key)
{
	open(key, '[', ']');
}

void json_close(void)
{
	if (answer.depth)
		put(&answer.closing[--answer.depth], 1);
}

void json_text(const char *key, const char *text)
{
	put_key(key);
	put_quoted(text);
}

void json_number(const char *key, uint64_t number)
{
	char text[24];

	put_key(key);
	put(text, (size_t)snprintf(text, sizeof(text), "%" PRIu64, number));
}

void json_real(const char *key, double number)
{
	char text[32];

	put_key(key);
	put(text, (size_t)snprintf(text, sizeof(text), "%.6g", number));
}

void json_hex(const char *key, uint64_t number)
{
	char text[24];

	put_key(key);
	put(text, (size_t)snprintf(text, sizeof(text), "\"0x%" PRIx64 "\"", number));
}

void json_bool(const char *key, bool value)
{
	put_key(key);
	put(value ? "true" : "false", value ? 4 : 5);
}
