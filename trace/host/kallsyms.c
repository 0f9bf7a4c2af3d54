/*
 * The symbol tables that a Linux kernel carries inside itself, read from its Image file.
 *
 * Nothing in the file says where they are. But their layout is rigid: names are compressed by a table of 256 tokens, which
 * holds the ten digits as themselves; an index follows that must agree with it; and before it stand marks of every 256th
 * name, which must agree with the names. What satisfies all that is the table. Layouts: Linux, scripts/kallsyms.c, of 6.1
 * (addresses before the names) and of 6.4 (after the tokens), with CONFIG_KALLSYMS_BASE_RELATIVE.
 */
#include <string.h>

#include "trace/host/symbols.h"

#define TOKENS		256u
#define NAMES_A_MARKER	256u
#define LONGEST_NAME	512u
#define MOST_NAME_BYTES (64u << 20)
#define FEWEST_MARKERS	8u
#define USUAL_LINK_ADDRESS \
	0xffff800008000000ull /* when the base is left for the loader to fill in */
#define HIGH_HALF (1ull << 63)

struct tables {
	const uint8_t *image;
	size_t bytes;
	size_t tokens, token_end; /* offsets into the image */
	uint16_t token[TOKENS];	  /* each token's offset from `tokens` */
	size_t markers;
	uint32_t marker_count;
	size_t names;
	uint32_t count;
	size_t offsets;
	uint64_t base;
};

static size_t aligned(size_t offset)
{
	return (offset + 7) & ~(size_t)7;
}

static uint32_t word(const struct tables *t, size_t at)
{
	uint32_t value = 0;

	if (at + sizeof(value) <= t->bytes)
		memcpy(&value, t->image + at, sizeof(value));
	return value;
}

/* The offset of the token table that has its digits at `digits`; false when that is none. */
static bool tokens_around(struct tables *t, size_t digits)
{
	size_t start = digits, at;

	for (uint32_t i = 0; i < '0'; i++) { /* back over the 48 tokens before the digit 0 */
		if (start < 2 || t->image[start - 1] != 0)
			return false;
		for (start--; start > 0 && t->image[start - 1] != 0; start--)
			if (digits - start > 4096)
				return false;
	}
	at = start;
	for (uint32_t i = 0; i < TOKENS; i++) {
		const uint8_t *end = memchr(t->image + at, 0, t->bytes - at);

		if (!end || at - start > UINT16_MAX)
			return false;
		t->token[i] = (uint16_t)(at - start);
		at = (size_t)(end - t->image) + 1;
	}
	t->tokens = start;
	t->token_end = aligned(at);
	return t->token_end + sizeof(t->token) <= t->bytes &&
	       memcmp(t->image + t->token_end, t->token, sizeof(t->token)) == 0;
}

static bool find_tokens(struct tables *t)
{
	static const uint8_t digits[] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";

	for (size_t at = 0; at + sizeof(digits) < t->bytes;) {
		const uint8_t *hit = memmem(t->image + at, t->bytes - at, digits, sizeof(digits));

		if (!hit)
			return false;
		if (tokens_around(t, (size_t)(hit - t->image)))
			return true;
		at = (size_t)(hit - t->image) + 1;
	}
	return false;
}

/*
 * Do marks begin here? They ascend from 0, in steps that 256 names can take. How many there are is only known for sure
 * from the names.
 */
static bool markers_at(struct tables *t, size_t at)
{
	const uint32_t longest = NAMES_A_MARKER * LONGEST_NAME;

	if (word(t, at) != 0)
		return false;
	for (t->marker_count = 1; at + t->marker_count * 4ull < t->tokens; t->marker_count++) {
		const size_t here = at + t->marker_count * 4ull;
		const uint32_t step = word(t, here) - word(t, here - 4);

		if (step < NAMES_A_MARKER || step > longest)
			break;
	}
	t->markers = at;
	return t->marker_count > 1;
}

/* Length of a name's tokens, and how many bytes say so. 0: nonsense. */
static uint32_t name_length(const struct tables *t, size_t at, uint32_t *header)
{
	const uint32_t first = at < t->bytes ? t->image[at] : 0;

	*header = first & 0x80 ? 2 : 1;
	if (!(first & 0x80))
		return first;
	return at + 1 < t->bytes ? (first & 0x7f) | (uint32_t)t->image[at + 1] << 7 : 0;
}

