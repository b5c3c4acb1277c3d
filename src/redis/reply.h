/* reply.h: what an answer of Redis means; the rows are in reply.def, their classes in
 * reply_classes.def. */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum reply_class {
#define CLASS(class, command, own, told, word, meaning) REPLY_##class,
#include "redis/reply_classes.def"
#undef CLASS
    REPLY_CLASSES
};

/** What becomes of a command that is answered so. */
enum reply_reaction {
    REACT_DONE,
    REACT_RETRY,        /* the same again on this connection */
    REACT_RETRY_SLOWLY, /* the same, and somebody has to act first */
    REACT_RECONNECT,    /* the same again on a new one; it may have been carried out */
    REACT_REFUSE        /* not later, either */
};

/** What one class of answers means. */
struct reply_meaning {
    enum reply_reaction command; /* for a record's command */
    enum reply_reaction own;     /* for one of penstock's own around a transaction */
    enum reply_class told;       /* what the worker hears of one that is refused */
    const char *word, *text;     /* as the reference page says it */
};

/** By class. */
extern const struct reply_meaning reply_meanings[REPLY_CLASSES];

/** What one kind of error reply means. */
struct reply_row {
    const char *word; /* the first word of the line; "*": any, text is of the whole line */
    const char *text; /* what follows it begins with this; '*': anything, '#': a number */
    enum reply_class class;
    const char *servers; /* the servers that say so, and how that is known */
    const char *example;
};

/** The row of an error reply, NULL if none knows it: @p line is without the leading '-' and
 * without CRLF. */
const struct reply_row *reply_find(struct slice line);

/** The class of that row; REPLY_UNKNOWN without one. */
enum reply_class reply_classify(struct slice line);

/** Whether Redis says "later" to a record's command. */
bool reply_is_later(enum reply_class class);

/** Whether Redis would not carry out a record's command later, either. */
bool reply_is_final(enum reply_class class);

/** Writes what the worker hears of a command that is refused for good; returns its class. */
enum reply_class reply_tell(enum reply_class class, const char *line, char *text, size_t room);

/** The label for metrics: the first word of the line if it is one of a closed set, "ERR" among
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
