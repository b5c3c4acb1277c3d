/* pattern_set.c: the sets of bytes that have a name in a pattern. All of them are within ASCII. */
#include "expr/pattern_program.h"

#include <ctype.h>

static int is_word(int byte)
{
    return isalnum(byte) || byte == '_';
}

static const struct class
{
    const char *name;
    char letter; /* behind a backslash; 0: none */
    int (*has)(int byte);
} classes[] = {
    {"digit", 'd', isdigit}, {"word", 'w', is_word}, {"space", 's', isspace}, {"alpha", 0, isalpha},
    {"alnum", 0, isalnum},   {"upper", 0, isupper},  {"lower", 0, islower},   {"blank", 0, isblank},
    {"cntrl", 0, iscntrl},   {"graph", 0, isgraph},  {"print", 0, isprint},   {"punct", 0, ispunct},
    {"xdigit", 0, isxdigit},
};

enum { CLASSES = sizeof(classes) / sizeof(classes[0]), ASCII = 128 };

static void fill(const struct class *class, struct byte_set *set)
{
    *set = (struct byte_set){0};
    for (int byte = 0; byte < ASCII; byte++)
        if (class->has(byte))
            set->bits[byte / 64] |= UINT64_C(1) << (byte % 64);
}

bool byte_set_of_escape(char letter, struct byte_set *set)
{
    for (size_t i = 0; i < CLASSES; i++)
        if (classes[i].letter == letter && letter) {
            fill(&classes[i], set);
            return true;
        }
    return false;
}

bool byte_set_of_class(struct slice name, struct byte_set *set)
{
    for (size_t i = 0; i < CLASSES; i++)
        if (slice_is(name, classes[i].name)) {
            fill(&classes[i], set);
            return true;
        }
    return false;
}
