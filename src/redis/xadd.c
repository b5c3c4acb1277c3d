/*
 * xadd.c: an XADD, and the question whether its entry is in the stream.
 *
 * A name or a value is one bulk string in the command and in XRANGE's answer alike, so that the
 * two are compared as bytes.
 */
#include "redis/xadd.h"

#include "base/mem.h"
#include "redis/dialogue.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { LEADING_MOST = 16 /* name, key and options: the id is among so many arguments */ };

static bool is_word(const struct slice *arguments, size_t count, size_t index, const char *word)
{
    return index < count && arguments[index].data && arguments[index].length == strlen(word) &&
           strncasecmp(arguments[index].data, word, arguments[index].length) == 0;
}

static bool is_one_of(const struct slice *arguments, size_t count, size_t index,
                      const char *const *words)
{
    for (; *words; words++)
        if (is_word(arguments, count, index, *words))
            return true;
    return false;
}

size_t xadd_id_place(const struct slice *arguments, size_t count)
{
    static const char *const alone[] = {"NOMKSTREAM", "KEEPREF", "DELREF", "ACKED", NULL};
    static const char *const bounds[] = {"MAXLEN", "MINID", NULL}, *const how[] = {"=", "~", NULL};
    size_t i = 2;

    while (i < count) {
        if (is_one_of(arguments, count, i, alone))
            i++;
        else if (is_one_of(arguments, count, i, bounds))
            i += is_one_of(arguments, count, i + 1, how) ? 3 : 2;
        else if (is_word(arguments, count, i, "LIMIT"))
            i += 2;
        else
            return i;
    }
    return 0;
}

bool xadd_is_old_id(const char *line)
{
    return strncmp(line, "ERR The ID specified in XADD is equal or smaller", 48) == 0;
}

/* --- a command as it was sent ----------------------------------------------------------------- */

/* The number behind '*' or '$'; moves behind its line. */
static size_t take_number(struct slice *rest)
{
    char *end;
    size_t number = strtoul(rest->data + 1, &end, 10);
    size_t line = (size_t)(end - rest->data) + 2;

    *rest = (struct slice){rest->data + line, rest->length - line};
    return number;
}

static struct slice take_argument(struct slice *rest)
{
    size_t length = take_number(rest);
    struct slice argument = {rest->data, length};

    *rest = (struct slice){rest->data + length + 2, rest->length - length - 2};
    return argument;
}

/* Digits alone, within 64 bits. */
static bool read_number(struct slice text, uint64_t *number)
{
    char digits[24];

    if (!text.length || text.length >= sizeof(digits))
        return false;
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    memcpy(digits, text.data, text.length);
    digits[text.length] = '\0';
    errno = 0;
    *number = strtoull(digits, NULL, 10);
    return errno == 0;
}

bool xadd_id(struct slice text, char id[XADD_ID_BYTES])
{
    const char *dash = text.length ? memchr(text.data, '-', text.length) : NULL;
    size_t left = dash ? (size_t)(dash - text.data) : text.length;
    uint64_t milliseconds, sequence = 0;

    if (!read_number((struct slice){text.data, left}, &milliseconds))
        return false;
    if (dash && !read_number((struct slice){dash + 1, text.length - left - 1}, &sequence))
        return false;
    snprintf(id, XADD_ID_BYTES, "%" PRIu64 "-%" PRIu64, milliseconds, sequence);
    return true;
}

bool xadd_read(struct slice command, struct xadd_entry *entry)
{
    struct slice leading[LEADING_MOST], behind[LEADING_MOST], rest = command;
    size_t total = take_number(&rest), count = 0;

    for (; count < total && count < LEADING_MOST; count++) {
        leading[count] = take_argument(&rest);
        behind[count] = rest;
    }
    if (!is_word(leading, count, 0, "XADD"))
        return false;
    size_t place = xadd_id_place(leading, count);
    if (!place || !xadd_id(leading[place], entry->id))
        return false;
    entry->key = leading[1];
    entry->words = total - place - 1;
    entry->encoded = behind[place];
    return true;
}

struct slice xadd_answer(const struct xadd_entry *entry)
{
    char head[XADD_ID_BYTES + 64];
    int length = snprintf(head, sizeof(head), "*1\r\n*2\r\n$%zu\r\n%s\r\n*%zu\r\n",
                          strlen(entry->id), entry->id, entry->words);
    char *bytes = mem_alloc((size_t)length + entry->encoded.length);

    memcpy(bytes, head, (size_t)length);
    memcpy(bytes + length, entry->encoded.data, entry->encoded.length);
    return (struct slice){bytes, (size_t)length + entry->encoded.length};
}

/* --- asked by tools --------------------------------------------------------------------------- */

/* Whether XRANGE answers with one entry, of these names and values. */
static bool is_entry(const redisReply *answer, const struct slice *words, size_t count)
{
    if (!answer || answer->type != REDIS_REPLY_ARRAY || answer->elements != 1 ||
        answer->element[0]->type != REDIS_REPLY_ARRAY || answer->element[0]->elements != 2)
        return false;
    const redisReply *fields = answer->element[0]->element[1];
    if (fields->type != REDIS_REPLY_ARRAY || fields->elements != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (fields->element[i]->type != REDIS_REPLY_STRING ||
            !slice_equal((struct slice){fields->element[i]->str, fields->element[i]->len},
                         words[i]))
            return false;
    return true;
}

bool xadd_is_there(struct dialogue *dialogue, const struct slice *arguments, size_t count)
{
    size_t place = xadd_id_place(arguments, count);
    char id[XADD_ID_BYTES];
    struct err err;

    if (!is_word(arguments, count, 0, "XADD") || !place || !xadd_id(arguments[place], id))
        return false;
    const struct slice question[] = {SLICE("XRANGE"), arguments[1],   slice_of(id),
                                     slice_of(id),    SLICE("COUNT"), SLICE("1")};
    redisReply *answer =
        dialogue_ask(dialogue, question, sizeof(question) / sizeof(question[0]), &err);
    bool there = is_entry(answer, arguments + place + 1, count - place - 1);
    if (answer)
        freeReplyObject(answer);
    return there;
}
