/* pattern_character.c: what stands for one character of a text: itself, ".", an escape, brackets.
 */
#include "expr/pattern_reading.h"

#include <ctype.h>

enum { WIDE = 64 /* characters beyond ASCII in one pair of brackets */ };

/* --- code ------------------------------------------------------------------------------------- */

static void set_range(struct byte_set *set, unsigned first, unsigned last)
{
    for (unsigned byte = first; byte <= last; byte++)
        set->bits[byte / 64] |= UINT64_C(1) << (byte % 64);
}

static bool add_byte(struct reading *reading, unsigned byte)
{
    struct byte_set set = {0};

    set_range(&set, byte, byte);
    return reading_add_set(reading, &set);
}

/* @p set, or, of text, any character beyond ASCII: its first byte and those that continue it. */
static bool add_wide_set(struct reading *reading, struct byte_set set)
{
    struct byte_set more = {0};

    set_range(&set, 0xC0, 0xFF);
    set_range(&more, 0x80, 0xBF);
    return reading_add_set(reading, &set) && reading_add_split(reading, 1, 3, false) &&
           reading_add_set(reading, &more) &&
           reading_add(reading, (struct step){.kind = STEP_JUMP, .first = -2});
}

/* --- characters ------------------------------------------------------------------------------- */

/* A character: the bytes that stand for it. */
struct character {
    unsigned char bytes[4];
    size_t length;
};

static struct character character_of(unsigned number, enum pattern_unit unit)
{
    if (number < 0x80 || unit == PATTERN_RAW)
        return (struct character){{(unsigned char)number}, 1};
    return (struct character){
        {(unsigned char)(0xC0 | number >> 6), (unsigned char)(0x80 | (number & 0x3F))}, 2};
}

static bool is_wide(const struct character *character)
{
    return character->length > 1;
}

static bool add_character(struct reading *reading, const struct character *character)
{
    for (size_t i = 0; i < character->length; i++)
        if (!add_byte(reading, character->bytes[i]))
            return false;
    return true;
}

/* The character at reading->at as it stands; bytes that are not UTF-8 stand for themselves. */
static struct character read_character(struct reading *reading)
{
    struct character character = {{(unsigned char)*reading->at++}, 1};
    unsigned char first = character.bytes[0];
    size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0;

    while (more-- && reading->at < reading->end && ((unsigned char)*reading->at & 0xC0) == 0x80)
        character.bytes[character.length++] = (unsigned char)*reading->at++;
    return character;
}

/* What a backslash and what follows it mean: a character, or a set. */
struct escape {
    struct character character; /* of length 0: */
    struct byte_set set;
    bool negated;
};

static bool read_hex(struct reading *reading, const char *first, struct escape *escape)
{
    unsigned number = 0;

    for (int i = 0; i < 2; i++, reading->at++) {
        if (reading->at == reading->end || !isxdigit((unsigned char)*reading->at))
            return reading_wrong(reading, first, "expected two hexadecimal digits");
        number = number * 16 + (unsigned)(isdigit((unsigned char)*reading->at)
                                              ? *reading->at - '0'
                                              : (*reading->at | 0x20) - 'a' + 10);
    }
    escape->character = character_of(number, reading->unit);
    return true;
}

static bool read_escape(struct reading *reading, struct escape *escape)
{
    static const char names[] = "nrtfv", meant[] = "\n\r\t\f\v";
    const char *first = reading->at++;
    unsigned char letter = reading->at < reading->end ? (unsigned char)*reading->at : 0;
    const char *name = letter ? strchr(names, letter) : NULL;

    *escape = (struct escape){.negated = letter && isupper(letter)};
    if (reading->at == reading->end)
        return reading_wrong(reading, first, "a backslash with nothing behind it");
    if (letter >= '1' && letter <= '9')
        return reading_wrong(reading, first, "a pattern may not refer back to its own groups");
    if (byte_set_of_escape((char)tolower(letter), &escape->set) || name || letter == 'x')
        reading->at++;
    else if (isalnum(letter))
        return reading_wrong(reading, first, "patterns do not know '\\%c'", letter);
    else
        escape->character = read_character(reading);
    if (name)
        escape->character = character_of((unsigned char)meant[name - names], reading->unit);
    return letter != 'x' || read_hex(reading, first, escape);
}

/* --- brackets --------------------------------------------------------------------------------- */

struct brackets {
    struct byte_set set;
    bool all_wide; /* any character beyond ASCII, too */
    struct character wide[WIDE];
    size_t wide_count;
};

static void complement(struct byte_set *set, enum pattern_unit unit)
{
    for (int i = 0; i < 4; i++)
        set->bits[i] = unit == PATTERN_RAW || i < 2 ? ~set->bits[i] : 0;
}

static void brackets_join(struct brackets *brackets, const struct byte_set *set)
{
    for (int i = 0; i < 4; i++)
        brackets->set.bits[i] |= set->bits[i];
}

static void brackets_add_escape(struct brackets *brackets, struct escape *escape,
                                enum pattern_unit unit)
{
    if (escape->negated) {
        complement(&escape->set, unit);
        brackets->all_wide |= unit == PATTERN_TEXT;
    }
    brackets_join(brackets, &escape->set);
}

