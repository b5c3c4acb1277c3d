/*
 * reply.c: what an answer of Redis means.
 *
 * Redis tells errors apart by their first word; those it calls ERR only by their text. What no row
 * knows is never retried and never skipped: it holds the partition until somebody has read it.
 */
#include "redis/reply.h"

#include <string.h>

static const struct reply_row rows[] = {
#define REPLY(word, text, class) {word, text, REPLY_##class},
#include "redis/reply.def"
#undef REPLY
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* The first word of a line, without the space behind it. */
static struct slice first_word(struct slice line)
{
    const char *space = line.length ? memchr(line.data, ' ', line.length) : NULL;

    return (struct slice){line.data, space ? (size_t)(space - line.data) : line.length};
}

static bool holds(struct slice line, const char *text)
{
    return line.length && memmem(line.data, line.length, text, strlen(text)) != NULL;
}

static bool begins(struct slice line, const char *text)
{
    return line.length >= strlen(text) && strncmp(line.data, text, strlen(text)) == 0;
}

static bool row_fits(const struct reply_row *row, struct slice line, struct slice word)
{
    struct slice rest = line;

    if (strcmp(row->word, "*") != 0) {
        if (!slice_is(word, row->word))
            return false;
        size_t used = word.length + (line.length > word.length);
        rest = (struct slice){line.data + used, line.length - used};
    }
    return row->text[0] == '*' ? holds(rest, row->text + 1) : begins(rest, row->text);
}

const struct reply_row *reply_find(struct slice line)
{
    struct slice word = first_word(line);

    for (size_t i = 0; line.length && i < ROWS; i++)
        if (row_fits(&rows[i], line, word))
            return &rows[i];
    return NULL;
}

enum reply_class reply_classify(struct slice line)
{
    const struct reply_row *row = reply_find(line);

    return row ? row->class : REPLY_UNKNOWN;
}

const char *reply_class_name(enum reply_class class)
{
    static const char *const names[] = {
        [REPLY_DONE] = "done",         [REPLY_RETRY] = "retry",     [REPLY_RECONNECT] = "reconnect",
        [REPLY_REDIRECT] = "redirect", [REPLY_REJECT] = "reject",   [REPLY_CONFIG] = "config",
        [REPLY_FENCED] = "fenced",     [REPLY_UNKNOWN] = "unknown",
    };

    return names[class];
}

const char *reply_label(struct slice line)
{
    struct slice word = first_word(line);

    for (size_t i = 0; i < ROWS; i++)
        if (slice_is(word, rows[i].word) && strcmp(rows[i].word, "*") != 0)
            return rows[i].word;
    return "other";
}

const struct reply_row *reply_rows(size_t *count)
{
    *count = ROWS;
    return rows;
}
