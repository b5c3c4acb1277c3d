/* dlq_box.c: reads and marks the dead letters of a configuration, in a topic or a stream. */
#include "cli/dlq_box.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "codec/letter_fields.h"
#include "kafka/letter_reader.h"
#include "redis/letter_entries.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dlq_box {
    struct letter_reader *reader;   /* NULL: a stream */
    struct letter_entries *entries; /* NULL: a topic */
    unsigned unkept;                /* letters that were sent, without a mark in Kafka */
    int64_t unkept_since_ms;
    struct arena arena;
};

struct dlq_box *dlq_box_open(const struct conf *conf, struct err *err)
{
    struct dlq_box *box = mem_new(struct dlq_box);

    if (conf->dlq.source)
        box->reader = letter_reader_new(conf, err);
    else if (conf->dlq.sink)
        box->entries = letter_entries_new(conf->dlq.sink, conf->dlq.stream.text, err);
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
    letter_reader_free(box->reader);
    letter_entries_free(box->entries);
    arena_free(&box->arena);
    free(box);
}

/* The place of the record, from the letter's headers. */
static void letter_place(struct dlq_letter *letter)
{
    if (!letter->sound)
        return;
    letter->sound = letter_take_place(&letter->letter, letter->topic, sizeof(letter->topic));
    if (!letter->sound)
        err_set(&letter->why, ERR_RECORD, "its topic, partition or offset is missing");
}

static bool box_next_record(struct dlq_box *box, struct dlq_letter *letter, struct err *err)
{
    struct record record;

    if (!letter_reader_next(box->reader, &record, &letter->done, err))
        return false;
    letter->partition = record.partition;
    letter->offset = record.offset;
    snprintf(letter->id, sizeof(letter->id), "%" PRId32 "@%" PRId64, record.partition,
             record.offset);
    letter->sound = letter_read(&record, &letter->letter);
    if (!letter->sound)
        err_set(&letter->why, ERR_RECORD, "it is not a dead letter: its headers are missing");
    return true;
}

static bool box_next_entry(struct dlq_box *box, struct dlq_letter *letter, struct err *err)
{
    const struct slice *items;
    const char *id;
    size_t count;

    if (!letter_entries_next(box->entries, &id, &items, &count, err))
        return false;
    snprintf(letter->id, sizeof(letter->id), "%s", id);
    letter->sound = letter_fields_read(items, count, &box->arena, &letter->headers, &letter->letter,
                                       &letter->why);
    return true;
}

static bool box_is_due(const struct dlq_box *box)
{
    return box->unkept >= DLQ_UNKEPT ||
           (box->unkept && clock_ms() - box->unkept_since_ms >= DLQ_UNKEPT_MS);
}

bool dlq_box_next(struct dlq_box *box, struct dlq_letter *letter, struct err *err)
{
    if (box_is_due(box) && !dlq_box_keep(box, err))
        return false;
    arena_reset(&box->arena);
    *letter = (struct dlq_letter){0};
    if (!(box->reader ? box_next_record(box, letter, err) : box_next_entry(box, letter, err)))
        return false;
    letter_place(letter);
    return true;
}

bool dlq_box_takes_mark(struct dlq_box *box, const struct dlq_letter *letter, struct err *err)
{
    return box->entries ||
           letter_reader_takes_mark(box->reader, letter->partition, letter->offset, err);
}

bool dlq_box_done(struct dlq_box *box, const struct dlq_letter *letter, struct err *err)
{
    if (box->entries)
        return letter_entries_delete(box->entries, letter->id, err);
    letter_reader_mark(box->reader, letter->partition, letter->offset);
    if (!box->unkept++)
        box->unkept_since_ms = clock_ms();
    return true;
}

bool dlq_box_keep(struct dlq_box *box, struct err *err)
{
    unsigned unkept = box->unkept;

    box->unkept = 0;
    return !unkept || letter_reader_keep(box->reader, err) ||
           err_wrap(err, "%u letters were sent and could not be marked", unkept);
}

bool dlq_box_is_id(const struct conf *conf, const char *id)
{
    const char *middle = strchr(id, conf->dlq.source ? '@' : '-');
    int64_t number;

    return middle && text_integer((struct slice){id, (size_t)(middle - id)}, &number) &&
           number >= 0 && text_integer(slice_of(middle + 1), &number) && number >= 0;
}
