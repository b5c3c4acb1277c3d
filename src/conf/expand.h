/*
 * expand.h: "${HOME}", "${file:/run/secrets/redis:-}" in the strings of a configuration.
 *
 *      ${VAR}  ${VAR:-text}  ${VAR:?message}       a variable of the environment
 *      ${file:/path}                               a file's content without its last newlines
 *      ${cred:name}                                the file $CREDENTIALS_DIRECTORY/name
 *      $$                                          a dollar sign
 *
 * ":-" gives the text for a value that is missing or empty (and is expanded itself), ":?" the
 * message of the error. This happens after the file was parsed and inside one string: the value can
 * never become another setting.
 */
#pragma once
#include "base/err.h"

#include <stdbool.h>

struct inputs;

enum {
    EXPAND_FILE_BYTES_MAX = 64 << 10,
    EXPAND_BYTES_MAX = 256 << 10, /* of the whole string */
    EXPAND_DEPTH_MAX = 8          /* a default in a default in ... */
};

/**
 * The text with everything filled in; its owner wipes and frees it. *secret is set if a part of
 * it came from a file, a credential, or a variable whose name looks like a secret. The files are
 * added to @p inputs (NULL: they are not).
 * Errors:  NULL and ERR_CONFIG; the text never holds a value.
 */
char *expand(const char *text, struct inputs *inputs, bool *secret, struct err *err);
