/* cursor.h: a place in a text that is compiled, and errors that name its column. */
#pragma once
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>

struct cursor {
    const char *text; /* of the whole expression: columns count from here */
    const char *at;   /* the next byte */
    const char *end;
    struct err *err;
};

static inline struct cursor cursor_of(const char *text, struct err *err)
{
    return (struct cursor){text, text, text + strlen(text), err};
}

/** Sets ERR_CONFIG with "column N: " before the text, N being the column of @p at. Always false. */
bool cursor_error(const struct cursor *cursor, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/**
 * The same for an unknown word: "unknown WHAT 'WORD'", and the candidate that was probably
 * meant. Always false.
 */
bool cursor_unknown(const struct cursor *cursor, struct slice word, const char *what,
                    const char *const *candidates, size_t count);

/** Moves an error that counts its columns from @p at to the columns of the whole. Always false. */
bool cursor_error_within(const struct cursor *cursor, const char *at);

static inline bool cursor_sees(const struct cursor *cursor, char byte)
{
    return cursor->at < cursor->end && *cursor->at == byte;
}

/** Whether @p word comes next, with anything behind it. */
static inline bool cursor_sees_text(const struct cursor *cursor, const char *word)
{
    size_t length = strlen(word);

    return (size_t)(cursor->end - cursor->at) >= length && memcmp(cursor->at, word, length) == 0;
}

/** Passes over spaces, tabs and line ends. */
void cursor_skip_space(struct cursor *cursor);

/** Passes over @p byte and the space behind it; false if another byte follows. */
bool cursor_take(struct cursor *cursor, char byte);

/**
 * From an opening quote to behind the closing one, which is the same character; a backslash keeps
 * the character behind it from ending the text. @p raw is what stands between them. Errors:
 * ERR_CONFIG if it never ends.
 */
bool cursor_quoted(struct cursor *cursor, struct slice *raw);
