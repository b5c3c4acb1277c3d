/*
 * reply.c: what an answer of Redis means.
 *
 * Redis tells errors apart by their first word; those it calls ERR only by their text. What no row
 * knows is never retried and never skipped: it holds the partition until somebody has read it.
 */
#include "redis/reply.h"

#include <ctype.h>
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

/* --- what an error may show ------------------------------------------------------------------- */

static const char hidden[] = "***";

/* Behind these Redis repeats arguments without quotes, or with quotes of its own. */
static const char *const repeating[] = {"with args beginning with:", "longitude,latitude pair"};

/* Writes "***" over all from @p from to @p end; the text goes on behind that. */
static void text_hide(char *from, char *end)
{
    size_t room = (size_t)(end - from), shown = strlen(hidden);

    if (room > shown)
        memmove(from + shown, end, strlen(end) + 1);
    memcpy(from, hidden, room < shown ? room : shown);
}

/* A quote that opens: not the apostrophe of "can't". */
static bool is_opening(const char *text, const char *quote)
{
    return strchr("'\"", *quote) && (quote == text || !isalnum((unsigned char)quote[-1]));
}

/* The quoted name of a command, "unknown command 'X'" or "the 'x' command": its length, quotes
 * included; 0: it is something else. */
static size_t command_length(const char *text, const char *quote)
{
    static const char before[] = "command ", after[] = " command";
    size_t name = strspn(quote + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                    "._|-");
    const char *end = quote + 1 + name;
    size_t lead = sizeof(before) - 1;

    if (name == 0 || *end != *quote)
        return 0;
    bool named = (size_t)(quote - text) >= lead && memcmp(quote - lead, before, lead) == 0;
    return named || strncmp(end + 1, after, sizeof(after) - 1) == 0 ? name + 2 : 0;
}

/* The last quote of any kind; the end of @p text where there is none, as in one that was cut. */
static char *last_quote(char *text)
{
    char *end = text + strlen(text);

    for (char *c = end; c > text; c--)
        if (strchr("'\"", c[-1]))
            return c - 1;
    return end;
}

/* From the first quoted argument to the last quote: an argument may hold quotes itself. */
static void hide_quoted(char *text)
{
    for (char *c = text; *c; c++) {
        if (!is_opening(text, c))
            continue;
        size_t length = command_length(text, c);
        if (length == 0) {
            text_hide(c + 1, last_quote(c + 1));
            return;
        }
        c += length - 1;
    }
}

size_t reply_hide(char *text)
{
    for (size_t i = 0; i < sizeof(repeating) / sizeof(repeating[0]); i++) {
        char *found = strstr(text, repeating[i]);
        char *rest = found ? found + strlen(repeating[i]) : NULL;
        if (rest && *rest == ' ')
            rest++;
        if (rest)
            text_hide(rest, rest + strlen(rest));
    }
    if (strncmp(text, "ERR user_script:", 16) != 0) /* the words of the script's author */
        hide_quoted(text);
    return strlen(text);
}
