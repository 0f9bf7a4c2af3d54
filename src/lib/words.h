/*
 * Words as people type them, and lists of texts.
 *
 * A list is one string, "first\0" "second\0": an array of pointers would cost 8 bytes a text and a relocation
 * of 24 in the image. For reports, not for the exit path.
 */
#ifndef LIB_WORDS_H
#define LIB_WORDS_H

#include <stdbool.h>

/* Text number `index`, from 0; the list must have it. */
static inline const char *word_at(const char *words, unsigned index)
{
	while (index)
		if (*words++ == '\0')
			index--;
	return words;
}

/* In either case. For words of letters, digits and underscores. */
static inline bool is_same_word(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if ((*a | ('a' ^ 'A')) != (*b | ('a' ^ 'A')))
			return false;
	return !*a && !*b;
}

#endif
