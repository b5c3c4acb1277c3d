/*
 * lexer.h: the tokens of a libconfig file.
 *
 * libconfig parses the file; this sees the same tokens for what libconfig does not say: the line of
 * an include, a number that it would truncate, the exact mistake, the bytes that are secret.
 */
#pragma once
#include "base/slice.h"

enum token_kind {
    TOKEN_END,
    TOKEN_NAME,
    TOKEN_FLAG,         /* true, false in any case */
    TOKEN_INTEGER,      /* 10, -1, 0x1F, 10L */
    TOKEN_REAL,         /* 1.5, 1e3 */
    TOKEN_STRING,       /* with its quotes */
    TOKEN_MARK,         /* one of = : ; , { } ( ) [ ] */
    TOKEN_INCLUDE,      /* @include "path", at the start of a line */
    TOKEN_OPEN_STRING,  /* never closed: goes to the end */
    TOKEN_OPEN_COMMENT, /* never closed: goes to the end */
    TOKEN_GARBAGE       /* a character that has no place outside of strings */
};

struct token {
    enum token_kind kind;
    struct slice text;
    unsigned line; /* of its first byte, from 1 */
};

struct lexer {
    const char *start, *next, *end;
    unsigned line;
};

struct lexer lexer_new(struct slice text);

/** The next token, TOKEN_END again and again at the end of the text. */
struct token lexer_next(struct lexer *lexer);

/** Goes on at @p place, which lies further on in the text. */
void lexer_seek(struct lexer *lexer, const char *place);

static inline bool token_is(const struct token *token, char mark)
{
    return token->kind == TOKEN_MARK && token->text.data[0] == mark;
}
