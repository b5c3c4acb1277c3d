/* kind.h: the kinds of options, from the rows of kinds.def and choices.def. */
#pragma once
#include <stdbool.h>
#include <stdio.h>

struct loader;
struct option;
struct setting;

enum option_kind {
#define KIND(kind, ...) KIND_##kind,
#include "conf/kinds.def"
#undef KIND
#define CHOICE(kind, ...)    KIND_##kind,
#define CHOICE_OF(kind, ...) KIND_##kind,
#include "conf/choices.def"
    KINDS
};

/** Reads @p setting into @p field. On a value that the row does not want, reports it and leaves the
 * field unchanged. */
typedef void read_function(const struct loader *loader, const struct option *option,
                           const struct setting *setting, void *field);

/** Writes @p field for a person to read; nothing if it is not set. @p secrets: show them, else
 * "***" stands for each. */
typedef void write_function(const struct option *option, const void *field, bool secrets,
                            FILE *out);

#define KIND(kind, type, word, words, read, write)                                                 \
    read_function read;                                                                            \
    write_function write;
#include "conf/kinds.def"
#undef KIND
read_function choice_read;
write_function choice_write;

struct kind {
    const char *word;         /* its name in the documentation: "DURATION" */
    const char *const *words; /* the only ones that it takes, by their constants; NULL behind the
                                 last; NULL: any */
    read_function *read;
    write_function *write;
    bool is_text; /* the field is a struct conf_text */
};

extern const struct kind kinds[KINDS];
