/* text.c: words, numbers, sizes, durations and characters in text. */
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>

enum { WORD_MAX = 64, SLIPS_MAX = 2 };

/* Damerau-Levenshtein distance (optimal string alignment), letter case aside. */
static size_t text_slips(struct slice a, struct slice b)
{
    size_t rows[3][WORD_MAX + 1];

    for (size_t j = 0; j <= b.length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.length; i++) {
        size_t *row = rows[i % 3], *above = rows[(i - 1) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.length; j++) {
            int x = tolower((unsigned char)a.data[i - 1]),
                y = tolower((unsigned char)b.data[j - 1]);
            size_t best = above[j - 1] + (x != y);
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && x == tolower((unsigned char)b.data[j - 2]) &&
                tolower((unsigned char)a.data[i - 2]) == y && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[a.length % 3][b.length];
}

/* Whether both begin with the same letter: slips in the first one are rare. */
static bool text_initial(struct slice a, struct slice b)
{
    return a.length > 0 && b.length > 0 &&
           tolower((unsigned char)a.data[0]) == tolower((unsigned char)b.data[0]);
}

const char *text_nearest(struct slice word, const char *const *candidates, size_t count)
{
    const char *nearest = NULL;
    size_t least = SLIPS_MAX + 1;

    if (word.length > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        struct slice candidate = slice_of(candidates[i]);
        if (candidate.length > WORD_MAX)
            continue;
        size_t slips = text_slips(word, candidate);
        bool better =
            slips < least || (slips == least && nearest && text_initial(word, candidate) &&
                              !text_initial(word, slice_of(nearest)));
        if (better && slips * 2 < candidate.length) {
            least = slips;
            nearest = candidates[i];
        }
    }
    return nearest;
}

/* The digits at the front of @p text, as a number of @p sign (1 or -1); *rest is the text after
 * them.
 */
static bool text_digits(struct slice text, int sign, int64_t *number, struct slice *rest)
{
    size_t used = 0;
    int64_t sum = 0;

    while (used < text.length && isdigit((unsigned char)text.data[used])) {
        if (__builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_add_overflow(sum, sign * (text.data[used] - '0'), &sum))
            return false;
        used++;
    }
    *number = sum;
    *rest = (struct slice){text.data + used, text.length - used};
    return used > 0;
}

bool text_integer(struct slice text, int64_t *number)
{
    struct slice digits = text, rest;
    int64_t sum;

    if (!text.length)
        return false; /* there may be no bytes at all */
    bool negative = text.data[0] == '-';
    digits.data += negative;
    digits.length -= negative;
    if (!text_digits(digits, negative ? -1 : 1, &sum, &rest) || rest.length)
        return false;
    *number = sum;
    return true;
}

int text_hex_digit(char letter)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *digit = letter ? strchr(digits, letter) : NULL;
    int value = digit ? (int)(digit - digits) : -1;

    return value < 16 ? value : value - 6;
}

struct text_unit {
    const char *name;
    int64_t factor;
};

static bool text_scaled(struct slice text, const struct text_unit *units, size_t count,
                        int64_t *out)
{
    struct slice unit;
    int64_t number;

    if (!text_digits(text, 1, &number, &unit))
        return false;
    for (size_t i = 0; i < count; i++)
        if (slice_is(unit, units[i].name)) {
            if (__builtin_mul_overflow(number, units[i].factor, &number))
                return false;
            *out = number;
            return true;
        }
    return false;
}

bool text_duration(struct slice text, int64_t *milliseconds)
{
    static const struct text_unit units[] = {
        {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000},
    };

    return text_scaled(text, units, sizeof(units) / sizeof(units[0]), milliseconds);
}

bool text_size(struct slice text, int64_t *bytes)
{
    static const struct text_unit units[] = {
        {"", 1},          {"B", 1},         {"kB", 1000},     {"MB", 1000000}, {"GB", 1000000000},
        {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
    };

    return text_scaled(text, units, sizeof(units) / sizeof(units[0]), bytes);
}

static bool text_is_bare(struct slice bytes)
{
    for (size_t i = 0; i < bytes.length; i++)
        if (!isgraph((unsigned char)bytes.data[i]) || strchr("\"'\\", bytes.data[i]))
            return false;
    return bytes.length > 0;
}

uint32_t text_point(struct slice character)
{
    static const unsigned char masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t point = (unsigned char)character.data[0] & masks[character.length];

    for (size_t i = 1; i < character.length; i++)
        point = point << 6 | ((unsigned char)character.data[i] & 0x3F);
    return point;
}

bool text_is_visible(uint32_t point)
{
    static const struct {
        uint32_t first, last;
    } hidden[] = {
        {0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},       {0x61C, 0x61C},
        {0x180E, 0x180E}, {0x200B, 0x200F}, {0x2028, 0x202E},   {0x2060, 0x206F},
        {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE0FFF},
    };

    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
        if (point >= hidden[i].first && point <= hidden[i].last)
            return false;
    return true;
}

enum { SHOWN_BYTES = 16 }; /* of one character: four bytes in escapes */

/* One character as it is, or its bytes in escapes if a terminal does not show it; returns its
 * length. */
static size_t text_render_character(struct slice text, char shown[SHOWN_BYTES + 1], size_t *used)
{
    size_t length = text_character(text), bytes = length ? length : 1;

    *used = 0;
    if (length && text_is_visible(text_point((struct slice){text.data, length}))) {
        memcpy(shown, text.data, length);
        *used = length;
        return length;
    }
    for (size_t i = 0; i < bytes; i++)
        *used += (size_t)sprintf(shown + *used, "\\x%02x", (unsigned char)text.data[i]);
    return bytes;
}

static size_t text_show_character(FILE *out, struct slice text)
{
    char shown[SHOWN_BYTES + 1];
    size_t used, length = text_render_character(text, shown, &used);

    fwrite(shown, 1, used, out);
    return length;
}

void text_show(FILE *out, struct slice bytes)
{
    for (size_t i = 0; i < bytes.length;)
        i += text_show_character(out, (struct slice){bytes.data + i, bytes.length - i});
}

void text_show_in(char *out, size_t size, const char *text)
{
    struct slice left = slice_of(text);
    char shown[SHOWN_BYTES + 1];
    size_t used;

    while (left.length) {
        size_t length = text_render_character(left, shown, &used);
        if (used >= size)
            break;
        memcpy(out, shown, used);
        out += used;
        size -= used;
        left.data += length;
        left.length -= length;
    }
    *out = '\0';
}

/* One character as redis-cli accepts it between double quotes; returns its length. */
static size_t text_quote_character(FILE *out, struct slice text)
{
    static const char letters[] = "\n\r\t\a\b", names[] = "nrtab";
    char first = text.data[0];
    const char *letter = first ? strchr(letters, first) : NULL;

    if (letter)
        fprintf(out, "\\%c", names[letter - letters]);
    else if (first == '"' || first == '\\')
        fprintf(out, "\\%c", first);
    else
        return text_show_character(out, text); /* redis-cli accepts UTF-8 as it is */
    return 1;
}

void text_quote(FILE *out, struct slice bytes)
{
    if (text_is_bare(bytes)) {
        fwrite(bytes.data, 1, bytes.length, out);
        return;
    }
    fputc('"', out);
    for (size_t i = 0; i < bytes.length;)
        i += text_quote_character(out, (struct slice){bytes.data + i, bytes.length - i});
    fputc('"', out);
}

size_t text_character(struct slice text)
{
    const unsigned char *at = (const unsigned char *)text.data;
    static const struct {
        unsigned char first, last, low, high; /* of the first byte, and of the second */
        size_t length;
    } rows[] = {
        {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
        {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
        {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };

    if (*at < 0x80)
        return 1;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (*at < rows[i].first || *at > rows[i].last)
            continue;
        if (text.length < rows[i].length || at[1] < rows[i].low || at[1] > rows[i].high)
            return 0;
        for (size_t j = 2; j < rows[i].length; j++)
            if ((at[j] & 0xC0) != 0x80)
                return 0;
        return rows[i].length;
    }
    return 0;
}

bool text_is_utf8(struct slice text)
{
    while (text.length) {
        size_t length = text_character(text);
        if (!length)
            return false;
        text.data += length;
        text.length -= length;
    }
    return true;
}

static uint64_t hash_step(uint64_t hash, const char *eight)
{
    uint64_t word;

    memcpy(&word, eight, sizeof(word));
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
}

/* Eight bytes a step, the last ones perhaps twice: names of topics are hashed for each record. */
uint32_t text_hash(const char *text)
{
    size_t length = strlen(text);
    uint64_t hash = length;
    char last[8] = "";

    if (length < sizeof(last)) {
        memcpy(last, text, length);
        return (uint32_t)hash_step(hash, last);
    }
    for (size_t i = 0; i + sizeof(last) < length; i += sizeof(last))
        hash = hash_step(hash, text + i);
    return (uint32_t)hash_step(hash, text + length - sizeof(last));
}
