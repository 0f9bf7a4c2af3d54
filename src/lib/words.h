/*
 * Lists of texts as one string, "first\0" "second\0": an array of pointers would cost 8 bytes a text and a relocation
 * of 24 in the image. For reports, not for the exit path.
 */
#ifndef LIB_WORDS_H
#define LIB_WORDS_H

/* Text number `index`, from 0; the list must have it. */
static inline const char *word_at(const char *words, unsigned index)
{
	while (index)
		if (*words++ == '\0')
			index--;
	return words;
}

#endif