static bool names_fit(const struct tables *t, size_t names, uint32_t count)
{
	size_t at = names;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t header;
		const uint32_t length = name_length(t, at, &header);

		if (length == 0 || (i % NAMES_A_MARKER == 0 &&
				    at - names != word(t, t->markers + i / NAMES_A_MARKER * 4)))
			return false;
		at += header + length;
	}
	return aligned(at) == t->markers;
}

/* The names stand before the markers, after their own number. */
static bool find_names(struct tables *t)
{
	const size_t nearest = word(t, t->markers + 4);

	for (size_t at = t->markers > nearest + 8 ? (t->markers - nearest - 8) & ~(size_t)3 : 0;
	     at >= 8 && t->markers - at < MOST_NAME_BYTES; at -= 4) {
		t->count = word(t, at);
		if (t->count <= NAMES_A_MARKER || t->count > t->marker_count * NAMES_A_MARKER)
			continue;
		t->names = aligned(at + 4);
		if (names_fit(t, t->names, t->count))
			return true;
	}
	return false;
}

/* Between the marks and the tokens newer kernels keep each name's place in the alphabet: 3 bytes a name. */
static bool find_markers_and_names(struct tables *t)
{
	for (size_t at = (t->tokens - 4) & ~(size_t)7; at >= 16 && t->tokens - at < MOST_NAME_BYTES;
	     at -= 8)
		if (markers_at(t, at) && t->marker_count > FEWEST_MARKERS && find_names(t))
			return true;
	return false;
}

static bool is_base(uint64_t base)
{
	return base == 0 || base & HIGH_HALF;
}

static uint64_t long_word(const struct tables *t, size_t at)
{
	return word(t, at) | (uint64_t)word(t, at + 4) << 32;
}

/* Offsets ascend, as far as a glance can tell: symbols are sorted. */
static bool offsets_fit(const struct tables *t, size_t at)
{
	if (at + t->count * 4ull > t->bytes)
		return false;
	for (uint32_t i = 1; i < t->count; i++)
		if (word(t, at + i * 4ull) < word(t, at + (i - 1) * 4ull))
			return false;
	return word(t, at) == 0 && word(t, at + (t->count - 1) * 4ull) != 0;
}

static bool find_offsets(struct tables *t)
{
	const size_t size = aligned(t->count * 4ull);
	const size_t after = aligned(t->token_end + sizeof(t->token));
	const size_t number = t->names - 8;

	if (number >= size + 8 && offsets_fit(t, number - 8 - size) &&
	    is_base(long_word(t, number - 8))) {
		t->offsets = number - 8 - size;
		t->base = long_word(t, number - 8);
		return true;
	}
	if (offsets_fit(t, after) && is_base(long_word(t, after + size))) {
		t->offsets = after;
		t->base = long_word(t, after + size);
		return true;
	}
	return false;
}

/* A name spelled out: its type in front, as nm prints it. */
static size_t spell(const struct tables *t, size_t at, uint32_t length, char *to, size_t bytes)
{
	size_t used = 0;

	for (uint32_t i = 0; i < length; i++)
		for (const uint8_t *c = t->image + t->tokens + t->token[t->image[at + i]]; *c; c++)
			if (used + 1 < bytes)
				to[used++] = (char)*c;
	to[used] = '\0';
	return used;
}

static bool take_names(struct symbol_table *table, const struct tables *t)
{
	size_t at = t->names;

	for (uint32_t i = 0; i < t->count; i++) {
		uint32_t header;
		const uint32_t length = name_length(t, at, &header);
		char name[LONGEST_NAME];
		const size_t used = spell(t, at + header, length, name, sizeof(name));

		if (used > 1 && strchr("tTwW", name[0]) && name[1] != '$' &&
		    !symbols_add(table, t->base + word(t, t->offsets + i * 4ull), name + 1,
				 used - 1))
			return false;
		at += header + length;
	}
	return table->symbols != 0;
}

bool kallsyms_read(struct symbol_table *table, const uint8_t *image, size_t bytes)
{
	struct tables t = {.image = image, .bytes = bytes};

	if (!find_tokens(&t) || !find_markers_and_names(&t) || !find_offsets(&t))
		return false;
	if (t.base == 0)
		t.base = USUAL_LINK_ADDRESS;
	return take_names(table, &t);
}
