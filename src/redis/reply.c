/*
 * reply.c: what an error reply of Redis means.
 *
 * Redis tells errors apart by their first word; those it calls ERR only by their text. What no row
 * knows is never skipped: the command is tried again, seldom, until somebody has read it.
 */
#include "redis/reply.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct reply_row rows[] = {
#define REPLY(word, text, class, servers, example) {word, text, REPLY_##class, servers, example},
#include "redis/reply.def"
#undef REPLY
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

const struct reply_meaning reply_meanings[REPLY_CLASSES] = {
#define CLASS(class, command, own, told, word, meaning)                                            \
    {REACT_##command, REACT_##own, REPLY_##told, word, meaning},
#include "redis/reply_classes.def"
#undef CLASS
};

/* --- patterns --------------------------------------------------------------------------------- */

static void advance(struct slice *line, size_t length)
{
    line->data += length;
    line->length -= length;
}

static bool take_number(struct slice *line)
{
    size_t digits = 0;

    while (digits < line->length && isdigit((unsigned char)line->data[digits]))
        digits++;
    advance(line, digits);
    return digits > 0;
}

static bool take_text(struct slice *line, struct slice text, bool anywhere)
{
    const char *found = line->data;

    if (line->length < text.length)
        return false;
    if (anywhere)
        found = memmem(line->data, line->length, text.data, text.length);
    if (!found || memcmp(found, text.data, text.length) != 0)
        return false;
    advance(line, (size_t)(found - line->data) + text.length);
    return true;
}

/* Takes what the pattern fits from the front of the line, or nothing. The first place where the
 * text behind a '*' stands counts: what a server quotes further on cannot pose as its own words. */
static bool take(struct slice *line, const char *pattern)
{
    struct slice rest = *line;

    while (*pattern) {
        bool number = *pattern == '#', anywhere = *pattern == '*';
        pattern += number || anywhere;
        size_t length = number ? 0 : strcspn(pattern, "*#");
        if (number ? !take_number(&rest)
                   : !take_text(&rest, (struct slice){pattern, length}, anywhere))
            return false;
        pattern += length;
    }
    *line = rest;
    return true;
}

/* --- rows ------------------------------------------------------------------------------------- */

/* The first word of a line, without the space behind it. */
static struct slice first_word(struct slice line)
{
    const char *space = line.length ? memchr(line.data, ' ', line.length) : NULL;

    return (struct slice){line.data, space ? (size_t)(space - line.data) : line.length};
}

/* What the row's text is to fit; false: the row is of another word. */
static bool row_rest(const struct reply_row *row, struct slice line, struct slice *rest)
{
    struct slice word = first_word(line);

    *rest = line;
    if (strcmp(row->word, "*") == 0)
        return true;
    advance(rest, word.length + (line.length > word.length));
    return slice_is(word, row->word);
}

static const struct reply_row *rows_find(struct slice line)
{
    struct slice rest;

    for (size_t i = 0; line.length && i < ROWS; i++)
        if (row_rest(&rows[i], line, &rest) && take(&rest, rows[i].text))
            return &rows[i];
    return NULL;
}

/* The line inside one of redis 6.2's, whose scripts do not pass an error on as it is; else empty.
 */
static struct slice scripted_line(struct slice line)
{
    if (!take(&line, "ERR Error running script (call to f_*): @user_script:#: "))
        return (struct slice){NULL, 0};
    take(&line, "@user_script: #: ");
    take(&line, "-");
    return line;
}

/* What stands behind the ERR that a proxy puts in front of the server's own line; else empty. */
static struct slice wrapped_line(struct slice line)
{
    if (!take(&line, "ERR "))
        return (struct slice){NULL, 0};
    take(&line, "-");
    return line;
}

const struct reply_row *reply_find(struct slice line)
{
    const struct reply_row *row = rows_find(scripted_line(line));

    row = row ? row : rows_find(line);
    return row ? row : rows_find(wrapped_line(line));
}

enum reply_class reply_classify(struct slice line)
{
    const struct reply_row *row = reply_find(line);

    return row ? row->class : REPLY_UNKNOWN;
}

bool reply_is_later(enum reply_class class)
{
    enum reply_reaction reaction = reply_meanings[class].command;

    return reaction == REACT_RETRY || reaction == REACT_RETRY_SLOWLY;
}

bool reply_is_final(enum reply_class class)
{
    return reply_meanings[class].command == REACT_REFUSE;
}

enum reply_class reply_tell(enum reply_class class, const char *line, char *text, size_t room)
{
    const char *note = class == REPLY_REDIRECT
                           ? " (the server belongs to a Redis Cluster, which is not supported)"
                           : "";

    snprintf(text, room, "%s%s", line, note);
    return reply_meanings[class].told;
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

enum { CUT_BYTES = 6 }; /* so much of a secret's beginning is taken for the secret */

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

/* The last quote of any kind; the end of @p text if there is none, as in one that was cut. */
static char *last_quote(char *text)
{
    char *end = text + strlen(text);

    for (char *c = end; c > text; c--)
        if (strchr("'\"", c[-1]))
            return c - 1;
    return end;
}

/* From the first quoted argument behind @p from to the last quote: an argument may hold quotes
 * itself. */
static void hide_quoted(char *text, char *from)
{
    for (char *c = from; *c; c++) {
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

/* How much of the line is the server's own text, by the table. */
static size_t own_length(struct slice line)
{
    const struct reply_row *row = rows_find(line);
    struct slice rest;

    if (!row || !row_rest(row, line, &rest))
        return 0;
    return (size_t)(rest.data - line.data) + strcspn(row->text, "*#");
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
        hide_quoted(text, text + own_length(slice_of(text)));
    return strlen(text);
}

size_t reply_hide_secret(char *text, const char *secret)
{
    size_t whole = secret ? strlen(secret) : 0, least = whole < CUT_BYTES ? whole : CUT_BYTES;

    for (char *at = text; whole && *at; at++) {
        size_t same = 0;
        while (same < whole && at[same] == secret[same])
            same++;
        if (same < least)
            continue;
        text_hide(at, at + same);
        at += (same < strlen(hidden) ? same : strlen(hidden)) - 1;
    }
    return strlen(text);
}
