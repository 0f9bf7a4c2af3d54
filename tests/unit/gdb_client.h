/*
 * A client of the mock target: one question, all its answers as text. Answers are joined by '|';
 * each is checked for its frame and has its runs undone. "+" and "-" between them stay.
 */
#ifndef TESTS_GDB_CLIENT_H
#define TESTS_GDB_CLIENT_H

#include "tests/unit/gdb_mock.h"

static struct mock mock;
static char answer[4 * MOCK_TX_RECORD];
static size_t answer_count;

/* From behind '$' to '#'; returns how many bytes it took with its checksum. */
static size_t undo_packet(const uint8_t *at, size_t count)
{
	uint8_t sum = 0;
	size_t i = 0;
	unsigned told;

	for (; i < count && at[i] != '#'; i++) {
		sum += at[i];
		if (at[i] == '$')
			abort();
		if (at[i] != '*') {
			answer[answer_count++] = (char)at[i];
			continue;
		}
		sum += at[++i];
		if (at[i] < ' ' || at[i] > '~' || at[i] == '#' || at[i] == '$')
			abort();
		for (int repeats = at[i] - 29; repeats; repeats--, answer_count++)
			answer[answer_count] = answer[answer_count - 1];
	}
	if (count - i < 3 || sscanf((const char *)at + i, "#%2x", &told) != 1 || told != sum)
		abort();
	return i + 3;
}

/* What has been sent since the last call. */
static const char *replies(void)
{
	bool joined = true;

	answer_count = 0;
	for (size_t i = 0; i < mock.sent_count;) {
		if (mock.sent[i] == '$') {
			if (!joined)
				answer[answer_count++] = '|';
			i++;
			i += undo_packet(mock.sent + i, mock.sent_count - i);
			joined = false;
		} else {
			answer[answer_count++] = (char)mock.sent[i++];
		}
	}
	answer[answer_count] = 0;
	mock.sent_count = 0;
	return answer;
}

/* Of a binary answer. */
static inline void unescape(void)
{
	size_t to = 0;

	for (size_t i = 0; i < answer_count; i++)
		answer[to++] = answer[i] == '}' ? answer[++i] ^ 0x20 : answer[i];
	answer[to] = 0;
	answer_count = to;
}

static inline const char *feed(const char *bytes)
{
	mock_feed(&mock, bytes, strlen(bytes));
	return replies();
}

static const char *ask_bytes(const void *data, size_t count)
{
	mock_send(&mock, data, count);
	return replies();
}

static inline const char *ask(const char *data)
{
	return ask_bytes(data, strlen(data));
}

/* A session as GDB begins it, without acknowledgements. */
static inline void connect(const struct gdb_ops *ops)
{
	mock_init(&mock, ops);
	mock.stop_at_once = true;
	ask("qSupported:multiprocess+;swbreak+;hwbreak+;vContSupported+");
	ask("QStartNoAckMode");
	ask("?");
}

#endif
