/* text.h: words, numbers, sizes, durations and characters in text. */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * The candidate that @p word was probably meant to be: at most two slips (a letter too many,
 * missing, wrong or two swapped) and fewer than half of its letters; of equally near ones the first
 * that begins with the same letter. NULL if none is that near.
 */
const char *text_nearest(struct slice word, const char *const *candidates, size_t count);

/** "1500ms", "5s", "2m", "24h", "7d" in milliseconds; false if it is not such a text. */
bool text_duration(struct slice text, int64_t *milliseconds);

/** "512", "64KiB", "8MiB", "1GiB", "1kB", "1MB" in bytes; false if it is not such a text. */
bool text_size(struct slice text, int64_t *bytes);

/** A decimal integer, the whole slice, within int64. */
bool text_integer(struct slice text, int64_t *number);

/** The value of a hexadecimal digit; -1: it is none. */
int text_hex_digit(char letter);

/** Writes @p bytes as redis-cli accepts them on its line: bare if that is safe, else in double
 * quotes, with escapes for characters that a terminal would not show as themselves. */
void text_quote(FILE *out, struct slice bytes);

/** Writes @p bytes as part of one line: as they are, with escapes such as "\x9b" for characters
 * that a terminal would not show as themselves. */
void text_show(FILE *out, struct slice bytes);

/** The same into @p out, as many whole characters as fit; any C string becomes a text that JSON and
 * terminals take. */
void text_show_in(char *out, size_t size, const char *text);

/** The length of the UTF-8 character (RFC 3629) at the front of @p text, which is not empty; 0 if
 * it is not one: cut off, overlong, a surrogate or beyond U+10FFFF. */
size_t text_character(struct slice text);

/** The code point of @p character, which is one UTF-8 character and nothing else. */
uint32_t text_point(struct slice character);

/** Whether a terminal shows the character as itself: it is not a control character, and neither
 * changes the direction of the text nor has no width (Unicode's Cc, Cf, Zl and Zp). */
bool text_is_visible(uint32_t point);

/** Whether the bytes are UTF-8 by RFC 3629. */
bool text_is_utf8(struct slice text);

/** A hash of a C string, by multiplication: for names that nobody chooses to make collide. */
uint32_t text_hash(const char *text);
