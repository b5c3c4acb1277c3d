/* dlq_box.c: reads and marks the dead letters of a configuration, in a topic or a stream. */
#include "cli/dlq_box.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "codec/dlq_fields.h"
#include "kafka/dlq_reader.h"
#include "redis/dlq_entries.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dlq_box {
    struct dlq_reader *reader;   /* NULL: a stream */
    struct dlq_entries *entries; /* NULL: a topic */
    unsigned unkept;             /* letters that were sent, without a mark in Kafka */
    int64_t unkept_since_ms;
    struct arena arena;
};

struct dlq_box *dlq_box_open(const struct conf *conf, struct err *err)
{
    struct dlq_box *box = mem_new(struct dlq_box);

    if (conf->dlq.source)
        box->reader = dlq_reader_new(conf, err);
    else if (conf->dlq.sink)
        box->entries = dlq_entries_new(conf->dlq.sink, conf->dlq.stream.text, err);
    else
        err_set(err, ERR_CONFIG, "%s names no dlq: there are no dead letters", conf->file);
    if (box->reader || box->entries)
        return box;
    dlq_box_close(box);
    return NULL;
}

void dlq_box_close(struct dlq_box *box)
{
    if (!box)
        return;
    dlq_reader_free(box->reader);
    dlq_entries_free(box->entries);
    arena_free(&box->arena);
    free(box);
}

/* The place of the record, from the letter's headers. */
static void letter_place(struct dlq_item *item)
{
    if (!item->sound)
        return;
    item->sound = dlq_letter_take_place(&item->letter, item->topic, sizeof(item->topic));
    if (!item->sound)
        err_set(&item->why, ERR_RECORD, "its topic, partition or offset is missing");
}

static bool box_next_record(struct dlq_box *box, struct dlq_item *item, struct err *err)
{
    struct record record;

    if (!dlq_reader_next(box->reader, &record, &item->done, err))
        return false;
    item->partition = record.partition;
    item->offset = record.offset;
    snprintf(item->id, sizeof(item->id), "%" PRId32 "@%" PRId64, record.partition, record.offset);
    item->sound = dlq_letter_read(&record, &item->letter);
    if (!item->sound)
        err_set(&item->why, ERR_RECORD, "it is not a dead letter: its headers are missing");
    return true;
}

static bool box_next_entry(struct dlq_box *box, struct dlq_item *item, struct err *err)
{
    const struct slice *items;
    const char *id;
    size_t count;

    if (!dlq_entries_next(box->entries, &id, &items, &count, err))
        return false;
    snprintf(item->id, sizeof(item->id), "%s", id);
    item->sound =
        dlq_fields_read(items, count, &box->arena, &item->headers, &item->letter, &item->why);
    return true;
}

static bool box_is_due(const struct dlq_box *box)
{
    return box->unkept >= DLQ_UNKEPT ||
           (box->unkept && clock_ms() - box->unkept_since_ms >= DLQ_UNKEPT_MS);
}

bool dlq_box_next(struct dlq_box *box, struct dlq_item *item, struct err *err)
{
    if (box_is_due(box) && !dlq_box_keep(box, err))
        return false;
    arena_reset(&box->arena);
    *item = (struct dlq_item){0};
    if (!(box->reader ? box_next_record(box, item, err) : box_next_entry(box, item, err)))
        return false;
    letter_place(item);
    return true;
}

bool dlq_box_takes_mark(struct dlq_box *box, const struct dlq_item *item, struct err *err)
{
    return box->entries || dlq_reader_takes_mark(box->reader, item->partition, item->offset, err);
}

bool dlq_box_done(struct dlq_box *box, const struct dlq_item *item, struct err *err)
{
    if (box->entries)
        return dlq_entries_delete(box->entries, item->id, err);
    dlq_reader_mark(box->reader, item->partition, item->offset);
    if (!box->unkept++)
        box->unkept_since_ms = clock_ms();
    return true;
}

bool dlq_box_keep(struct dlq_box *box, struct err *err)
{
    unsigned unkept = box->unkept;

    box->unkept = 0;
    return !unkept || dlq_reader_keep(box->reader, err) ||
           err_wrap(err, "%u letters were sent and could not be marked", unkept);
}

bool dlq_box_is_id(const struct conf *conf, const char *id)
{
    const char *middle = strchr(id, conf->dlq.source ? '@' : '-');
    int64_t number;

    return middle && text_integer((struct slice){id, (size_t)(middle - id)}, &number) &&
           number >= 0 && text_integer(slice_of(middle + 1), &number) && number >= 0;
}
