/* kind.c: the kinds of options, from the rows of kinds.def and choices.def. */
#include "conf/kind.h"

#include "conf/conf.h"

#include <stddef.h>

/* The formats are the rows of a table of codec/, of which conf/ takes the names only. */
static const char *const format_words[] = {
#define CODEC(name, ...) #name,
#include "codec/codecs.def"
#undef CODEC
    NULL};

#define WORDS(kind, type, ...)                                                                     \
    _Static_assert(sizeof(type) == sizeof(int), "choice_read() stores an int");                    \
    static const char *const kind##_words[] = {__VA_ARGS__ NULL};
#define CHOICE               WORDS
#define CHOICE_OF            WORDS
#define WORD(constant, word) [constant] = (word),
#include "conf/choices.def"
#undef WORD

#define ANY NULL
#define CHOICE_KIND(kind, ...)                                                                     \
    [KIND_##kind] = {"WORD", kind##_words, choice_read, choice_write, false},
#define CHOICE    CHOICE_KIND
#define CHOICE_OF CHOICE_KIND
const struct kind kinds[KINDS] = {
#define KIND(kind, type, word, words, read, write)                                                 \
    [KIND_##                                                                                       \
        kind] = {word, words, read, write, __builtin_types_compatible_p(type, struct conf_text)},
#include "conf/kinds.def"
#undef KIND
#include "conf/choices.def"
};
