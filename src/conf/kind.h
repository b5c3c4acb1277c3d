/* kind.h: the kinds of options, from the rows of kinds.def and choices.def. */
#pragma once
#include <stdbool.h>

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

#define KIND(kind, type, word, words, read) read_function read;
#include "conf/kinds.def"
#undef KIND
read_function choice_read;

struct kind {
    const char *word;         /* its name in the documentation: "DURATION" */
    const char *const *words; /* the only ones that it takes, NULL behind them; NULL: any */
    read_function *read;
    bool is_text; /* the field is a struct conf_text */
};

extern const struct kind kinds[KINDS];
