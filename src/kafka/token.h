/* token.h: a token for a login by OAUTHBEARER, from a file, a program, or AWS' keys. */
#pragma once
#include "base/err.h"
#include "conf/conf.h"

#include <stdint.h>

enum {
    TOKEN_BYTES = 64 << 10,
    TOKEN_FILE_MS = 12500, /* a file is read again every ten seconds: it costs nothing */
};

struct token {
    char *text;
    int64_t ends_ms;  /* since 1970 */
    int64_t again_ms; /* when it is to be taken for ended, so that it is fetched again before */
};

/**
 * Fetches a token as @p options say; may take seconds. token_clear() wipes and frees it.
 * Errors:  ERR_CONFIG, never with a part of the token: nothing is left to be cleared.
 */
bool token_fetch(const struct conf_token *options, int64_t now_ms, struct token *token,
                 struct err *err);

void token_clear(struct token *token);

/** When a token ends by what it says itself: the "exp" of a JWT; -1: it says nothing. */
int64_t token_end_ms(struct slice text);
