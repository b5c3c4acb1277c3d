/* err.h: what went wrong, and who has to act. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum err_kind {
    ERR_NONE,
    ERR_CONFIG, /* the operator: the configuration is wrong */
    ERR_RECORD, /* nobody: this record alone cannot be delivered */
    ERR_RETRY,  /* the worker: back off, keep the order, try again */
    ERR_FATAL   /* the process: it cannot continue */
};

enum { ERR_TEXT_BYTES = 512 };

struct err {
    enum err_kind kind;
    char text[ERR_TEXT_BYTES]; /* one line, without a full stop, truncated if it is too long */
};

/** Sets @p err, unless it is NULL. Always false, so that a failing function can end with it. */
bool err_set(struct err *err, enum err_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Puts "CONTEXT: " before the text; the kind stays. Always false. */
bool err_wrap(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** The message of a compiled text, "column 7: expected ')'", without its column, which goes to
 * @p column, from 1; 0 if the message has none. */
const char *err_without_column(const char *text, size_t *column);
