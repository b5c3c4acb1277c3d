/* log_sum.c: sums up lines that were left out: one line for each topic, partition and route. */
#include "base/log_sum.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OFFSETS_BYTES = 960, /* a log line shows that much of one text */
    RUN_BYTES = 48,      /* the longest run of offsets: ",-9223372036854775808-..." */
    SUMS_MOST = 256      /* of one site; the oldest one makes room */
};

struct log_sum {
    struct log_sum *next;
    char *topic, *route, *error; /* NULL: the line had none; the error is the first one's */
    int64_t partition;
    bool has_partition, has_offset;
    uint64_t count;
    int64_t first, last; /* the current run */
    size_t length;
    char offsets[OFFSETS_BYTES]; /* the runs before it */
};

/* The facts of a line that name its record. */
struct place {
    struct slice topic, route, error;
    int64_t partition, offset;
    bool has_partition, has_offset;
};

static struct place place_of(const struct log_field *fields)
{
    struct place place = {.partition = 0};

    for (; fields->key; fields++)
        if (strcmp(fields->key, "topic") == 0)
            place.topic = fields->text;
        else if (strcmp(fields->key, "route") == 0)
            place.route = fields->text;
        else if (strcmp(fields->key, "error") == 0)
            place.error = fields->text;
        else if (strcmp(fields->key, "partition") == 0)
            place.partition = fields->integer, place.has_partition = true;
        else if (strcmp(fields->key, "offset") == 0)
            place.offset = fields->integer, place.has_offset = true;
    return place;
}

static char *text_of(struct slice text)
{
    return text.data ? mem_copy(text.data, text.length) : NULL;
}

static bool is_text(const char *text, struct slice other)
{
    if (!text || !other.data)
        return !text && !other.data;
    return strlen(text) == other.length && memcmp(text, other.data, other.length) == 0;
}

static bool is_of(const struct log_sum *sum, const struct place *place)
{
    return sum->has_partition == place->has_partition && sum->has_offset == place->has_offset &&
           sum->partition == place->partition && is_text(sum->topic, place->topic) &&
           is_text(sum->route, place->route);
}

static struct log_sum *sum_new(const struct place *place)
{
    struct log_sum *sum = mem_new(struct log_sum);

    sum->topic = text_of(place->topic);
    sum->route = text_of(place->route);
    sum->error = text_of(place->error);
    sum->partition = place->partition;
    sum->has_partition = place->has_partition;
    sum->has_offset = place->has_offset;
    return sum;
}

void log_sum_free(struct log_sum *sum)
{
    free(sum->topic);
    free(sum->route);
    free(sum->error);
    free(sum);
}

/* Appends the current run to those before it. */
static void sum_end_run(struct log_sum *sum)
{
    const char *comma = sum->length ? "," : "";
    size_t room = sizeof(sum->offsets) - sum->length;
    int written;

    if (!sum->count || !sum->has_offset)
        return;
    if (sum->first == sum->last)
        written = snprintf(sum->offsets + sum->length, room, "%s%" PRId64, comma, sum->first);
    else
        written = snprintf(sum->offsets + sum->length, room, "%s%" PRId64 "-%" PRId64, comma,
                           sum->first, sum->last);
    sum->length += (size_t)written;
}

static void sum_note(struct log_sum *sum, int64_t offset)
{
    if (sum->count && offset == sum->last + 1) {
        sum->last = offset;
    } else if (sum->count && offset == sum->first - 1) {
        sum->first = offset;
    } else {
        sum_end_run(sum);
        sum->first = sum->last = offset;
    }
    sum->count++;
}

/* No room for the current run and one more. */
static bool sum_is_full(const struct log_sum *sum)
{
    return sum->length + 2 * RUN_BYTES > sizeof(sum->offsets);
}

/* Takes the oldest sum, the last of the list, if there are too many; else NULL. */
static struct log_sum *sums_overflow(struct log_sum **sums)
{
    size_t count = 0;
    struct log_sum *oldest;

    for (; *sums; sums = &(*sums)->next)
        if (++count == SUMS_MOST)
            break;
    oldest = *sums;
    if (oldest)
        *sums = oldest->next;
    return oldest;
}

struct log_sum *log_sum_add(struct log_sum **sums, const struct log_field *fields)
{
    const struct place place = place_of(fields);
    struct log_sum **link = sums, *full;

    while (*link && !is_of(*link, &place))
        link = &(*link)->next;
    if (*link) {
        sum_note(*link, place.offset);
        full = *link;
        if (!sum_is_full(full))
            return NULL;
        *link = full->next;
        return full;
    }
    full = sums_overflow(sums);
    struct log_sum *sum = sum_new(&place);
    sum->next = *sums;
    *sums = sum;
    sum_note(sum, place.offset);
    return full;
}

struct log_sum *log_sum_take(struct log_sum **sums)
{
    struct log_sum *first = *sums;

    if (first)
        *sums = first->next;
    return first;
}

void log_sum_fields(struct log_sum *sum, struct log_field fields[LOG_SUM_FIELDS])
{
    sum_end_run(sum);
    *fields++ = LOG_INT("repeated", sum->count);
    *fields++ = LOG_STR("topic", sum->topic);
    if (sum->has_partition)
        *fields++ = LOG_INT("partition", sum->partition);
    if (sum->has_offset)
        *fields++ = LOG_SLICE("offsets", ((struct slice){sum->offsets, sum->length}));
    *fields++ = LOG_STR("route", sum->route);
    *fields++ = LOG_STR("error", sum->error);
    *fields = LOG_END;
}
