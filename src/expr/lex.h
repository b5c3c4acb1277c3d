/* lex.h: a place in the text of an expression that is compiled, and errors that name the column. */
#pragma once
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>

struct lex {
    const char *text; /* of the whole expression: columns count from here */
    const char *at;   /* the next byte */
    const char *end;
    struct err *err;
};

static inline struct lex lex_of(const char *text, struct err *err)
{
    return (struct lex){text, text, text + strlen(text), err};
}

/** Sets ERR_CONFIG with "column N: " before the text, N being the column of @p at. Always false. */
bool lex_error(const struct lex *lex, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/**
 * The same for a word that nobody knows: "unknown WHAT 'WORD'", and the candidate that was probably
 * meant. Always false.
 */
bool lex_unknown(const struct lex *lex, struct slice word, const char *what,
                 const char *const *candidates, size_t count);

/** Moves an error that counts its columns from @p at to the columns of the whole. Always false. */
bool lex_error_within(const struct lex *lex, const char *at);

static inline bool lex_sees(const struct lex *lex, char byte)
{
    return lex->at < lex->end && *lex->at == byte;
}

/** Whether @p word comes next, with anything behind it. */
static inline bool lex_sees_text(const struct lex *lex, const char *word)
{
    size_t length = strlen(word);

    return (size_t)(lex->end - lex->at) >= length && memcmp(lex->at, word, length) == 0;
}

/** Passes over spaces, tabs and line ends. */
void lex_skip_space(struct lex *lex);

/** Passes over @p byte and the space behind it; false where something else comes. */
bool lex_take(struct lex *lex, char byte);

/**
 * From an opening quote to behind the closing one, which is the same character; a backslash keeps
 * the character behind it from ending the text. @p raw is what stands between them. Errors:
 * ERR_CONFIG where it never ends.
 */
bool lex_quoted(struct lex *lex, struct slice *raw);
