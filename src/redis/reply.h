/* reply.h: what an answer of Redis means; the rows are in reply.def. */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum reply_class {
    REPLY_DONE,
    REPLY_RETRY,     /* LOADING, OOM, ...: the same again later, in order */
    REPLY_RECONNECT, /* READONLY, NOAUTH, "upstream failure": the same again on a new connection,
                        also where it may have been carried out */
    REPLY_REDIRECT,  /* MOVED, ASK: a cluster's business */
    REPLY_REJECT,    /* WRONGTYPE, not an integer, ...: this record alone */
    REPLY_CONFIG,    /* NOPERM, unknown command, ...: the operator */
    REPLY_FENCED,    /* another owner took over */
    REPLY_UNKNOWN    /* none of the above: tried again, seldom */
};

/** What one kind of error reply means. */
struct reply_row {
    const char *word; /* the first word of the line; "*": any, text is of the whole line */
    const char *text; /* what follows it begins with this; '*': anything, '#': a number */
    enum reply_class class;
    const char *servers; /* who says so, and how that is known */
    const char *example;
};

/** The row of an error reply, NULL where none knows it: @p line is without the leading '-' and
 * without CRLF. */
const struct reply_row *reply_find(struct slice line);

/** The class of that row; REPLY_UNKNOWN without one. */
enum reply_class reply_classify(struct slice line);

/** "done", "retry", ... */
const char *reply_class_name(enum reply_class class);

/** The label for metrics: the first word of the line where it is one of a closed set, "ERR" among
 * them, else "other". */
const char *reply_label(struct slice line);

/** All rows, in the order in which they are tried. */
const struct reply_row *reply_rows(size_t *count);

/**
 * Takes out of an error's text what it quotes of the arguments, payload or a password: "unknown
 * command 'SETT', with args beginning with: ***". What a row tells errors by stays. Returns the new
 * length.
 */
size_t reply_hide(char *text);

/** Takes out of it @p secret, and what was cut of its end; NULL: nothing. Returns the new length.
 */
size_t reply_hide_secret(char *text, const char *secret);
