/*
 * mem* and str* for EL2. Guest images of many megabytes go through memcpy() and memset(), so these
 * move 64 bytes a turn; the rest is as short as it can be. All accesses are aligned: EL2 also runs
 * with the MMU off, when memory counts as Device and an unaligned access faults.
 */
#include "lib/string.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Otherwise the compiler sees that our loops are memcpy() and memset(), and has them call
 * themselves.
 */
#ifdef __clang__
#define NO_LOOP_TO_CALL __attribute__((no_builtin, used))
#else
#define NO_LOOP_TO_CALL __attribute__((optimize("no-tree-loop-distribute-patterns"), used))
#endif

typedef uint64_t __attribute__((may_alias)) word_t;

#define WORD	     sizeof(word_t)
#define WORD_BITS    64
#define WORDS_A_TURN 8

#define OFFSET_IN_WORD(pointer) ((uintptr_t)(pointer) % WORD)
#define INLINE			static inline __attribute__((always_inline))

INLINE void copy_bytes(unsigned char **to, const unsigned char **from, size_t bytes)
{
	while (bytes-- > 0)
		*(*to)++ = *(*from)++;
}

/*
 * Both pointers word aligned. Each turn loads all before it stores: memmove() to a lower address
 * relies on it.
 */
INLINE size_t copy_words(unsigned char *to, const unsigned char *from, size_t bytes)
{
	size_t done = 0;

	for (; bytes - done >= WORDS_A_TURN * WORD; done += WORDS_A_TURN * WORD) {
		const word_t *in = (const word_t *)(const void *)(from + done);
		word_t *out = (word_t *)(void *)(to + done);
		const word_t a = in[0], b = in[1], c = in[2], d = in[3];
		const word_t e = in[4], f = in[5], g = in[6], h = in[7];

		out[0] = a;
		out[1] = b;
		out[2] = c;
		out[3] = d;
		out[4] = e;
		out[5] = f;
		out[6] = g;
		out[7] = h;
	}
	for (; bytes - done >= WORD; done += WORD)
		*(word_t *)(void *)(to + done) = *(const word_t *)(const void *)(from + done);
	return done;
}

/*
 * `to` is word aligned, `from` lies `offset` bytes (1 to 7) after a word boundary: build each word
 * from two. The word before `from` may be read (the caller has seen to that), and never one past
 * the end.
 */
INLINE size_t copy_shifted(unsigned char *to, const unsigned char *from, size_t bytes,
			   unsigned offset)
{
	const word_t *in = (const word_t *)(const void *)(from - offset);
	word_t *out = (word_t *)(void *)to;
	const unsigned down = 8 * offset, up = WORD_BITS - down;
	word_t low = *in++;
	size_t done = 0;

	for (; bytes - done >= 5 * WORD; done += 4 * WORD) {
		const word_t a = in[0], b = in[1], c = in[2], d = in[3];

		out[0] = low >> down | a << up;
		out[1] = a >> down | b << up;
		out[2] = b >> down | c << up;
		out[3] = c >> down | d << up;
		low = d;
		in += 4;
		out += 4;
	}
	for (; bytes - done >= 2 * WORD; done += WORD) {
		const word_t next = *in++;

		*out++ = low >> down | next << up;
		low = next;
	}
	return done;
}

/* From low to high addresses, so `to` may overlap a `from` that lies above it. */
INLINE void copy_up(unsigned char *to, const unsigned char *from, size_t bytes)
{
	if (bytes >= 4 * WORD) {
		/* A word more than it takes to align `to`, so that copy_shifted() may look back. */
		const size_t head = -(uintptr_t)to % WORD + WORD;

		copy_bytes(&to, &from, head);
		bytes -= head;

		const unsigned offset = OFFSET_IN_WORD(from);
		size_t done;

		/*
		 * 4 is what a device tree's properties have, and as a constant it is one EXTR a
		 * word.
		 */
		if (offset == 0)
			done = copy_words(to, from, bytes);
		else if (offset == 4)
			done = copy_shifted(to, from, bytes, 4);
		else
			done = copy_shifted(to, from, bytes, offset);
		to += done;
		from += done;
		bytes -= done;
	}
	copy_bytes(&to, &from, bytes);
}

