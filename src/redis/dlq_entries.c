/* dlq_entries.c: the stream of dead letters, read entry by entry. */
#include "redis/dlq_entries.h"

#include "base/mem.h"
#include "conf/conf.h"
#include "redis/dialogue.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

enum { ID_BYTES = 48 };

#define PAGE "100"

struct dlq_entries {
    struct dialogue *dialogue;
    char *stream;
    char after[ID_BYTES]; /* the entry lent out last; empty: none yet */
    redisReply *page;
    size_t place; /* the next one of the page */
    struct slice *items;
};

struct dlq_entries *dlq_entries_new(const struct conf_sink *sink, const char *stream,
                                    struct err *err)
{
    struct dlq_entries *entries = mem_new(struct dlq_entries);

    entries->stream = mem_text(stream);
    entries->dialogue = dialogue_with_sink(sink, sink->database, "penstock-dlq", err);
    if (entries->dialogue)
        return entries;
    err_wrap(err, "sink %s", sink->name);
    dlq_entries_free(entries);
    return NULL;
}

void dlq_entries_free(struct dlq_entries *entries)
{
    if (!entries)
        return;
    if (entries->page)
        freeReplyObject(entries->page);
    dialogue_close(entries->dialogue);
    free(entries->stream);
    free(entries->items);
    free(entries);
}

static bool entries_read_page(struct dlq_entries *entries, struct err *err)
{
    char begin[ID_BYTES + 1];
    struct slice words[] = {
        SLICE("XRANGE"), slice_of(entries->stream), {0}, SLICE("+"), SLICE("COUNT"), SLICE(PAGE)};

    snprintf(begin, sizeof(begin), "%s%s", entries->after[0] ? "(" : "-", entries->after);
    words[2] = slice_of(begin);
    if (entries->page)
        freeReplyObject(entries->page);
    entries->place = 0;
    entries->page = dialogue_ask(entries->dialogue, words, sizeof(words) / sizeof(words[0]), err);
    if (!entries->page)
        return false;
    return entries->page->type == REDIS_REPLY_ARRAY ||
           err_set(err, ERR_RETRY, "stream %s: %s", entries->stream,
                   entries->page->type == REDIS_REPLY_ERROR ? entries->page->str
                                                            : "not what XRANGE answers");
}

/* An id and an even number of texts. */
static bool entry_is_sound(const redisReply *entry)
{
    if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2 ||
        entry->element[0]->type != REDIS_REPLY_STRING || entry->element[0]->len >= ID_BYTES ||
        entry->element[1]->type != REDIS_REPLY_ARRAY)
        return false;
    for (size_t i = 0; i < entry->element[1]->elements; i++)
        if (entry->element[1]->element[i]->type != REDIS_REPLY_STRING)
            return false;
    return true;
}

bool dlq_entries_next(struct dlq_entries *entries, const char **id, const struct slice **items,
                      size_t *count, struct err *err)
{
    err->kind = ERR_NONE;
    if ((!entries->page || entries->place == entries->page->elements) &&
        !entries_read_page(entries, err))
        return false;
    if (!entries->page->elements)
        return false;
    const redisReply *entry = entries->page->element[entries->place++];
    if (!entry_is_sound(entry))
        return err_set(err, ERR_RETRY, "stream %s: not what XRANGE answers", entries->stream);
    snprintf(entries->after, sizeof(entries->after), "%s", entry->element[0]->str);
    const redisReply *fields = entry->element[1];
    entries->items = mem_resize(entries->items, (fields->elements + 1) * sizeof(*entries->items));
    for (size_t i = 0; i < fields->elements; i++)
        entries->items[i] =
            (struct slice){fields->element[i]->str, (size_t)fields->element[i]->len};
    *id = entries->after;
    *items = entries->items;
    *count = fields->elements;
    return true;
}

bool dlq_entries_delete(struct dlq_entries *entries, const char *id, struct err *err)
{
    const struct slice words[] = {SLICE("XDEL"), slice_of(entries->stream), slice_of(id)};
    redisReply *reply = dialogue_ask(entries->dialogue, words, 3, err);

    if (!reply)
        return false;
    bool good = reply->type == REDIS_REPLY_INTEGER ||
                err_set(err, ERR_RETRY, "XDEL %s: %s", id, reply->str ? reply->str : "refused");
    freeReplyObject(reply);
    return good;
}