static bool brackets_add_wide(const struct reading *reading, struct brackets *brackets,
                              const char *at, const struct character *character)
{
    if (reading->unit == PATTERN_RAW)
        return reading_wrong(
            reading, at,
            "$key, $value and headers are bytes, and this character is several; write "
            "(x|y) instead of [xy]");
    if (brackets->wide_count == WIDE)
        return reading_wrong(reading, at, "more than %d characters beyond ASCII in brackets", WIDE);
    brackets->wide[brackets->wide_count++] = *character;
    return true;
}

/* "[:alpha:]" at reading->at. */
static bool read_class(struct reading *reading, struct brackets *brackets)
{
    const char *first = reading->at;
    struct slice name = {first + 2, 0};
    struct byte_set set;

    while (name.data + name.length < reading->end && islower((unsigned char)name.data[name.length]))
        name.length++;
    reading->at = name.data + name.length;
    if (!reading_takes(reading, ':') || !reading_takes(reading, ']') ||
        !byte_set_of_class(name, &set))
        return reading_wrong(reading, first, "there is no such class; [:alpha:] is one");
    brackets_join(brackets, &set);
    return true;
}

/* One character within brackets; *set where it is an escape for several, which was added. */
static bool read_member(struct reading *reading, struct brackets *brackets,
                        struct character *character, bool *set)
{
    struct escape escape;

    *set = false;
    if (!reading_sees(reading, '\\')) {
        *character = read_character(reading);
        return true;
    }
    if (!read_escape(reading, &escape))
        return false;
    *character = escape.character;
    *set = !character->length;
    if (*set)
        brackets_add_escape(brackets, &escape, reading->unit);
    return true;
}

/* "a", "a-z", "\d" or "[:alpha:]". */
static bool read_members(struct reading *reading, struct brackets *brackets)
{
    struct character from, to;
    const char *first = reading->at;
    bool set;

    if (reading_sees(reading, '[') && reading->end - reading->at > 1 &&
        strchr(":.=", reading->at[1]) && reading->at[1]) {
        if (reading->at[1] == ':')
            return read_class(reading, brackets);
        return reading_wrong(reading, first, "patterns do not know '[%c'", reading->at[1]);
    }
    if (!read_member(reading, brackets, &from, &set))
        return false;
    to = from;
    if (!set && reading_sees(reading, '-') && reading->end - reading->at > 1 &&
        reading->at[1] != ']') {
        reading->at++;
        if (!read_member(reading, brackets, &to, &set))
            return false;
        if (set || is_wide(&from) || is_wide(&to) || from.bytes[0] > to.bytes[0])
            return reading_wrong(reading, first,
                                 "a range goes from one character of ASCII up to another");
    }
    if (set)
        return true;
    if (is_wide(&from))
        return brackets_add_wide(reading, brackets, first, &from);
    set_range(&brackets->set, from.bytes[0], to.bytes[0]);
    return true;
}

/* One of several: the set, or one of the characters beyond ASCII. */
static bool add_alternatives(struct reading *reading, const struct brackets *brackets)
{
    size_t first = reading->program->count;

    for (size_t i = 0; i < brackets->wide_count; i++) {
        int length = (int)brackets->wide[i].length;
        if (!reading_add_split(reading, 1, length + 2, false) ||
            !add_character(reading, &brackets->wide[i]) ||
            !reading_add(reading, (struct step){.kind = STEP_JUMP}))
            return false;
    }
    if (!reading_add_set(reading, &brackets->set))
        return false;
    for (size_t i = first; i < reading->program->count; i++)
        if (reading->program->steps[i].kind == STEP_JUMP)
            reading->program->steps[i].first = (int)(reading->program->count - i);
    return true;
}

bool reading_brackets(struct reading *reading)
{
    const char *opening = reading->at++;
    bool negated = reading_takes(reading, '^'), first = true;
    struct brackets brackets = {0};

    for (; first || !reading_sees(reading, ']'); first = false) {
        if (reading->at == reading->end)
            return reading_wrong(reading, opening, "'[' is never closed");
        if (!read_members(reading, &brackets))
            return false;
    }
    reading->at++;
    if (negated && brackets.wide_count)
        return reading_wrong(reading, opening, "'[^' takes characters of ASCII only");
    if (negated) {
        complement(&brackets.set, reading->unit);
        brackets.all_wide = reading->unit == PATTERN_TEXT && !brackets.all_wide;
    }
    if (brackets.all_wide)
        return add_wide_set(reading, brackets.set);
    return brackets.wide_count ? add_alternatives(reading, &brackets)
                               : reading_add_set(reading, &brackets.set);
}

/* --- what a pattern has of them ----------------------------------------------------------------
 */

bool reading_escaped(struct reading *reading)
{
    struct escape escape;

    if (!read_escape(reading, &escape))
        return false;
    if (escape.character.length)
        return add_character(reading, &escape.character);
    if (!escape.negated)
        return reading_add_set(reading, &escape.set);
    complement(&escape.set, reading->unit);
    return reading->unit == PATTERN_TEXT ? add_wide_set(reading, escape.set)
                                         : reading_add_set(reading, &escape.set);
}

bool reading_any(struct reading *reading)
{
    struct byte_set set = {0};

    reading->at++;
    complement(&set, reading->unit);
    return reading->unit == PATTERN_TEXT ? add_wide_set(reading, set)
                                         : reading_add_set(reading, &set);
}

bool reading_character(struct reading *reading)
{
    struct character character = read_character(reading);

    return add_character(reading, &character);
}