NO_LOOP_TO_CALL void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
	copy_up(to, from, bytes);
	return to;
}

/* From high to low addresses: the rare case, by bytes or by single words. */
INLINE void copy_down(unsigned char *to, const unsigned char *from, size_t bytes)
{
	if (OFFSET_IN_WORD(to) == OFFSET_IN_WORD(from)) {
		while (bytes > 0 && OFFSET_IN_WORD(to + bytes) != 0) {
			bytes--;
			to[bytes] = from[bytes];
		}
		while (bytes >= WORD) {
			bytes -= WORD;
			*(word_t *)(void *)(to + bytes) =
				*(const word_t *)(const void *)(from + bytes);
		}
	}
	while (bytes > 0) {
		bytes--;
		to[bytes] = from[bytes];
	}
}

NO_LOOP_TO_CALL void *memmove(void *to, const void *from, size_t bytes)
{
	if ((uintptr_t)to - (uintptr_t)from >= bytes) /* below `from`, or behind its end */
		copy_up(to, from, bytes);
	else
		copy_down(to, from, bytes);
	return to;
}

NO_LOOP_TO_CALL void *memset(void *to, int value, size_t bytes)
{
	const word_t pattern = (unsigned char)value * UINT64_C(0x0101010101010101);
	unsigned char *at = to;

	for (; bytes > 0 && OFFSET_IN_WORD(at) != 0; bytes--)
		*at++ = (unsigned char)value;
	for (; bytes >= WORDS_A_TURN * WORD; bytes -= WORDS_A_TURN * WORD) {
		word_t *out = (word_t *)(void *)at;

		out[0] = pattern;
		out[1] = pattern;
		out[2] = pattern;
		out[3] = pattern;
		out[4] = pattern;
		out[5] = pattern;
		out[6] = pattern;
		out[7] = pattern;
		at += WORDS_A_TURN * WORD;
	}
	for (; bytes >= WORD; bytes -= WORD, at += WORD)
		*(word_t *)(void *)at = pattern;
	while (bytes-- > 0)
		*at++ = (unsigned char)value;
	return to;
}

NO_LOOP_TO_CALL int memcmp(const void *a, const void *b, size_t bytes)
{
	const unsigned char *x = a, *y = b;

	for (; bytes > 0; bytes--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

void *memchr(const void *start, int value, size_t bytes)
{
	for (const unsigned char *at = start; bytes > 0; bytes--, at++)
		if (*at == (unsigned char)value)
			return (void *)at;
	return NULL;
}

NO_LOOP_TO_CALL size_t strlen(const char *text)
{
	const char *end = text;

	while (*end)
		end++;
	return (size_t)(end - text);
}

size_t strnlen(const char *text, size_t limit)
{
	size_t length = 0;

	while (length < limit && text[length])
		length++;
	return length;
}

int strcmp(const char *a, const char *b)
{
	for (; *a && *a == *b; a++)
		b++;
	return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t limit)
{
	for (; limit > 0; limit--, a++, b++)
		if (*a != *b || !*a)
			return (unsigned char)*a - (unsigned char)*b;
	return 0;
}

char *strchr(const char *text, int value)
{
	for (;; text++) {
		if (*text == (char)value)
			return (char *)text;
		if (!*text)
			return NULL;
	}
}

char *strrchr(const char *text, int value)
{
	const char *found = NULL;

	for (;; text++) {
		if (*text == (char)value)
			found = text;
		if (!*text)
			return (char *)found;
	}
}

char *strstr(const char *text, const char *wanted)
{
	const size_t length = strlen(wanted);

	for (;; text++) {
		if (strncmp(text, wanted, length) == 0)
			return (char *)text;
		if (!*text)
			return NULL;
	}
}
